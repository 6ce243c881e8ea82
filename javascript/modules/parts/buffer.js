// Node's Buffer: the package `buffer`, and the encoding that came after it.

const original = require('buffer');

const { Buffer } = original;
const { from, isEncoding, byteLength } = Buffer;
const { toString } = Buffer.prototype;

// The package reads both alphabets of base64 and writes one.
Buffer.from = (value, encoding, length) => from(value, encoding === 'base64url' ? 'base64' : encoding, length);
Buffer.isEncoding = (encoding) => encoding === 'base64url' || isEncoding(encoding);
Buffer.byteLength = (value, encoding) => byteLength(value, encoding === 'base64url' ? 'base64' : encoding);
Buffer.prototype.toString = function (encoding, ...range) {
  if (encoding !== 'base64url') return toString.call(this, encoding, ...range);
  return toString.call(this, 'base64', ...range).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
};

module.exports = original;
