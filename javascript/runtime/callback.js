// The callback of Rules and Hooks: called exactly once.

import { contradict, settleThrown, token } from './token.js';
import { settleByError } from './errors.js';
import { logLine } from './console.js';

/** A callback that ends the token: by its error, or by what `finish` makes of the rest. */
export function onceOnly(finish) {
  const { turn } = token;
  let called = false;
  return (error, first, second) => {
    if (turn !== token.turn) return logLine('warn', LATE);
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

const LATE = 'the callback of an earlier token was called, and is left unheard: that token is over';
const TWICE =
  'the callback was called twice: put `return` in front of each call, so that nothing after it is reached';
