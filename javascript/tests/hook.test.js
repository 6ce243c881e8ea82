// Hooks: `module.exports = function (client, scope, audience, context, cb)`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimsOf, runOnce } from './engine.js';

const hook = (body) => `module.exports = function (client, scope, audience, context, cb) {\n${body}\n};`;

test('a hook is told the client, the scopes and the audience', () => {
  const answer = runOnce(hook(`cb(null, { scope, 'https://a/seen': [client, scope, audience, context.webtask.secrets.KEY] });`), {
    secrets: { KEY: 'hidden' },
  });
  const client = { id: 'c1', name: 'Partner One', tenant: 'rulemint', metadata: { tier: 'gold' } };
  assert.deepEqual(claimsOf(answer), { 'https://a/seen': [client, ['read', 'write'], 'https://orders.example', 'hidden'] });
});

test('a hook is told what stood in the request', () => {
  assert.equal(claimsOf(runOnce(hook(`cb(null, { 'https://a/x': context.body.color });`)))['https://a/x'], 'red');
});

test('a hook keeps a value in its storage', () => {
  const body = `context.webtask.storage.get((error, before) => context.webtask.storage.set({ n: 1 }, { force: 1 }, () =>
    context.webtask.storage.get((error, after) => cb(null, { scope, 'https://a/x': [before === undefined, after] }))));`;
  assert.deepEqual(claimsOf(runOnce(hook(body))), { 'https://a/x': [true, { n: 1 }] });
});

test('a hook takes scopes away', () => {
  assert.deepEqual(runOnce(hook(`cb(null, { scope: ['read'] });`)), ['changes', [['remove-scope', 'write']]]);
});

test('a hook that leaves scope out clears all scopes', () => {
  assert.deepEqual(runOnce(hook('cb(null, {});')), ['changes', [['remove-scope', 'read'], ['remove-scope', 'write']]]);
});

test('a bare name is set, and dropped where the settings say so', () => {
  const source = hook(`cb(null, { scope, bare: 1, 'https://a/x': 2 });`);
  assert.deepEqual(claimsOf(runOnce(source)), { bare: 1, 'https://a/x': 2 });
  assert.deepEqual(claimsOf(runOnce(source, { settings: { auth0_restricted_claims: 'drop' } })), { 'https://a/x': 2 });
});

test('InvalidScopeError denies with invalid_scope', () => {
  assert.deepEqual(runOnce(hook(`cb(new InvalidScopeError('not that'));`)), ['denied', 'invalid_scope', 'not that']);
});

test('InvalidRequestError says what the request lacks', () => {
  assert.deepEqual(runOnce(hook(`cb(new InvalidRequestError('no color'));`)), ['invalid', 'no color']);
});

test('ServerError and any other are the hook\'s fault', () => {
  assert.deepEqual(runOnce(hook(`cb(new ServerError('down'));`)), ['internal', '10-script.js:2: ServerError: down']);
  assert.deepEqual(runOnce(hook(`cb(new Error('down'));`)), ['internal', '10-script.js:2: Error: down']);
});

test('a hook that gives no object is told', () => {
  assert.match(runOnce(hook('cb(null);'))[1], /a Hook gives its callback an object/);
});

test('a hook that never calls back is told', () => {
  assert.match(runOnce(hook(''))[1], /every path must end in cb\(null, accessToken\)/);
});
