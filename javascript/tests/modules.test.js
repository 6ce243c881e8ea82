// Each bundled module does its real work once.

import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, pbkdf2Sync } from 'node:crypto';
import { test } from 'node:test';
import { claimsOf, modules, runOnce } from './engine.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NOON_MS = Date.UTC(2026, 10, 18, 12);
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key, type) => key.export({ type, format: 'pem' });
const JWK = { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' };
const settings = {
  RSA_PRIVATE: pem(rsa.privateKey, 'pkcs8'),
  RSA_PUBLIC: pem(rsa.publicKey, 'spki'),
  EC_JWK: JSON.stringify(ec.privateKey.export({ format: 'jwk' })),
  EC_PRIVATE: pem(ec.privateKey, 'pkcs8'),
  EC_PUBLIC: pem(ec.publicKey, 'spki'),
};

// What an Action's `work` gives, which may be a promise.
function worked(work) {
  const source = `exports.onExecuteCredentialsExchange = async (event, api) => {
    const configuration = event.configuration;
    api.accessToken.setCustomClaim('x', await (async () => { ${work} })());
  };`;
  const answers = ({ url }) => ({
    headers: [['content-type', 'application/json']],
    body: url.startsWith('https://keys.example') ? JSON.stringify({ keys: [JWK] }) : '{"ok":true}',
  });
  return claimsOf(runOnce(source, { settings, host: { nowMs: NOON_MS, answers } })).x;
}

/** Module to the work of an Action, and what comes out: a value, or a pattern. */
const WORK = {
  '@xmldom/xmldom': [`return new (require('@xmldom/xmldom').DOMParser)().parseFromString('<a><b>c</b></a>', 'text/xml').documentElement.textContent;`, 'c'],
  ajv: [`return new (require('ajv').default)().compile({ type: 'object', required: ['a'] })({ b: 1 });`, false],
  assert: [`try { require('assert').deepStrictEqual({ a: 1 }, { a: 2 }); } catch (error) { return error.name; }`, 'AssertionError'],
  async: [`return new Promise((done) => require('async').waterfall([(cb) => setTimeout(() => cb(null, 1), 9), (a, cb) => cb(null, a + 1)], (error, value) => done(value)));`, 2],
  auth0: [`try { new (require('auth0@2.9.1').ManagementClient)({}); } catch (error) { return error.message; }`, /ManagementClient asks Auth0's own API/],
  axios: [`return (await require('axios').get('https://api.example/a')).data;`, { ok: true }],
  base64url: [`return require('base64url')('a?b>c~ÿ');`, 'YT9iPmN-w78'],
  bcrypt: [`const bcrypt = require('bcrypt'); return bcrypt.compareSync('secret', bcrypt.hashSync('secret', 4));`, true],
  bcryptjs: [`const bcrypt = require('bcryptjs'); return await bcrypt.compare('secret', await bcrypt.hash('secret', 4));`, true],
  'bignumber.js': [`return new (require('bignumber.js'))('0.1').plus('0.2').toString();`, '0.3'],
  bluebird: [`return await require('bluebird').map([1, 2], (n) => n * 2);`, [2, 4]],
  buffer: [`return require('buffer').Buffer.from('hé').toString('base64url') + Buffer.byteLength('hé');`, 'aMOp3'],
  cookie: [`return require('cookie').parse('a=1; b=2').b;`, '2'],
  'cross-fetch': [`return (await require('cross-fetch')('https://api.example')).json();`, { ok: true }],
  crypto: [`const crypto = require('crypto'); return [crypto.createHash('md5').update('a').digest('hex'), crypto.createHmac('sha256', 'k').update('a').digest('base64'), crypto.randomBytes(9).length, crypto.timingSafeEqual(Buffer.from('ab'), Buffer.from('ab')), crypto.pbkdf2Sync('p', 's', 10, 8, 'sha512').toString('hex')];`,
    [createHash('md5').update('a').digest('hex'), createHmac('sha256', 'k').update('a').digest('base64'), 9, true, pbkdf2Sync('p', 's', 10, 8, 'sha512').toString('hex')]],
  'crypto-js': [`return require('crypto-js').SHA1('a').toString();`, '86f7e437faa5a7fce15d1ddcb9eaeaea377667b8'],
  'date-fns': [`return require('date-fns').addDays(new Date(), 1).toISOString();`, '2026-11-19T12:00:00.000Z'],
  dayjs: [`return require('dayjs')().add(1, 'month').format('YYYY-MM-DD');`, '2026-12-18'],
  'deep-equal': [`return require('deep-equal')({ a: [1] }, { a: [1] });`, true],
  deepmerge: [`return require('deepmerge')({ a: { b: 1 } }, { a: { c: 2 } });`, { a: { b: 1, c: 2 } }],
  'escape-html': [`return require('escape-html')('<a>');`, '&lt;a&gt;'],
  events: [`const e = new (require('events'))(); let heard; e.on('x', (v) => { heard = v; }); e.emit('x', 1); return heard;`, 1],
  extend: [`return require('extend')(true, { a: { b: 1 } }, { a: { c: 2 } });`, { a: { b: 1, c: 2 } }],
  handlebars: [`return require('handlebars').compile('{{a}}!')({ a: 'hi' });`, 'hi!'],
  he: [`return require('he').decode('&eacute;');`, 'é'],
  http: [`return new Promise((done) => require('http').get('http://api.example', (res) => { let all = ''; res.on('data', (d) => { all += d; }); res.on('end', () => done(all)); }));`, '{"ok":true}'],
  https: [`return new Promise((done) => require('https').request({ hostname: 'api.example', path: '/a', method: 'POST' }, (res) => done(res.statusCode)).end('x'));`, 200],
  'ip-range-check': [`return require('ip-range-check')('10.1.2.3', '10.0.0.0/8');`, true],
  'ipaddr.js': [`const ip = require('ipaddr.js'); return ip.parse('10.1.2.3').match(ip.parseCIDR('10.0.0.0/8'));`, true],
  'isomorphic-fetch': [`require('isomorphic-fetch'); return (await fetch('https://api.example')).status;`, 200],
  joi: [`return require('joi').object({ a: 1 }).validate({ a: 2 }).error.name;`, 'ValidationError'],
  jose: [`const { SignJWT, jwtVerify } = require('jose'); const key = new TextEncoder().encode('a-secret-of-32-bytes-at-the-least');
    return (await jwtVerify(await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS256' }).sign(key), key)).payload;`, { a: 1 }],
  jsonschema: [`return require('jsonschema').validate(1, { type: 'string' }).valid;`, false],
  jsonwebtoken: [`const jwt = require('jsonwebtoken'); return jwt.verify(jwt.sign({ a: 1 }, 'a-secret', { expiresIn: '1h' }), 'a-secret');`,
    { a: 1, iat: NOON_MS / 1000, exp: NOON_MS / 1000 + 3600 }],
  'jwks-rsa': [`return new Promise((done) => require('jwks-rsa')({ jwksUri: 'https://keys.example' }).getSigningKey('k1', (error, key) =>
    done(error ? error.message : key.getPublicKey().split('\\n')[0])));`, '-----BEGIN RSA PUBLIC KEY-----'],
  'jwk-to-pem': [`return require('jwk-to-pem')({ kty: 'RSA', n: 'sXch', e: 'AQAB' }).split('\\n')[0];`, '-----BEGIN PUBLIC KEY-----'],
  'jwt-decode': [`return require('jwt-decode')('e30.eyJhIjoxfQ.x');`, { a: 1 }],
  'libphonenumber-js': [`return require('libphonenumber-js').parsePhoneNumber('+4930123456').country;`, 'DE'],
  lodash: [`const _ = require('lodash'); return [_.get({ a: [{ b: 2 }] }, 'a[0].b'), require('lodash/camelCase')('a b'), require('lodash.uniq')([1, 1])];`, [2, 'aB', [1]]],
  'lodash/fp': [`return require('lodash/fp').map((n) => n + 1)([1]);`, [2]],
  moment: [`return require('moment')().utc().add(1, 'day').format('YYYY-MM-DD');`, '2026-11-19'],
  'moment-timezone': [`return require('moment-timezone').tz(Date.now(), 'Europe/Berlin').format('HH:mm z');`, '13:00 CET'],
  ms: [`return require('ms')('2 days');`, 172800000],
  mustache: [`return require('mustache').render('{{a}}!', { a: 'hi' });`, 'hi!'],
  nanoid: [`return require('nanoid').nanoid();`, /^[\w-]{21}$/],
  netmask: [`return new (require('netmask').Netmask)('10.0.0.0/8').contains('10.1.2.3');`, true],
  'node-fetch': [`const fetch = require('node-fetch'); const res = await fetch('https://api.example', { method: 'POST', body: '{}' }); return [res.ok, await res.text()];`, [true, '{"ok":true}']],
  'node-uuid': [`return require('node-uuid').v1();`, UUID],
  'object-assign': [`return require('object-assign')({ a: 1 }, { b: 2 });`, { a: 1, b: 2 }],
  'oauth-sign': [`return require('oauth-sign').hmacsign('GET', 'https://a.example', { b: 1 }, 'k', 't');`,
    createHmac('sha1', 'k&t').update('GET&https%3A%2F%2Fa.example&b%3D1').digest('base64')],
  path: [`return require('path').join('/a', '../b');`, '/b'],
  pbkdf2: [`return require('pbkdf2').pbkdf2Sync('password', 'salt', 1, 20, 'sha1').toString('hex');`, '0c60c80f961f0e71f3a9b524af6012062fe037a6'],
  process: [`return [require('process').env, typeof process.nextTick];`, [{}, 'function']],
  punycode: [`return require('punycode').toASCII('bücher.example');`, 'xn--bcher-kva.example'],
  q: [`return require('q').all([1, require('q')(2)]);`, [1, 2]],
  qs: [`return require('qs').parse('a[b]=1');`, { a: { b: '1' } }],
  querystring: [`return require('querystring').stringify({ a: [1, 2], b: 'x y' });`, 'a=1&a=2&b=x%20y'],
  ramda: [`return require('ramda').pathOr(0, ['a', 'b'], { a: { b: 1 } });`, 1],
  request: [`return new Promise((done) => require('request')({ url: 'https://api.example', json: true }, (error, res, body) => done([res.statusCode, body])));`, [200, { ok: true }]],
  'request-promise': [`return require('request-promise')({ uri: 'https://api.example', json: true });`, { ok: true }],
  'request-promise-native': [`return require('request-promise-native').get('https://api.example');`, '{"ok":true}'],
  'request-promise/errors': [`return typeof require('request-promise/errors').StatusCodeError;`, 'function'],
  semver: [`return require('semver').satisfies('1.2.3', '^1.0.0');`, true],
  'slack-notify': [`return new Promise((done) => require('slack-notify')('https://hooks.example/x').send({ text: 'a' }, (error) => done(String(error))));`, 'Error: {"ok":true}'],
  'sprintf-js': [`return require('sprintf-js').sprintf('%05.1f', 3.14159);`, '003.1'],
  stream: [`const { Transform } = require('stream'); return new Promise((done) => { const up = new Transform({ transform(c, e, cb) { cb(null, String(c).toUpperCase()); } }); up.on('data', (d) => done(String(d))); up.end('a'); });`, 'A'],
  string_decoder: [`return new (require('string_decoder').StringDecoder)('utf8').write(Buffer.from([0xc3, 0xa9]));`, 'é'],
  superagent: [`return (await require('superagent').post('https://api.example').send({ a: 1 })).body;`, { ok: true }],
  timers: [`return new Promise((done) => require('timers').setImmediate(done, 1));`, 1],
  tweetnacl: [`const nacl = require('tweetnacl'); const pair = nacl.sign.keyPair(); return nacl.sign.detached.verify(new Uint8Array(3), nacl.sign.detached(new Uint8Array(3), pair.secretKey), pair.publicKey);`, true],
  ulid: [`return require('ulid').ulid();`, /^[0-9A-HJKMNP-TV-Z]{26}$/],
  underscore: [`return require('underscore').pluck([{ a: 1 }], 'a');`, [1]],
  url: [`const url = require('url'); return [url.parse('https://a.example/b?c=d', true).query.c, url.resolve('https://a/b/c', '../d'), new url.URL('https://bücher.example/ä?x=1#y').href];`,
    ['d', 'https://a/d', 'https://xn--bcher-kva.example/%C3%A4?x=1#y']],
  util: [`const util = require('util'); return [util.format('%s:%d', 'a', 1), await util.promisify((cb) => cb(null, 2))(), util.inspect({ a: 1 })];`, ['a:1', 2, '{ a: 1 }']],
  uuid: [`const uuid = require('uuid'); return [uuid(), uuid.v4(), require('uuid/v4')(), require('uuid@3.3.2').v1(), uuid.v7()].every((one) => ${UUID}.test(one)) && uuid.v5('a', uuid.v5.URL);`, /^[0-9a-f-]{36}$/],
  validator: [`return require('validator').isEmail('a@b.example');`, true],
  xml2js: [`return new Promise((done) => require('xml2js').parseString('<a><b>1</b></a>', (error, value) => done(value)));`, { a: { b: ['1'] } }],
  xmldom: [`return new (require('xmldom').XMLSerializer)().serializeToString(new (require('xmldom').DOMParser)().parseFromString('<a/>'));`, '<a/>'],
  xpath: [`return require('xpath').select1('//b', new (require('xmldom').DOMParser)().parseFromString('<a><b>c</b></a>')).textContent;`, 'c'],
  xtend: [`return require('xtend')({ a: 1 }, { b: 2 });`, { a: 1, b: 2 }],
};

for (const [name, [work, expected]] of Object.entries(WORK)) {
  test(`${name} works`, () => {
    const given = worked(work);
    if (expected instanceof RegExp) assert.match(given, expected);
    else assert.deepEqual(given, expected);
  });
}

test('every bundled module is tested', () => {
  assert.deepEqual(Object.keys(modules).filter((name) => !WORK[name] && !name.startsWith('rulemint:')), []);
});

test('every module names what it requires', () => {
  for (const { requires } of Object.values(modules)) assert.deepEqual(requires.filter((name) => !modules[name]), []);
});

test('jsonwebtoken signs and verifies with RSA and ECDSA', () => {
  const work = (kind, algorithm) => `const jwt = require('jsonwebtoken');
    const signed = jwt.sign({ a: 1 }, configuration.${kind}_PRIVATE, { algorithm: '${algorithm}', noTimestamp: true });
    return jwt.verify(signed, configuration.${kind}_PUBLIC, { algorithms: ['${algorithm}'] });`;
  assert.deepEqual(worked(work('RSA', 'RS256')), { a: 1 });
  assert.deepEqual(worked(work('EC', 'ES256')), { a: 1 });
});

test('jose signs and verifies with RSA and ECDSA, and with keys of a JWKS', () => {
  const work = (kind, alg) => `const jose = require('jose');
    const signed = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg: '${alg}', kid: 'k1' }).sign(await jose.importPKCS8(configuration.${kind}_PRIVATE, '${alg}'));
    return (await jose.jwtVerify(signed, await jose.importSPKI(configuration.${kind}_PUBLIC, '${alg}'))).payload;`;
  assert.deepEqual(worked(work('RSA', 'RS256')), { a: 1 });
  assert.deepEqual(worked(work('EC', 'ES256')), { a: 1 });
  const remote = work('RSA', 'RS256').replace(/await jose\.importSPKI\([^)]*\)/, `jose.createRemoteJWKSet(new URL('https://keys.example'))`);
  assert.deepEqual(worked(remote), { a: 1 });
});

test('jose signs with a JWK and refuses what was tampered with', () => {
  const work = `const jose = require('jose');
    const key = await jose.importJWK(JSON.parse(configuration.EC_JWK), 'ES256');
    const signed = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg: 'ES256' }).sign(key);
    const good = await jose.jwtVerify(signed, await jose.importSPKI(configuration.EC_PUBLIC, 'ES256'));
    const bad = await jose.jwtVerify(signed.slice(0, -8) + 'AAAAAAAA', await jose.importSPKI(configuration.EC_PUBLIC, 'ES256')).catch((error) => error.code);
    return [good.payload, bad];`;
  assert.deepEqual(worked(work), [{ a: 1 }, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED']);
});

test('crypto.subtle hashes, signs, encrypts and derives', () => {
  const work = `const text = new TextEncoder().encode('a'); const hex = (b) => Buffer.from(b).toString('hex');
    const hmac = await crypto.subtle.importKey('raw', text, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
    const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, aes, await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, aes, text));
    const password = await crypto.subtle.importKey('raw', text, 'PBKDF2', false, ['deriveBits']);
    return [hex(await crypto.subtle.digest('SHA-256', text)), hex(await crypto.subtle.sign('HMAC', hmac, text)), hex(opened),
      hex(await crypto.subtle.deriveBits({ name: 'PBKDF2', salt: text, iterations: 3, hash: 'SHA-256' }, password, 128)),
      await crypto.subtle.exportKey('raw', hmac).catch((error) => error.name)];`;
  assert.deepEqual(worked(work), [
    createHash('sha256').update('a').digest('hex'), createHmac('sha256', 'a').update('a').digest('hex'), '61',
    pbkdf2Sync('a', 'a', 3, 16, 'sha256').toString('hex'), 'InvalidAccessError',
  ]);
});

test('a token that was tampered with is refused', () => {
  const work = `const jwt = require('jsonwebtoken');
    try { jwt.verify(jwt.sign({ a: 1 }, 'a-secret') + 'x', 'a-secret'); } catch (error) { return error.name; }`;
  assert.equal(worked(work), 'JsonWebTokenError');
});

test('crypto signs in steps', () => {
  const work = `const crypto = require('crypto');
    const signature = crypto.createSign('RSA-SHA256').update('a').sign(configuration.RSA_PRIVATE, 'base64');
    return crypto.createVerify('RSA-SHA256').update('a').verify(configuration.RSA_PUBLIC, signature, 'base64');`;
  assert.equal(worked(work), true);
});

test('crypto encrypts', () => {
  const work = `const crypto = require('crypto');
    const key = Buffer.alloc(32, 1); const iv = Buffer.alloc(12, 2);
    const cipher = crypto.createCipheriv('aes-256-gcm', key, iv);
    const sealed = Buffer.concat([cipher.update('text', 'utf8'), cipher.final()]);
    const open = crypto.createDecipheriv('aes-256-gcm', key, iv);
    open.setAuthTag(cipher.getAuthTag());
    return open.update(sealed, null, 'utf8') + open.final('utf8');`;
  assert.equal(worked(work), 'text');
});

test('hkdf and scrypt give what their standards say', () => {
  const work = `const crypto = require('crypto');
    return [Buffer.from(crypto.hkdfSync('sha256', Buffer.alloc(22, 11), Buffer.from('000102030405060708090a0b0c', 'hex'),
      Buffer.from('f0f1f2f3f4f5f6f7f8f9', 'hex'), 42)).toString('hex'), crypto.scryptSync('', '', 16, { N: 16, r: 1, p: 1 }).toString('hex')];`;
  assert.deepEqual(worked(work), [
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865', '77d6576238657b203b19ca42c18a0497',
  ]);
});

test('modules have the global names they had at Auth0', () => {
  const source = `function (user, context, callback) {
    user.x = [_.get({ a: 1 }, 'a'), crypto.createHash('sha1').update('a').digest('hex').length, typeof jwt.sign, typeof crypto.randomUUID()];
    callback(null, user, context);
  }`;
  assert.deepEqual(claimsOf(runOnce(source)).x, [1, 40, 'function', 'string']);
});

test('a module that is not there is told when it is required', () => {
  assert.match(runOnce(`function (user, context, callback) { require('nothing' + '-here'); }`)[1], /:1: Error: Cannot find module 'nothing-here'/);
});
