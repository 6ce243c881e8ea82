// Parses a script in whichever of the ways Auth0's files are written.

import { parse } from 'acorn';
import { simple } from 'acorn-walk';

// What the engine knows.
const OPTIONS = {
  ecmaVersion: 2024, locations: true, allowReturnOutsideFunction: true, allowHashBang: true, allowAwaitOutsideFunction: false,
};
const STARTS_WITH_FUNCTION = /^\uFEFF?(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*(?:async\s+)?(?:function\b|\()/;

/** Gives `{ program, linesBefore }`, or an `error`. */
export function parseScript(source, file) {
  const text = source.replace(/^\uFEFF/, '');
  const program = attempt(() => parse(text, OPTIONS));
  if (program.tree && !isLoneFunction(program.tree)) return { program: program.tree, linesBefore: 0 };
  // A Rule is one anonymous function, which is no program.
  const expression = attempt(() => parse(`module.exports =\n${text}`, OPTIONS));
  if (expression.tree) return { program: expression.tree, linesBefore: 1 };
  if (program.tree) return { program: program.tree, linesBefore: 0 };
  return { error: explained(text, STARTS_WITH_FUNCTION.test(text) ? moved(expression.error) : program.error, file) };
}

/** Calls `visit` for every node of the given types. */
export function each(program, visitors) {
  simple(program, visitors);
}

function attempt(read) {
  try {
    return { tree: read() };
  } catch (error) {
    if (!error.loc) throw error;
    return { error };
  }
}

// `(user, context, callback) => …` or `function rule(user, …) {…}` alone: a program, but one that does nothing.
function isLoneFunction({ body: [first] }) {
  if (first?.type === 'FunctionDeclaration') return first.params.length >= 3;
  return first?.type === 'ExpressionStatement' && /Function/.test(first.expression.type);
}

function moved(error) {
  return { message: error.message, loc: { line: error.loc.line - 1, column: error.loc.column } };
}

function explained(text, error, file) {
  const at = { line: error.loc.line, column: error.loc.column + 1 };
  if (attempt(() => parse(text, { ...OPTIONS, sourceType: 'module' })).tree && /^\s*(import|export)\b/m.test(text)) {
    return { ...at, text: 'is an ES module, and Auth0\'s scripts are not', advice: `rulemint rule build ${file}` +
      ' makes one of it that is; or write require and exports in place of import and export' };
  }
  const what = error.message.replace(/ \(\d+:\d+\)$/, '');
  return { ...at, text: `does not parse: ${what}`, advice: 'mend the line; what the engine reads is ES2023' };
}
