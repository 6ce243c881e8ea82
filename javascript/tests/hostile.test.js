// Scripts that mean harm: they harm their own sandbox, and what the host reads stays an answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimsOf, issue, load, runOnce } from './engine.js';

const rule = (body) => `function (user, context, callback) {\n${body}\n}`;
const KINDS = ['changes', 'denied', 'invalid', 'internal'];

test('the host\'s functions are out of reach', () => {
  const body = `user.seen = [typeof __host, typeof globalThis.__host, Object.keys(globalThis).includes('__rulemint'), (function () { return this === globalThis; })()]; callback(null, user, context);`;
  assert.deepEqual(claimsOf(runOnce(rule(body))).seen, ['undefined', 'undefined', false, true]);
});

test('the runtime cannot be replaced', () => {
  const body = `try { 'use strict'; globalThis.__rulemint = { result: () => 1 }; delete globalThis.__rulemint; __rulemint.result = 1; } catch (error) {} callback(null, user, context);`;
  assert.deepEqual(runOnce(rule(body)), ['changes', []]);
});

test('a module\'s inside is out of a script\'s reach', () => {
  assert.match(runOnce(rule(`require('rulemint:http').send({});`))[1], /Cannot find module 'rulemint:http'/);
});

for (const [what, body] of Object.entries({
  'methods of arrays': `for (const name of Object.getOwnPropertyNames(Array.prototype)) { try { Array.prototype[name] = () => 'x'; } catch {} }`,
  'iteration': `Array.prototype[Symbol.iterator] = function* () { yield 'x'; };`,
  'indexes of arrays': `Object.defineProperty(Object.prototype, '0', { set() {}, get() { return 'x'; }, configurable: true });`,
  'JSON': `JSON.stringify = () => '}{'; JSON.parse = () => null;`,
  'Object': `Object.keys = () => ['x']; Object.assign = () => null; Object.hasOwn = () => true; Reflect.apply = () => 0; Reflect.defineProperty = () => true;`,
  'Map and Set': `Map.prototype.get = Map.prototype.has = Set.prototype.has = () => true; Map.prototype.forEach = () => {};`,
  'texts': `for (const name of Object.getOwnPropertyNames(String.prototype)) { try { String.prototype[name] = () => 'x'; } catch {} }`,
  'functions': `Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => () => 'x';`,
  'getters of prototypes': `for (const name of ['value', 'get', 'writable', 'then', 'scope']) Object.defineProperty(Object.prototype, name, { get() { return () => 'x'; }, set() {}, configurable: true });`,
})) {
  test(`a script that breaks ${what} gets an answer that is one`, () => {
    const answer = runOnce(rule(`${body}\nuser.a = 1; context.accessToken.scope = ['read'];\ncallback(null, user, context);`));
    assert.ok(KINDS.includes(answer[0]));
    if (answer[0] !== 'changes') return assert.equal(typeof answer[1], 'string');
    for (const change of answer[1]) assert.ok(Array.isArray(change) && change.every((one) => typeof one === 'string'));
  });
}

test('a script that breaks a prototype still gets its claims', () => {
  const body = `Array.prototype.push = () => 0; Array.prototype[Symbol.iterator] = null; JSON.stringify = () => 'x'; Object.keys = () => [];`;
  assert.deepEqual(claimsOf(runOnce(rule(`${body} user.a = [1]; callback(null, user, context);`))), { a: [1] });
});

test('the constructor of functions reaches no more than the script does', () => {
  const body = `user.seen = [].constructor.constructor('return typeof __host + typeof require')(); callback(null, user, context);`;
  assert.deepEqual(claimsOf(runOnce(rule(body))).seen, 'undefinedundefined');
});

test('a prototype in the event is no prototype', () => {
  const event = JSON.parse('{ "parameters": { "__proto__": { "polluted": true } } }');
  assert.equal(claimsOf(runOnce(rule(`user.seen = String({}.polluted); callback(null, user, context);`), {}, event)).seen, 'undefined');
});

test('too deep a recursion is the script\'s error', () => {
  assert.match(runOnce(rule('(function deeper() { deeper(); })();'))[1], /RangeError|InternalError|stack/i);
});

test('too much memory is the script\'s error', () => {
  assert.throws(() => {
    const answer = runOnce(rule('const all = []; for (;;) all.push(new Uint8Array(1e6));'));
    if (answer[0] === 'internal') throw new Error(answer[1]);
  }, /memory|null/i);
});

test('an error that throws when it is read is told all the same', () => {
  const body = `callback({ get message() { throw 1; }, get name() { throw 2; }, get stack() { throw 3; }, toJSON() { throw 4; } });`;
  assert.match(runOnce(rule(body))[1], /an error that cannot be shown/);
});

test('a claim that throws when it is read is the script\'s error', () => {
  assert.match(runOnce(rule(`user.a = { toJSON() { throw new Error('odd'); } }; callback(null, user, context);`))[1], /claim a cannot be written as JSON: Error: odd/);
});

test('a context full of traps is the script\'s error', () => {
  const body = `callback(null, user, new Proxy({}, { get() { throw new Error('trap'); } }));`;
  assert.deepEqual(runOnce(rule(body)), ['internal', '10-script.js:2: Error: trap']);
});

test('a value that is thrown may be anything', () => {
  for (const value of ['null', 'undefined', '0', 'Symbol()', '{}', 'Object.create(null)', '[]']) {
    const answer = runOnce(rule(`throw ${value};`));
    assert.equal(answer[0], 'internal');
    assert.equal(typeof answer[1], 'string');
  }
});

test('a promise that is none settles nothing twice', () => {
  const source = `exports.onExecuteCredentialsExchange = () => ({ then(yes, no) { yes(); no(new Error('x')); yes(); } });`;
  assert.deepEqual(runOnce(source), ['changes', []]);
});

test('a token that fails leaves the next alone', () => {
  const script = load(rule(`if (context.request.body.color === 'red') { JSON = null; throw new Error('odd'); } callback(null, user, context);`));
  assert.equal(issue(script)[0], 'internal');
  assert.deepEqual(issue(script, { parameters: {} }), ['changes', []]);
});
