//! What is worth telling whoever writes a rule.

use serde::Serialize;

use crate::rule::Severity;

/// Something worth knowing.
#[derive(Clone, Debug, Serialize)]
pub struct Remark {
    /// How much it matters. An error is one of the script's lines that fails when it is reached: the rule loads with it.
    pub level: Severity,
    /// What it is.
    pub text: String,
}

impl Remark {
    pub(super) fn warning(text: String) -> Self {
        let level = Severity::Warning;
        Self { level, text }
    }

    pub(super) fn note(text: String) -> Self {
        let level = Severity::Note;
        Self { level, text }
    }
}
