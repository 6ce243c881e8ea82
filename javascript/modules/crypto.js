// Node's crypto: crypto-browserify, with randomness of the host and what the package lacks.

const browserify = require('crypto-browserify');
const { Buffer } = require('rulemint:buffer');
const web = globalThis.crypto;

module.exports = {
  ...browserify,
  randomBytes,
  pseudoRandomBytes: randomBytes,
  randomUUID: () => web.randomUUID(),
  getRandomValues: (view) => web.getRandomValues(view),
  randomInt,
  timingSafeEqual,
  webcrypto: web,
};

function randomBytes(size, callback) {
  const bytes = web.getRandomValues(Buffer.alloc(size));
  if (callback === undefined) return bytes;
  setImmediate(callback, null, bytes);
}

function randomInt(min, max, callback) {
  if (max === undefined || typeof max === 'function') return randomInt(0, min, max);
  const span = max - min;
  if (!Number.isSafeInteger(span) || span <= 0 || span > 2 ** 48) throw new RangeError('randomInt needs min < max');
  const limit = 2 ** 48 - (2 ** 48 % span);
  let value;
  do value = web.getRandomValues(Buffer.alloc(6)).readUIntBE(0, 6);
  while (value >= limit);
  if (callback === undefined) return min + (value % span);
  setImmediate(callback, null, min + (value % span));
}

function timingSafeEqual(one, other) {
  if (one.length !== other.length) throw new RangeError('Input buffers must have the same byte length');
  let difference = 0;
  for (let at = 0; at < one.length; at++) difference |= one[at] ^ other[at];
  return difference === 0;
}
