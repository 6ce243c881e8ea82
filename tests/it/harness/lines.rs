//! Log lines that a test can read.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once};

use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::prelude::*;

/// What was logged on this thread.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

thread_local! {
    static LISTENING: RefCell<Option<Lines>> = const { RefCell::new(None) };
}

/// One subscriber serves every test: several that come and go at the same time lose each other's lines.
static STARTED: Once = Once::new();

impl Lines {
    /// Keeps everything that is logged on this thread from now on: for tests that run on one thread.
    pub(crate) fn here() -> Self {
        STARTED.call_once(|| {
            let listening = dynamic_filter_fn(|_, _| LISTENING.with_borrow(Option::is_some));
            let layer = fmt::layer().with_writer(Here).with_ansi(false);
            tracing_subscriber::registry()
                .with(layer.with_filter(listening))
                .init();
        });
        let lines = Self::default();
        LISTENING.set(Some(lines.clone()));
        lines
    }

    /// The lines so far in which this stands.
    pub(crate) fn with(&self, words: &str) -> Vec<String> {
        let text = self.text();
        let such = text.lines().filter(|line| line.contains(words));
        such.map(str::to_owned).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

struct Here;

impl<'w> MakeWriter<'w> for Here {
    type Writer = Lines;

    fn make_writer(&'w self) -> Lines {
        LISTENING.with_borrow(|lines| lines.clone().unwrap_or_default())
    }
}
