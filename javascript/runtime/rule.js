// Rules: `function (user, context, callback)`.

import { OriginalDate, OriginalSet, dateToIso, eachName, hasOwn, objectAssign, split } from './originals.js';
import { scriptError } from './failure.js';
import { logLine } from './console.js';
import { customClaims, isReservedOrBare, setClaim, setDifference, setIdTokenClaim } from './claims.js';
import { setScopes } from './scopes.js';
import { onceOnly } from './callback.js';
import { settleByError } from './errors.js';
import { steering } from './steering.js';
import { settleChanges, token } from './token.js';

// What a profile at Auth0 holds beside claims: a change of it was saved with the user, and there is no user to save.
const OF_PROFILE = new OriginalSet(['app_metadata', 'user_metadata', 'identities', 'multifactor']);
const isOfProfile = OriginalSet.prototype.has.bind(OF_PROFILE);

/** Runs a Rule for the token under way. */
export function runRule(rule) {
  const { event } = token;
  const claims = customClaims(event);
  const before = userOf(event, claims);
  const context = contextOf(event, claims);
  const user = objectAssign({}, before);
  const callback = onceOnly((afterUser, afterContext) => finish({ before, claims }, afterUser ?? user, afterContext ?? context));
  try {
    watch(rule(user, context, callback));
  } catch (thrown) {
    settleByError(thrown);
  }
}

/** The profile that stands in for a user: the token's subject, which is the client itself for client credentials. */
export function userOf(event, claims) {
  const id = event.subject?.id ?? event.claims.sub ?? event.client.id;
  const since = dateToIso(new OriginalDate(event.issued_at * 1000));
  return {
    user_id: id,
    name: event.client.name,
    nickname: event.client.name,
    picture: '',
    created_at: since,
    updated_at: since,
    identities: [{ provider: 'client', user_id: id, connection: '', isSocial: false }],
    app_metadata: {},
    user_metadata: {},
    ...event.subject?.claims,
    ...claims,
  };
}

/** The request as Rules and Actions see it; what a token request does not have is empty. */
export function requestOf(event) {
  return {
    userAgent: '',
    ip: '',
    hostname: split(event.claims.iss ?? '', '/')[2] ?? '',
    query: queryOf(event),
    body: bodyOf(event),
    geoip: {},
  };
}

/** What stood in the request, without credentials. */
export function bodyOf(event) {
  const body = { grant_type: event.grant_type, client_id: event.client.id, audience: event.audience };
  const { requested } = event.scopes;
  if (requested.length > 0) body.scope = joinedBySpace(requested);
  return objectAssign(body, event.parameters);
}

// Rules were written for logins, whose parameters stand in the address, with a scope always.
function queryOf(event) {
  const { requested, granted } = event.scopes;
  return objectAssign(bodyOf(event), { scope: joinedBySpace(requested.length > 0 ? requested : granted) });
}

/** Auth0's name for the way the token is asked for. */
export function protocolOf(event) {
  return PROTOCOLS[event.grant_type] ?? 'oauth2-access-token';
}

const PROTOCOLS = {
  __proto__: null,
  client_credentials: 'oauth2-client-credentials',
  'urn:ietf:params:oauth:grant-type:token-exchange': 'oauth2-token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer': 'oauth2-resource-owner-jwt-bearer',
};

function contextOf(event, claims) {
  const tenant = steering('auth0_tenant', event.settings);
  return {
    tenant,
    clientID: event.client.id,
    clientName: event.client.name,
    clientMetadata: event.client.metadata,
    connectionID: '',
    connection: '',
    connectionStrategy: '',
    connectionOptions: {},
    connectionMetadata: {},
    samlConfiguration: {},
    protocol: protocolOf(event),
    stats: { loginsCount: 1 },
    sso: { with_auth0: false, with_dbconn: false, current_clients: [] },
    accessToken: objectAssign({ scope: objectAssign([], event.scopes.granted) }, claims),
    idToken: {},
    request: requestOf(event),
    primaryUser: '',
    authentication: { methods: [] },
    authorization: { roles: [] },
    jwtConfiguration: {},
  };
}

function finish({ before, claims }, user, context) {
  refuseInteraction(context);
  takeAccessToken(claims, context.accessToken ?? {});
  const idToken = context.idToken ?? {};
  eachName(idToken, (name) => {
    if (!hasOwn(context.accessToken ?? {}, name)) setIdTokenClaim(name, idToken[name], isReservedOrBare(name));
  });
  takeUser(before, user);
  settleChanges();
}

function takeAccessToken(claims, accessToken) {
  setDifference(claims, accessToken, isReservedOrBare);
  if (accessToken.scope !== undefined && accessToken.scope !== null) setScopes(accessToken.scope);
}

// Before OpenID Connect a Rule's user became the body of the token, which is what `user.jti = …` relies on.
function takeUser(before, user) {
  if (steering('auth0_user_claims', token.event.settings) === 'drop') return;
  eachName(user, (name) => {
    const value = user[name];
    if ((hasOwn(before, name) && before[name] === value) || typeof value === 'function') return;
    if (isOfProfile(name)) return logLine('debug', `user.${name} was changed; there is no user store to keep it`);
    setClaim(name, value, isReservedOrBare(name));
  });
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
    given.then(undefined, settleByError);
  }
}

function joinedBySpace(list) {
  let text = list.length > 0 ? list[0] : '';
  for (let at = 1; at < list.length; at++) text += ` ${list[at]}`;
  return text;
}
