// Hashes and what is made of them.

const browserify = require('crypto-browserify');
const { Buffer } = require('rulemint:buffer');
const scryptJs = require('scrypt-js');
const { secretOf } = require('./keys.js');

module.exports = { createHash, createHmac, hash, hkdfSync, hkdf, scryptSync, scrypt };

/** A hash; its digest knows every encoding that Buffer knows. */
function createHash(algorithm) {
  return encoding(browserify.createHash(nameOf(algorithm)));
}

/** An HMAC; the key may be a KeyObject. */
function createHmac(algorithm, key) {
  return encoding(browserify.createHmac(nameOf(algorithm), secretOf(key)));
}

/** A hash in one call. */
function hash(algorithm, data, outputEncoding = 'hex') {
  return createHash(algorithm).update(data).digest(outputEncoding);
}

/** HKDF of RFC 5869. */
function hkdfSync(digest, key, salt, info, length) {
  const size = createHash(digest).digest().length;
  const extracted = createHmac(digest, salt.length === 0 ? Buffer.alloc(size) : salt).update(secretOf(key)).digest();
  let [block, made] = [Buffer.alloc(0), Buffer.alloc(0)];
  for (let count = 1; made.length < length; count++) {
    block = createHmac(digest, extracted).update(block).update(info).update(Buffer.from([count])).digest();
    made = Buffer.concat([made, block]);
  }
  return new Uint8Array(made.subarray(0, length)).buffer;
}

/** HKDF to a callback. */
function hkdf(digest, key, salt, info, ...[length, callback]) {
  process.nextTick(callback, null, hkdfSync(digest, key, salt, info, length));
}

/** scrypt of RFC 7914. */
function scryptSync(password, salt, length, options = {}) {
  const cost = options.N ?? options.cost ?? 16_384;
  const blocks = options.r ?? options.blockSize ?? 8;
  const parallel = options.p ?? options.parallelization ?? 1;
  return Buffer.from(scryptJs.syncScrypt(Buffer.from(password), Buffer.from(salt), cost, blocks, parallel, length));
}

/** scrypt to a callback. */
function scrypt(password, salt, length, ...rest) {
  const options = rest.length > 1 ? rest[0] : {};
  process.nextTick(rest.at(-1), null, scryptSync(password, salt, length, options));
}

// Node takes `SHA-256`, `RSA-SHA256` and `sha256` for the same.
function nameOf(algorithm) {
  return String(algorithm).toLowerCase().replace(/^rsa-/, '').replace(/^sha-/, 'sha');
}

function encoding(hashing) {
  const digest = hashing.digest.bind(hashing);
  hashing.digest = (wanted) => (wanted === 'base64url' ? digest().toString(wanted) : digest(wanted));
  return hashing;
}
