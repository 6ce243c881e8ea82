//! Stopping in two steps: first no new work, then what is under way gets its time, and then it ends.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Knows every task of a server, and tells them when to stop.
#[derive(Clone, Default)]
pub struct Shutdown {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Shutdown {
    /// A token that is cancelled when the tasks should come to an end.
    pub fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs a task that the end waits for.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Tells every task to stop, and waits until all have.
    pub async fn finish(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}
