// What a script requires.

import { resolve } from '../names/resolve.js';
import { each } from './parse.js';
import { placeOf, textOf } from './tree.js';
import { adviceFor } from './advice.js';
import { implicitRequests } from './implicit.js';

// The build puts the names of the bundled modules here.
const bundled = new Set(BUNDLED);
// The second is what esbuild writes into an IIFE.
const REQUIRES = ['require', '__require'];

/** Gives `{ modules, unknown, findings, all }`; `all` is every request with its place. */
export function findRequires(program) {
  const all = [];
  const findings = [];
  each(program, {
    CallExpression(node) {
      if (node.callee.type !== 'Identifier' || !REQUIRES.includes(node.callee.name)) return;
      const request = textOf(node.arguments[0]);
      if (request === null) findings.push(computed(node));
      else all.push({ request, ...placeOf(node) });
    },
    ImportExpression: (node) => findings.push(imported(node)),
  });
  all.push(...implicitRequests(program));
  return { all, findings, ...sorted(all) };
}

function sorted(all) {
  const modules = [];
  const unknown = [];
  for (const { request, part, line, column } of all) {
    const found = part ? { name: part } : resolve(request, (name) => bundled.has(name));
    if (found) modules.push({ request, name: found.name, line });
    else unknown.push({ request, line, column, advice: adviceFor(request) });
  }
  return { modules, unknown };
}

function computed(node) {
  return {
    severity: 'warning',
    ...placeOf(node),
    text: 'requires a module under a name that is computed',
    advice: 'only modules whose names are written out are loaded: name each in a require of its own',
  };
}

function imported(node) {
  return {
    severity: 'error',
    ...placeOf(node),
    text: 'imports a module while it runs, and there are no files to import',
    advice: 'write require, or bundle the script by `rulemint rule build`',
  };
}
