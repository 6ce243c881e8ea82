// Actions: `exports.onExecuteCredentialsExchange = async (event, api) => {}` and `onExecutePostLogin`.

import { objectAssign } from './originals.js';
import { customClaims } from './claims.js';
import { settleByError } from './errors.js';
import { apiOf } from './api.js';
import { scopesOf, takeScopes } from './targets.js';
import { lazily, readied } from './ready.js';
import { bodyOf, fillUser, protocolOf, requestSkeleton, userSkeleton } from './request.js';
import { configuration } from './secrets.js';
import { steering } from './steering.js';
import { settleChanges, settleThrown, token } from './token.js';

const events = {
  'credentials-exchange': readied(exchangeEvent),
  'post-login': readied(loginEvent),
};

/** Makes ready what the next token needs. */
export function prepareAction(dialect) {
  events[dialect].prepare();
}

/** Runs an Action for the token under way. */
export function runAction(action, dialect) {
  try {
    const given = action(filled(events[dialect].take()), apiOf(dialect));
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

function exchangeEvent() {
  const event = {
    client: { client_id: '', name: '', metadata: {} },
    resource_server: { identifier: '' },
    secrets: configuration,
    configuration,
    tenant: { id: '' },
  };
  return lazily(event, { accessToken: accessTokenOf, request: exchangeRequest, transaction: transactionOf });
}

function loginEvent() {
  const event = exchangeEvent();
  event.authentication = { methods: [] };
  event.authorization = { roles: [] };
  event.connection = { id: '', name: '', strategy: '', metadata: {} };
  event.session = undefined;
  event.stats = { logins_count: 1 };
  return lazily(event, { user: loginUser, request: loginRequest, transaction: loginTransaction });
}

function filled(event) {
  const { client, audience, settings } = token.event;
  event.client.client_id = client.id;
  event.client.name = client.name;
  event.client.metadata = client.metadata;
  event.resource_server.identifier = audience;
  event.tenant.id = steering('auth0_tenant', settings);
  return event;
}

function accessTokenOf() {
  return { customClaims: customClaims(token.event), scope: objectAssign([], token.event.scopes.granted) };
}

function exchangeRequest() {
  const request = { geoip: {}, ip: '', language: '', method: 'POST', user_agent: '' };
  return lazily(request, { body: bodyOf, hostname: () => requestSkeleton().hostname });
}

function loginRequest() {
  return objectAssign(requestSkeleton(), { method: 'POST', language: '', user_agent: '' });
}

function loginUser() {
  const user = fillUser(userSkeleton(), {});
  user.multifactor = [];
  user.email_verified ??= false;
  return user;
}

function transactionOf() {
  const { requested, granted } = token.event.scopes;
  return {
    requested_scopes: objectAssign([], requested.length > 0 ? requested : granted),
    target_scopes: scopesOf(token.event),
    correlation_id: token.event.transaction_id,
  };
}

function loginTransaction() {
  return objectAssign(transactionOf(), { protocol: protocolOf(token.event), locale: '', ui_locales: [], acr_values: [] });
}
