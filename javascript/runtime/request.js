// The request and the user as scripts of all dialects see them.

import { OriginalDate, dateToIso, objectAssign, split } from './originals.js';
import { put } from './ready.js';
import { token } from './token.js';

/** A profile without anything that only the event knows. Accessors of a literal cost next to nothing; few scripts use them. */
export function userSkeleton() {
  return {
    user_id: '',
    name: '',
    nickname: '',
    picture: '',
    app_metadata: {},
    user_metadata: {},
    get created_at() {
      return put(this, 'created_at', since());
    },
    set created_at(value) {
      put(this, 'created_at', value);
    },
    get updated_at() {
      return put(this, 'updated_at', since());
    },
    set updated_at(value) {
      put(this, 'updated_at', value);
    },
    get identities() {
      const identity = { provider: 'client', user_id: idOf(token.event), connection: '', isSocial: false };
      return put(this, 'identities', [identity]);
    },
    set identities(value) {
      put(this, 'identities', value);
    },
  };
}

/**
 * What is known of the token's subject, which is the client itself for client credentials: its id, its name, what the
 * grant brought along, and the claims so far.
 */
export function subjectOf(claims) {
  const { client, subject } = token.event;
  const known = {
    __proto__: null,
    user_id: idOf(token.event),
    name: client.name,
    nickname: client.name,
    picture: '',
  };
  if (subject) objectAssign(known, subject.claims);
  return objectAssign(known, claims);
}

/** The request; what a token request does not have is empty. */
export function requestSkeleton() {
  return {
    userAgent: '',
    ip: '',
    geoip: {},
    get hostname() {
      return put(this, 'hostname', hostnameOf());
    },
    set hostname(value) {
      put(this, 'hostname', value);
    },
    get query() {
      return put(this, 'query', queryOf());
    },
    set query(value) {
      put(this, 'query', value);
    },
    get body() {
      return put(this, 'body', bodyOf());
    },
    set body(value) {
      put(this, 'body', value);
    },
  };
}

/** The host of the issuer, which is where the request came to. */
export function hostnameOf() {
  return split(token.event.claims.iss ?? '', '/')[2] ?? '';
}

/** What stood in the request, without credentials. */
export function bodyOf() {
  const { event } = token;
  const body = { grant_type: event.grant_type, client_id: event.client.id, audience: event.audience };
  const { requested } = event.scopes;
  if (requested.length > 0) body.scope = joinedBySpace(requested);
  return objectAssign(body, event.parameters);
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

// Rules were written for logins, whose parameters stand in the address, with a scope always.
function queryOf() {
  const { requested, granted } = token.event.scopes;
  return objectAssign(bodyOf(), { scope: joinedBySpace(requested.length > 0 ? requested : granted) });
}

function since() {
  return dateToIso(new OriginalDate(token.event.issued_at * 1000));
}

function idOf(event) {
  return event.subject?.id ?? event.claims.sub ?? event.client.id;
}

function joinedBySpace(list) {
  let text = list.length > 0 ? list[0] : '';
  for (let at = 1; at < list.length; at++) text += ` ${list[at]}`;
  return text;
}
