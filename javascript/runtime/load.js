// Evaluates a script, in whichever of the ways Auth0's files are written.

import { OriginalError, matchAt, slice } from './originals.js';
import { describe, nameScript, scriptError } from './failure.js';
import { callAsModule, scriptRequire } from './modules.js';

const HANDLERS = { 'credentials-exchange': 'onExecuteCredentialsExchange', 'post-login': 'onExecutePostLogin' };

// `function rule(user, context, callback) {` on a line of its own: what a file that exports nothing means.
const DECLARED = /^(?:async\s+)?function\s+([\w$]+)\s*\([^)]*,[^)]*\)/m;
// `var rule = (() => {`: how esbuild names what an IIFE gives.
const NAMED = /^(?:var|const|let)\s+([\w$]+)\s*=\s*\(\(\)\s*=>\s*\{/m;

/** Evaluates a script and gives the function that is asked for each token. */
export function loadScript(file, source, dialect) {
  nameScript(file);
  try {
    return entryOf(evaluate(file, withoutShebang(source), dialect), dialect);
  } catch (thrown) {
    throw thrown?.isOurs === true ? thrown : new OriginalError(describe(thrown));
  }
}

function evaluate(file, source, dialect) {
  const asProgram = attempt(() => run(file, source + exported(source)));
  if (asProgram.failed === undefined && hasEntry(asProgram.exports, dialect)) return asProgram.exports;
  if (asProgram.failed !== undefined && !(asProgram.failed instanceof SyntaxError)) throw asProgram.failed;
  // A Rule is one anonymous function, which is no program.
  const asExpression = attempt(() => run(file, source, 'module.exports = '));
  if (asExpression.failed === undefined) return asExpression.exports;
  throw asProgram.failed ?? missing(dialect);
}

function attempt(evaluation) {
  try {
    return { exports: evaluation() };
  } catch (failed) {
    return { failed };
  }
}

function run(file, source, before = '') {
  const module = { exports: {}, id: file, loaded: false };
  callAsModule(`${before}${source}`, module, scriptRequire);
  return module.exports;
}

function exported(source) {
  const name = (matchAt(DECLARED, source) ?? matchAt(NAMED, source))?.[1];
  if (name === undefined) return '';
  return `\n;if (typeof module.exports === 'object' && Object.keys(module.exports).length === 0 && ` +
    `typeof ${name} !== 'undefined') module.exports = ${name};`;
}

function hasEntry(exports, dialect) {
  return functionOf(exports, dialect) !== undefined;
}

function entryOf(exports, dialect) {
  const found = functionOf(exports, dialect);
  if (found === undefined) throw missing(dialect);
  return found;
}

function functionOf(exports, dialect) {
  const name = HANDLERS[dialect];
  for (const place of [exports, exports?.default]) {
    const found = name === undefined ? place : place?.[name];
    if (typeof found === 'function') return found;
  }
  return undefined;
}

function missing(dialect) {
  const name = HANDLERS[dialect];
  const error = scriptError(
    name === undefined
      ? `gives no function: a ${dialect} is one function, alone in the file or as module.exports`
      : `does not export ${name}: an Action says exports.${name} = async (event, api) => { … }`,
  );
  error.isOurs = true;
  return error;
}

function withoutShebang(source) {
  const text = source[0] === '\uFEFF' ? slice(source, 1) : source;
  return text[0] === '#' && text[1] === '!' ? `//${text}` : text;
}
