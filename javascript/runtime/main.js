// The runtime: gives Auth0's names their meaning inside rulemint's JavaScript engine, and is driven by it through
// `__rulemint`.

import { defineProperty, jsonParse } from './originals.js';
import { nameScript, scriptError } from './failure.js';
import { prepareAction, runAction } from './action.js';
import { checkSteering } from './steering.js';
import { configuration, offerConfiguration, offerSettings } from './secrets.js';
import { installGlobals } from './globals.js';
import { whileModulesLoad } from './fresh.js';
import { loadModules, offerImplicitModules } from './modules.js';
import { loadScript } from './load.js';
import { resetTargets } from './targets.js';
import { resetTimers, runNextTimer } from './timers.js';
import { runHook } from './hook.js';
import { prepareRule, runRule } from './rule.js';
import { beginToken, settleThrown, token } from './token.js';

let entry = null;
let dialect = null;

/** Evaluates a script and its modules, so that a snapshot has them ready. */
function boot(file, source, modules, optionsJson) {
  nameScript(file);
  const options = jsonParse(optionsJson);
  guard(() => checkSteering(options.settings ?? {}, options.auth0 ?? {}));
  offerConfiguration(options.secrets ?? [], options.settings ?? {});
  whileModulesLoad(() => {
    loadModules(modules);
    offerImplicitModules();
  });
  dialect = options.dialect;
  entry = loadScript(file, source, dialect);
  if (dialect === 'rule') prepareRule();
  else if (dialect !== 'hook') prepareAction(dialect);
}

/** Begins one token. */
function enrich(eventJson) {
  try {
    beginToken(eventJson);
    resetTimers();
    resetTargets();
    offerSettings(token.event.settings);
    run();
  } catch (thrown) {
    settleThrown(thrown);
  }
}

function run() {
  if (dialect === 'rule') return runRule(entry);
  return dialect === 'hook' ? runHook(entry) : runAction(entry, dialect);
}

/** Runs the next timer once nothing else is left to do. False when all is over. */
function tick() {
  return token.outcome === null && runNextTimer();
}

/** How the token ended. */
function result() {
  return token.outcome ?? ['internal', scriptError(NEVER[dialect] ?? NEVER.action).message];
}

const NEVER = {
  __proto__: null,
  rule: 'the callback was never called: every path must end in callback(null, user, context) or callback(error)',
  hook: 'the callback was never called: every path must end in cb(null, accessToken) or cb(error)',
  action: 'the Action never ended: a promise that it awaits is never settled',
};

function guard(check) {
  try {
    check();
  } catch (thrown) {
    throw scriptError(thrown.message);
  }
}

installGlobals(configuration);
// A script may not put something of its own in its place.
defineProperty(globalThis, '__rulemint', { __proto__: null, value: Object.freeze({ boot, enrich, tick, result }) });
