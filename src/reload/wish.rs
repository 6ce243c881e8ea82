//! What is asked of a running server about its rules, and how they stand: for commands beside it and calls to it alike.

use std::time::Duration;

use serde::Serialize;
use tokio::time::sleep;

use super::{Report, Rests};
use crate::audit::By;
use crate::store::{ChangeKind, PREVIOUS, Store, StoreError};

/// Something that the server is to do about its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Look at the directory again, and try again what failed before.
    Reload,
    /// Go back to an earlier generation, by its number; where there is none, to the one before that which is live when the
    /// server does it.
    RollBack(Option<i64>),
}

impl Wish {
    /// Asks for it in somebody's name, waits until the server has dealt with it, and says how the rules stand then.
    ///
    /// # Errors
    /// When it cannot be done, the server does not answer, or the store fails.
    pub async fn make(self, store: &Store, by: By<'_>) -> Result<Report, WishError> {
        let (kind, key) = match self {
            Self::Reload => (ChangeKind::Reload, String::new()),
            Self::RollBack(Some(number)) => (ChangeKind::Rollback, number.to_string()),
            Self::RollBack(None) if report(store).await?.earlier.is_empty() => {
                return Err(WishError::NothingEarlier);
            }
            Self::RollBack(None) => (ChangeKind::Rollback, PREVIOUS.to_owned()),
        };
        let wish = store.ask(kind, &key, by).await?;
        for _ in 0..ANSWER_POLLS_MAX {
            sleep(ANSWER_POLL).await;
            let report = report(store).await?;
            if report.wish >= wish {
                return match &report.wish_problem {
                    None => Ok(report),
                    Some(problem) => Err(self.refused(store, &report, problem.clone()).await),
                };
            }
        }
        Err(WishError::NoAnswer)
    }

    /// Why the server did not grant it. That something is not there is told apart from a no.
    async fn refused(self, store: &Store, report: &Report, problem: String) -> WishError {
        let is_there = match self {
            Self::RollBack(Some(number)) => match store.generation(number).await {
                Ok(row) => row.is_some_and(|row| row.rules_dir == report.rules_dir),
                Err(failure) => return failure.into(),
            },
            Self::Reload | Self::RollBack(None) => true,
        };
        match is_there {
            true => WishError::NotGranted(problem),
            false => WishError::NoGeneration(problem),
        }
    }
}

/// How the rules stand, and which of them rest.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// How they stand.
    #[serde(flatten)]
    pub report: Report,
    /// Which rest.
    pub rests: Rests,
}

impl Standing {
    /// What a running server, or the last one that ran, has said.
    ///
    /// # Errors
    /// When none has run yet, or the store fails.
    pub async fn read(store: &Store) -> Result<Self, WishError> {
        let rests = store.report(Rests::TOPIC).await?;
        let rests = rests.map(|body| serde_json::from_str(&body)).transpose();
        let mut rests: Rests = rests.map_err(WishError::Unreadable)?.unwrap_or_default();
        let report = report(store).await?;
        rests.keep_live(&report);
        Ok(Self { report, rests })
    }
}

async fn report(store: &Store) -> Result<Report, WishError> {
    let body = store.report(Report::TOPIC).await?;
    serde_json::from_str(&body.ok_or(WishError::NeverRan)?).map_err(WishError::Unreadable)
}

/// Why a wish was not granted, or nobody knows how the rules stand. The texts are for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum WishError {
    /// No server has run.
    #[error("no server has run on this data directory yet")]
    NeverRan,
    /// There is nothing to go back to.
    #[error("there is no earlier generation to go back to")]
    NothingEarlier,
    /// There is no such generation, says the server.
    #[error("{0}")]
    NoGeneration(String),
    /// The server says why.
    #[error("{0}")]
    NotGranted(String),
    /// The server is silent.
    #[error("the server has not answered; see its log")]
    NoAnswer,
    /// Another version wrote it.
    #[error("read what the server says of its rules; does another version of it run?")]
    Unreadable(#[source] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const ANSWER_POLL: Duration = Duration::from_millis(50);
const ANSWER_POLLS_MAX: u32 = 600;
