// One request under way: the object that `request(…)` gives, which scripts listen to or chain calls on.

const { EventEmitter } = require('events');
const { nodeHeaders, sendFollowing } = require('rulemint:http');
const { wireOf } = require('./options.js');

/** Emits `response`, `data`, `end`, `complete` and `error`; it is sent once the script has said all it wants to. */
class Sending extends EventEmitter {
  constructor(options) {
    super();
    this.options = options;
    this.method = (options.method ?? 'GET').toUpperCase();
    this.ended = false;
    if (options.callback) this.on('error', (error) => options.callback(error));
    setImmediateLike(() => this.#send());
  }
  auth(user, pass, sendImmediately, bearer) {
    this.options.auth = { user, pass, bearer };
    return this;
  }
  form(fields) {
    this.options.form = fields;
    return this;
  }
  json(value) {
    this.options.json = value;
    return this;
  }
  qs(fields) {
    this.options.qs = { ...this.options.qs, ...fields };
    return this;
  }
  setHeader(name, value) {
    this.options.headers = { ...this.options.headers, [name]: value };
    return this;
  }
  pipe(target) {
    this.on('data', (data) => target.write(data));
    this.on('end', () => target.end?.());
    return target;
  }
  abort() {
    this.ended = true;
    this.emit('abort');
  }
  setEncoding() {
    return this;
  }
  #send() {
    if (this.ended) return;
    let response;
    try {
      response = responseOf(this.options, sendFollowing(wireOf(this.options), redirectsOf(this.options)));
    } catch (cause) {
      return this.#fail(cause);
    }
    this.#finish(response);
  }
  #fail(cause) {
    const error = Object.assign(new Error(cause.message), { code: cause.code ?? 'EHTTP', cause });
    if (this.listenerCount('error') === 0) throw error;
    this.emit('error', error);
  }
  #finish(response) {
    this.response = response;
    this.emit('response', response);
    this.emit('data', response.raw);
    response.emit('data', response.raw);
    this.emit('end');
    response.emit('end');
    this.emit('complete', response, response.body);
    this.options.callback?.(null, response, response.body);
  }
}

// Not a timer: a script's own timeout must never be earlier than its request.
function setImmediateLike(run) {
  process.nextTick(run);
}

function redirectsOf({ followRedirect = true, followAllRedirects, maxRedirects }) {
  const follows = ({ method }) => followAllRedirects === true || (followRedirect !== false && isReading(method));
  return { redirectsMax: maxRedirects, follows };
}

function isReading(method) {
  return method === 'GET' || method === 'HEAD';
}

function responseOf(options, answer) {
  const headers = nodeHeaders(answer.headers);
  const response = new EventEmitter();
  return Object.assign(response, {
    statusCode: answer.status,
    statusMessage: '',
    headers,
    raw: answer.body,
    body: bodyOf(options, answer.body),
    request: { uri: { href: answer.url }, href: answer.url, method: options.method ?? 'GET' },
    toJSON: () => ({ statusCode: answer.status, headers, body: response.body }),
    setEncoding: () => response,
  });
}

function bodyOf({ encoding, json, jsonReviver }, bytes) {
  if (encoding === null) return bytes;
  const text = bytes.toString(encoding ?? 'utf8');
  if (!json) return text;
  try {
    return text === '' ? undefined : JSON.parse(text, jsonReviver);
  } catch {
    return text;
  }
}

module.exports = { Sending };
