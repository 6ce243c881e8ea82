// Globals of Node and the web that most scripts never touch. What they are made of is bundled beside the packages, and comes
// into a sandbox only where the script, or a module of it, names one: every token pays for what a sandbox holds.

/** Global name to the bundled part that has it. */
export const partsOfGlobals = {
  Buffer: 'rulemint:buffer',
  URL: 'rulemint:url',
  URLSearchParams: 'rulemint:url',
  TextEncoder: 'rulemint:encoding',
  TextDecoder: 'rulemint:encoding',
  atob: 'rulemint:encoding',
  btoa: 'rulemint:encoding',
  AbortController: 'rulemint:abort',
  AbortSignal: 'rulemint:abort',
  Event: 'rulemint:abort',
  EventTarget: 'rulemint:abort',
  fetch: 'rulemint:fetch',
  FormData: 'rulemint:form',
  Headers: 'rulemint:fetch',
  Request: 'rulemint:fetch',
  Response: 'rulemint:fetch',
  structuredClone: 'rulemint:clone',
};

/** Which of them a script names, each with the place of the first time: `{ name, at }`. */
export function globalsIn(source) {
  const found = names.map((name) => ({ name, at: source.search(new RegExp(`\\b${name}\\b`)) }));
  return found.filter(({ at }) => at >= 0);
}

/** The parts that a bundled module needs: a property of that name is none, unless it is one of the global object. */
export function partsIn(source) {
  const used = (name) => {
    const free = `(?<![\\w$."'])${name}(?![\\w$:])`;
    return new RegExp(`${free}|\\b(?:globalThis|global|self|window)\\.${name}\\b`).test(source);
  };
  return [...new Set(names.filter(used).map((name) => partsOfGlobals[name]))];
}

const names = Object.keys(partsOfGlobals);
