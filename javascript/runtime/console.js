// `console`: what a script says goes to the rule's log.

import { OriginalMap, jsonStringify, toText } from './originals.js';
import { host } from './host.js';
import { ownStack } from './failure.js';

const TEXT_CHARS_MAX = 8_192;

/** Writes one line to the rule's log; while a script loads there is none, and nothing is lost by that. */
export function logLine(level, text) {
  try {
    host.log(level, text);
  } catch {
    // A log is no reason to fail.
  }
}

/** The `console` that scripts see. */
export const scriptConsole = {
  log: printer('info'),
  info: printer('info'),
  debug: printer('debug'),
  trace: printer('debug'),
  dir: (value) => logLine('info', shown(value)),
  table: printer('info'),
  warn: printer('warn'),
  error: printer('error'),
  assert: (holds, ...said) => holds || logLine('error', `Assertion failed: ${joined(said)}`),
  group: printer('info'),
  groupEnd() {},
  time: (label = 'default') => void timers.set(label, host.now()),
  timeEnd: (label = 'default') => logLine('info', `${label}: ${host.now() - (timers.get(label) ?? host.now())}ms`),
};

/** Joins what was said as Node does, placeholders first. */
export function joined(said) {
  if (typeof said[0] !== 'string' || !said[0].includes('%')) return said.map(shown).join(' ');
  const rest = said.slice(1);
  const text = said[0].replace(/%([sdifjoOc%])/g, (placeholder, kind) => {
    if (kind === '%') return '%';
    return rest.length === 0 ? placeholder : filled(kind, rest.shift());
  });
  return [text, ...rest.map(shown)].join(' ');
}

const timers = new OriginalMap();

function printer(level) {
  return (...said) => logLine(level, joined(said).slice(0, TEXT_CHARS_MAX));
}

function filled(kind, value) {
  if (kind === 'c') return '';
  if (kind === 's') return typeof value === 'object' ? shown(value) : toText(value);
  if (kind === 'd' || kind === 'f') return toText(Number(value));
  return kind === 'i' ? toText(parseInt(value, 10)) : shown(value);
}

function shown(value) {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value.name}: ${value.message}${ownStack(value.stack ?? '')}`;
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? '[Function]' : toText(value);
  try {
    return jsonStringify(value) ?? toText(value);
  } catch {
    return '[object that cannot be written as JSON]';
  }
}
