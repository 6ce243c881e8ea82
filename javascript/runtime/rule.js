// Rules: `function (user, context, callback)`.

import { hasOwn, objectAssign, objectKeys, wordTable } from './originals.js';
import { scriptError } from './failure.js';
import { logLine } from './console.js';
import { customClaims, isReservedOrBare, setClaim, setDifference, setIdTokenClaim } from './claims.js';
import { setScopes } from './scopes.js';
import { onceOnly } from './callback.js';
import { settleByError } from './errors.js';
import { readied } from './ready.js';
import { protocolOf, requestSkeleton, subjectOf, userSkeleton } from './request.js';
import { steering } from './steering.js';
import { forThisToken, settleChanges, token } from './token.js';

// What a profile at Auth0 holds beside claims: a change of it was saved with the user, and there is no user to save.
const OF_PROFILE = wordTable('app_metadata user_metadata identities multifactor created_at updated_at');

const parts = readied(() => ({ user: userSkeleton(), context: contextSkeleton() }));

/** Makes ready what the next token needs. */
export const prepareRule = parts.prepare;

/** Runs a Rule for the token under way. */
export function runRule(rule) {
  const claims = customClaims(token.event);
  const { user, context } = parts.take();
  const subject = subjectOf(claims);
  objectAssign(user, subject);
  fillContext(context, claims);
  const before = { claims, subject };
  const callback = onceOnly((afterUser, afterContext) => finish(before, afterUser ?? user, afterContext ?? context));
  try {
    watch(rule(user, context, callback));
  } catch (thrown) {
    settleByError(thrown);
  }
}

function contextSkeleton() {
  return {
    tenant: '',
    clientID: '',
    clientName: '',
    clientMetadata: {},
    connectionID: '',
    connection: '',
    connectionStrategy: '',
    connectionOptions: {},
    connectionMetadata: {},
    samlConfiguration: {},
    protocol: '',
    stats: { loginsCount: 1 },
    sso: { with_auth0: false, with_dbconn: false, current_clients: [] },
    accessToken: { scope: [] },
    idToken: {},
    request: requestSkeleton(),
    primaryUser: '',
    authentication: { methods: [] },
    authorization: { roles: [] },
    jwtConfiguration: {},
  };
}

function fillContext(context, claims) {
  const { event } = token;
  context.tenant = steering('auth0_tenant', event.settings);
  context.clientID = event.client.id;
  context.clientName = event.client.name;
  context.clientMetadata = event.client.metadata;
  context.protocol = protocolOf(event);
  objectAssign(context.accessToken.scope, event.scopes.granted);
  objectAssign(context.accessToken, claims);
}

function finish({ claims, subject }, user, context) {
  refuseInteraction(context);
  const accessToken = context.accessToken ?? {};
  takeAccessToken(claims, accessToken);
  const idToken = context.idToken ?? {};
  const names = objectKeys(idToken);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    if (!hasOwn(accessToken, name)) setIdTokenClaim(name, idToken[name], isReservedOrBare(name));
  }
  takeUser(subject, user);
  settleChanges();
}

function takeAccessToken(claims, accessToken) {
  setDifference(claims, accessToken, isReservedOrBare);
  if (accessToken.scope !== undefined && accessToken.scope !== null) setScopes(accessToken.scope);
}

// Before OpenID Connect a Rule's user became the body of the token, which is what `user.jti = …` relies on.
function takeUser(subject, user) {
  if (steering('auth0_user_claims', token.event.settings) === 'drop') return;
  const names = objectKeys(user);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    if (OF_PROFILE[name] === true) continue;
    const value = user[name];
    if (value === subject[name] || typeof value === 'function') continue;
    setClaim(name, value, isReservedOrBare(name));
  }
}

// A redirect or a second factor needs somebody at a browser. A token without it would be less than was asked for.
function refuseInteraction(context) {
  refuse('redirect', context.redirect);
  refuse('multifactor', context.multifactor);
}

function refuse(name, wanted) {
  if (wanted === undefined || wanted === null) return;
  if (steering('auth0_interactive', token.event.settings) === 'ignore') {
    return logLine('warn', `context.${name} is ignored: nobody sits at a browser`);
  }
  throw scriptError(`sets context.${name}, which needs somebody at a browser: no machine can follow. Take it out, ` +
    'keep the rule from this client by [when], or say auth0_interactive = "ignore" in the settings');
}

// An async Rule that fails never calls back; its promise says why.
function watch(given) {
  if (given !== null && typeof given === 'object' && typeof given.then === 'function') {
    given.then(undefined, forThisToken(settleByError));
  }
}
