// The callback of Rules and Hooks: called exactly once.

import { contradict, settleThrown, token } from './token.js';
import { settleByError } from './errors.js';

/** A callback that ends the token: by its error, or by what `finish` makes of the rest. */
export function onceOnly(finish) {
  let called = false;
  return (error, first, second) => {
    if (called) return contradict(TWICE);
    called = true;
    if (token.outcome !== null) return;
    if (error !== null && error !== undefined && error !== false) return settleByError(error);
    try {
      finish(first, second);
    } catch (thrown) {
      settleThrown(thrown);
    }
  };
}

const TWICE =
  'the callback was called twice: put `return` in front of each call, so that nothing after it is reached';
