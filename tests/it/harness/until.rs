//! Waiting for a condition, never for a time.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// Asks again and again until there is an answer.
///
/// # Panics
/// When there is none after a long time: `what` says what was waited for.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_ok(what, async || ask().await.ok_or("nothing")).await
}

/// The same for a question whose bad answers tell why it is not so yet.
pub(crate) async fn until_ok<T, E: Debug>(
    what: &str,
    mut ask: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let began = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(instead) if began.elapsed() > PATIENCE => {
                panic!("waited in vain for {what}; at last there was {instead:?}")
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// Far longer than anything takes on a busy machine: only a test that fails waits this long.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(5);
