//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

use tokio::time::sleep;

/// Asks again and again until there is an answer.
///
/// # Panics
/// When there is none in half a minute: `what` says what was waited for.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(PAUSE).await;
    }
}

/// Far longer than anything takes on a busy machine: only a test that fails waits this long.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(5);
