// `FormData`, as far as texts go.

const { bytesOf } = require('rulemint:http');

/** Fields of a form that is sent as multipart/form-data. */
class FormData {
  #fields = [];
  append(name, value) {
    this.#fields.push([String(name), String(value)]);
  }
  set(name, value) {
    this.delete(name);
    this.append(name, value);
  }
  get(name) {
    return this.#fields.find(([given]) => given === name)?.[1] ?? null;
  }
  getAll(name) {
    return this.#fields.filter(([given]) => given === name).map(([, value]) => value);
  }
  has(name) {
    return this.get(name) !== null;
  }
  delete(name) {
    this.#fields = this.#fields.filter(([given]) => given !== name);
  }
  entries() {
    return this.#fields.values();
  }
  [Symbol.iterator]() {
    return this.entries();
  }
  /** The body and its content type. */
  encoded() {
    const boundary = `form-${crypto.randomUUID()}`;
    const part = ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`;
    return [bytesOf(`${this.#fields.map(part).join('')}--${boundary}--\r\n`), `multipart/form-data; boundary=${boundary}`];
  }
}

function quoted(name) {
  return name.replace(/"/g, '%22').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

module.exports = { FormData };
