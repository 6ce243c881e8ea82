// Requests: what leaves for the host, and what comes back to the script.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimsOf, issue, load } from './engine.js';

// Runs the body of an async function and gives what it gave, and the requests that were sent.
function asked(work, answers = () => ({ body: '{"ok":true}' })) {
  const source = `exports.onExecuteCredentialsExchange = async (event, api) => {
    api.accessToken.setCustomClaim('x', await (async () => { ${work} })());
  };`;
  const script = load(source, { host: { answers } });
  return { answer: claimsOf(issue(script)).x, requests: script.host.requests };
}

const refused = () => {
  throw new Error('the manifest does not name https://api.example');
};
const header = (request, name) => request.headers.find(([given]) => given.toLowerCase() === name)?.[1];
const called = (call) => `return new Promise((done) => require('request')${call.replace('DONE', '(e, r, b) => done(e ? e.message : [r.statusCode, b])')});`;

test('fetch sends method, headers and body', () => {
  const { requests } = asked(`await fetch('https://api.example/a?b=1', { method: 'post', headers: { 'X-A': '1' }, body: 'text' });`);
  assert.deepEqual(requests.map(({ method, url, body }) => [method, url, body]), [['POST', 'https://api.example/a?b=1', 'text']]);
  assert.equal(header(requests[0], 'x-a'), '1');
  assert.equal(header(requests[0], 'content-type'), 'text/plain;charset=UTF-8');
});

test('fetch sends a form', () => {
  const { requests } = asked(`await fetch('https://api.example', { method: 'POST', body: new URLSearchParams({ a: 'x y' }) });`);
  assert.equal(requests[0].body, 'a=x+y');
  assert.match(header(requests[0], 'content-type'), /x-www-form-urlencoded/);
});

test('fetch sends the fields of a form in parts', () => {
  const { requests } = asked(`const f = new FormData(); f.set('a', '1'); f.append('b"', 'x'); await fetch('https://api.example', { method: 'POST', body: f });`);
  const boundary = header(requests[0], 'content-type').split('boundary=')[1];
  const part = (name, value) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  assert.equal(requests[0].body, `${part('a', '1')}${part('b%22', 'x')}--${boundary}--\r\n`);
});

test('fetch gives status, headers and body', () => {
  const answers = () => ({ status: 404, headers: [['X-A', '1'], ['x-a', '2']], body: 'none' });
  const { answer } = asked(`const r = await fetch('https://api.example'); return [r.ok, r.status, r.headers.get('X-a'), await r.text()];`, answers);
  assert.deepEqual(answer, [false, 404, '1, 2', 'none']);
});

test('a body is read once', () => {
  const { answer } = asked(`const r = await fetch('https://api.example'); await r.text(); try { await r.text(); } catch (e) { return e.message; }`);
  assert.match(answer, /was read before/);
});

test('fetch follows a redirect and takes no credentials along to another origin', () => {
  const answers = ({ url }) => (url.includes('//a.') ? { status: 302, headers: [['Location', 'https://b.example/x']] } : { body: 'there' });
  const { answer, requests } = asked(
    `const r = await fetch('https://a.example/', { headers: { Authorization: 's' } }); return [r.redirected, r.url, await r.text()];`, answers,
  );
  assert.deepEqual(answer, [true, 'https://b.example/x', 'there']);
  assert.equal(header(requests[1], 'authorization'), undefined);
});

test('redirects have an end', () => {
  const answers = () => ({ status: 302, headers: [['location', '/again']] });
  const { answer } = asked(`try { await fetch('https://a.example/'); } catch (e) { return e.message; }`, answers);
  assert.match(answer, /more than 10 redirects/);
});

test('fetch says why a request was refused', () => {
  const { answer } = asked(`try { await fetch('https://api.example'); } catch (e) { return [e.name, e.message]; }`, refused);
  assert.deepEqual(answer, ['TypeError', 'fetch failed: the manifest does not name https://api.example']);
});

test('fetch looks at an aborted signal before it sends', () => {
  const work = `const c = new AbortController(); c.abort(); try { await fetch('https://api.example', { signal: c.signal }); } catch (e) { return e.name; }`;
  const { answer, requests } = asked(work);
  assert.deepEqual([answer, requests.length], ['AbortError', 0]);
});

test('request parses JSON and sends it', () => {
  const { answer, requests } = asked(called(`.post({ url: 'https://api.example', json: { a: 1 }, headers: { 'X-A': '1' } }, DONE)`));
  assert.deepEqual(answer, [200, { ok: true }]);
  assert.deepEqual([requests[0].method, requests[0].body, header(requests[0], 'content-type')], ['POST', '{"a":1}', 'application/json']);
});

test('request sends a form, a query and credentials', () => {
  const { requests } = asked(called(`({ method: 'PUT', uri: 'https://api.example/a', form: { b: 'x y' }, qs: { c: 1 }, auth: { user: 'u', pass: 'p' } }, DONE)`));
  assert.deepEqual([requests[0].url, requests[0].body], ['https://api.example/a?c=1', 'b=x%20y']);
  assert.equal(header(requests[0], 'authorization'), 'Basic dTpw');
});

