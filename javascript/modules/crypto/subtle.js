// `crypto.subtle`, as far as signed tokens need it: hashes, HMAC, RSASSA-PKCS1-v1_5, ECDSA, AES-GCM and PBKDF2.

const browserify = require('crypto-browserify');
const { derToJose, joseToDer } = require('ecdsa-sig-formatter');
const { Buffer } = require('rulemint:buffer');
const { createHash, createHmac } = require('./digests.js');
const { CURVES, jwkOfPem, pemOfJwk } = require('./jwk.js');
const { randomBytes, timingSafeEqual } = require('./random.js');
const { createSign, createVerify } = require('./signatures.js');

const LABELS = { spki: 'PUBLIC KEY', pkcs8: 'PRIVATE KEY' };
const TAG_BYTES = 16;

/** A key, as the standard has it; its material is out of a script's sight. */
class CryptoKey {
  #material;
  constructor({ type, algorithm, extractable, usages, material }) {
    Object.assign(this, { type, algorithm, extractable, usages });
    this.#material = material;
  }
  get [Symbol.toStringTag]() {
    return 'CryptoKey';
  }
  static materialOf(key) {
    return key.#material;
  }
}

const subtle = {
  async digest(algorithm, data) {
    return exact(createHash(hashName(algorithm)).update(bytes(data)).digest());
  },
  async importKey(format, data, algorithm, extractable, usages) {
    const { type, material } = read(format, data);
    return new CryptoKey({ type, algorithm: described(algorithm, format, data), extractable, usages, material });
  },
  async exportKey(format, key) {
    const material = CryptoKey.materialOf(key);
    if (!key.extractable) throw new DOMException('the key is not extractable', 'InvalidAccessError');
    if (format === 'raw') return exact(material);
    if (format !== 'jwk') throw notKnown(`exporting keys as ${format}`);
    return key.type === 'secret' ? { kty: 'oct', k: material.toString('base64url') } : jwkOfPem(material);
  },
  async generateKey(algorithm, extractable, usages) {
    if (!/^(HMAC|AES-GCM)$/.test(algorithm.name)) throw notKnown(`generating keys for ${algorithm.name}`);
    const material = randomBytes((algorithm.length ?? 256) / 8);
    return new CryptoKey({ type: 'secret', algorithm: described(algorithm), extractable, usages, material });
  },
  async sign(algorithm, key, data) {
    return exact(signature(named(algorithm, key), key, bytes(data)));
  },
  async verify(algorithm, key, given, data) {
    const used = named(algorithm, key);
    if (used.name !== 'HMAC') return verified(used, key, { given: bytes(given), data: bytes(data) });
    const expected = signature(used, key, bytes(data));
    return expected.length === given.byteLength && timingSafeEqual(expected, bytes(given));
  },
  async encrypt(algorithm, key, data) {
    const cipher = cipherOf('createCipheriv', algorithm, key);
    return exact(Buffer.concat([cipher.update(bytes(data)), cipher.final(), cipher.getAuthTag()]));
  },
  async decrypt(algorithm, key, data) {
    const sealed = bytes(data);
    const cipher = cipherOf('createDecipheriv', algorithm, key);
    cipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return exact(Buffer.concat([cipher.update(sealed.subarray(0, sealed.length - TAG_BYTES)), cipher.final()]));
  },
  async deriveBits({ name, salt, iterations, hash }, key, length) {
    if (name !== 'PBKDF2') throw notKnown(`deriving bits by ${name}`);
    const password = CryptoKey.materialOf(key);
    return exact(browserify.pbkdf2Sync(password, bytes(salt), iterations, length / 8, hashName(hash)));
  },
};

function read(format, data) {
  if (format === 'raw') return { type: 'secret', material: bytes(data) };
  if (format === 'jwk' && data.kty === 'oct') return { type: 'secret', material: Buffer.from(data.k, 'base64url') };
  if (format === 'jwk') return { type: data.d ? 'private' : 'public', material: pemOfJwk(data) };
  const label = LABELS[format];
  if (label === undefined) throw notKnown(`importing keys as ${format}`);
  const body = bytes(data).toString('base64').replace(/.{64}/g, '$&\n');
  return { type: format === 'spki' ? 'public' : 'private', material: `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n` };
}

// Libraries look at how long a key is and at its hash before they use it.
function described(algorithm, format, data) {
  const given = typeof algorithm === 'string' ? { name: algorithm } : { ...algorithm };
  if (given.hash) given.hash = { name: given.hash.name ?? given.hash };
  if (given.name === 'HMAC') given.length ??= format === 'raw' ? data.byteLength * 8 : 256;
  if (given.name.startsWith('RSA')) given.modulusLength ??= 2048;
  return given;
}

function signature({ name, hash }, key, data) {
  const material = CryptoKey.materialOf(key);
  if (name === 'HMAC') return createHmac(hashName(key.algorithm.hash), material).update(data).digest();
  const signed = createSign(hashName(hash ?? key.algorithm.hash)).update(data).sign(material);
  return name === 'ECDSA' ? Buffer.from(derToJose(signed, joseName(key)), 'base64url') : signed;
}

function verified({ name, hash }, key, { given, data }) {
  const checking = createVerify(hashName(hash ?? key.algorithm.hash)).update(data);
  try {
    const signed = name === 'ECDSA' ? joseToDer(given.toString('base64url'), joseName(key)) : given;
    return checking.verify(CryptoKey.materialOf(key), signed);
  } catch {
    return false;
  }
}

function cipherOf(make, { name, iv, additionalData }, key) {
  if (name !== 'AES-GCM') throw notKnown(name);
  const material = CryptoKey.materialOf(key);
  const cipher = browserify[make](`aes-${material.length * 8}-gcm`, material, bytes(iv));
  if (additionalData) cipher.setAAD(bytes(additionalData));
  return cipher;
}

function named(algorithm, key) {
  const used = typeof algorithm === 'string' ? { name: algorithm } : algorithm;
  if (used.name !== key.algorithm.name) throw new DOMException('the key is for another algorithm', 'InvalidAccessError');
  if (!/^(HMAC|RSASSA-PKCS1-v1_5|ECDSA)$/.test(used.name)) throw notKnown(used.name);
  return used;
}

function joseName({ algorithm: { namedCurve } }) {
  return { 32: 'ES256', 48: 'ES384', 66: 'ES512' }[CURVES[namedCurve].bytes];
}

function hashName(hash) {
  return (hash.name ?? hash).toLowerCase().replace('-', '');
}

function bytes(data) {
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

function exact(buffer) {
  return new Uint8Array(buffer).buffer;
}

function notKnown(what) {
  return new DOMException(`${what} is not to be had here`, 'NotSupportedError');
}

module.exports = { CryptoKey, subtle };
