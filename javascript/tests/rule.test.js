// Rules: `function (user, context, callback)`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimsOf, issue, load, runOnce } from './engine.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const rule = (body) => `function (user, context, callback) {\n${body}\ncallback(null, user, context);\n}`;
const seen = (expression, options, event) => claimsOf(runOnce(rule(`user.seen = ${expression};`), options, event)).seen;

test('the seed\'s rule runs unchanged', () => {
  const answer = runOnce(`function (user, context, callback) {
  user.jti = require('uuid').v4();
  callback(null, user, context);
}`);
  assert.match(claimsOf(answer).jti, UUID);
  assert.equal(answer[1].length, 1);
});

test('a rule that changes nothing asks for no change', () => {
  assert.deepEqual(runOnce(rule('')), ['changes', []]);
});

test('claims of the access token are set', () => {
  assert.deepEqual(claimsOf(runOnce(rule(`context.accessToken['https://a.example/x'] = { deep: [1, null] };`))), {
    'https://a.example/x': { deep: [1, null] },
  });
});

test('claims of the ID token go into the access token, and lose to its own', () => {
  const body = `context.idToken['https://a/x'] = 1; context.idToken['https://a/y'] = 2; context.accessToken['https://a/y'] = 3;`;
  assert.deepEqual(claimsOf(runOnce(rule(body))), { 'https://a/x': 1, 'https://a/y': 3 });
});

test('claims of the ID token are dropped where the settings say so', () => {
  const settings = { auth0_id_token: 'drop' };
  assert.deepEqual(claimsOf(runOnce(rule(`context.idToken['https://a/x'] = 1;`), { settings })), {});
});

test('claims of the ID token are an error where the settings say so', () => {
  const answer = runOnce(rule(`context.idToken['https://a/x'] = 1;`), { settings: { auth0_id_token: 'fail' } });
  assert.equal(answer[0], 'internal');
  assert.match(answer[1], /ID token claim https:\/\/a\/x.*auth0_id_token/);
});

test('a claim without a value is left out', () => {
  assert.deepEqual(runOnce(rule(`context.accessToken['https://a/x'] = user.email;`)), ['changes', []]);
});

test('a claim of an earlier rule is seen, and can be changed and deleted', () => {
  const event = { claims: { sub: 'c1', 'https://a/x': 1, 'https://a/y': 2 } };
  const answer = runOnce(
    rule(`context.accessToken['https://a/x'] += 1; delete context.accessToken['https://a/y'];`), {}, event,
  );
  assert.deepEqual(answer[1], [['set-claim', 'https://a/x', '2'], ['remove-claim', 'https://a/y']]);
});

test('a claim that is a function names itself in the error', () => {
  const answer = runOnce(rule(`context.accessToken['https://a/x'] = function () {};`));
  assert.deepEqual(answer[0], 'internal');
  assert.match(answer[1], /claim https:\/\/a\/x is a function/);
});

test('a claim with a circle in it names itself in the error', () => {
  const answer = runOnce(rule(`const a = {}; a.a = a; context.accessToken['https://a/x'] = a;`));
  assert.match(answer[1], /claim https:\/\/a\/x cannot be written as JSON/);
});

test('scopes are taken away by a list', () => {
  assert.deepEqual(runOnce(rule(`context.accessToken.scope = ['read'];`)), ['changes', [['remove-scope', 'write']]]);
});

test('scopes are taken away by a text', () => {
  assert.deepEqual(runOnce(rule(`context.accessToken.scope = 'write';`)), ['changes', [['remove-scope', 'read']]]);
});

test('a scope that was not granted is left out and logged', () => {
  const script = load(rule(`context.accessToken.scope.push('admin');`));
  assert.deepEqual(issue(script), ['changes', []]);
  assert.match(script.host.logged[0].join(' '), /^warn the scope admin is not granted/);
});

test('a scope that was not granted is an error where the settings say so', () => {
  const answer = runOnce(rule(`context.accessToken.scope.push('admin');`), { settings: { auth0_added_scopes: 'fail' } });
  assert.match(answer[1], /adds the scope admin/);
});

