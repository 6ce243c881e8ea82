// `api.cache`, over the cache that the manifest grants.

import { OriginalError, jsonParse, jsonStringify, toText } from './originals.js';
import { host } from './host.js';

const TTL_DEFAULT_MS = 15 * 60 * 1000;
const TTL_MAX_MS = 24 * 60 * 60 * 1000;

/** Gives `{ value, expires_at }` or undefined, as at Auth0. */
function get(key) {
  const kept = host.cacheGet(toText(key));
  if (kept === null || kept === undefined) return undefined;
  const [value, expires_at] = jsonParse(kept);
  return { value, expires_at };
}

function set(key, value, options) {
  const expiresAt = expiry(options);
  const ttlSeconds = Math.ceil((expiresAt - host.now()) / 1000);
  if (ttlSeconds <= 0) return { type: 'error', code: 'ItemAlreadyExpired' };
  if (typeof value !== 'string') throw new OriginalError('api.cache.set keeps texts only');
  const problem = host.cacheSet(toText(key), jsonStringify([value, expiresAt]), ttlSeconds);
  if (problem === null || problem === undefined) return { type: 'success', record: { value, expires_at: expiresAt } };
  return { type: 'error', code: 'CacheSizeExceeded', message: problem };
}

function remove(key) {
  host.cacheDelete(toText(key));
  return { type: 'success' };
}

function expiry(options) {
  const now = host.now();
  const wanted = options?.expires_at ?? now + (options?.ttl ?? TTL_DEFAULT_MS);
  return Math.min(Number(wanted), now + TTL_MAX_MS);
}

export const cache = { get, set, delete: remove };
