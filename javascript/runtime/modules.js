// `require`: the bundled modules, each evaluated once, all of them while the script loads.

import { OriginalError, OriginalMap, apply, eachName, hide, objectKeys, startsWith, toText } from './originals.js';
import { implicitModules } from '../names/implicit.js';
import { parts } from '../names/parts.js';
import { resolve } from '../names/resolve.js';
import { host } from './host.js';

const PLACES = 'module, exports, require, __filename, __dirname';

// Names of modules that are for other modules only.
const INSIDE = 'rulemint:';

const sources = new OriginalMap();
const loaded = new OriginalMap();

/** Evaluates modules, given as `[name, source]`, so that a later `require` finds them ready. */
export function loadModules(modules) {
  for (let at = 0; at < modules.length; at++) sources.set(modules[at][0], modules[at][1]);
  offerParts();
  for (let at = 0; at < modules.length; at++) requireBundled(modules[at][0]);
  sources.clear();
}

/** Gives modules the global names they had at Auth0, where the analyser found that the script counts on them. */
export function offerImplicitModules() {
  for (const name of objectKeys(implicitModules)) {
    const module = loaded.get(implicitModules[name]);
    if (module !== undefined) hide(globalThis, name, module.exports);
  }
}

/** `require` as scripts see it. */
export function scriptRequire(request) {
  const ready = startsWith(request, INSIDE) ? undefined : loaded.get(request);
  if (ready !== undefined) return ready.exports;
  if (typeof request !== 'string') throw new TypeError('require needs the name of a module');
  const found = resolve(request, isKnown);
  if (found === null) throw notFound(request);
  const exports = requireBundled(found.name);
  if (found.property === null) return exports;
  const part = exports[found.property];
  if (part === undefined) throw notFound(request);
  return part;
}

scriptRequire.resolve = (request) => request;
scriptRequire.cache = {};

/** Calls a source as the body of a CommonJS module. */
export function callAsModule(source, module, require) {
  const body = host.evaluate(`(function (${PLACES}) {${source}\n})`, module.id);
  const given = [module, module.exports, require, module.id, '/'];
  return apply(body, module.exports, given);
}

function isKnown(name) {
  return !startsWith(name, INSIDE) && (loaded.has(name) || sources.has(name));
}

function requireBundled(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  if (!sources.has(name)) throw notFound(name);
  const module = { exports: {}, id: name, loaded: false };
  loaded.set(name, module);
  callAsModule(sources.get(name), module, moduleRequire);
  module.loaded = true;
  return module.exports;
}

function moduleRequire(request) {
  return request === 'rulemint:host' ? host : requireBundled(request);
}

// Modules may count on globals, so these come first.
function offerParts() {
  eachName(parts, (part) => {
    if (!sources.has(part)) return;
    const exports = requireBundled(part);
    for (const name of parts[part]) hide(globalThis, name, exports[name]);
  });
}

function notFound(request) {
  const error = new OriginalError(`Cannot find module '${toText(request)}': it is not bundled, or it is required under a ` +
    'name that is not written out; `rulemint rule build` bundles modules of your own into the script');
  error.code = 'MODULE_NOT_FOUND';
  return error;
}