test('a name that Auth0 dropped is dropped where the settings say so', () => {
  const settings = { auth0_restricted_claims: 'drop' };
  assert.deepEqual(claimsOf(runOnce(rule(`user.jti = 'x'; user.bare = 1; user['https://a/x'] = 2;`), { settings })), {
    'https://a/x': 2,
  });
});

test('a name that Auth0 dropped is an error where the settings say so', () => {
  const answer = runOnce(rule(`user.jti = 'x';`), { settings: { auth0_restricted_claims: 'fail' } });
  assert.match(answer[1], /sets the claim jti, which Auth0 would have dropped/);
});

test('what is set on the user is left out where the settings say so', () => {
  const settings = { auth0_user_claims: 'drop' };
  assert.deepEqual(claimsOf(runOnce(rule(`user.groups = []; context.accessToken['https://a/x'] = 1;`), { settings })), {
    'https://a/x': 1,
  });
});

test('UnauthorizedError denies', () => {
  assert.deepEqual(runOnce(`function (user, context, callback) { callback(new UnauthorizedError('not you')); }`), [
    'denied', 'access_denied', 'not you',
  ]);
});

test('any other error is the rule\'s fault and has its line', () => {
  const answer = runOnce(`function (user, context, callback) {\n  return callback(new Error('odd'));\n}`);
  assert.deepEqual(answer, ['internal', '10-script.js:2: Error: odd']);
});

test('what is thrown is the rule\'s fault and has its line', () => {
  const answer = runOnce(`function (user, context, callback) {\n\n  null.x;\n}`, { file: '20-x.js' });
  assert.match(answer[1], /^20-x\.js:3: TypeError: /);
});

test('a text in place of an error is shown', () => {
  assert.deepEqual(runOnce(`function (user, context, callback) { callback('no way'); }`), [
    'internal', '10-script.js: no way',
  ]);
});

test('a callback that is never called is told', () => {
  const answer = runOnce(`function (user, context, callback) {}`);
  assert.match(answer[1], /10-script\.js: the callback was never called: every path must end in callback/);
});

test('a callback that is called twice is told', () => {
  const answer = runOnce(`function (user, context, callback) { callback(new UnauthorizedError('a')); callback(null, user, context); }`);
  assert.match(answer[1], /the callback was called twice: put `return`/);
});

test('an async rule that fails is told, with its line', () => {
  const answer = runOnce(`async function (user, context, callback) {\n await null;\n throw new RangeError('far');\n}`);
  assert.deepEqual(answer, ['internal', '10-script.js:3: RangeError: far']);
});

test('a rule may give a user and a context of its own', () => {
  const body = `callback(null, Object.assign({}, user, { tier: 'gold' }), { accessToken: { 'https://a/x': 1 } }); return;`;
  assert.deepEqual(claimsOf(runOnce(`function (user, context, callback) { ${body} }`)), { tier: 'gold', 'https://a/x': 1 });
});

test('the context tells who asks for what', () => {
  const expression = `[context.clientID, context.clientName, context.clientMetadata.tier, context.protocol,
    context.request.hostname, context.request.body.audience, context.request.body.color, context.tenant]`;
  assert.deepEqual(seen(expression, { settings: { auth0_tenant: 'acme' } }), [
    'c1', 'Partner One', 'gold', 'oauth2-client-credentials', 'issuer.example', 'https://orders.example', 'red', 'acme',
  ]);
});

test('the query is that of a login: what stood in the request, and always a scope', () => {
  assert.deepEqual(seen('[context.request.query.scope, context.request.query.color, context.request.body.scope]', {}), ['read', 'red', 'read']);
  const event = { scopes: { requested: [], granted: ['read', 'write'] } };
  assert.deepEqual(seen('[context.request.query.scope, context.request.body.scope]', {}, event), ['read write', null]);
});

test('the user is the token\'s subject', () => {
  assert.deepEqual(seen('[user.user_id, user.name, user.app_metadata]'), ['c1@clients', 'Partner One', {}]);
  const event = { subject: { id: 'u7', claims: { email: 'a@b.example' } } };
  assert.deepEqual(seen('[user.user_id, user.email]', {}, event), ['u7', 'a@b.example']);
});

test('metadata of the user is no claim', () => {
  assert.deepEqual(runOnce(rule(`user.app_metadata.roles = ['a']; user.user_metadata = { b: 1 };`)), ['changes', []]);
});

