// Objects that are made before a token asks for them. Each token begins with a copy of the memory at boot, so that what is
// made there costs a token nothing; and what a script does not read is never made.

import { defineProperty, eachName } from './originals.js';

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

/** Gives an object properties whose values are made when they are first read. */
export function lazily(object, values) {
  eachName(values, (name) => {
    defineProperty(object, name, {
      __proto__: null,
      enumerable: true,
      configurable: true,
      get() {
        const value = values[name]();
        put(object, name, value);
        return value;
      },
      set(value) {
        put(object, name, value);
      },
    });
  });
  return object;
}

function put(object, name, value) {
  defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
}
