// Requests over the host, for `fetch` and for the modules that make requests.

const { Buffer } = require('rulemint:buffer');
const host = require('rulemint:host');

const REDIRECTS = [301, 302, 303, 307, 308];
const REDIRECTS_MAX = 10;

/** Sends one request and gives `{ status, headers, body, url }`; `body` goes in and comes back as bytes. */
function send({ method, url, headers, body }) {
  const answer = host.http({ method, url, headers: usable(headers), body: bytesOf(body) });
  return { ...answer, body: Buffer.from(answer.body), url };
}

/** Sends a request and follows where it is pointed to, as far as the method may. */
function sendFollowing(request, { redirectsMax = REDIRECTS_MAX, follows = () => true } = {}) {
  let next = request;
  for (let redirects = 0; ; redirects++) {
    const answer = send(next);
    const target = REDIRECTS.includes(answer.status) && headerOf(answer.headers, 'location');
    if (!target || !follows(next)) return answer;
    if (redirects === redirectsMax) throw new Error(`more than ${redirectsMax} redirects, the last to ${target}`);
    next = redirected(next, answer.status, target);
  }
}

/** The value of a header, or undefined; several are joined. */
function headerOf(headers, name) {
  const values = headers.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}

/** The headers of an answer as Node has them: names in lower case, several values joined, cookies as a list. */
function nodeHeaders(headers) {
  const named = {};
  for (const [given, value] of headers) {
    const name = given.toLowerCase();
    if (name === 'set-cookie') named[name] = [...(named[name] ?? []), value];
    else named[name] = named[name] === undefined ? value : `${named[name]}, ${value}`;
  }
  return named;
}

/** Bytes of a body that may be a text, bytes or nothing. */
function bytesOf(body) {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string') return new Uint8Array(Buffer.from(body, 'utf8'));
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  return new Uint8Array(Buffer.from(String(body), 'utf8'));
}

// The host makes these itself and refuses them from a script.
const OF_HOST = ['host', 'connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'te', 'trailer',
  'proxy-connection', 'accept-encoding', 'expect'];

function usable(headers = []) {
  const kept = [];
  for (const [name, value] of headers) {
    if (value === undefined || value === null || OF_HOST.includes(name.toLowerCase())) continue;
    for (const one of Array.isArray(value) ? value : [value]) kept.push([name, String(one)]);
  }
  return kept;
}

// What a browser does: a POST that is answered by 301 to 303 goes on as GET, and other origins get no credentials.
function redirected(request, status, target) {
  const { URL } = require('rulemint:url');
  const url = new URL(target, request.url);
  const becomesGet = status === 303 || (status < 303 && request.method === 'POST');
  let headers = request.headers ?? [];
  if (url.origin !== new URL(request.url).origin) headers = without(headers, ['authorization', 'cookie']);
  if (!becomesGet) return { ...request, url: url.href, headers };
  return { method: 'GET', url: url.href, headers: without(headers, ['content-type']), body: null };
}

function without(headers, names) {
  return headers.filter(([name]) => !names.includes(name.toLowerCase()));
}

module.exports = { bytesOf, headerOf, nodeHeaders, send, sendFollowing };
