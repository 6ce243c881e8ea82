// Questions to the syntax tree that more than one part asks.

/** `a.b['c']` as `['a', 'b', 'c']`; null for what is not made of names alone. */
export function pathOf(node) {
  if (node?.type === 'Identifier') return [node.name];
  if (node?.type === 'ChainExpression') return pathOf(node.expression);
  if (node?.type !== 'MemberExpression') return null;
  const before = pathOf(node.object);
  const name = propertyName(node);
  return before === null || name === null ? null : [...before, name];
}

/** The name of a member or of a property of an object; null where it is computed. */
export function propertyName(node) {
  const key = node.property ?? node.key;
  if (key === undefined) return null;
  if (!node.computed && key.type === 'Identifier') return key.name;
  return textOf(key);
}

/** The text of a literal, or of a template without anything to fill in. */
export function textOf(node) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0].value.cooked;
  return null;
}

/** Where a node begins, counted from 1. */
export function placeOf(node) {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}
