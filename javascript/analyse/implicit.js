// Modules that a script uses without requiring them, as it could at Auth0, and those that hold the globals it names.

import { fullAncestor } from 'acorn-walk';
import { implicitDatabases, implicitModules, needsCryptoModule } from '../names/implicit.js';
import { partOfGlobal } from '../names/parts.js';
import { placeOf, propertyName } from './tree.js';

const NAMES = { ...implicitModules, ...implicitDatabases, ...partOfGlobal };

/** Gives what `require` would have been asked for: `{ request, line, column }`, each once; for a global, its name. */
export function implicitRequests(program) {
  const declared = new Set();
  const used = new Map();
  fullAncestor(program, (node, _state, ancestors) => {
    for (const name of namesDeclaredBy(node)) declared.add(name);
    if (node.type !== 'Identifier' || !Object.hasOwn(NAMES, node.name) || used.has(node.name)) return;
    if (isUse(node, ancestors.at(-2))) used.set(node.name, placeOf(node));
  });
  const free = [...used].filter(([name]) => !declared.has(name));
  return free.map(([name, place]) => ({ request: partOfGlobal[name] ? name : NAMES[name], part: partOfGlobal[name], ...place }));
}

function isUse(node, parent) {
  if (Object.hasOwn(partOfGlobal, node.name)) return true;
  if (parent?.type !== 'MemberExpression') return parent?.type === 'CallExpression' && parent.callee === node;
  if (parent.object !== node) return false;
  return node.name !== 'crypto' || needsCryptoModule(propertyName(parent));
}

function namesDeclaredBy(node) {
  if (node.type === 'VariableDeclarator') return namesIn(node.id);
  if (/Function|Class/.test(node.type)) return [...(node.params ?? []), node.id].filter(Boolean).flatMap(namesIn);
  if (node.type === 'CatchClause' && node.param) return namesIn(node.param);
  return node.type === 'AssignmentExpression' && node.left.type === 'Identifier' ? [node.left.name] : [];
}

function namesIn(pattern) {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((one) => namesIn(one.value ?? one.argument));
    case 'ArrayPattern':
      return pattern.elements.flatMap(namesIn);
    case 'AssignmentPattern':
      return namesIn(pattern.left);
    case 'RestElement':
      return namesIn(pattern.argument);
    default:
      return [];
  }
}
