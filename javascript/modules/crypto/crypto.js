// Node's crypto: crypto-browserify, with randomness of the host and what the package lacks.

const browserify = require('crypto-browserify');
const { createHash, createHmac, hash, hkdf, hkdfSync, scrypt, scryptSync } = require('./digests.js');
const { KeyObject, createPrivateKey, createPublicKey, createSecretKey } = require('./keys.js');
const { randomBytes, randomFill, randomFillSync, randomInt, timingSafeEqual } = require('./random.js');
const { createSign, createVerify, sign, verify } = require('./signatures.js');
const { CryptoKey, subtle } = require('./subtle.js');

const web = globalThis.crypto;
// The global has it, too, as soon as the module is there.
web.subtle = subtle;
globalThis.CryptoKey = CryptoKey;

module.exports = {
  ...browserify,
  KeyObject,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  createSign,
  createVerify,
  getRandomValues: (view) => web.getRandomValues(view),
  hash,
  hkdf,
  hkdfSync,
  pseudoRandomBytes: randomBytes,
  randomBytes,
  randomFill,
  randomFillSync,
  randomInt,
  randomUUID: () => web.randomUUID(),
  scrypt,
  scryptSync,
  sign,
  subtle,
  timingSafeEqual,
  verify,
  webcrypto: web,
};
