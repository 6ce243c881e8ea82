// The hosts that a script will want to reach, as far as they stand in it.

import { each } from './parse.js';
import { placeOf, propertyName } from './tree.js';
import { plainName } from '../names/resolve.js';

const CLIENTS = ['axios', 'createRemoteJWKSet', 'fetch', 'got', 'http', 'https', 'needle', 'node-fetch', 'request', 'rp', 'superagent'];
const MODULES = [
  ...CLIENTS, 'request-promise', 'request-promise-native', 'cross-fetch', 'isomorphic-fetch', 'jose', 'jwks-rsa', 'slack-notify',
];
const ADDRESSES = /^(url|uri|baseURL|baseUrl|host|hostname|endpoint|jwksUri|issuer)$/;
const ORIGIN = /^(https?:\/\/)([^/?#\s]+)/;
const HOST_ALONE = /^[a-z0-9](?:[a-z0-9-]*\.)+[a-z]{2,}$/i;

/** Gives `{ hosts, findings }`: hosts as a manifest's `[http] hosts` has them. */
export function findHosts(program, requires) {
  const names = clientNames(program);
  const asks = names.calls.length > 0 || requires.some(({ request }) => MODULES.includes(plainName(request)));
  if (!asks) return { hosts: [], findings: [] };
  const found = { hosts: new Map(), findings: [] };
  const variables = new Set();
  for (const call of names.calls) call.arguments.forEach((given) => search(given, found, variables));
  each(program, {
    Property: (node) => ADDRESSES.test(propertyName(node) ?? '') && search(node.value, found, variables, propertyName(node)),
  });
  searchVariables(program, { found, variables });
  const hosts = [...found.hosts].map(([host, line]) => ({ host, line }));
  return { hosts, findings: hosts.length === 0 && found.findings.length === 0 ? [nowhere(names, requires)] : found.findings };
}

// Names under which the script calls a client: `const rp = require('request-promise')` makes `rp` one.
function clientNames(program) {
  const names = new Set(CLIENTS);
  each(program, {
    VariableDeclarator({ id, init }) {
      if (id.type === 'Identifier' && MODULES.includes(plainName(requested(init) ?? ''))) names.add(id.name);
    },
  });
  const calls = [];
  const note = (node) => (names.has(rootOf(node.callee)) || MODULES.includes(requested(node.callee))) && calls.push(node);
  each(program, { CallExpression: note, NewExpression: note });
  return { names, calls };
}

function requested(node) {
  let inner = node;
  while (inner?.type === 'MemberExpression' || (inner?.type === 'CallExpression' && inner.callee.name !== 'require')) {
    inner = inner.object ?? inner.callee;
  }
  return inner?.type === 'CallExpression' && inner.arguments[0]?.type === 'Literal' ? String(inner.arguments[0].value) : null;
}

function rootOf(node) {
  let root = node;
  while (root.type === 'MemberExpression') root = root.object;
  return root.name;
}

// Looks at everything below a node for addresses, and notes the variables it is made of.
function search(node, found, variables, property) {
  each(node, {
    Literal: (literal) => typeof literal.value === 'string' && note(literal, literal.value, found, property),
    TemplateLiteral: (template) => {
      const head = template.quasis[0].value.cooked ?? '';
      if (/^https?:\/\/$/.test(head)) return found.findings.push(unknownHost(template));
      const whole = template.expressions.length === 0 || /^https?:\/\/[^/?#]+[/?#]/.test(head);
      if (whole || template.quasis[1]?.value.cooked.startsWith('/')) note(template, head, found, property);
    },
    Identifier: ({ name }) => variables.add(name),
  });
}

function searchVariables(program, { found, variables }) {
  const look = (name, value) => variables.has(name) && value && search(value, found, new Set());
  each(program, {
    VariableDeclarator: ({ id, init }) => id.type === 'Identifier' && look(id.name, init),
    AssignmentExpression: ({ left, right }) => left.type === 'Identifier' && look(left.name, right),
  });
}

function note(node, text, { hosts }, property) {
  const [, scheme, host] = ORIGIN.exec(text) ?? [];
  const alone = /^(host|hostname)$/.test(property ?? '') && HOST_ALONE.test(text);
  const origin = scheme ? `${scheme}${host.replace(/^[^@]*@/, '')}` : alone && `https://${text}`;
  if (origin && !hosts.has(origin)) hosts.set(origin, placeOf(node).line);
}

function unknownHost(node) {
  return {
    severity: 'note',
    ...placeOf(node),
    text: 'sends a request to a host whose name is computed',
    advice: 'name it in [http] hosts of the manifest',
  };
}

function nowhere({ calls }, requires) {
  const at = calls[0] ? placeOf(calls[0]) : requires[0];
  return {
    severity: 'note',
    line: at.line,
    column: at.column,
    text: 'sends requests, and no host stands in the script',
    advice: 'name in [http] hosts of the manifest what its configuration or its parameters make it ask',
  };
}
