// One token's way through a script: the event, the changes so far and how it ended.

import { append, apply, jsonParse } from './originals.js';
import { describe, scriptName } from './failure.js';

/** What is known of the token under way. `outcome` is null until the script has come to its end, `turn` is its number. */
export const token = { event: null, changes: [], outcome: null, turn: 0 };

/** Begins a token; whatever an earlier one left is gone. */
export function beginToken(eventJson) {
  token.event = jsonParse(eventJson);
  token.changes = [];
  token.outcome = null;
  token.turn += 1;
}

/**
 * A function that is for this token only. Where a sandbox is kept for other tokens, a callback or a promise that a script
 * has put by may come when its token is over: it must not end another one.
 */
export function forThisToken(run) {
  const { turn } = token;
  return (...given) => {
    if (turn === token.turn) apply(run, undefined, given);
  };
}

/** Adds a change to the answer: its name and what belongs to it. */
export function change(operation) {
  append(token.changes, operation);
}

/** The script has ended well: its changes are the answer. */
export function settleChanges() {
  settle(['changes', token.changes]);
}

/** The script says no on purpose. */
export function settleDenied(code, description) {
  settle(['denied', code, description]);
}

/** The request lacks something that the script needs. */
export function settleInvalid(text) {
  settle(['invalid', text]);
}

/** The script has a fault; the text goes to the log. */
export function settleInternal(text) {
  settle(['internal', text]);
}

/** The script threw something that it did not mean as an answer. */
export function settleThrown(thrown) {
  settleInternal(describe(thrown));
}

/** Ends the token whatever it came to before: a script that ends twice contradicts itself. */
export function contradict(text) {
  token.outcome = ['internal', `${scriptName()}: ${text}`];
}

function settle(outcome) {
  if (token.outcome === null) token.outcome = outcome;
}
