// Globals whose parts are bundled apart: each is there where its part came along, and evaluated when it is first read.

import { defineProperty, hide, objectKeys } from './originals.js';
import { partsOfGlobals } from '../names/globals.js';
import { partOf } from './modules.js';

/** Defines the globals without evaluating anything. */
export function installLazyGlobals() {
  const names = objectKeys(partsOfGlobals);
  for (let at = 0; at < names.length; at++) define(names[at]);
}

/** Evaluates those whose parts came along, so that no token has to. */
export function settleLazyGlobals() {
  const names = objectKeys(partsOfGlobals);
  for (let at = 0; at < names.length; at++) void globalThis[names[at]];
}

function define(name) {
  defineProperty(globalThis, name, {
    __proto__: null,
    configurable: true,
    enumerable: false,
    get() {
      const value = partOf(partsOfGlobals[name])?.[name];
      // A polyfill looks for its own global first, and must find none.
      if (value !== undefined) hide(globalThis, name, value);
      return value;
    },
    set(value) {
      hide(globalThis, name, value);
    },
  });
}
