// Actions: `exports.onExecuteCredentialsExchange = async (event, api) => {}` and `onExecutePostLogin`.

import { objectAssign } from './originals.js';
import { customClaims } from './claims.js';
import { settleByError } from './errors.js';
import { apiOf } from './api.js';
import { scopesOf, takeScopes } from './targets.js';
import { put, readied } from './ready.js';
import { bodyOf, hostnameOf, protocolOf, requestSkeleton, subjectOf, userSkeleton } from './request.js';
import { configuration } from './secrets.js';
import { steering } from './steering.js';
import { forThisToken, settleChanges, settleThrown, token } from './token.js';

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
    if (typeof given?.then === 'function') given.then(forThisToken(finish), forThisToken(settleByError));
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
  return {
    client: { client_id: '', name: '', metadata: {} },
    resource_server: { identifier: '' },
    secrets: configuration,
    configuration,
    tenant: { id: '' },
    get accessToken() {
      return put(this, 'accessToken', accessTokenOf());
    },
    set accessToken(value) {
      put(this, 'accessToken', value);
    },
    get request() {
      return put(this, 'request', exchangeRequest());
    },
    set request(value) {
      put(this, 'request', value);
    },
    get transaction() {
      return put(this, 'transaction', transactionOf());
    },
    set transaction(value) {
      put(this, 'transaction', value);
    },
  };
}

function loginEvent() {
  return {
    client: { client_id: '', name: '', metadata: {} },
    resource_server: { identifier: '' },
    secrets: configuration,
    configuration,
    tenant: { id: '' },
    authentication: { methods: [] },
    authorization: { roles: [] },
    connection: { id: '', name: '', strategy: '', metadata: {} },
    session: undefined,
    stats: { logins_count: 1 },
    get accessToken() {
      return put(this, 'accessToken', accessTokenOf());
    },
    set accessToken(value) {
      put(this, 'accessToken', value);
    },
    get user() {
      return put(this, 'user', loginUser());
    },
    set user(value) {
      put(this, 'user', value);
    },
    get request() {
      return put(this, 'request', loginRequest());
    },
    set request(value) {
      put(this, 'request', value);
    },
    get transaction() {
      return put(this, 'transaction', loginTransaction());
    },
    set transaction(value) {
      put(this, 'transaction', value);
    },
  };
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
  return {
    geoip: {},
    ip: '',
    language: '',
    method: 'POST',
    user_agent: '',
    get body() {
      return put(this, 'body', bodyOf());
    },
    set body(value) {
      put(this, 'body', value);
    },
    get hostname() {
      return put(this, 'hostname', hostnameOf());
    },
    set hostname(value) {
      put(this, 'hostname', value);
    },
  };
}

function loginRequest() {
  return objectAssign(requestSkeleton(), { method: 'POST', language: '', user_agent: '' });
}

function loginUser() {
  const user = objectAssign(userSkeleton(), subjectOf({}));
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
