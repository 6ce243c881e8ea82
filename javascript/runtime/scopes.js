// Scopes as a script wants them. rulemint only ever takes scopes away: what was not granted cannot be added.

import { append, has, isArray, jsonStringify, split, toText } from './originals.js';
import { scriptError } from './failure.js';
import { logLine } from './console.js';
import { steering } from './steering.js';
import { change, token } from './token.js';

/** Makes the token's scopes those that a script names, as far as they were granted. */
export function setScopes(wanted) {
  const granted = token.event.scopes.granted;
  if (areSame(wanted, granted)) return;
  const list = scopeList(wanted);
  for (let at = 0; at < granted.length; at++) if (!has(list, granted[at])) change(['remove-scope', granted[at]]);
  for (let at = 0; at < list.length; at++) if (!has(granted, list[at])) refuseAdded(list[at]);
}

// Nearly every script leaves them as they are.
function areSame(wanted, granted) {
  if (!isArray(wanted) || wanted.length !== granted.length) return false;
  for (let at = 0; at < granted.length; at++) if (wanted[at] !== granted[at]) return false;
  return true;
}

/** A scope that the token does not have: left out and logged, or an error, as the settings say. */
export function refuseAdded(scope) {
  if (steering('auth0_added_scopes', token.event.settings) === 'fail') {
    throw scriptError(`adds the scope ${scope}, which the client grant does not have: add it to the grant, or say ` +
      'auth0_added_scopes = "drop" in the settings');
  }
  logLine('warn', `the scope ${scope} is not granted and cannot be added: it is left out`);
}

/** Scopes as a list, from a list or from a text with spaces. */
export function scopeList(value) {
  if (typeof value === 'string') return withoutEmpty(split(value, ' '));
  if (!isArray(value)) throw scriptError(`scopes must be a list or a text, not ${jsonStringify(value)}`);
  const list = [];
  for (let at = 0; at < value.length; at++) append(list, toText(value[at]));
  return list;
}

function withoutEmpty(parts) {
  const list = [];
  for (let at = 0; at < parts.length; at++) if (parts[at] !== '') append(list, parts[at]);
  return list;
}
