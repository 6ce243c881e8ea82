// `configuration`, `event.secrets` and `context.webtask.secrets`: one object, secrets first and settings after them.

import { defineProperty, eachName, hasOwn, jsonStringify, toText } from './originals.js';
import { host } from './host.js';
import { steers } from './steering.js';
import { token } from './token.js';

/** What scripts call `configuration`. Values are read when they are asked for. */
export const configuration = {};

/** Names what there is; a name that is both is the secret. */
export function offerConfiguration(secretNames, settings) {
  for (let at = 0; at < secretNames.length; at++) {
    const name = secretNames[at];
    offer(name, () => host.secret(name) ?? undefined);
  }
  offerSettings(settings);
}

/** Settings that only this event has: a golden case may bring its own. */
export function offerSettings(settings) {
  eachName(settings, (name) => {
    if (!hasOwn(configuration, name) && !steers(name)) offer(name, () => configured(name));
  });
}

function offer(name, get) {
  defineProperty(configuration, name, { __proto__: null, enumerable: true, configurable: true, get, set() {} });
}

// Auth0 knows texts only, and scripts compare with 'true'.
function configured(name) {
  const settings = token.event?.settings ?? {};
  const value = hasOwn(settings, name) ? settings[name] : undefined;
  if (value === undefined || typeof value === 'string') return value;
  return typeof value === 'object' ? jsonStringify(value) : toText(value);
}
