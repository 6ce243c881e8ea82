// Parts of the runtime that most scripts never touch. They are evaluated when a global of theirs is first read, and while
// the script loads if it names one, so that no token pays for it.

import { defineProperty, hide } from './originals.js';

/** The parts, each evaluated once. */
export const lazy = {
  buffer: once(() => require('./parts/buffer.js')),
  url: once(() => require('./parts/url.js')),
  encoding: once(() => require('./parts/encoding.js')),
  abort: once(() => require('./parts/abort.js')),
  http: once(() => require('./parts/http.js')),
  fetch: once(() => require('./parts/fetch.js')),
  form: once(() => require('./parts/form.js')),
  clone: once(() => require('./parts/clone.js')),
};

const PARTS_OF_GLOBALS = {
  Buffer: lazy.buffer,
  URL: lazy.url,
  URLSearchParams: lazy.url,
  TextEncoder: lazy.encoding,
  TextDecoder: lazy.encoding,
  atob: lazy.encoding,
  btoa: lazy.encoding,
  AbortController: lazy.abort,
  AbortSignal: lazy.abort,
  Event: lazy.abort,
  EventTarget: lazy.abort,
  fetch: lazy.fetch,
  FormData: lazy.form,
  Headers: lazy.fetch,
  Request: lazy.fetch,
  Response: lazy.fetch,
  structuredClone: lazy.clone,
};

/** Defines the globals without evaluating anything. */
export function installLazyGlobals() {
  for (const name of Object.keys(PARTS_OF_GLOBALS)) {
    defineProperty(globalThis, name, {
      __proto__: null,
      configurable: true,
      enumerable: false,
      get() {
        const part = PARTS_OF_GLOBALS[name]();
        // A polyfill looks for its own global first, and must find none.
        if (part === undefined) return undefined;
        hide(globalThis, name, part[name]);
        return part[name];
      },
      set(value) {
        hide(globalThis, name, value);
      },
    });
  }
}

/** Evaluates the parts whose globals a source names. */
export function warm(source) {
  for (const name of Object.keys(PARTS_OF_GLOBALS)) if (source.includes(name)) void globalThis[name];
}

function once(evaluate) {
  let part;
  let begun = false;
  return () => {
    if (begun) return part;
    begun = true;
    part = evaluate();
    return part;
  };
}