test('request takes its defaults and a base', () => {
  const { requests } = asked(`return new Promise((done) => require('request').defaults({ baseUrl: 'https://api.example/v1', auth: { bearer: 't' } })
    .get('/users', () => done(1)));`);
  assert.deepEqual([requests[0].url, header(requests[0], 'authorization')], ['https://api.example/v1/users', 'Bearer t']);
});

test('request gives text, and bytes where encoding is null', () => {
  assert.deepEqual(asked(called(`('https://api.example', DONE)`)).answer, [200, '{"ok":true}']);
  const work = `return new Promise((done) => require('request')({ url: 'https://api.example', encoding: null }, (e, r, b) => done(Buffer.isBuffer(b))));`;
  assert.equal(asked(work).answer, true);
});

test('request gives its callback the error', () => {
  assert.equal(asked(called(`('https://api.example', DONE)`), refused).answer, 'the manifest does not name https://api.example');
});

test('request follows redirects of GET alone', () => {
  const answers = ({ url }) => (url.endsWith('/a') ? { status: 302, headers: [['location', '/b']] } : { body: 'b' });
  assert.deepEqual(asked(called(`('https://api.example/a', DONE)`), answers).answer, [200, 'b']);
  assert.deepEqual(asked(called(`.post('https://api.example/a', DONE)`), answers).answer, [302, '']);
});

test('request refuses what only the server can do', () => {
  assert.match(asked(called(`({ url: 'https://api.example', proxy: 'http://p' }, DONE)`)).answer, /option proxy does not work here/);
});

test('request emits what listeners wait for', () => {
  const { answer } = asked(`return new Promise((done) => { let all = ''; require('request')('https://api.example')
    .on('response', (r) => { all += r.statusCode; }).on('data', (d) => { all += d; }).on('end', () => done(all)); });`);
  assert.equal(answer, '200{"ok":true}');
});

test('request-promise rejects an answer that is none of 200 to 299', () => {
  const { answer } = asked(`return require('request-promise')('https://api.example').catch((e) => [e.name, e.statusCode]);`, () => ({ status: 500 }));
  assert.deepEqual(answer, ['StatusCodeError', 500]);
});

test('request-promise gives the whole answer where it is asked for', () => {
  const { answer } = asked(`const r = await require('request-promise')({ uri: 'https://api.example', json: true, resolveWithFullResponse: true }); return [r.statusCode, r.body];`);
  assert.deepEqual(answer, [200, { ok: true }]);
});

test('axios sends JSON, a query and credentials', () => {
  const { answer, requests } = asked(`const r = await require('axios').post('https://api.example/a', { b: 1 }, { params: { c: 2 }, auth: { username: 'u', password: 'p' } }); return [r.status, r.data];`);
  assert.deepEqual(answer, [200, { ok: true }]);
  assert.deepEqual([requests[0].url, requests[0].body, header(requests[0], 'authorization')], ['https://api.example/a?c=2', '{"b":1}', 'Basic dTpw']);
});

test('axios makes clients with a base', () => {
  const { requests } = asked(`await require('axios').create({ baseURL: 'https://api.example/v1', headers: { 'X-A': '1' } }).get('/a');`);
  assert.deepEqual([requests[0].url, header(requests[0], 'x-a')], ['https://api.example/v1/a', '1']);
});

test('axios rejects a bad status with the answer', () => {
  const { answer } = asked(`try { await require('axios')('https://api.example'); } catch (e) { return [e.isAxiosError, e.response.status, e.response.data]; }`, () => ({ status: 400, body: '{"a":1}' }));
  assert.deepEqual(answer, [true, 400, { a: 1 }]);
});

test('axios says why a request was refused', () => {
  assert.match(asked(`try { await require('axios')('https://api.example'); } catch (e) { return e.message; }`, refused).answer, /manifest does not name/);
});

test('https streams a request and an answer', () => {
  const { answer, requests } = asked(`return new Promise((done) => { const r = require('https').request('https://api.example/a', { method: 'POST', headers: { 'X-A': '1' } },
    (res) => { res.setEncoding('utf8'); let all = ''; res.on('data', (d) => { all += d; }); res.on('end', () => done(JSON.parse(all))); }); r.write('a'); r.write('b'); r.end(); });`);
  assert.deepEqual([answer, requests[0].body, header(requests[0], 'x-a')], [{ ok: true }, 'ab', '1']);
});

test('https emits the error', () => {
  assert.match(asked(`return new Promise((done) => require('https').get('https://api.example').on('error', (e) => done(e.message)));`, refused).answer, /manifest/);
});

test('headers of the connection are left to the server', () => {
  const { requests } = asked(`await fetch('https://api.example', { headers: { Host: 'x', Connection: 'close', 'Content-Length': '3', Accept: 'a' } });`);
  assert.deepEqual(requests[0].headers, [['accept', 'a']]);
});

test('a guard against slow requests does not fire', () => {
  const source = `function (user, context, callback) {
    setTimeout(() => callback(new Error('too slow')), 5000);
    require('request')('https://api.example', (error, response, body) => { user.body = body; callback(null, user, context); });
  }`;
  assert.deepEqual(claimsOf(issue(load(source, { host: { answers: () => ({ body: 'quick' }) } }))), { body: 'quick' });
});
