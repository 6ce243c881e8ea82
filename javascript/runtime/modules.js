// `require`: the bundled modules, each evaluated once, all of them while the script loads.

import { OriginalError, OriginalMap, apply, hide, objectKeys, toText } from './originals.js';
import { implicitModules } from '../names/implicit.js';
import { resolve } from '../names/resolve.js';
import { builtIn } from './builtin.js';
import { host } from './host.js';

const PLACES = 'module, exports, require, __filename, __dirname';

const sources = new OriginalMap();
const loaded = new OriginalMap();

/** Evaluates modules, given as `[name, source]`, so that a later `require` finds them ready. */
export function loadModules(modules) {
  for (let at = 0; at < modules.length; at++) sources.set(modules[at][0], modules[at][1]);
  for (let at = 0; at < modules.length; at++) requireBundled(modules[at][0]);
  sources.forEach((source, name) => sources.set(name, ''));
}

/** Gives modules the global names they had at Auth0, where the analyser found that the script counts on them. */
export function offerImplicitModules() {
  for (const name of objectKeys(implicitModules)) {
    const module = loaded.get(implicitModules[name]);
    if (module !== undefined) hide(globalThis, name, module.exports);
  }
}

/** A part that came along; undefined while it is being evaluated, and where it did not. */
export function partOf(name) {
  if (!isKnown(name)) return undefined;
  const part = requireBundled(name);
  return loaded.get(name).loaded ? part : undefined;
}

/** `require` as scripts see it. */
export function scriptRequire(request) {
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
  return loaded.has(name) || sources.has(name);
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
  return builtIn(request) ?? requireBundled(request);
}

function notFound(request) {
  const error = new OriginalError(`Cannot find module '${toText(request)}': it is not bundled, or it is required under a ` +
    'name that is not written out; `rulemint rule build` bundles modules of your own into the script');
  error.code = 'MODULE_NOT_FOUND';
  return error;
}