test('configuration has secrets first and settings after them, as texts', () => {
  const options = { secrets: { KEY: 'hidden' }, settings: { KEY: 'open', FLAG: true, COUNT: 3, auth0_tenant: 'x' } };
  assert.deepEqual(seen('[configuration.KEY, configuration.FLAG, configuration.COUNT, configuration.NONE]', options), [
    'hidden', 'true', '3', null,
  ]);
  assert.deepEqual(seen('Object.keys(configuration)', options), ['KEY', 'FLAG', 'COUNT']);
});

test('an event may bring settings of its own', () => {
  const script = load(rule('user.seen = configuration.A + configuration.B;'), { settings: { A: '1' } });
  assert.equal(claimsOf(issue(script, { settings: { A: '2', B: '3' } })).seen, '23');
});

test('a redirect is an error that says what to do', () => {
  const answer = runOnce(rule(`context.redirect = { url: 'https://x.example' };`));
  assert.match(answer[1], /sets context\.redirect, which needs somebody at a browser.*auth0_interactive/);
});

test('a second factor is ignored where the settings say so', () => {
  const options = { settings: { auth0_interactive: 'ignore' } };
  assert.deepEqual(runOnce(rule(`context.multifactor = { provider: 'any' };`), options), ['changes', []]);
});

test('the user store refuses', () => {
  const body = `auth0.users.updateAppMetadata(user.user_id, {}).then(() => callback(null, user, context)).catch(callback);`;
  const source = `function (user, context, callback) { ${body} }`;
  assert.match(runOnce(source)[1], /auth0\.users\.updateAppMetadata has no user store.*auth0_user_store/);
  assert.deepEqual(runOnce(source, { settings: { auth0_user_store: 'ignore' } }), ['changes', []]);
});

test('a setting that steers nothing keeps the script from loading', () => {
  assert.throws(() => load(rule(''), { settings: { auth0_tenent: 'x' } }), /10-script\.js: settings\.auth0_tenent steers nothing/);
  assert.throws(() => load(rule(''), { settings: { auth0_id_token: 'x' } }), /must be one of access-token, drop, fail/);
});

test('the host may steer, and the settings have the last word', () => {
  assert.equal(seen('context.tenant', { auth0: { tenant: 'acme' } }), 'acme');
  assert.equal(seen('context.tenant', { auth0: { tenant: 'acme' }, settings: { auth0_tenant: 'other' } }), 'other');
  assert.throws(() => load(rule(''), { auth0: { tenent: 'x' } }), /auth0_tenent steers nothing/);
});

test('a sandbox that is kept begins every token anew', () => {
  const script = load(rule(`user.seen = context.accessToken.left; context.accessToken.left = user.left = 'x';`));
  assert.equal(claimsOf(issue(script)).seen, undefined);
  assert.equal(claimsOf(issue(script)).seen, undefined);
});

for (const [way, source] of Object.entries({
  'a named function': `function myRule(user, context, callback) { user.x = 1; callback(null, user, context); }`,
  'an arrow function': `(user, context, callback) => { user.x = 1; callback(null, user, context); }`,
  'a function behind a comment': `/* a\n b */\n// c\nfunction (user, context, callback) { user.x = 1; callback(null, user, context); };\n// end`,
  'an exported function': `module.exports = function (user, context, callback) { user.x = 1; callback(null, user, context); };`,
  'a function with others beside it': `const one = 1;\nfunction rule(user, context, callback) { user.x = one + zero(); callback(null, user, context); }\nfunction zero() { return 0; }`,
  'an IIFE of a bundler': `var rule = (() => {\n  return (user, context, callback) => { user.x = 1; callback(null, user, context); };\n})();`,
  'a bundle in CommonJS': `var __commonJS = (cb, mod) => function () { return mod || (0, cb[Object.keys(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports; };
var require_r = __commonJS({ "r.js"(exports, module) { module.exports = function (user, context, callback) { user.x = 1; callback(null, user, context); }; } });
module.exports = require_r();`,
})) {
  test(`a rule may be ${way}`, () => assert.deepEqual(claimsOf(runOnce(source)), { x: 1 }));
}
