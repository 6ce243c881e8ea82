//! Waits until a running server has a change in force.

use std::time::Duration;

use tokio::time::sleep;

use super::super::access::Access;
use super::super::exit::Refused;
use crate::follow::SEEN_TOPIC;

/// Waits until the server that runs on the same data directory, if one does, has taken the change in.
///
/// # Errors
/// When it does not answer: the change is stored, and will be in force when the server reads the store again.
pub(in crate::cli) async fn until_in_force(access: &Access, change: i64) -> anyhow::Result<()> {
    for _ in 0..POLLS_MAX {
        if !access.data.is_served() {
            return Ok(());
        }
        let seen = access.store.report(SEEN_TOPIC).await?;
        let seen = seen.and_then(|text| text.parse::<i64>().ok());
        if seen.is_some_and(|seen| seen >= change) {
            return Ok(());
        }
        sleep(POLL).await;
    }
    let text = "it is stored, but the running server has not said that it is in force; see its log";
    Err(Refused(text.to_owned()).into())
}

/// Waits so for whatever has been changed up to now.
///
/// # Errors
/// When the server or the store does not answer.
pub(in crate::cli) async fn until_all_in_force(access: &Access) -> anyhow::Result<()> {
    let newest = access.store.newest_change().await?;
    until_in_force(access, newest).await
}

const POLL: Duration = Duration::from_millis(50);
const POLLS_MAX: u32 = 200;
