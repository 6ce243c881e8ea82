// `auth0`, the little management client that Rules had: there is no user store behind it.

import { OriginalError, OriginalPromise } from './originals.js';
import { logLine } from './console.js';
import { steering } from './steering.js';
import { token } from './token.js';

const CALLS = ['updateAppMetadata', 'updateUserMetadata'];

/** What Rules see as `auth0`. */
export function auth0Client() {
  const users = {};
  for (const call of CALLS) users[call] = (id, data) => update(`auth0.users.${call}`, data);
  return {
    users,
    get accessToken() {
      throw new OriginalError('auth0.accessToken does not exist: there is no user store and no management client');
    },
    get domain() {
      return `${steering('auth0_tenant', token.event?.settings)}.auth0.com`;
    },
  };
}

function update(call, data) {
  if (steering('auth0_user_store', token.event.settings) === 'ignore') {
    logLine('warn', `${call} is ignored: there is no user store`);
    return OriginalPromise.resolve(data);
  }
  return OriginalPromise.reject(new OriginalError(`${call} has no user store to write to: take it out, or say ` +
    'auth0_user_store = "ignore" in the settings'));
}
