// A stand-in for rulemint's engine: the files of `dist/` in a real QuickJS-NG, driven in the same order.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { newQuickJSWASMModuleFromVariant } from 'quickjs-emscripten-core';
import variant from '@jitl/quickjs-ng-wasmfile-release-sync';
import { hostOf } from './host.js';

const dist = (name) => readFileSync(new URL(`../dist/${name}`, import.meta.url));
const runtime = dist('runtime.js').toString();
const analyser = dist('analyse.js').toString();
const TICKS_MAX = 10_000;
const MEMORY_BYTES = 64 * 1024 * 1024;
const STACK_BYTES = 256 * 1024;

export const modules = JSON.parse(gunzipSync(dist('modules.json.gz')));

const quickjs = await newQuickJSWASMModuleFromVariant(variant);

/** What the analyser says about a script. */
export function analyse(source, file = '10-script.js') {
  const vm = newContext();
  value(vm, vm.evalCode(analyser, 'analyse.js'));
  return JSON.parse(call(vm, vm.global, '__analyse', [source, file]));
}

/** Loads a script as a server does: analysed, its modules with what they require, everything evaluated. */
export function load(source, { file = '10-script.js', settings = {}, secrets = {}, auth0 = {}, host = {}, dialect, request = [] } = {}) {
  const report = dialect ? { dialect, modules: [] } : analyse(source, file);
  if (report.error) throw new Error(`${file}:${report.error.line}: ${report.error.text}`);
  const vm = newContext();
  const world = hostOf(vm, { secrets, ...host });
  vm.setProp(vm.global, '__host', world.handle);
  value(vm, vm.evalCode(runtime, 'runtime.js'));
  const needed = closure([...report.modules.map((module) => module.name), ...request]);
  const program = needed.map((name) => [name, modules[name].source]);
  const options = { dialect: report.dialect, settings, secrets: Object.keys(secrets), auth0, memory_bytes: MEMORY_BYTES };
  call(vm, runtimeOf(vm), 'boot', [file, source, program, JSON.stringify(options)]);
  world.state.loading = false;
  return { vm, host: world.state, settings, file };
}

/** Issues one token. The answer is what `result()` gives. */
export function issue(script, event = {}) {
  const { vm } = script;
  call(vm, runtimeOf(vm), 'enrich', [JSON.stringify(eventOf({ settings: script.settings, ...event }))]);
  for (let ticks = 0; ticks < TICKS_MAX; ticks++) {
    runJobs(vm);
    if (!call(vm, runtimeOf(vm), 'tick', [])) return call(vm, runtimeOf(vm), 'result', []);
  }
  throw new Error('the script was not over after 10,000 ticks');
}

/**
 * Issues tokens each from a copy of the memory as it was when the script was loaded: what a server does.
 */
export function issueFromSnapshot(script, count) {
  const memory = () => new Uint8Array(quickjs.getWasmMemory().buffer);
  const loaded = memory().slice();
  return Array.from({ length: count }, () => {
    memory().set(loaded);
    return issue(script);
  });
}

/** Loads a script and issues one token. */
export function runOnce(source, options, event) {
  return issue(load(source, options), event);
}

/** The claims that an answer sets. */
export function claimsOf(answer) {
  if (answer[0] !== 'changes') throw new Error(`no changes but ${JSON.stringify(answer)}`);
  const set = answer[1].filter(([operation]) => operation === 'set-claim');
  return Object.fromEntries(set.map(([, name, text]) => [name, JSON.parse(text)]));
}

/** An event; every part may be given. */
export function eventOf(given = {}) {
  return {
    transaction_id: 'bd8a5e7c478d5c45',
    issued_at: 1795574286,
    lifetime: 86400,
    grant_type: 'client_credentials',
    audience: 'https://orders.example',
    client: { id: 'c1', name: 'Partner One', metadata: { tier: 'gold' } },
    grant_id: 'cgr_7Qd',
    subject: null,
    scopes: { requested: ['read'], granted: ['read', 'write'] },
    parameters: { color: 'red' },
    claims: {
      iss: 'https://issuer.example/',
      sub: 'c1@clients',
      aud: 'https://orders.example',
      client_id: 'c1',
      iat: 1795574286,
      exp: 1795660686,
      scope: 'read write',
    },
    settings: {},
    ...given,
  };
}

function newContext() {
  const runtimeOfEngine = quickjs.newRuntime();
  runtimeOfEngine.setMemoryLimit(MEMORY_BYTES);
  runtimeOfEngine.setMaxStackSize(STACK_BYTES);
  return runtimeOfEngine.newContext();
}

function closure(names) {
  const all = new Set();
  const add = (name) => {
    if (all.has(name)) return;
    if (!modules[name]) throw new Error(`no module ${name}`);
    all.add(name);
    modules[name].requires.forEach(add);
  };
  names.forEach(add);
  return [...all];
}

function runJobs(vm) {
  const done = vm.runtime.executePendingJobs();
  if (!done.error) return;
  const error = vm.dump(done.error);
  done.error.dispose();
  throw new Error(`a job failed: ${error.message}`);
}

function runtimeOf(vm) {
  return vm.getProp(vm.global, '__rulemint');
}

function call(vm, object, name, given) {
  const called = vm.getProp(object, name);
  return value(vm, vm.callFunction(called, object, ...given.map((one) => handleOf(vm, one))));
}

/** Puts a plain value into the engine. */
export function handleOf(vm, given) {
  if (typeof given === 'string') return vm.newString(given);
  return value(vm, vm.evalCode(`(${JSON.stringify(given)})`), false);
}

function value(vm, result, dumped = true) {
  if (!result.error) return dumped ? vm.dump(result.value) : result.value;
  const error = vm.dump(result.error);
  result.error.dispose();
  throw Object.assign(new Error(error.message ?? String(error)), { name: error.name, inside: error.stack });
}
