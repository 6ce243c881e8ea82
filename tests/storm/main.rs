//! A thousand reloads of the real program under load. A test of its own, because it watches the memory and the
//! descriptors of the whole process.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on says so by panicking, and this one is about time"
)]

#[path = "../shared/assemble.rs"]
mod assemble;
mod process;
mod rules;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use process::Process;
use rules::{Way, Writer};
use tokio::task::JoinHandle;

/// Half of them bring one rule, half the other.
const RELOADS: usize = 1_000;
/// Callers that ask for tokens without a pause.
const CALLERS: usize = 4;
/// As long as nothing but a lost reload takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the process may grow by after it has warmed up: allocators keep some of what they were given.
const GROWTH_MAX: f64 = 1.10;
/// Descriptors that come and go with the work: a file being read, a compiler's pipes.
const DESCRIPTORS_IN_PASSING: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_reloads_under_load_fail_no_request_and_leave_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(directory.path().join("rules"));
    let process = Arc::new(Process::start(directory.path()).await);
    let load = Load::start(&process);
    let began = Instant::now();
    let mut warm = None;
    for reload in 0..RELOADS {
        let version = writer.next(Way::of(reload * Way::ALL.len() / RELOADS, reload));
        wait_for(&process, version).await;
        if reload == RELOADS / 4 {
            warm = Some(process.usage());
        }
    }
    let took = began.elapsed();
    let tokens = load.stop().await;
    let (warm, end) = (warm.unwrap(), process.usage());
    println!(
        "{RELOADS} reloads in {:.1} s beside {tokens} tokens; memory {} -> {} KiB, descriptors {} -> {}",
        took.as_secs_f64(),
        warm.resident_kib,
        end.resident_kib,
        warm.descriptors,
        end.descriptors,
    );
    assert!(
        end.descriptors <= warm.descriptors + DESCRIPTORS_IN_PASSING,
        "{end:?} after {warm:?}"
    );
    assert!(
        end.resident_kib as f64 <= warm.resident_kib as f64 * GROWTH_MAX,
        "{end:?} after {warm:?}"
    );
}

/// Waits until a token carries this version. Every token in between must carry one of the two.
async fn wait_for(process: &Process, version: &str) {
    let began = Instant::now();
    while process.token_version().await.unwrap() != version {
        assert!(began.elapsed() < PATIENCE, "version {version} never came");
    }
}

/// Callers in the background. Each panics at the first request that fails.
struct Load {
    stop: Arc<AtomicBool>,
    tokens: Arc<AtomicU64>,
    callers: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(process: &Arc<Process>) -> Self {
        let (stop, tokens) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let caller = |_| {
            let (process, stop, tokens) =
                (Arc::clone(process), Arc::clone(&stop), Arc::clone(&tokens));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let version = process.token_version().await.unwrap();
                    assert!(rules::VERSIONS.contains(&&*version), "{version}");
                    tokens.fetch_add(1, Ordering::Relaxed);
                }
            })
        };
        let callers = (0..CALLERS).map(caller).collect();
        Self {
            stop,
            tokens,
            callers,
        }
    }

    async fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        for caller in self.callers {
            caller.await.unwrap();
        }
        self.tokens.load(Ordering::Relaxed)
    }
}
