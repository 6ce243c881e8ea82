// Turns whatever a script threw into a sentence with the script's own file and line.

import { OriginalError, jsonStringify, matchAt, repeat, replace, slice, toText } from './originals.js';

// Sources that are evaluated all have the engine's one file name in a stack, so the script is told from the modules by
// its lines: it stands this many lines down.
const SCRIPT_LINES_DOWN = 100_000;
const FRAME = /<(?:input|evalScript)>:(\d+)/;
const FRAMES = /<(?:input|evalScript)>:(\d+)(:\d+)?/g;

let scriptFile = 'script.js';

/** Names the file that lines belong to. */
export function nameScript(file) {
  scriptFile = file;
}

/** The name of the script's file. */
export function scriptName() {
  return scriptFile;
}

/** A source whose lines are the script's own in a stack. */
export function placed(source) {
  return repeat('\n', SCRIPT_LINES_DOWN) + source;
}

/** A stack as the author of the script knows its file. */
export function readable(stack) {
  return replace(stack, FRAMES, (frame, line, column) => {
    const own = line - SCRIPT_LINES_DOWN;
    return own > 0 ? `${scriptFile}:${own}${column ?? ''}` : 'module';
  });
}

/** Says where and what: `10-partner.js:3: TypeError: …`. */
export function describe(thrown) {
  const line = isError(thrown) ? lineOf(thrown) : null;
  return `${scriptFile}${line === null ? '' : `:${line}`}: ${titled(thrown)}`;
}

/** Name and message of whatever was thrown. A hostile value must not throw again. */
export function titled(thrown) {
  try {
    if (isError(thrown)) return `${toText(thrown.name)}: ${messageOf(thrown)}`;
    if (typeof thrown === 'object' && thrown !== null) return jsonStringify(thrown) ?? 'an object without text';
    return toText(thrown);
  } catch {
    return 'an error that cannot be shown';
  }
}

/** The message of an error or of anything else that a script gave for one. */
export function messageOf(thrown) {
  try {
    if (typeof thrown === 'string') return thrown;
    const text = thrown?.message ?? thrown?.error_description ?? thrown?.error;
    return text === undefined ? titledPlain(thrown) : toText(text);
  } catch {
    return 'an error that cannot be shown';
  }
}

/** An error that names the script's file; for what has no line. */
export function scriptError(text) {
  return new OriginalError(`${scriptFile}: ${text}`);
}

function titledPlain(thrown) {
  return typeof thrown === 'object' ? (jsonStringify(thrown) ?? '') : toText(thrown);
}

function isError(thrown) {
  try {
    return typeof thrown === 'object' && thrown !== null && typeof thrown.stack === 'string';
  } catch {
    return false;
  }
}

// The first frame that is the script's: a module that it called may be above it.
function lineOf(error) {
  let rest = error.stack;
  for (;;) {
    const frame = matchAt(FRAME, rest);
    if (frame === null) return null;
    const own = frame[1] - SCRIPT_LINES_DOWN;
    if (own > 0) return own;
    rest = slice(rest, frame.index + frame[0].length);
  }
}
