// The analyser: reads a script without running it, and says what it is, what it needs and what in it cannot work here.

import { parseScript } from './parse.js';
import { recognise } from './dialect.js';
import { findRequires } from './requires.js';
import { findHosts } from './hosts.js';
import { findConfiguration } from './configuration.js';
import { findFindings } from './findings.js';

/** Gives a report as JSON; what cannot be read or is no Auth0 script has an `error`, and the rest is empty. */
globalThis.__analyse = (source, file) => JSON.stringify(reportOn(source, file));

function reportOn(source, file) {
  const parsed = parseScript(source, file);
  if (parsed.error) return { ...EMPTY, error: parsed.error };
  const { dialect, error } = recognise(parsed);
  const requires = findRequires(parsed.program);
  const hosts = findHosts(parsed.program, requires.all);
  const findings = [...requires.findings, ...hosts.findings, ...findFindings(parsed.program, dialect)];
  return moved(parsed.linesBefore, {
    dialect,
    modules: requires.modules,
    unknown: requires.unknown,
    hosts: hosts.hosts,
    ...findConfiguration(parsed.program),
    findings: findings.sort((one, other) => one.line - other.line || one.column - other.column),
    error,
  });
}

const EMPTY = {
  dialect: null, modules: [], unknown: [], hosts: [], configuration: [], secrets: [], findings: [], error: null,
};

// A Rule was read with a line of ours in front of it.
function moved(linesBefore, report) {
  const move = (one) => ({ ...one, line: Math.max(1, one.line - linesBefore) });
  const all = Object.entries(report).map(([key, value]) => [key, Array.isArray(value) ? value.map(move) : value]);
  return Object.fromEntries(all);
}
