// Hooks of client-credentials-exchange: `module.exports = function (client, scope, audience, context, cb)`.

import { objectAssign, objectKeys } from './originals.js';
import { scriptError } from './failure.js';
import { customClaims, isReservedOrBare, setClaim } from './claims.js';
import { setScopes } from './scopes.js';
import { onceOnly } from './callback.js';
import { settleByError } from './errors.js';
import { bodyOf } from './request.js';
import { configuration } from './secrets.js';
import { storage } from './storage.js';
import { steering } from './steering.js';
import { forThisToken, settleChanges, token } from './token.js';

/** Runs a Hook for the token under way. */
export function runHook(hook) {
  const { event } = token;
  const client = {
    id: event.client.id,
    name: event.client.name,
    tenant: steering('auth0_tenant', event.settings),
    metadata: event.client.metadata,
  };
  const context = { webtask: { secrets: configuration, storage }, body: bodyOf() };
  try {
    const given = hook(client, objectAssign([], event.scopes.granted), event.audience, context, onceOnly(finish));
    if (typeof given?.then === 'function') given.then(undefined, forThisToken(settleByError));
  } catch (thrown) {
    settleByError(thrown);
  }
}

function finish(accessToken) {
  if (accessToken === null || typeof accessToken !== 'object') {
    throw scriptError('a Hook gives its callback an object: cb(null, { scope: scope, … })');
  }
  const before = customClaims(token.event);
  const names = objectKeys(accessToken);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    if (name === 'scope' || before[name] === accessToken[name]) continue;
    setClaim(name, accessToken[name], isReservedOrBare(name));
  }
  // As at Auth0: a Hook that gives no scope clears them all.
  setScopes(accessToken.scope ?? []);
  settleChanges();
}
