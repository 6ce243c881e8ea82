// `TextEncoder`, `TextDecoder`, `atob` and `btoa`. The packages for the first two look for the engine's own, so they are
// made of Buffer here.

const { StringDecoder } = require('string_decoder');
const { Buffer } = require('rulemint:buffer');

/** Texts to UTF-8. */
class TextEncoder {
  encoding = 'utf-8';
  encode(text = '') {
    return new Uint8Array(Buffer.from(String(text), 'utf8'));
  }
  encodeInto(text, target) {
    const bytes = this.encode(text).subarray(0, target.length);
    target.set(bytes);
    return { read: Buffer.from(bytes).toString('utf8').length, written: bytes.length };
  }
}

/** Bytes to texts: UTF-8, UTF-16LE and Latin 1. */
class TextDecoder {
  #decoder = null;
  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    this.encoding = LABELS[String(label).trim().toLowerCase()];
    if (!this.encoding) throw new RangeError(`the encoding ${label} is not known: utf-8, utf-16le and latin1 are`);
    Object.assign(this, { fatal, ignoreBOM });
  }
  decode(bytes = new Uint8Array(), { stream = false } = {}) {
    this.#decoder ??= new StringDecoder(BUFFER_NAMES[this.encoding]);
    const given = ArrayBuffer.isView(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.from(bytes);
    let text = this.#decoder.write(given);
    if (!stream) {
      text += this.#decoder.end();
      this.#decoder = null;
    }
    if (this.fatal && text.includes('\uFFFD') && !given.includes('\uFFFD')) throw new TypeError('the bytes are no text');
    return this.ignoreBOM ? text : text.replace(/^\uFEFF/, '');
  }
}

/** Base64 to a text of bytes; what is no base64 is refused, as in browsers. */
function atob(text) {
  const packed = String(text).replace(/[\t\n\f\r ]/g, '').replace(/={1,2}$/, '');
  if (packed.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(packed)) {
    throw new DOMException('this is not base64', 'InvalidCharacterError');
  }
  return Buffer.from(packed, 'base64').toString('latin1');
}

/** A text of bytes to base64. */
function btoa(text) {
  if (/[^\0-\xff]/.test(String(text))) throw new DOMException('a character is no byte', 'InvalidCharacterError');
  return Buffer.from(String(text), 'latin1').toString('base64');
}

const LABELS = {
  'utf-8': 'utf-8', utf8: 'utf-8', 'utf-16': 'utf-16le', 'utf-16le': 'utf-16le', ascii: 'windows-1252',
  latin1: 'windows-1252', 'iso-8859-1': 'windows-1252', 'us-ascii': 'windows-1252', 'windows-1252': 'windows-1252',
};
const BUFFER_NAMES = { 'utf-8': 'utf8', 'utf-16le': 'utf16le', 'windows-1252': 'latin1' };

module.exports = { TextDecoder, TextEncoder, atob, btoa };
