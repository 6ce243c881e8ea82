//! Checks secrets that people chose. Each check costs tens of milliseconds of a processor, which is what makes guessing slow; so
//! whoever guesses must not be able to spend the processors of everybody else.
//!
//! - One check at a time, on a thread of its own that yields to all others.
//! - So many may wait, and no more; strangers have fewer places than clients.
//! - A client whose failures are used up is told to wait, without a check.
//! - A secret that proved right is known for a minute after its last use, by a keyed hash and not by itself.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use lru::LruCache;
use rustix::process::setpriority_process;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::clock::Clock;
use crate::registry::{ChosenHash, Print, SecretHasher};

/// Checks chosen secrets, and remembers those that proved right.
pub(super) struct ChosenSecrets {
    hasher: Arc<SecretHasher>,
    clock: Arc<dyn Clock>,
    /// Started when the first secret is to be checked: most installations have none.
    thread: OnceLock<Sender<Job>>,
    turn: Arc<Semaphore>,
    clients: Semaphore,
    strangers: Semaphore,
    /// When each was used last.
    right: Mutex<LruCache<Print, Duration>>,
}

struct Job {
    hash: ChosenHash,
    secret: SecretString,
    is_right: oneshot::Sender<bool>,
    /// The next one waits until this job is done, whether or not somebody still wants to know.
    turn: OwnedSemaphorePermit,
}

/// Why a secret was not checked.
pub(super) enum Unchecked {
    /// Too many wait already.
    Busy,
    /// There were too many failures; come again after this time.
    TooMany(Duration),
}

impl ChosenSecrets {
    pub(super) fn new(hasher: Arc<SecretHasher>, clock: Arc<dyn Clock>) -> Self {
        Self {
            hasher,
            clock,
            thread: OnceLock::new(),
            turn: Arc::new(Semaphore::new(1)),
            clients: Semaphore::new(CLIENTS_WAITING_MAX),
            strangers: Semaphore::new(STRANGERS_WAITING_MAX),
            right: Mutex::new(LruCache::new(RIGHT_MAX)),
        }
    }

    /// Whether a secret is the one of this hash. `charge` counts a failure in advance, and is called before each check
    /// that takes place.
    ///
    /// # Errors
    /// When it was not checked.
    pub(super) async fn check(
        &self,
        hash: &ChosenHash,
        secret: &str,
        charge: impl Fn() -> Result<(), Duration>,
    ) -> Result<bool, Unchecked> {
        let print = self.hasher.print(hash, secret);
        if self.is_known(&print) {
            return Ok(true);
        }
        let _place = self.clients.try_acquire().map_err(|_| Unchecked::Busy)?;
        let turn = self.turn().await?;
        // The same secret may have been checked while this request waited.
        if self.is_known(&print) {
            return Ok(true);
        }
        charge().map_err(Unchecked::TooMany)?;
        let is_right = self.ask(hash.clone(), secret, turn).await?;
        if is_right {
            self.right().put(print, self.clock.monotonic());
        }
        Ok(is_right)
    }

    /// Spends as much time on a stranger as a wrong secret would take, so that nobody learns which clients exist.
    pub(super) async fn pretend(
        &self,
        secret: &str,
        charge: impl Fn() -> Result<(), Duration>,
    ) -> Result<(), Unchecked> {
        let Ok(_place) = self.strangers.try_acquire() else {
            return charge().map_err(Unchecked::TooMany);
        };
        let turn = self.turn().await?;
        charge().map_err(Unchecked::TooMany)?;
        let nobody = ChosenHash::of_nobody();
        self.ask(nobody, secret, turn).await.map(drop)
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Unchecked> {
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        turn.map_err(|_| Unchecked::Busy)
    }

    async fn ask(
        &self,
        hash: ChosenHash,
        secret: &str,
        turn: OwnedSemaphorePermit,
    ) -> Result<bool, Unchecked> {
        let (is_right, answer) = oneshot::channel();
        let job = Job {
            hash,
            secret: secret.to_owned().into(),
            is_right,
            turn,
        };
        let thread = self.thread.get_or_init(|| start(Arc::clone(&self.hasher)));
        thread.send(job).map_err(|_| Unchecked::Busy)?;
        answer.await.map_err(|_| Unchecked::Busy)
    }

    fn is_known(&self, print: &Print) -> bool {
        let now = self.clock.monotonic();
        let mut right = self.right();
        match right.get_mut(print) {
            Some(used) if now.saturating_sub(*used) < KNOWN_FOR => {
                *used = now;
                true
            }
            Some(_) => {
                right.pop(print);
                false
            }
            None => false,
        }
    }

    fn right(&self) -> std::sync::MutexGuard<'_, LruCache<Print, Duration>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the thread. It ends when nobody can ask it any more.
fn start(hasher: Arc<SecretHasher>) -> Sender<Job> {
    let (jobs, queue) = channel::<Job>();
    let work = move || {
        // Of this thread alone; where that is not possible it is as important as the others.
        let _ = setpriority_process(None, NICE);
        for job in queue {
            let is_right = hasher.is_chosen(&job.hash, job.secret.expose_secret());
            drop(job.turn);
            let _ = job.is_right.send(is_right); // The request may have gone away.
        }
    };
    let started = thread::Builder::new()
        .name("secrets".to_owned())
        .spawn(work);
    drop(started); // Where no thread can be had, nobody takes the jobs: whoever asks is told to come again.
    jobs
}

/// Requests with chosen secrets of clients that exist: some two seconds of checks.
const CLIENTS_WAITING_MAX: usize = 64;
/// Requests that come with something that may have been chosen, from nobody.
const STRANGERS_WAITING_MAX: usize = 8;
/// Secrets that are known to be right, at some 100 bytes each.
const RIGHT_MAX: NonZeroUsize = NonZeroUsize::new(16_384).expect("it is not 0");
const KNOWN_FOR: Duration = Duration::from_secs(60);
/// The least important that a thread can be.
const NICE: i32 = 19;
