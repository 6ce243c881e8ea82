// Signatures: the package browserify-sign, which knows RSA with PKCS #1 v1.5 and ECDSA.

const browserify = require('crypto-browserify');
const { signingKeyOf } = require('./keys.js');

module.exports = { createSign, createVerify, sign, verify };

const PSS_PADDING = 6;

/** A signature in steps. */
function createSign(algorithm) {
  return withKeys(browserify.createSign(nameOf(algorithm)), 'sign');
}

/** A check of a signature in steps. */
function createVerify(algorithm) {
  return withKeys(browserify.createVerify(nameOf(algorithm)), 'verify');
}

/** A signature in one call. */
function sign(algorithm, data, key, callback) {
  const signature = createSign(algorithm).update(data).sign(key);
  if (callback === undefined) return signature;
  process.nextTick(callback, null, signature);
}

/** A check of a signature in one call. */
function verify(algorithm, data, key, ...[signature, callback]) {
  const holds = createVerify(algorithm).update(data).verify(key, signature);
  if (callback === undefined) return holds;
  process.nextTick(callback, null, holds);
}

function withKeys(signing, name) {
  const original = signing[name].bind(signing);
  signing[name] = (key, ...rest) => {
    if (key?.padding === PSS_PADDING) throw new Error('RSA-PSS is not to be had here: sign with PKCS #1 v1.5 (RS256) or ECDSA');
    if (key?.dsaEncoding === 'ieee-p1363') throw new Error('ECDSA signatures are DER here, not ieee-p1363');
    return original(signingKeyOf(key), ...rest);
  };
  return signing;
}

function nameOf(algorithm) {
  return /^sha/i.test(algorithm) ? `RSA-${algorithm.toUpperCase().replace('-', '')}` : algorithm;
}
