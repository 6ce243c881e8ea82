// Globals that most scripts never touch, and the modules that hold them. Everything that a snapshot holds is copied for
// each token, so the runtime does not hold them: who names one of them gets its module loaded.

/** Module to the globals that it gives. Scripts cannot require these names. */
export const parts = {
  'rulemint:abort': ['AbortController', 'AbortSignal', 'Event', 'EventTarget'],
  'rulemint:buffer': ['Buffer'],
  'rulemint:clone': ['structuredClone'],
  'rulemint:encoding': ['TextEncoder', 'TextDecoder', 'atob', 'btoa'],
  'rulemint:fetch': ['fetch', 'FormData', 'Headers', 'Request', 'Response'],
  'rulemint:http': [],
  'rulemint:url': ['URL', 'URLSearchParams'],
};

/** Global to the module that gives it. */
export const partOfGlobal = Object.fromEntries(
  Object.entries(parts).flatMap(([part, names]) => names.map((name) => [name, part])),
);
