// A host for tests: what a server gives the runtime, with everything it was asked for written down.

import { randomBytes, randomUUID } from 'node:crypto';

/** Makes `__host` in a context. `state.loading` is true until the script is loaded, and everything fails meanwhile. */
export function hostOf(vm, { secrets = {}, answers = () => ({ status: 404 }), nowMs, cache = null } = {}) {
  const state = { loading: true, logged: [], requests: [], cache, nowMs };
  const kept = new Map();
  const calls = {
    log: (level, text) => void state.logged.push([level, text]),
    uuidV4: () => randomUUID(),
    uuidV7: () => `01900000-0000-7000-8000-${randomBytes(6).toString('hex')}`,
    randomBytes: (size) => new Uint8Array(randomBytes(size)),
    now: () => state.nowMs ?? Date.now(),
    cacheGet: (key) => kept.get(key) ?? null,
    cacheSet: (key, text) => (kept.set(key, text), null),
    cacheDelete: (key) => void kept.delete(key),
    secret: (name) => secrets[name] ?? null,
    http: (request) => answered(state, request, answers),
  };
  const handle = vm.newObject();
  for (const [name, call] of Object.entries(calls)) vm.setProp(handle, name, guarded(vm, state, { name, call }));
  vm.setProp(handle, 'evaluate', evaluating(vm));
  return { handle, state };
}

// A source under the name of its file, which an `eval` cannot do: what it throws then names the file.
function evaluating(vm) {
  return vm.newFunction('evaluate', (source, file) => {
    return vm.evalCode(vm.getString(source), vm.getString(file), { type: 'global' });
  });
}

function answered(state, request, answers) {
  const seen = { ...request, body: request.body && Buffer.from(Object.values(request.body)).toString() };
  state.requests.push(seen);
  const answer = answers(seen);
  return { status: 200, headers: [], ...answer, body: new Uint8Array(Buffer.from(answer.body ?? '')) };
}

function guarded(vm, state, { name, call }) {
  return vm.newFunction(name, (...given) => {
    if (state.loading) throw new Error(`${name} cannot be used while the script loads`);
    return inside(vm, call(...given.map((one) => vm.dump(one))));
  });
}

function inside(vm, given) {
  if (given === undefined) return vm.undefined;
  if (given === null) return vm.null;
  if (typeof given === 'string') return vm.newString(given);
  if (typeof given === 'number') return vm.newNumber(given);
  if (given instanceof Uint8Array) return bytesInside(vm, given);
  const object = Array.isArray(given) ? vm.newArray() : vm.newObject();
  for (const [name, value] of Object.entries(given)) vm.setProp(object, name, inside(vm, value));
  return object;
}

function bytesInside(vm, bytes) {
  const exact = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const buffer = vm.newArrayBuffer(exact);
  const wrap = vm.evalCode('(buffer) => new Uint8Array(buffer)').value;
  return vm.callFunction(wrap, vm.undefined, buffer).value;
}
