// Puts a partner's tier into the token, and keeps the gold scope for gold partners.

import type { Change, Enrich, Failure, Settings } from "rulemint:rule/types@1.0.0";

interface PartnerSettings {
  claim?: string;
  default_tier?: string;
  gold_scope?: string;
}

export const enrich: Enrich = {
  enrich(request) {
    const settings: PartnerSettings = JSON.parse(request.settings());

    if (request.clientMetadata("status") === "suspended") {
      const description = `client ${request.clientId()} is suspended`;
      throw { tag: "denied", val: { code: "access_denied", description } } satisfies Failure;
    }

    const tier = request.clientMetadata("tier") ?? settings.default_tier ?? "standard";
    const name = settings.claim ?? "https://rulemint.example/tier";
    const changes: Change[] = [{ tag: "set-claim", val: { name, value: JSON.stringify(tier) } }];

    const goldScope = settings.gold_scope;
    if (tier !== "gold" && goldScope && request.grantedScopes().includes(goldScope)) {
      changes.push({ tag: "remove-scope", val: goldScope });
    }
    return changes;
  },
};

// Checks the settings before the rule goes live, so that `enrich` can rely on them.
export const settings: Settings = {
  validate(text) {
    const { claim, default_tier, gold_scope }: Record<string, unknown> = JSON.parse(text);
    const problems: string[] = [];
    if (claim !== undefined && !(typeof claim === "string" && claim.startsWith("https://"))) {
      problems.push("claim must be a string that begins with https://");
    }
    for (const [name, value] of Object.entries({ default_tier, gold_scope })) {
      if (value !== undefined && !(typeof value === "string" && value !== "")) {
        problems.push(`${name} must be a string that is not empty`);
      }
    }
    if (problems.length > 0) throw problems;
  },
};
