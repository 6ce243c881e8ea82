// `fetch`, over the host.

const { Buffer } = require('rulemint:buffer');
const { FormData } = require('./form.js');
const { Headers } = require('./headers.js');
const { bytesOf, send, sendFollowing } = require('rulemint:http');
const { URL, URLSearchParams } = require('rulemint:url');

/** Sends a request. What goes wrong on the way is a TypeError, as in browsers and Node. */
async function fetch(input, options) {
  const request = new Request(input, options);
  request.signal?.throwIfAborted?.();
  if (request.signal?.aborted) throw new DOMException('the request was aborted', 'AbortError');
  const sent = { method: request.method, url: request.url, headers: [...request.headers], body: request.bytes };
  return answered(request, attempted(() => (request.redirect === 'follow' ? sendFollowing(sent) : send(sent))));
}

/** What has a body that can be read once. */
class Body {
  #used = false;
  constructor(bytes) {
    Object.defineProperty(this, 'bytes', { value: bytes, enumerable: false });
  }
  get bodyUsed() {
    return this.#used;
  }
  get body() {
    return this.bytes;
  }
  async buffer() {
    if (this.#used) throw new TypeError('the body was read before: clone() before reading it twice');
    this.#used = true;
    return Buffer.from(this.bytes ?? []);
  }
  async text() {
    return (await this.buffer()).toString('utf8').replace(/^\uFEFF/, '');
  }
  async json() {
    return JSON.parse(await this.text());
  }
  async arrayBuffer() {
    return new Uint8Array(await this.buffer()).buffer;
  }
}

/** A request, as the standard has it. */
class Request extends Body {
  constructor(input, options = {}) {
    const base = input instanceof Request ? input : null;
    const [bytes, type] = bodyOf(options.body ?? base?.bytes ?? null);
    super(bytes);
    this.url = new URL(base?.url ?? String(input)).href;
    this.method = (options.method ?? base?.method ?? 'GET').toUpperCase();
    this.headers = new Headers(options.headers ?? base?.headers);
    this.redirect = options.redirect ?? base?.redirect ?? 'follow';
    this.signal = options.signal ?? base?.signal;
    if (bytes !== null && ['GET', 'HEAD'].includes(this.method)) throw new TypeError(`a ${this.method} has no body`);
    if (type !== null && !this.headers.has('content-type')) this.headers.set('content-type', type);
  }
  clone() {
    return new Request(this);
  }
}

/** An answer, as the standard has it. */
class Response extends Body {
  constructor(body = null, options = {}) {
    const [bytes, type] = bodyOf(body);
    super(bytes);
    this.status = options.status ?? 200;
    this.statusText = options.statusText ?? '';
    this.headers = new Headers(options.headers);
    this.ok = this.status >= 200 && this.status < 300;
    this.redirected = false;
    this.type = 'default';
    this.url = '';
    if (type !== null && !this.headers.has('content-type')) this.headers.set('content-type', type);
  }
  clone() {
    return Object.assign(new Response(this.bytes, this), { url: this.url, redirected: this.redirected });
  }
  static json(value, options = {}) {
    const headers = new Headers(options.headers);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return new Response(JSON.stringify(value), { ...options, headers });
  }
  static error() {
    return Object.assign(new Response(null, { status: 0 }), { type: 'error' });
  }
}

function attempted(sending) {
  try {
    return sending();
  } catch (cause) {
    throw new TypeError(`fetch failed: ${cause.message}`, { cause });
  }
}

function answered(request, answer) {
  const isRedirect = answer.status >= 300 && answer.status < 400 && answer.status !== 304;
  if (request.redirect === 'error' && isRedirect) throw new TypeError('fetch failed: the answer is a redirect');
  const response = new Response(answer.body, { status: answer.status, headers: answer.headers });
  return Object.assign(response, { url: answer.url, redirected: answer.url !== request.url, type: 'basic' });
}

function bodyOf(body) {
  if (body === null || body === undefined) return [null, null];
  if (typeof body === 'string') return [bytesOf(body), 'text/plain;charset=UTF-8'];
  if (body instanceof URLSearchParams) {
    return [bytesOf(body.toString()), 'application/x-www-form-urlencoded;charset=UTF-8'];
  }
  return body instanceof FormData ? body.encoded() : [bytesOf(body), null];
}

module.exports = { FormData, Headers, Request, Response, fetch };
