// What the runtime gives to the bundled modules, and to no script: names that no package can have.

import { host } from './host.js';

/** What a bundled module gets for a name of the runtime's own; undefined for any other. */
export function builtIn(name) {
  return name === 'rulemint:host' ? { host } : undefined;
}
