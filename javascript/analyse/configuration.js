// The names that a script looks up in `configuration`, `event.secrets` and `context.webtask.secrets`.

import { each } from './parse.js';
import { pathOf, placeOf, propertyName } from './tree.js';

/** Gives `{ configuration, secrets }`, each name once, where it first stands. */
export function findConfiguration(program) {
  const found = { configuration: new Map(), secrets: new Map() };
  const note = (place, name, node) => {
    if (place && name !== null && !found[place].has(name)) found[place].set(name, placeOf(node).line);
  };
  each(program, {
    MemberExpression: (node) => note(placeNamed(pathOf(node.object)), propertyName(node), node),
    VariableDeclarator: ({ id, init }) => {
      if (id.type !== 'ObjectPattern' || !init) return;
      for (const one of id.properties) if (one.type === 'Property') note(placeNamed(pathOf(init)), propertyName(one), one);
    },
  });
  return { configuration: listed(found.configuration), secrets: listed(found.secrets) };
}

function placeNamed(path) {
  if (path === null) return null;
  if (path.length === 1) return path[0] === 'configuration' ? 'configuration' : null;
  if (path.at(-1) === 'configuration') return 'configuration';
  return path.at(-1) === 'secrets' ? 'secrets' : null;
}

function listed(names) {
  return [...names].filter(([name]) => !METHODS.includes(name)).map(([name, line]) => ({ name, line }));
}

const METHODS = ['hasOwnProperty', 'toString'];
