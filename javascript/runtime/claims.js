// Claims that a script sets, and the names that Auth0 dropped without a word.

import { hasOwn, indexOf, jsonStringify, objectKeys, startsWith, wordTable } from './originals.js';
import { scriptError, titled } from './failure.js';
import { logLine } from './console.js';
import { steering } from './steering.js';
import { change, token } from './token.js';

// Auth0's published list of names that custom code may not set, and what the OpenID Connect and JWT registries reserve.
const RESTRICTED = wordTable(
  'acr act active amr at_hash ath attest aud auth_time authorization_details azp c_hash client_id cnf cty dest ' +
    'entitlements events exp groups gty htm htu iat internalService iss jcard jku jti jwe jwk kid may_act mky nbf ' +
    'nonce object_id org_id org_name orig origid permissions roles rph s_hash sid sub sub_jwk toe txn typ uuid vot ' +
    'vtm x5t#S256',
);

// What the host put into the token itself. Scripts see custom claims only, as at Auth0.
const OF_HOST = wordTable('iss sub aud exp nbf iat jti client_id azp scope scp cnf act may_act status events gty');

/** The custom claims that earlier rules of the chain gave the token. */
export function customClaims(event) {
  const claims = {};
  const names = objectKeys(event.claims);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    if (OF_HOST[name] !== true) claims[name] = event.claims[name];
  }
  return claims;
}

/** Sets one claim, as the settings say for a name that Auth0 would have dropped. */
export function setClaim(name, value, droppedByAuth0 = isReserved(name)) {
  if (droppedByAuth0 && !mayBeTried(name)) return;
  const text = asJson(name, value);
  if (text === undefined) return logLine('debug', `the claim ${name} has no value and is left out`);
  change(['set-claim', name, text]);
}

/** Sets what differs between the claims before and after a script, and removes what the script deleted. */
export function setDifference(before, after, droppedByAuth0) {
  const names = objectKeys(after);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    if (name === 'scope' || (hasOwn(before, name) && sameJson(before[name], after[name]))) continue;
    setClaim(name, after[name], droppedByAuth0(name));
  }
  const earlier = objectKeys(before);
  for (let at = 0; at < earlier.length; at++) {
    const name = earlier[at];
    if (name !== 'scope' && !hasOwn(after, name)) change(['remove-claim', name]);
  }
}

/** Sets a claim that was meant for an ID token, which a token request of a machine has none of. */
export function setIdTokenClaim(name, value, droppedByAuth0) {
  const way = steering('auth0_id_token', token.event.settings);
  if (way === 'fail') {
    throw scriptError(`sets the ID token claim ${name}, and there is no ID token: use the access token, or say ` +
      'auth0_id_token = "access-token" or "drop" in the settings');
  }
  if (way === 'drop') return logLine('debug', `the ID token claim ${name} is left out: there is no ID token`);
  setClaim(name, value, droppedByAuth0);
}

/** Whether Auth0 refuses the name to every script. */
export function isReserved(name) {
  return RESTRICTED[name] === true || startsWith(name, 'sip_');
}

/** Whether a Rule or a Hook at Auth0 would have lost the claim: only names with a namespace survived there. */
export function isReservedOrBare(name) {
  return isReserved(name) || indexOf(name, '://') < 0;
}

function mayBeTried(name) {
  const way = steering('auth0_restricted_claims', token.event.settings);
  if (way === 'allow') return true;
  if (way === 'drop') {
    logLine('info', `the claim ${name} is dropped, as Auth0 did (auth0_restricted_claims = "drop")`);
    return false;
  }
  throw scriptError(`sets the claim ${name}, which Auth0 would have dropped in silence: rename it, or say ` +
    'auth0_restricted_claims = "allow" in the settings');
}

function asJson(name, value) {
  if (typeof value === 'function' || typeof value === 'symbol') {
    throw scriptError(`the claim ${name} is a ${typeof value}: a claim is text, a number, a list, an object or null`);
  }
  try {
    return jsonStringify(value);
  } catch (error) {
    throw scriptError(`the claim ${name} cannot be written as JSON: ${titled(error)}`);
  }
}

function sameJson(one, other) {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  try {
    return jsonStringify(one) === jsonStringify(other);
  } catch {
    return false;
  }
}
