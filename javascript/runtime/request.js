// The request and the user as scripts of all dialects see them.

import { OriginalDate, dateToIso, hasOwn, objectAssign, split } from './originals.js';
import { lazily } from './ready.js';
import { token } from './token.js';

/** A profile without anything that only the event knows. */
export function userSkeleton() {
  const since = () => dateToIso(new OriginalDate(token.event.issued_at * 1000));
  const user = { user_id: '', name: '', nickname: '', picture: '', app_metadata: {}, user_metadata: {} };
  return lazily(user, {
    created_at: since,
    updated_at: since,
    identities: () => [{ provider: 'client', user_id: idOf(token.event), connection: '', isSocial: false }],
  });
}

/** Fills in the token's subject, which is the client itself for client credentials. */
export function fillUser(user, claims) {
  const { event } = token;
  user.user_id = idOf(event);
  user.name = event.client.name;
  user.nickname = event.client.name;
  if (event.subject) objectAssign(user, event.subject.claims);
  return objectAssign(user, claims);
}

/** What a script found in `user[name]`. */
export function foundInUser(name, claims) {
  const { event } = token;
  if (hasOwn(claims, name)) return claims[name];
  const brought = event.subject?.claims;
  if (brought && hasOwn(brought, name)) return brought[name];
  switch (name) {
    case 'user_id':
      return idOf(event);
    case 'name':
    case 'nickname':
      return event.client.name;
    case 'picture':
      return '';
    default:
      return undefined;
  }
}

/** The request; what a token request does not have is empty. */
export function requestSkeleton() {
  return lazily({ userAgent: '', ip: '', geoip: {} }, {
    hostname: () => split(token.event.claims.iss ?? '', '/')[2] ?? '',
    query: queryOf,
    body: bodyOf,
  });
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

function idOf(event) {
  return event.subject?.id ?? event.claims.sub ?? event.client.id;
}

function joinedBySpace(list) {
  let text = list.length > 0 ? list[0] : '';
  for (let at = 1; at < list.length; at++) text += ` ${list[at]}`;
  return text;
}
