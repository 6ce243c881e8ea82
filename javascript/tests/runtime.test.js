// What scripts find around them: timers, logs, time, and the names of Node and the web.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimsOf, issue, issueFromSnapshot, load, runOnce } from './engine.js';

const rule = (body) => `function (user, context, callback) {\n${body}\n}`;
const seen = (expression, options) => claimsOf(runOnce(rule(`user.seen = ${expression}; callback(null, user, context);`), options)).seen;

test('timers fire in the order they are due', () => {
  const body = `const order = [];
    setTimeout(() => order.push('late'), 3600000);
    setTimeout((a, b) => order.push(a + b), 5, 'so', 'on');
    setImmediate(() => order.push('first'));
    process.nextTick(() => order.push('tick'));
    setTimeout(() => { user.seen = order; callback(null, user, context); }, 3600001);`;
  assert.deepEqual(claimsOf(runOnce(rule(body))).seen, ['tick', 'first', 'soon', 'late']);
});

test('intervals repeat until they are cleared', () => {
  const body = `let n = 0; const t = setInterval(() => { if (++n === 3) { clearInterval(t); user.n = n; callback(null, user, context); } }, 10);`;
  assert.deepEqual(claimsOf(runOnce(rule(body))), { n: 3 });
});

test('a timer that was cleared does not fire', () => {
  const body = `clearTimeout(setTimeout(() => callback(new Error('fired')), 1)); setTimeout(() => callback(null, user, context), 2);`;
  assert.deepEqual(runOnce(rule(body)), ['changes', []]);
});

test('what a timer throws is the script\'s fault and has its line', () => {
  assert.match(runOnce(rule('setTimeout(() => {\nnull.x;\n}, 1);'))[1], /^10-script\.js:3: TypeError/);
});

test('what a microtask throws is the script\'s fault', () => {
  assert.match(runOnce(rule(`queueMicrotask(() => { throw new Error('odd'); });`))[1], /:2: Error: odd/);
});

test('timers do not outlive a token', () => {
  const script = load(rule(`setInterval(() => {}, 1); callback(null, user, context);`));
  assert.deepEqual([issue(script), issue(script)], [['changes', []], ['changes', []]]);
});

test('console writes to the rule\'s log', () => {
  const script = load(rule(`console.log('a %s %d', 'b', 1, { c: 2 }); console.warn(new Error('odd').message); console.debug(null); callback(null, user, context);`));
  issue(script);
  assert.deepEqual(script.host.logged, [['info', 'a b 1 {"c":2}'], ['warn', 'odd'], ['debug', 'null']]);
});

test('an error in the log has the script\'s own lines', () => {
  const script = load(rule(`console.error(new Error('odd')); callback(null, user, context);`));
  issue(script);
  assert.match(script.host.logged[0][1], /^Error: odd\n.*10-script\.js:2/);
});

test('the time is the host\'s', () => {
  const expression = '[Date.now(), new Date().getTime(), new Date().toISOString(), new Date(0).getTime(), new Date(2020, 0).getFullYear(), Date.UTC(1970, 0), new Date() instanceof Date, typeof Date()]';
  assert.deepEqual(seen(expression, { host: { nowMs: 5000 } }), [5000, 5000, '1970-01-01T00:00:05.000Z', 0, 2020, 0, true, 'string']);
});

test('Date can be extended', () => {
  assert.deepEqual(seen(`(() => { class Day extends Date { get day() { return 1; } } const d = new Day(); return [d.day, d instanceof Date, d.getTime()]; })()`, { host: { nowMs: 7 } }), [1, true, 7]);
});

