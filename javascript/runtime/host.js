// The functions that rulemint gives the runtime. They leave the global object before any script can see them.

import { deleteProperty } from './originals.js';

/** Host functions: evaluate, log, uuidV4, uuidV7, randomBytes, now, cacheGet, cacheSet, cacheDelete, secret, http. */
export const host = globalThis.__host;

deleteProperty(globalThis, '__host');
