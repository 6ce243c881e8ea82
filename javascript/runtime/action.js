// Actions: `exports.onExecuteCredentialsExchange = async (event, api) => {}` and `onExecutePostLogin`.

import { objectAssign } from './originals.js';
import { customClaims } from './claims.js';
import { settleByError } from './errors.js';
import { apiOf } from './api.js';
import { scopesOf, takeScopes } from './targets.js';
import { bodyOf, protocolOf, requestOf, userOf } from './rule.js';
import { configuration } from './secrets.js';
import { steering } from './steering.js';
import { settleChanges, settleThrown, token } from './token.js';

/** Runs an Action for the token under way. */
export function runAction(action, dialect) {
  const event = dialect === 'post-login' ? loginEvent(token.event) : exchangeEvent(token.event);
  try {
    const given = action(event, apiOf(dialect));
    if (typeof given?.then === 'function') given.then(finish, settleByError);
    else finish();
  } catch (thrown) {
    settleByError(thrown);
  }
}

function finish() {
  if (token.outcome !== null) return;
  try {
    takeScopes();
    settleChanges();
  } catch (thrown) {
    settleThrown(thrown);
  }
}

function exchangeEvent(event) {
  const request = requestOf(event);
  return {
    accessToken: { customClaims: customClaims(event), scope: objectAssign([], event.scopes.granted) },
    client: clientOf(event),
    request: {
      body: request.body,
      geoip: request.geoip,
      hostname: request.hostname,
      ip: request.ip,
      language: '',
      method: 'POST',
      user_agent: request.userAgent,
    },
    resource_server: { identifier: event.audience },
    secrets: configuration,
    configuration,
    tenant: { id: steering('auth0_tenant', event.settings) },
    transaction: transactionOf(event),
  };
}

function loginEvent(event) {
  const user = userOf(event, {});
  return objectAssign(exchangeEvent(event), {
    user: objectAssign(user, { multifactor: [], email_verified: user.email_verified ?? false }),
    authentication: { methods: [] },
    authorization: { roles: [] },
    connection: { id: '', name: '', strategy: '', metadata: {} },
    session: undefined,
    stats: { logins_count: 1 },
    request: objectAssign(requestOf(event), { method: 'POST', language: '', user_agent: '', body: bodyOf(event) }),
    transaction: objectAssign(transactionOf(event), { protocol: protocolOf(event), locale: '', ui_locales: [], acr_values: [] }),
  });
}

function clientOf(event) {
  return { client_id: event.client.id, name: event.client.name, metadata: event.client.metadata };
}

function transactionOf(event) {
  const { requested, granted } = event.scopes;
  return {
    requested_scopes: objectAssign([], requested.length > 0 ? requested : granted),
    target_scopes: scopesOf(event),
    correlation_id: event.transaction_id,
  };
}
