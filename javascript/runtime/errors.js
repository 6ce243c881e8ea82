// The errors by which scripts say no: names that Auth0 gives every script.

import { OriginalError, hide } from './originals.js';
import { messageOf } from './failure.js';
import { settleDenied, settleInvalid, settleThrown } from './token.js';

/** What a Rule denies with. */
export class UnauthorizedError extends OriginalError {}
/** What a Hook denies scopes with. */
export class InvalidScopeError extends OriginalError {}
/** What a Hook denies a request with. */
export class InvalidRequestError extends OriginalError {}
/** What a Hook says when it is at fault itself. */
export class ServerError extends OriginalError {}

/** Makes the names global. */
export function installErrors() {
  for (const kind of [UnauthorizedError, InvalidScopeError, InvalidRequestError, ServerError]) {
    hide(kind.prototype, 'name', NAMES.get(kind));
    hide(globalThis, NAMES.get(kind), kind);
  }
}

/** Ends the token by what a script gave its callback in place of null, or threw. */
export function settleByError(error) {
  if (error instanceof UnauthorizedError || nameOf(error) === 'UnauthorizedError') {
    return settleDenied('access_denied', messageOf(error));
  }
  if (error instanceof InvalidScopeError) return settleDenied('invalid_scope', messageOf(error));
  if (error instanceof InvalidRequestError) return settleInvalid(messageOf(error));
  return settleThrown(error);
}

const NAMES = new Map([
  [UnauthorizedError, 'UnauthorizedError'],
  [InvalidScopeError, 'InvalidScopeError'],
  [InvalidRequestError, 'InvalidRequestError'],
  [ServerError, 'ServerError'],
]);

// A class of the script's own by that name means the same.
function nameOf(error) {
  try {
    return error?.name;
  } catch {
    return undefined;
  }
}
