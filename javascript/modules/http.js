// Node's `http` and `https`, as far as asking goes: `request` and `get`.

const { EventEmitter } = require('events');
const { Readable } = require('stream');
const { Buffer } = require('rulemint:buffer');
const { URL } = require('rulemint:url');
const { nodeHeaders, send } = require('rulemint:http');

module.exports = { httpFor };

/** Makes the module for a scheme. */
function httpFor(scheme) {
  const request = (...given) => new ClientRequest(optionsOf(scheme, given));
  const get = (...given) => {
    const sent = request(...given);
    sent.end();
    return sent;
  };
  return { request, get, Agent, globalAgent: new Agent(), METHODS: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'] };
}

/** Connections are the server's; scripts make agents all the same. */
class Agent {
  constructor(options = {}) {
    this.options = options;
  }
  destroy() {}
}

class ClientRequest extends EventEmitter {
  #parts = [];
  #headers = new Map();
  #aborted = false;
  constructor({ method, url, headers, answered }) {
    super();
    Object.assign(this, { method, url });
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
    if (answered) this.once('response', answered);
  }
  setHeader(name, value) {
    this.#headers.set(name.toLowerCase(), [name, value]);
  }
  getHeader(name) {
    return this.#headers.get(name.toLowerCase())?.[1];
  }
  removeHeader(name) {
    this.#headers.delete(name.toLowerCase());
  }
  write(data, encoding) {
    this.#parts.push(Buffer.from(data, encoding));
    return true;
  }
  end(data, encoding) {
    if (data !== undefined && typeof data !== 'function') this.write(data, encoding);
    process.nextTick(() => this.#send());
    return this;
  }
  abort() {
    this.#aborted = true;
  }
  destroy(error) {
    this.#aborted = true;
    if (error) this.emit('error', error);
    return this;
  }
  setTimeout() {
    return this;
  }
  setNoDelay() {}
  flushHeaders() {}
  #send() {
    if (this.#aborted) return;
    const body = this.#parts.length === 0 ? null : Buffer.concat(this.#parts);
    let answer;
    try {
      answer = send({ method: this.method, url: this.url, headers: [...this.#headers.values()], body });
    } catch (error) {
      return this.emit('error', error);
    }
    this.emit('response', messageOf(answer));
  }
}

function messageOf({ status, headers, body }) {
  const message = new Readable({ read() {} });
  message.push(body);
  message.push(null);
  return Object.assign(message, { statusCode: status, statusMessage: '', headers: nodeHeaders(headers), httpVersion: '1.1' });
}

function optionsOf(scheme, given) {
  const answered = given.find((one) => typeof one === 'function');
  const objects = given.filter((one) => typeof one === 'object' && one !== null);
  const address = typeof given[0] === 'string' || given[0]?.href ? new URL(given[0].href ?? given[0]) : null;
  const options = Object.assign({}, ...objects.filter((one) => !one.href));
  const method = (options.method ?? 'GET').toUpperCase();
  return { answered, method, url: address ? address.href : urlOf(scheme, options), headers: headersOf(options) };
}

function urlOf(scheme, { protocol = `${scheme}:`, hostname, host, port, path = '/' }) {
  const name = hostname ?? String(host ?? 'localhost').replace(/:\d+$/, '');
  return `${protocol}//${name}${port ? `:${port}` : ''}${path}`;
}

function headersOf({ headers = {}, auth }) {
  return auth ? { Authorization: `Basic ${Buffer.from(auth).toString('base64')}`, ...headers } : headers;
}
