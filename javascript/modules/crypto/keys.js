// `KeyObject` and what makes one. The packages below know PEM only, so a key keeps its PEM.

const parseKeys = require('parse-asn1');
const { Buffer } = require('rulemint:buffer');

const CURVES = {
  '1.2.840.10045.3.1.7': 'prime256v1',
  '1.3.132.0.34': 'secp384r1',
  '1.3.132.0.35': 'secp521r1',
  '1.3.132.0.10': 'secp256k1',
};

/** A key, as Node has it. */
class KeyObject {
  constructor(type, material) {
    this.type = type;
    Object.defineProperty(this, 'material', { value: material });
    if (type !== 'secret') Object.assign(this, asymmetricOf(material.parsed));
  }
  get symmetricKeySize() {
    return this.type === 'secret' ? this.material.length : undefined;
  }
  export(options = {}) {
    if (this.type === 'secret') {
      return options.format === 'jwk' ? { kty: 'oct', k: this.material.toString('base64url') } : Buffer.from(this.material);
    }
    if (options.format && options.format !== 'pem') throw new Error(`a key can be exported as PEM only, not as ${options.format}`);
    return this.material.pem;
  }
  equals(other) {
    return this.type === other.type && String(this.export()) === String(other.export());
  }
}

/** A key for HMAC. */
function createSecretKey(key, encoding) {
  const bytes = typeof key === 'string' ? Buffer.from(key, encoding) : Buffer.from(bytesOf(key));
  return new KeyObject('secret', bytes);
}

/** A private key of PEM. */
function createPrivateKey(key) {
  const { pem, passphrase } = pemOf(key);
  if (!/PRIVATE KEY/.test(pem)) throw new Error('this is no private key in PEM');
  return new KeyObject('private', { pem, passphrase, parsed: parsed(pem, passphrase) });
}

/** A public key of PEM, of a certificate, or of a private key's KeyObject. */
function createPublicKey(key) {
  if (key instanceof KeyObject && key.type === 'private') return new KeyObject('public', key.material);
  const { pem, passphrase } = pemOf(key);
  if (!/(PUBLIC KEY|CERTIFICATE|PRIVATE KEY)/.test(pem)) throw new Error('this is no public key in PEM');
  return new KeyObject('public', { pem, passphrase, parsed: parsed(pem, passphrase) });
}

/** The bytes of a secret that may be a KeyObject. */
function secretOf(key) {
  return key instanceof KeyObject ? key.export() : key;
}

/** A key in the form that the packages for signatures take. */
function signingKeyOf(key) {
  const inner = key?.key ?? key;
  if (!(inner instanceof KeyObject)) return key;
  const { pem, passphrase } = inner.material;
  return passphrase === undefined ? pem : { key: pem, passphrase };
}

function pemOf(given) {
  const { key, passphrase, format } = given?.key === undefined ? { key: given } : given;
  if (format && format !== 'pem') throw new Error(`keys are read as PEM only, not as ${format}`);
  return { pem: typeof key === 'string' ? key : Buffer.from(bytesOf(key)).toString('utf8'), passphrase };
}

function bytesOf(key) {
  if (typeof key === 'string') return Buffer.from(key);
  if (ArrayBuffer.isView(key)) return new Uint8Array(key.buffer, key.byteOffset, key.byteLength);
  if (key instanceof ArrayBuffer) return new Uint8Array(key);
  throw new TypeError('a key is a text, bytes or a KeyObject');
}

function parsed(pem, passphrase) {
  return passphrase === undefined ? parseKeys(pem) : parseKeys({ key: pem, passphrase });
}

function asymmetricOf(key) {
  const curve = key.curve ?? key.data?.algorithm?.curve;
  if (curve) return { asymmetricKeyType: 'ec', asymmetricKeyDetails: { namedCurve: CURVES[curve.join('.')] ?? curve.join('.') } };
  if (key.type === 'dsa') return { asymmetricKeyType: 'dsa', asymmetricKeyDetails: {} };
  return { asymmetricKeyType: 'rsa', asymmetricKeyDetails: { modulusLength: key.modulus.bitLength(), publicExponent: 65_537n } };
}

module.exports = { KeyObject, createSecretKey, createPrivateKey, createPublicKey, secretOf, signingKeyOf };
