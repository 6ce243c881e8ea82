// Randomness, all of it the host's, and a comparison that takes the same time whatever differs.

const { Buffer } = require('rulemint:buffer');

module.exports = { randomBytes, randomFillSync, randomFill, randomInt, timingSafeEqual };

/** Random bytes, at once or to a callback. */
function randomBytes(size, callback) {
  const bytes = randomFillSync(Buffer.alloc(size));
  return given(bytes, callback);
}

/** Fills a view with random bytes. */
function randomFillSync(view) {
  for (let at = 0; at < view.byteLength; at += QUOTA_BYTES) {
    const length = Math.min(QUOTA_BYTES, view.byteLength - at);
    crypto.getRandomValues(new Uint8Array(view.buffer, view.byteOffset + at, length));
  }
  return view;
}

/** Fills a view with random bytes and calls back. */
function randomFill(view, ...rest) {
  given(randomFillSync(view), rest.at(-1));
}

/** A whole number from `min` up to and without `max`, each as likely as any other. */
function randomInt(min, max, callback) {
  if (max === undefined || typeof max === 'function') return randomInt(0, min, max);
  const span = max - min;
  if (!Number.isSafeInteger(span) || span <= 0 || span > RANGE) throw new RangeError('randomInt needs min < max');
  const limit = RANGE - (RANGE % span);
  let value;
  do value = randomBytes(6).readUIntBE(0, 6);
  while (value >= limit);
  return given(min + (value % span), callback);
}

/** Whether two buffers of one length are equal. */
function timingSafeEqual(one, other) {
  const [a, b] = [bytesOf(one), bytesOf(other)];
  if (a.length !== b.length) throw new RangeError('Input buffers must have the same byte length');
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a[at] ^ b[at];
  return difference === 0;
}

// What the host gives at once, and the values of six bytes.
const QUOTA_BYTES = 65_536;
const RANGE = 2 ** 48;

function given(value, callback) {
  if (typeof callback !== 'function') return value;
  process.nextTick(callback, null, value);
  return undefined;
}

function bytesOf(view) {
  if (!ArrayBuffer.isView(view)) throw new TypeError('timingSafeEqual compares buffers: use Buffer.from(text)');
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
