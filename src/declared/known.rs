//! Tells a slip from what Auth0 has and nobody here knows: its formats grow, so a name is wrong only if it is almost another.

use strsim::osa_distance;

/// What a name that nobody knows was meant to be, if it is almost one that somebody knows: one of `ours`, or of Auth0's.
pub(super) fn slip<'k>(
    name: &str,
    ours: impl IntoIterator<Item = &'k str>,
    auth0s: &[&'k str],
) -> Option<&'k str> {
    let known = ours.into_iter().chain(auth0s.iter().copied());
    let nearest = known
        .map(|known| (osa_distance(name, known), known))
        .min_by_key(|(distance, _)| *distance);
    let (distance, known) = nearest?;
    (1..=slips_max(name)).contains(&distance).then_some(known)
}

/// How many letters may be missing, wrong or in the other's place: short names are alike by chance.
fn slips_max(name: &str) -> usize {
    match name.chars().count() {
        0..4 => 0,
        4..6 => 1,
        _ => 2,
    }
}

/// Auth0's kinds of things that this server does not have, by their directories and by their keys in YAML.
pub(super) const SECTIONS: &[&str] = &[
    "actionModules",
    "action-modules",
    "attackProtection",
    "attack-protection",
    "branding",
    "connections",
    "connectionProfiles",
    "connection-profiles",
    "customDomains",
    "custom-domains",
    "databases",
    "database-connections",
    "emailProvider",
    "emailTemplates",
    "emails",
    "eventStreams",
    "event-streams",
    "flows",
    "flowVaultConnections",
    "flow-vault-connections",
    "forms",
    "guardian",
    "guardianFactors",
    "guardianFactorProviders",
    "guardianFactorTemplates",
    "guardianPhoneFactorMessageTypes",
    "guardianPhoneFactorSelectedProvider",
    "guardianPolicies",
    "logStreams",
    "log-streams",
    "migrations",
    "networkACLs",
    "network-acls",
    "organizations",
    "pages",
    "phoneProviders",
    "phone-providers",
    "phoneTemplates",
    "prompts",
    "roles",
    "riskAssessment",
    "risk-assessment",
    "selfServiceProfiles",
    "self-service-profiles",
    "tenant",
    "themes",
    "tokenExchangeProfiles",
    "token-exchange-profiles",
    "userAttributeProfiles",
    "user-attribute-profiles",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_almost_a_name_and_what_somebody_knows_is_none() {
        let ours = ["clients", "rules", "client_metadata"];
        for (name, meant) in [
            ("clints", Some("clients")),
            ("Clients", Some("clients")),
            ("client_metdata", Some("client_metadata")),
            ("rule", Some("rules")),
            ("rules", None),
            ("roles", None),
            ("shoe_size", None),
            ("abc", None),
        ] {
            assert_eq!(slip(name, ours, SECTIONS), meant, "{name}");
        }
    }
}
