// Turns whatever a script threw into a sentence with the script's own file and line.

import { OriginalError, indexOf, jsonStringify, matchAt, slice, split, toText } from './originals.js';

const LINE = /^\d+/;

let scriptFile = 'script.js';

/** Names the file that lines belong to. */
export function nameScript(file) {
  scriptFile = file;
}

/** The name of the script's file. */
export function scriptName() {
  return scriptFile;
}

/** The part of a stack that is the script's: about the rest its author can do nothing. */
export function ownStack(stack) {
  const lines = split(stack, '\n');
  let own = '';
  for (let at = 0; at < lines.length; at++) if (indexOf(lines[at], `${scriptFile}:`) >= 0) own += `\n${lines[at]}`;
  return own;
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
function lineOf({ stack }) {
  const at = indexOf(stack, `${scriptFile}:`);
  return at < 0 ? null : (matchAt(LINE, slice(stack, at + scriptFile.length + 1))?.[0] ?? null);
}
