// Gives every token a fresh random UUID (version 4) as its jti.

import { uuidV4 } from "rulemint:rule/host@1.0.0";

export const enrich = {
  enrich() {
    // The host makes the UUID: a generator of the rule's own may have been seeded when the rule was built, and would
    // then repeat itself.
    return [{ tag: "set-claim", val: { name: "jti", value: JSON.stringify(uuidV4()) } }];
  },
};
