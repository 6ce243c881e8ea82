// The manifest's settings whose names begin with `auth0_`: they steer the runtime. All others are the script's.

import { OriginalError, hasOwn, objectKeys, startsWith, toText } from './originals.js';

const PREFIX = 'auth0_';

// The first of each is the default.
const CHOICES = {
  __proto__: null,
  auth0_restricted_claims: ['allow', 'fail', 'drop'],
  auth0_added_scopes: ['drop', 'fail'],
  auth0_id_token: ['access-token', 'drop', 'fail'],
  auth0_user_claims: ['set', 'drop'],
  auth0_user_store: ['fail', 'ignore'],
  auth0_interactive: ['fail', 'ignore'],
};
const TEXTS = { __proto__: null, auth0_tenant: 'rulemint' };

const fromBoot = { __proto__: null };

/** Whether a setting is the runtime's and none of the script's. */
export function steers(name) {
  return startsWith(name, PREFIX);
}

/** Takes the settings a script is loaded with, on top of what the host wants, and refuses those that are none. */
export function checkSteering(settings, wanted) {
  for (const name of objectKeys(wanted)) keep(`${PREFIX}${name}`, wanted[name]);
  for (const name of objectKeys(settings)) if (steers(name)) keep(name, settings[name]);
}

function keep(name, value) {
  if (!CHOICES[name] && TEXTS[name] === undefined) throw new OriginalError(unknown(name));
  if (CHOICES[name]) chosen(name, value);
  else if (typeof value !== 'string') throw new OriginalError(`settings.${name} must be a text`);
  fromBoot[name] = value;
}

/** The value of a steering setting for this event. */
export function steering(name, settings) {
  const value = settings && hasOwn(settings, name) ? settings[name] : fromBoot[name];
  if (!CHOICES[name]) return value === undefined ? TEXTS[name] : toText(value);
  return chosen(name, value);
}

function chosen(name, value) {
  const choices = CHOICES[name];
  if (value === undefined) return choices[0];
  for (let at = 0; at < choices.length; at++) if (choices[at] === value) return value;
  throw new OriginalError(`settings.${name} is ${toText(value)}: it must be one of ${choices.join(', ')}`);
}

function unknown(name) {
  const names = [...objectKeys(CHOICES), ...objectKeys(TEXTS)].join(', ');
  return `settings.${name} steers nothing: names that begin with ${PREFIX} are ${names}`;
}
