// `api`, by which an Action says what it wants.

import { has, toText } from './originals.js';
import { scriptError } from './failure.js';
import { logLine } from './console.js';
import { cache } from './cache.js';
import { isReserved, setClaim, setIdTokenClaim } from './claims.js';
import { unwantScope, wantScope, wantScopes } from './targets.js';
import { steering } from './steering.js';
import { settleDenied, settleInternal, token } from './token.js';

// What a rule may deny with; docs/rules.md.
const CODES = [
  'access_denied', 'invalid_request', 'invalid_scope', 'invalid_target', 'unauthorized_client', 'temporarily_unavailable',
];

/** The `api` of a dialect. Each is made once, before any token. */
export function apiOf(dialect) {
  return dialect === 'post-login' ? loginApi : exchangeApi;
}

const accessToken = {
  setCustomClaim: (name, value) => setClaim(toText(name), value),
  addScope: (scope) => wantScope(toText(scope)),
  removeScope: (scope) => unwantScope(scope),
};

const shared = {
  accessToken,
  idToken: { setCustomClaim: (name, value) => setIdTokenClaim(toText(name), value, isReserved(toText(name))) },
  access: { deny },
  cache,
};

const exchangeApi = {
  ...shared,
  transaction: {
    addTargetScope: (scope) => wantScope(toText(scope)),
    removeTargetScope: (scope) => unwantScope(scope),
    setTargetScopes: (scopes) => wantScopes(scopes),
    clearTargetScopes: () => wantScopes([]),
    setMetadata: unsupported('api.transaction.setMetadata', 'rulemint keeps nothing between scripts'),
  },
};

const BROWSER = 'it needs somebody at a browser';
const USERS = 'there is no user store';
const SESSION = 'a token request has no session';

const loginApi = {
  ...exchangeApi,
  authentication: refusing('api.authentication', BROWSER, interactive,
    ['challengeWith', 'challengeWithAny', 'enrollWith', 'enrollWithAny', 'recordMethod', 'setPrimaryUser']),
  multifactor: refusing('api.multifactor', BROWSER, interactive, ['enable']),
  prompt: refusing('api.prompt', BROWSER, interactive, ['render']),
  redirect: refusing('api.redirect', BROWSER, interactive, ['sendUserTo', 'encodeToken', 'validateToken', 'canRedirect']),
  user: refusing('api.user', USERS, stored, ['setAppMetadata', 'setUserMetadata']),
  samlResponse: refusing('api.samlResponse', 'rulemint issues no SAML', unsupported,
    ['setAttribute', 'setAudience', 'setRecipient', 'setDestination', 'setIssuer']),
  session: refusing('api.session', SESSION, unsupported, ['revoke', 'setExpiresAt', 'setIdleExpiresAt', 'setCookieMode']),
  refreshToken: refusing('api.refreshToken', 'rulemint issues no refresh tokens', unsupported,
    ['revoke', 'setExpiresAt', 'setIdleExpiresAt']),
  rules: { wasExecuted: () => false },
};

// Every setter gives `api` back at Auth0, so that calls can be chained.
accessToken.setCustomClaim = chained(accessToken.setCustomClaim);
shared.idToken.setCustomClaim = chained(shared.idToken.setCustomClaim);

function chained(set) {
  return (name, value) => {
    set(name, value);
    return loginApi;
  };
}

/** `deny(reason)`, or `deny(code, reason)`. The first denial holds. */
function deny(first, second) {
  if (second === undefined || typeof second === 'object') return settleDenied('access_denied', toText(first ?? ''));
  const code = toText(first);
  if (code === 'server_error') return settleInternal(scriptError(`denied with server_error: ${toText(second)}`).message);
  if (has(CODES, code)) return settleDenied(code, toText(second));
  logLine('warn', `api.access.deny was given the code ${code}, which is none of OAuth's: the token is denied with access_denied`);
  return settleDenied('access_denied', toText(second));
}

function refusing(path, why, way, names) {
  const group = {};
  for (const name of names) group[name] = way(`${path}.${name}`, why);
  return group;
}

function unsupported(call, why) {
  return () => {
    throw scriptError(`calls ${call}, and ${why}`);
  };
}

function interactive(call, why) {
  return steered('auth0_interactive', call, why);
}

function stored(call, why) {
  return steered('auth0_user_store', call, why);
}

function steered(setting, call, why) {
  return () => {
    if (steering(setting, token.event.settings) === 'ignore') return void logLine('warn', `${call} is ignored: ${why}`);
    throw scriptError(`calls ${call}, and ${why}: take it out, or say ${setting} = "ignore" in the settings`);
  };
}
