// Modules that live in the runtime itself, because globals need them, too. The bundled modules reach them under names
// that no package can have.

import { lazy } from './lazy.js';

/** What a bundled module gets for `rulemint:…`; undefined for any other name. */
export function builtIn(name) {
  switch (name) {
    case 'rulemint:buffer':
      return lazy.buffer();
    case 'rulemint:url':
      return lazy.url();
    case 'rulemint:fetch':
      return lazy.fetch();
    case 'rulemint:http':
      return lazy.http();
    case 'rulemint:encoding':
      return lazy.encoding();
    default:
      return undefined;
  }
}
