// Built-ins as they were before any script ran. What a result is made of must not hang on what a script did to the
// prototypes.

const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys } = Reflect;

/** Makes a method a function that takes its object first, however the prototype is changed later. */
const uncurried = Function.prototype.bind.bind(Function.prototype.call);

export const jsonParse = JSON.parse;
export const jsonStringify = JSON.stringify;
export const objectKeys = Object.keys;
export const objectAssign = Object.assign;
export const isArray = Array.isArray;
export const OriginalDate = Date;
export const OriginalError = Error;
export const OriginalMap = Map;
export const OriginalPromise = Promise;
export const OriginalProxy = Proxy;
export const OriginalUint8Array = Uint8Array;
export const enqueue = globalThis.queueMicrotask ?? ((run) => void Promise.resolve().then(run));
export const hasOwn = Object.hasOwn;
export const toText = String;
export const construct = Reflect.construct;
export const dateToIso = uncurried(Date.prototype.toISOString);
export const promiseThen = uncurried(Promise.prototype.then);
export const split = uncurried(String.prototype.split);
export const startsWith = uncurried(String.prototype.startsWith);
export const indexOf = uncurried(String.prototype.indexOf);
export const slice = uncurried(String.prototype.slice);
export const matchAt = uncurried(RegExp.prototype.exec);
export { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, ownKeys };

/** A list of words as an object to look them up in: true where a word is in it, whatever a script did to prototypes. */
export function wordTable(words) {
  const table = { __proto__: null };
  for (const word of words.split(' ')) table[word] = true;
  return table;
}

/** Visits an object's names. `for … of` would ask the list's iterator, which may be a script's. */
export function eachName(object, visit) {
  const names = objectKeys(object);
  for (let at = 0; at < names.length; at++) visit(names[at]);
}

const element = { __proto__: null, value: undefined, writable: true, enumerable: true, configurable: true };

/** Puts a value behind the last one, past any setter that a script put on a prototype. */
export function append(list, value) {
  element.value = value;
  defineProperty(list, list.length, element);
  element.value = undefined;
}

/** Whether a list has a value; `includes` of the prototype may be a script's. */
export function has(list, value) {
  for (let at = 0; at < list.length; at++) if (list[at] === value) return true;
  return false;
}

/** Gives an object a property that `for … in` does not see. */
export function hide(object, name, value) {
  defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true });
}
