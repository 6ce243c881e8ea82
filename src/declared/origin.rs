//! What a script was at Auth0, told by what it exports.

use super::entry::Section;

/// A Rule, a Hook or an Action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Rule,
    Hook,
    /// With the id of its trigger.
    Action(&'static str),
}

impl Origin {
    /// A look at the text is enough: it decides under which heading a script is exported, not how it runs.
    pub(super) fn of(script: &str) -> Self {
        let bound = TRIGGERS
            .iter()
            .find(|(_, function)| script.contains(function));
        match bound {
            Some((trigger, _)) => Self::Action(trigger),
            None if script.contains("module.exports") => Self::Hook,
            None => Self::Rule,
        }
    }

    /// Whether it ran for logins of people, and never for tokens of machines.
    pub(super) fn is_for_people(self) -> bool {
        match self {
            Self::Rule => true,
            Self::Hook => false,
            Self::Action(trigger) => trigger != CREDENTIALS_EXCHANGE,
        }
    }

    pub(super) const fn section(self) -> Section {
        match self {
            Self::Rule => Section::Rules,
            Self::Hook => Section::Hooks,
            Self::Action(_) => Section::Actions,
        }
    }
}

/// The triggers that come with a token request of a machine, and the functions that Actions export for them.
pub(super) const TRIGGERS: &[(&str, &str)] = &[
    (CREDENTIALS_EXCHANGE, "onExecuteCredentialsExchange"),
    ("post-login", "onExecutePostLogin"),
];

pub(super) const CREDENTIALS_EXCHANGE: &str = "credentials-exchange";
