// The scopes that an Action wants the token to have.

import { append, has, isArray, objectAssign } from './originals.js';
import { scopeList, setScopes } from './scopes.js';
import { token } from './token.js';

// Null until the Action touches them: an Action that does not costs nothing here.
let wanted = null;

/** Forgets what an earlier token's Action wanted. */
export function resetTargets() {
  wanted = null;
}

/** A copy of the scopes as things stand. */
export function scopesOf(event) {
  return objectAssign([], wanted ?? event.scopes.granted);
}

/** Wants exactly these. */
export function wantScopes(list) {
  wanted = scopeList(list);
}

/** Wants one more. */
export function wantScope(scope) {
  const list = scopesOf(token.event);
  if (!has(list, scope)) append(list, scope);
  wantScopes(list);
}

/** Wants one, or several, less. */
export function unwantScope(scope) {
  const gone = isArray(scope) ? scope : [scope];
  const list = [];
  const before = scopesOf(token.event);
  for (let at = 0; at < before.length; at++) if (!has(gone, before[at])) append(list, before[at]);
  wantScopes(list);
}

/** Makes the token's scopes those that are wanted. */
export function takeScopes() {
  if (wanted !== null) setScopes(wanted);
}
