// Timers do not wait: they fire in the order they are due, once nothing else is left to do. A script that polls or that
// guards a request by a timeout works, and no token waits for a clock.

import { OriginalMap, apply, enqueue } from './originals.js';
import { settleThrown } from './token.js';

let waiting = new OriginalMap();
let clockMs = 0;
let lastId = 0;

/** Forgets timers of an earlier token, and those a script set while it loaded. */
export function resetTimers() {
  if (waiting.size !== 0) waiting = new OriginalMap();
  clockMs = 0;
}

/** Runs the timer that is due next. Gives whether there was one. */
export function runNextTimer() {
  const next = earliest();
  if (next === null) return false;
  clockMs = next.dueMs;
  if (next.everyMs === null) waiting.delete(next.id);
  else next.dueMs += next.everyMs;
  guarded(next.run, next.given);
  return true;
}

/** The functions that scripts see. */
export const timerGlobals = {
  setTimeout: (run, ms, ...given) => start(run, delay(ms), null, given),
  setInterval: (run, ms, ...given) => start(run, delay(ms), delay(ms), given),
  setImmediate: (run, ...given) => start(run, 0, null, given),
  clearTimeout: stop,
  clearInterval: stop,
  clearImmediate: stop,
  queueMicrotask: (run) => later(run, []),
};

/** Runs a function as soon as what runs now has ended; what it throws is the script's fault. */
export function later(run, given) {
  enqueue(() => guarded(run, given));
}

// Node gives objects, and modules call `unref` on them.
class Timer {
  constructor(id) {
    this.id = id;
  }
  ref() {
    return this;
  }
  unref() {
    return this;
  }
  hasRef() {
    return true;
  }
  [Symbol.toPrimitive]() {
    return this.id;
  }
}

function start(run, afterMs, everyMs, given) {
  if (typeof run !== 'function') throw new TypeError('a timer needs a function to call');
  lastId += 1;
  waiting.set(lastId, { id: lastId, run, given, dueMs: clockMs + afterMs, everyMs });
  return new Timer(lastId);
}

function stop(timer) {
  waiting.delete(typeof timer === 'object' && timer !== null ? timer.id : Number(timer));
}

// Node's own floor: a timer of 0 ms waits 1, and what is no number does, too.
function delay(ms) {
  return ms >= 1 ? Number(ms) : 1;
}

function earliest() {
  let next = null;
  waiting.forEach((timer) => {
    if (next === null || timer.dueMs < next.dueMs) next = timer;
  });
  return next;
}

function guarded(run, given) {
  try {
    apply(run, undefined, given);
  } catch (thrown) {
    settleThrown(thrown);
  }
}
