// What in a script cannot work here, and what works otherwise than at Auth0.

import { each } from './parse.js';
import { pathOf, placeOf, propertyName } from './tree.js';
import { NOTES } from './notes.js';

/** One finding for each thing, where it first stands. */
export function findFindings(program, dialect) {
  const found = new Map();
  const look = (path, node, use) => {
    const note = NOTES.find((one) => applies(one, { path, use, dialect }));
    if (note && !found.has(note.text)) found.set(note.text, { severity: note.severity, ...placeOf(node), ...said(note) });
  };
  each(program, {
    AssignmentExpression: ({ left }) => left.type === 'MemberExpression' && look(dotted(left), left, 'set'),
    MemberExpression: (node) => look(dotted(node), node, 'get'),
    CallExpression: (node) => look(dotted(node.callee), node, 'call'),
    NewExpression: (node) => look(dotted(node.callee), node, 'new'),
  });
  return [...found.values()];
}

function applies({ path, use, dialects }, seen) {
  if (use !== undefined && use !== seen.use) return false;
  return (dialects === undefined || dialects.includes(seen.dialect)) && path.test(seen.path);
}

function said({ text, advice }) {
  return { text, advice };
}

// `context['redirect']` is `context.redirect`; what is computed is a question mark.
function dotted(node) {
  const path = pathOf(node);
  if (path !== null) return path.join('.');
  return node?.type === 'MemberExpression' ? `?.${propertyName(node) ?? '?'}` : '?';
}
