// JSON Web Keys to PEM and back: RSA and elliptic curves.

const BN = require('bn.js');
const asn1 = require('parse-asn1/asn1');
const parseKeys = require('parse-asn1');
const { Buffer } = require('rulemint:buffer');

// How many bytes a number of the curve has, and its name in ASN.1.
const CURVES = {
  'P-256': { bytes: 32, oid: [1, 2, 840, 10045, 3, 1, 7] },
  'P-384': { bytes: 48, oid: [1, 3, 132, 0, 34] },
  'P-521': { bytes: 66, oid: [1, 3, 132, 0, 35] },
};
const EC_PUBLIC_KEY = [1, 2, 840, 10045, 2, 1];

/** PEM of a JWK; a private one where it has `d`. */
function pemOfJwk(jwk) {
  if (jwk.kty === 'RSA') return rsaPem(jwk);
  if (jwk.kty === 'EC' && CURVES[jwk.crv]) return ecPem(jwk);
  throw new Error(`a key of the type ${jwk.kty} ${jwk.crv ?? ''} is not known here: RSA and EC on P-256, P-384 and P-521 are`);
}

/** The public JWK of a key in PEM. */
function jwkOfPem(pem) {
  const key = parseKeys(pem);
  if (key.modulus) return { kty: 'RSA', n: text(key.modulus), e: text(key.publicExponent) };
  const { algorithm, subjectPublicKey } = key.data ?? {};
  const [crv, { bytes }] = Object.entries(CURVES).find(([, { oid }]) => oid.join() === algorithm?.curve.join()) ?? [null, {}];
  if (crv === null) throw new Error('only public keys can be shown as JWK here');
  const point = Buffer.from(subjectPublicKey.data);
  return { kty: 'EC', crv, x: point.subarray(1, 1 + bytes).toString('base64url'), y: point.subarray(1 + bytes).toString('base64url') };
}

function rsaPem({ n, e, d, p, q, dp, dq, qi }) {
  if (d === undefined) {
    return asn1.RSAPublicKey.encode({ modulus: number(n), publicExponent: number(e) }, 'pem', { label: 'RSA PUBLIC KEY' });
  }
  const key = {
    version: 0,
    modulus: number(n),
    publicExponent: number(e),
    privateExponent: number(d),
    prime1: number(p),
    prime2: number(q),
    exponent1: number(dp),
    exponent2: number(dq),
    coefficient: number(qi),
  };
  return asn1.RSAPrivateKey.encode(key, 'pem', { label: 'RSA PRIVATE KEY' });
}

function ecPem({ crv, x, y, d }) {
  const { oid } = CURVES[crv];
  const data = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const publicKey = { unused: 0, data };
  if (d === undefined) {
    const key = { algorithm: { algorithm: EC_PUBLIC_KEY, curve: oid }, subjectPublicKey: publicKey };
    return asn1.PublicKey.encode(key, 'pem', { label: 'PUBLIC KEY' });
  }
  const parameters = { type: 'namedCurve', value: oid };
  const key = { version: 1, privateKey: Buffer.from(d, 'base64url'), parameters, publicKey };
  return asn1.ECPrivateKey.encode(key, 'pem', { label: 'EC PRIVATE KEY' });
}

function number(base64url) {
  return new BN(Buffer.from(base64url, 'base64url'));
}

function text(value) {
  return Buffer.from(value.toArray()).toString('base64url');
}

module.exports = { CURVES, jwkOfPem, pemOfJwk };
