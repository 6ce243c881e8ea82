// superagent's client for browsers, on a request of ours in place of the browser's.

const superagent = require('superagent');
const { headerOf, sendFollowing } = require('rulemint:http');

superagent.getXHR = () => new HostRequest();
module.exports = superagent;

/** As much of XMLHttpRequest as superagent touches. */
class HostRequest {
  #wire = { headers: [] };
  #answer = null;
  readyState = 0;
  status = 0;
  open(method, url) {
    Object.assign(this.#wire, { method, url });
    this.readyState = 1;
  }
  setRequestHeader(name, value) {
    this.#wire.headers.push([name, value]);
  }
  addEventListener(name, listener) {
    if (name === 'readystatechange') this.onreadystatechange = listener;
  }
  abort() {
    this.status = 0;
  }
  send(body = null) {
    process.nextTick(() => this.#finish(body));
  }
  #finish(body) {
    try {
      this.#answer = sendFollowing({ ...this.#wire, body });
      this.status = this.#answer.status;
      this.responseURL = this.#answer.url;
      this.responseText = this.#answer.body.toString('utf8');
      this.response = this.responseText;
    } catch (error) {
      this.failure = error;
    }
    this.readyState = 4;
    this.onreadystatechange?.();
  }
  getAllResponseHeaders() {
    return this.#answer ? this.#answer.headers.map(([name, value]) => `${name}: ${value}`).join('\r\n') : '';
  }
  getResponseHeader(name) {
    return this.#answer ? (headerOf(this.#answer.headers, name.toLowerCase()) ?? null) : null;
  }
}
