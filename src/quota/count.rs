//! Counts in fixed windows, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a client has had.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) hour: Counter,
    pub(super) day: Counter,
}

/// A kind of window.
pub(super) struct Window {
    seconds: u64,
}

pub(super) const HOUR: Window = Window { seconds: 3_600 };
pub(super) const DAY: Window = Window { seconds: 86_400 };

impl Window {
    /// The number of the window that a moment (Unix seconds) is in.
    pub(super) fn at(&self, now: u64) -> u32 {
        u32::try_from(now / self.seconds).unwrap_or(u32::MAX) // Half a million years from now, in hours.
    }

    /// Seconds until the window ends that this was counted in.
    pub(super) fn left(&self, counted: Counted, now: u64) -> u64 {
        let end = (u64::from(counted.window) + 1) * self.seconds;
        end.saturating_sub(now)
    }
}

/// How many tokens there were in a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    window: u32,
    pub(super) tokens: u32,
}

impl Counted {
    fn read(word: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = word.to_be_bytes();
        Self {
            window: u32::from_be_bytes([a, b, c, d]),
            tokens: u32::from_be_bytes([e, f, g, h]),
        }
    }

    fn word(self) -> u64 {
        u64::from(self.window) << 32 | u64::from(self.tokens)
    }

    /// What counts in this window. A request that looked at the clock just before a window began may be the second to
    /// count in it: it does not go back to the window before. Every other window begins with nothing.
    fn within(self, window: u32) -> Self {
        match self.window.checked_sub(window) {
            Some(0 | 1) => self,
            _ => Self { window, tokens: 0 },
        }
    }

    fn one_more(self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(1),
            ..self
        }
    }
}

/// A window and its tokens in one word, so that both change together.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    /// Counts one more, unless there are `most` already.
    pub(super) fn take(&self, window: u32, most: u32) -> Option<Counted> {
        let next = |word| {
            let counted = Counted::read(word).within(window);
            (counted.tokens < most).then(|| counted.one_more().word())
        };
        let before = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        before
            .ok()
            .map(|word| Counted::read(word).within(window).one_more())
    }

    /// Counts one less, if its window still is.
    pub(super) fn give_back(&self, taken: Counted) {
        let next = |word| {
            let counted = Counted::read(word);
            let is_there = counted.window == taken.window && counted.tokens > 0;
            is_there.then(|| word - 1)
        };
        // Otherwise there is nothing to give back to.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    /// How many there are.
    pub(super) fn look(&self, window: u32) -> Counted {
        Counted::read(self.0.load(Ordering::Relaxed)).within(window)
    }
}
