// Which of Auth0's kinds of script this is.

import { each } from './parse.js';
import { pathOf, placeOf, propertyName } from './tree.js';

const HANDLERS = { onExecuteCredentialsExchange: 'credentials-exchange', onExecutePostLogin: 'post-login' };
const FUNCTION = /^(FunctionExpression|ArrowFunctionExpression|FunctionDeclaration)$/;
const RULE_PARAMS = 3;
const HOOK_PARAMS = 5;

/** Gives `{ dialect, error }`. */
export function recognise({ program, linesBefore }) {
  const handlers = handlersIn(program);
  const known = Object.keys(HANDLERS).find((name) => handlers.has(name));
  if (known) return { dialect: HANDLERS[known], error: null };
  const dialect = byNames(program) ?? byExport(program);
  const foreign = dialect === 'rule' && linesBefore === 0 ? hookOfUsers(program) : null;
  if (foreign) return { dialect: null, error: foreign };
  if (dialect) return { dialect, error: null };
  const [other] = handlers;
  return { dialect: null, error: other ? otherTrigger(other) : unrecognised(program) };
}

// `exports.onExecute… =`, `{ onExecute…: … }`, and `function onExecute…` of a bundle.
function handlersIn(program) {
  const found = new Map();
  const note = (name, node) => /^on(Execute|Continue)[A-Z]/.test(name ?? '') && found.set(name, placeOf(node));
  each(program, {
    AssignmentExpression: ({ left }) => left.type === 'MemberExpression' && note(propertyName(left), left),
    Property: (node) => note(propertyName(node), node),
  });
  return found;
}

// The names of the parameters are the surest sign: a bundle is full of functions.
function byNames(program) {
  let dialect = null;
  const look = (node) => {
    const names = node.params.map((param) => (param.type === 'AssignmentPattern' ? param.left : param).name);
    if (names.length >= HOOK_PARAMS && names[0] === 'client' && /^scopes?$/.test(names[1])) dialect = 'hook';
    const isRule = names.length >= RULE_PARAMS && names[0] === 'user' && /^(context|ctx)$/.test(names[1]);
    if (isRule) dialect ??= 'rule';
  };
  each(program, { FunctionExpression: look, ArrowFunctionExpression: look, FunctionDeclaration: look });
  return dialect;
}

function byExport(program) {
  const exported = program.body.map(exportedBy).findLast(Boolean);
  const called = exported?.type === 'Identifier' ? declared(program, exported.name) : exported;
  if (!called || !FUNCTION.test(called.type)) return null;
  if (called.params.length >= HOOK_PARAMS) return 'hook';
  return called.params.length >= RULE_PARAMS ? 'rule' : null;
}

/**
 * Hooks about users, before and after registration and after a password change, have a Rule's parameters. They are exported,
 * as no Rule had to be, and never give their callback the user: `cb(null, response)` or `cb()`, where a Rule says
 * `callback(null, user, context)`.
 */
function hookOfUsers(program) {
  const exported = program.body.map(exportedBy).findLast(Boolean);
  const hook = exported?.type === 'Identifier' ? declared(program, exported.name) : exported;
  if (!hook || !FUNCTION.test(hook.type) || hook.params.length !== RULE_PARAMS) return null;
  const [user, , callback] = hook.params.map((param) => param.name);
  const { calls, mentions } = usesOf(hook.body, callback);
  // One that is handed on may be called in any way.
  if (user === undefined || calls.length !== mentions || calls.some((call) => givesUser(call, user))) return null;
  return calls.some(isSuccess) ? { ...placeOf(hook), ...OF_USERS } : null;
}

function usesOf(body, name) {
  const calls = [];
  let mentions = 0;
  each(body, {
    CallExpression: (node) => void (node.callee.name === name && calls.push(node.arguments)),
    Identifier: (node) => void (node.name === name && mentions++),
  });
  return { calls, mentions };
}

function givesUser(given, user) {
  return given.length >= RULE_PARAMS || given[1]?.name === user || given.some(({ type }) => type === 'SpreadElement');
}

function isSuccess([error]) {
  return error === undefined || (error.type === 'Literal' && error.value === null) || error.name === 'undefined';
}

const OF_USERS = {
  text: 'is a Hook about users (before or after registration, or after a password change), and a token request of a machine ' +
    'has no such moment',
  advice: 'leave it where users are kept; if it is a Rule, let it end in callback(null, user, context)',
};

function exportedBy(statement) {
  const expression = statement.type === 'ExpressionStatement' ? statement.expression : null;
  if (expression?.type !== 'AssignmentExpression') return null;
  const path = pathOf(expression.left)?.join('.');
  return path === 'module.exports' || path === 'exports.default' ? expression.right : null;
}

function declared(program, name) {
  for (const statement of program.body) {
    if (statement.type === 'FunctionDeclaration' && statement.id.name === name) return statement;
    const one = statement.declarations?.find((declaration) => declaration.id.name === name);
    if (one) return one.init;
  }
  return null;
}

function otherTrigger([name, place]) {
  return {
    ...place,
    text: `is an Action for ${name}, and a token request of a machine has no such moment`,
    advice: `write it as exports.onExecuteCredentialsExchange or exports.onExecutePostLogin`,
  };
}

function unrecognised(program) {
  const [first] = program.body;
  return {
    ...(first ? placeOf(first) : { line: 1, column: 1 }),
    text: 'is none of the scripts that Auth0 ran',
    advice:
      'a Rule is `function (user, context, callback) { … }`; a Hook is ' +
      '`module.exports = function (client, scope, audience, context, cb) { … }`; an Action is ' +
      '`exports.onExecuteCredentialsExchange = async (event, api) => { … }`',
  };
}
