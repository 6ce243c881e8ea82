// Time and randomness from the host. Every token begins with a copy of one memory: a generator that lives in it would give
// every token the same "random" value.

import { OriginalDate, OriginalUint8Array, construct, defineProperty, hide } from './originals.js';
import { host } from './host.js';

const POOL_BYTES = 64;
const BYTES_A_NUMBER = 8;
const QUOTA_BYTES = 65_536;

let pool = null;
let used = POOL_BYTES;

let evaluatesModules = false;

/**
 * Evaluates modules while the script loads. Some name their symbols by `Math.random` or note when they last did a thing:
 * they get a number and a time that are plainly none. Random bytes fail, so that none is ever frozen in a snapshot.
 */
export function whileModulesLoad(evaluate) {
  evaluatesModules = true;
  try {
    return evaluate();
  } finally {
    evaluatesModules = false;
  }
}

/** A `Date` whose now is the host's. */
export function FreshDate(...given) {
  if (new.target === undefined) return new OriginalDate(now()).toString();
  return construct(OriginalDate, given.length === 0 ? [now()] : given, new.target);
}

/** `crypto` of the web, as far as randomness goes; the hashes are in the module `crypto`. */
export const webCrypto = {
  getRandomValues(view) {
    if (!ArrayBuffer.isView(view)) throw new TypeError('getRandomValues needs a typed array');
    if (view.byteLength > QUOTA_BYTES) throw new DOMException('more than 65536 bytes', 'QuotaExceededError');
    const bytes = new OriginalUint8Array(view.buffer, view.byteOffset, view.byteLength);
    if (bytes.length > 0) bytes.set(host.randomBytes(bytes.length));
    return view;
  },
  randomUUID: () => host.uuidV4(),
};

/** Puts them in the engine's own places. */
export function installFresh() {
  adoptDate();
  hide(Math, 'random', random);
  hide(globalThis, 'crypto', webCrypto);
  hide(globalThis, 'performance', { now: () => now(), timeOrigin: 0, mark() {}, measure() {} });
}

function adoptDate() {
  for (const name of ['parse', 'UTC']) hide(FreshDate, name, OriginalDate[name]);
  hide(FreshDate, 'now', () => now());
  defineProperty(FreshDate, 'prototype', { __proto__: null, value: OriginalDate.prototype, writable: false });
  defineProperty(FreshDate, 'name', { __proto__: null, value: 'Date' });
  defineProperty(FreshDate, 'length', { __proto__: null, value: 7 });
  hide(OriginalDate.prototype, 'constructor', FreshDate);
  hide(globalThis, 'Date', FreshDate);
}

function now() {
  return evaluatesModules ? 0 : host.now();
}

// 53 bits, as the standard's generators have.
function random() {
  if (evaluatesModules) return 0.5;
  if (used + BYTES_A_NUMBER > POOL_BYTES) {
    pool = new DataView(host.randomBytes(POOL_BYTES).slice().buffer);
    used = 0;
  }
  const high = pool.getUint32(used) >>> 5;
  const low = pool.getUint32(used + 4) >>> 6;
  used += BYTES_A_NUMBER;
  return (high * 67_108_864 + low) / 9_007_199_254_740_992;
}
