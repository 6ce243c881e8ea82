// `context.webtask.storage` of Hooks: one JSON value, in the cache that the manifest grants.

import { apply, jsonParse, jsonStringify } from './originals.js';
import { host } from './host.js';
import { later } from './timers.js';

const KEY = 'webtask.storage';
// Webtasks kept it for good; a cache has an end.
const TTL_SECONDS = 24 * 60 * 60;

export const storage = {
  get: (callback) => answer(callback, () => jsonParse(host.cacheGet(KEY) ?? 'null') ?? undefined),
  set(value, ...rest) {
    answer(rest[rest.length - 1], () => {
      const problem = host.cacheSet(KEY, jsonStringify(value), TTL_SECONDS);
      if (problem) throw problem;
    });
  },
};

function answer(callback, work) {
  let given;
  try {
    given = [null, work()];
  } catch (problem) {
    given = [problem];
  }
  later((...all) => apply(callback, undefined, all), given);
}
