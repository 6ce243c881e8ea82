//! `rulemint revoke list`

use clap::Args;

use super::super::Context;
use super::super::access::Access;
use super::super::output::moment;
use crate::store::RevocationRow;

/// What is listed.
#[derive(Args)]
pub(super) struct List {
    /// Also what was taken back.
    #[arg(long)]
    all: bool,
    /// Only those older than this one, by its number: the next page.
    #[arg(long, value_name = "ID", default_value_t = i64::MAX, hide_default_value = true)]
    older_than: i64,
    /// How many.
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    limit: u32,
}

impl List {
    pub(super) async fn run(&self, context: &Context<'_>) -> anyhow::Result<()> {
        let revoker = Access::look(context).await?.revoker;
        let rows = revoker.list(self.older_than, self.limit, self.all).await?;
        let head = [
            "ID",
            "REVOKED",
            "ISSUED BEFORE",
            "SINCE",
            "BY",
            "REASON",
            "",
        ];
        context.output.things(&rows, &head, |row| {
            vec![
                row.id.to_string(),
                about(row),
                before(row),
                moment(row.created_at),
                row.actor.clone(),
                row.reason.clone().unwrap_or_default(),
                row.undone_at
                    .map_or_else(String::new, |_| "undone".to_owned()),
            ]
        });
        Ok(())
    }
}

/// What a revocation is about, for people.
pub(in crate::cli) fn about(row: &RevocationRow) -> String {
    let named = match (row.kind.as_str(), row.audience.as_str()) {
        ("grant", audience) => return format!("client {} for {audience}", row.value),
        ("audience", _) => format!("API {}", row.value),
        (kind, _) => format!("{kind} {}", row.value),
    };
    match row.audience.as_str() {
        "" => named,
        audience => format!("{named} of {audience}"),
    }
}

/// Until when, for people.
pub(super) fn before(row: &RevocationRow) -> String {
    match (row.kind.as_str(), row.issued_before) {
        ("token", _) => String::new(),
        (_, None) => moment(row.created_at),
        (_, Some(before)) => moment(before),
    }
}
