// Objects that are made before a token asks for them. Each token begins with a copy of the memory at boot, so that what is
// made there costs a token nothing; and what a script does not read is never made.

import { defineProperty } from './originals.js';

/** Keeps one of what `make` makes ready. Where a sandbox is kept for another token, a new one is made. */
export function readied(make) {
  let ready = null;
  return {
    prepare() {
      ready = make();
    },
    take() {
      const one = ready ?? make();
      ready = null;
      return one;
    },
  };
}

/**
 * Puts a plain value in the place of an accessor, and gives it back: what a getter made is made once, and what a script
 * sets is what it reads.
 */
export function put(object, name, value) {
  defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
  return value;
}
