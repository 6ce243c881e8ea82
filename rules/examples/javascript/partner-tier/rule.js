// Puts a partner's tier into the token, and keeps the gold scope for gold partners.

export const enrich = {
  enrich(request) {
    const settings = JSON.parse(request.settings());

    if (request.clientMetadata("status") === "suspended") {
      const description = `client ${request.clientId()} is suspended`;
      throw { tag: "denied", val: { code: "access_denied", description } };
    }

    const tier = request.clientMetadata("tier") ?? settings.default_tier ?? "standard";
    const name = settings.claim ?? "https://rulemint.example/tier";
    const changes = [{ tag: "set-claim", val: { name, value: JSON.stringify(tier) } }];

    const goldScope = settings.gold_scope;
    if (tier !== "gold" && request.grantedScopes().includes(goldScope)) {
      changes.push({ tag: "remove-scope", val: goldScope });
    }
    return changes;
  },
};

// Checks the settings once, before the rule goes live, so that `enrich` can rely on them.
export const settings = {
  validate(text) {
    const { claim, default_tier, gold_scope } = JSON.parse(text);
    const problems = [];
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
