// The names that a script finds without asking, as in Auth0's Node.

import { hide, objectKeys } from './originals.js';
import { installErrors } from './errors.js';
import { installFresh } from './fresh.js';
import { scriptConsole } from './console.js';
import { later, timerGlobals } from './timers.js';
import { auth0Client } from './users.js';

// The Node whose names are imitated; modules look at it to see what they may use.
const NODE_VERSION = '22.0.0';

/** Defines them; `configuration` is what the manifest gives. */
export function installGlobals(configuration) {
  installErrors();
  installFresh();
  for (const name of objectKeys(timerGlobals)) hide(globalThis, name, timerGlobals[name]);
  hide(globalThis, 'console', scriptConsole);
  // An engine may be built without it.
  if (globalThis.DOMException === undefined) hide(globalThis, 'DOMException', PlainDOMException);
  hide(globalThis, 'global', globalThis);
  hide(globalThis, 'self', globalThis);
  hide(globalThis, 'process', processOf());
  hide(globalThis, 'configuration', configuration);
  hide(globalThis, 'auth0', auth0Client());
}

class PlainDOMException extends Error {
  constructor(message, name = 'Error') {
    super(message);
    this.name = name;
  }
}

function processOf() {
  return {
    env: {},
    argv: [],
    pid: 1,
    platform: 'linux',
    arch: 'wasm32',
    version: `v${NODE_VERSION}`,
    versions: { node: NODE_VERSION },
    browser: true,
    cwd: () => '/',
    hrtime: highResolutionTime(),
    memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0 }),
    nextTick: (run, ...given) => later(run, given),
    emitWarning: (warning) => scriptConsole.warn(String(warning?.message ?? warning)),
    uptime: () => 0,
    on() {},
    once() {},
    removeListener() {},
    listeners: () => [],
  };
}

function highResolutionTime() {
  const time = (since) => {
    const ms = Date.now();
    const now = [Math.floor(ms / 1000), (ms % 1000) * 1e6];
    if (since === undefined) return now;
    const [seconds, nanos] = [now[0] - since[0], now[1] - since[1]];
    return nanos < 0 ? [seconds - 1, nanos + 1e9] : [seconds, nanos];
  };
  time.bigint = () => BigInt(Date.now()) * 1_000_000n;
  return time;
}