for (const [what, expression] of Object.entries({
  'Math.random': 'Math.random()',
  'crypto.randomUUID': 'crypto.randomUUID()',
  'crypto.getRandomValues': 'Array.from(crypto.getRandomValues(new Uint8Array(8)))',
  'uuid v4': `require('uuid').v4()`,
  'uuid v1': `require('uuid').v1()`,
  'randomBytes': `require('crypto').randomBytes(16).toString('hex')`,
  'lodash': `require('lodash').random(0, 1, true)`,
  'nanoid': `require('nanoid').nanoid()`,
  'ulid': `require('ulid').ulid()`,
  'a salt of bcryptjs': `require('bcryptjs').genSaltSync(4)`,
  'a key of tweetnacl': `Array.from(require('tweetnacl').randomBytes(8))`,
  'crypto-js': `require('crypto-js').lib.WordArray.random(16).toString()`,
})) {
  test(`${what} is fresh for every token of a snapshot`, () => {
    const script = load(rule(`user.seen = ${expression}; callback(null, user, context);`));
    const values = issueFromSnapshot(script, 8).map((answer) => JSON.stringify(claimsOf(answer).seen));
    assert.equal(new Set(values).size, values.length);
  });
}

test('what a script does not name is not in its snapshot', () => {
  const script = load(rule(`user.jti = require('uuid').v4(); callback(null, user, context);`));
  const { vm } = script;
  const { memory_used_size: bytes } = vm.dump(vm.runtime.computeMemoryUsage());
  assert.ok(bytes < 400_000, `${bytes} bytes`);
});

test('the time goes on in a snapshot', () => {
  const script = load(rule(`user.seen = [Date.now(), require('moment')().valueOf()]; callback(null, user, context);`), { host: { nowMs: 1 } });
  assert.deepEqual(claimsOf(issueFromSnapshot(script, 1)[0]).seen, [1, 1]);
  script.host.nowMs = 2;
  assert.deepEqual(claimsOf(issueFromSnapshot(script, 1)[0]).seen, [2, 2]);
});

test('Math.random is between 0 and 1, and evenly so', () => {
  const [least, most, mean] = seen(`(() => { const all = Array.from({ length: 2000 }, () => Math.random()); return [Math.min(...all), Math.max(...all), all.reduce((a, b) => a + b) / 2000]; })()`);
  assert.ok(least >= 0 && most < 1 && mean > 0.4 && mean < 0.6);
});

for (const [what, [expression, expected]] of Object.entries({
  Buffer: [`Buffer.from('é').toString('hex')`, 'c3a9'],
  URL: [`new URL('/b?c=1#d', 'https://u:p@a.example:8443').searchParams.get('c')`, '1'],
  URLSearchParams: [`new URLSearchParams('a=1&a=2').getAll('a')`, ['1', '2']],
  TextEncoder: [`Array.from(new TextEncoder().encode('é'))`, [195, 169]],
  TextDecoder: [`new TextDecoder().decode(new Uint8Array([0xEF, 0xBB, 0xBF, 195, 169]))`, 'é'],
  atob: [`atob('w6k=')`, 'Ã©'],
  btoa: [`btoa('a?>')`, 'YT8+'],
  structuredClone: [`(() => { const a = { d: new Date(0), m: new Map([[1, 2]]) }; const b = structuredClone(a); return [b.d.getTime(), b.m.get(1), b === a]; })()`, [0, 2, false]],
  AbortController: [`(() => { const c = new AbortController(); let heard = 0; c.signal.addEventListener('abort', () => { heard++; }); c.abort(); return [c.signal.aborted, heard]; })()`, [true, 1]],
  Headers: [`[...new Headers({ B: '1', a: '2' })]`, [['a', '2'], ['b', '1']]],
  'process.env': [`[process.env.HOME, Object.keys(process.env).length]`, [null, 0]],
  global: ['global === globalThis', true],
  'ES2023': [`[[3, 1].toSorted(), [1, 2].findLast((n) => n < 2), Object.groupBy([1, 2], (n) => n % 2 ? 'odd' : 'even'), 1_000n.toString(), /(?<y>\\d)/.exec('7').groups.y]`, [[1, 3], 1, { odd: [1], even: [2] }, '1000', '7']],
})) {
  test(`${what} is there`, () => assert.deepEqual(seen(expression), expected));
}

test('text that is no base64 is refused', () => {
  assert.equal(seen(`(() => { try { atob('a'); } catch (error) { return error.name; } })()`), 'InvalidCharacterError');
});

test('bytes that are no text are refused by a fatal decoder', () => {
  assert.equal(seen(`(() => { try { new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([0xff])); } catch (error) { return error.name; } })()`), 'TypeError');
});
