// Actions: `exports.onExecuteCredentialsExchange` and `exports.onExecutePostLogin`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimsOf, issue, load, runOnce } from './engine.js';

const action = (body) => `exports.onExecuteCredentialsExchange = async (event, api) => {\n${body}\n};`;
const login = (body) => `exports.onExecutePostLogin = async (event, api) => {\n${body}\n};`;
const seen = (expression, options, make = action) =>
  claimsOf(runOnce(make(`api.accessToken.setCustomClaim('seen', ${expression});`), options)).seen;

test('an action sets claims', () => {
  assert.deepEqual(claimsOf(runOnce(action(`api.accessToken.setCustomClaim('https://a/x', [1]);`))), { 'https://a/x': [1] });
});

test('an action may wait for promises', () => {
  const body = `const value = await Promise.all([1, new Promise((done) => setTimeout(done, 50, 2))]);
    api.accessToken.setCustomClaim('x', value);`;
  assert.deepEqual(claimsOf(runOnce(action(body))), { x: [1, 2] });
});

test('an action need not be async', () => {
  const source = `exports.onExecuteCredentialsExchange = function (event, api) { api.accessToken.setCustomClaim('x', 1); };`;
  assert.deepEqual(claimsOf(runOnce(source)), { x: 1 });
});

test('an action is told who asks for what', () => {
  const expression = `[event.client.client_id, event.client.metadata.tier, event.request.body.color, event.request.method,
    event.resource_server.identifier, event.transaction.requested_scopes, event.accessToken.scope, event.tenant.id]`;
  assert.deepEqual(seen(expression), [
    'c1', 'gold', 'red', 'POST', 'https://orders.example', ['read'], ['read', 'write'], 'rulemint',
  ]);
});

test('event.secrets has secrets first and settings after them', () => {
  assert.deepEqual(seen('[event.secrets.A, event.secrets.B]', { secrets: { A: 's' }, settings: { A: 'x', B: 'b' } }), ['s', 'b']);
});

test('jti can be set', () => {
  assert.deepEqual(claimsOf(runOnce(action(`api.accessToken.setCustomClaim('jti', 'j1');`))), { jti: 'j1' });
});

test('access is denied with a code and a reason', () => {
  assert.deepEqual(runOnce(action(`api.access.deny('invalid_scope', 'not that');`)), ['denied', 'invalid_scope', 'not that']);
});

test('access is denied with a reason alone', () => {
  assert.deepEqual(runOnce(login(`api.access.deny('not you');`)), ['denied', 'access_denied', 'not you']);
});

test('access that is denied stays denied whatever comes after it', () => {
  const body = `api.access.deny('not you'); api.accessToken.setCustomClaim('x', 1); api.access.deny('again');`;
  assert.deepEqual(runOnce(action(body)), ['denied', 'access_denied', 'not you']);
});

test('server_error is the action\'s fault', () => {
  assert.deepEqual(runOnce(action(`api.access.deny('server_error', 'down');`)), [
    'internal', '10-script.js: denied with server_error: down',
  ]);
});

test('a code that is none denies with access_denied and is logged', () => {
  const script = load(action(`api.access.deny('gone_fishing', 'back soon');`));
  assert.deepEqual(issue(script), ['denied', 'access_denied', 'back soon']);
  assert.match(script.host.logged[0][1], /gone_fishing/);
});

test('what an action throws is its fault and has its line', () => {
  assert.match(runOnce(action('await null;\nnull.x;'))[1], /^10-script\.js:3: TypeError/);
});

test('a promise that is never settled is told', () => {
  assert.match(runOnce(action('await new Promise(() => {});'))[1], /the Action never ended/);
});

test('target scopes are set, added, removed and cleared', () => {
  const left = (body) => runOnce(action(body))[1].map(([, scope]) => scope);
  assert.deepEqual(left(`api.transaction.setTargetScopes(['write']);`), ['read']);
  assert.deepEqual(left(`api.transaction.removeTargetScope('write');`), ['write']);
  assert.deepEqual(left(`api.transaction.clearTargetScopes();`), ['read', 'write']);
  assert.deepEqual(left(`api.transaction.clearTargetScopes(); api.transaction.addTargetScope('read');`), ['write']);
  assert.deepEqual(left(`api.accessToken.removeScope('read');`), ['read']);
});

test('the cache keeps texts', () => {
  const body = `const before = api.cache.get('k');
    const kept = api.cache.set('k', 'v', { ttl: 60000 });
    const after = api.cache.get('k');
    api.cache.delete('k');
    api.accessToken.setCustomClaim('x', [before ?? null, kept.type, after.value, after.expires_at, api.cache.get('k') ?? null]);`;
  assert.deepEqual(claimsOf(runOnce(action(body), { host: { nowMs: 1000 } })).x, [null, 'success', 'v', 61000, null]);
});

test('an action after login sees a user and a transaction', () => {
  const expression = '[event.user.user_id, event.transaction.protocol, event.stats.logins_count, event.authorization.roles]';
  assert.deepEqual(seen(expression, {}, login), ['c1@clients', 'oauth2-client-credentials', 1, []]);
});

test('calls that set claims can be chained', () => {
  const body = `api.accessToken.setCustomClaim('x', 1).accessToken.setCustomClaim('y', 2);`;
  assert.deepEqual(claimsOf(runOnce(login(body))), { x: 1, y: 2 });
});

for (const call of [
  `api.redirect.sendUserTo('https://x.example')`, `api.multifactor.enable('any')`, `api.authentication.challengeWith({})`,
  `api.user.setAppMetadata('a', 1)`, `api.samlResponse.setAttribute('a', 1)`, `api.session.revoke('x')`,
]) {
  test(`${call} is refused, and says why`, () => {
    const answer = runOnce(login(`${call};`));
    assert.equal(answer[0], 'internal');
    assert.match(answer[1], /^10-script\.js(:2)?: .*calls api\./);
  });
}

test('what needs a browser or a user store is ignored where the settings say so', () => {
  const settings = { auth0_interactive: 'ignore', auth0_user_store: 'ignore' };
  const body = `api.multifactor.enable('any'); api.user.setAppMetadata('a', 1);`;
  assert.deepEqual(runOnce(login(body), { settings }), ['changes', []]);
});

test('what a script needs of the host at its top level keeps it from loading', () => {
  const body = action('');
  assert.throws(() => load(`const id = crypto.randomUUID();\n${body}`), /10-script\.js:1: Error: uuidV4 cannot be used while/);
  assert.throws(() => load(`\nconst now = new Date();\n${body}`), /10-script\.js:2: Error: now cannot be used while/);
});

test('a bundle that exports by getters is understood', () => {
  const source = `var x = {}; Object.defineProperty(x, 'onExecuteCredentialsExchange', { get: () => run, enumerable: true });
module.exports = x; async function run(event, api) { api.accessToken.setCustomClaim('x', 1); }
0 && (module.exports = { onExecuteCredentialsExchange });`;
  assert.deepEqual(claimsOf(runOnce(source)), { x: 1 });
});
