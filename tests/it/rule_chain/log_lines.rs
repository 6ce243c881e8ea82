//! What rules say while they run.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::harness::{Setup, assembled};

/// Log lines that a test can read.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

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

#[tokio::test]
async fn they_are_limited_escaped_and_named() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .finish();
    let _here = tracing::subscriber::set_default(subscriber);
    let server = Setup::new()
        .with("10-chatty.wasm", assembled("chatty"))
        .start()
        .await;
    server.issue(&[]).await.unwrap();
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let said: Vec<&str> = text.lines().filter(|line| line.contains("hello")).collect();
    assert_eq!(said.len(), 50, "{text}");
    for line in &said {
        assert!(
            line.contains("\\u{1b}[31mhello\\u{7}\\nlevel=error"),
            "{line}"
        );
        assert!(
            line.contains("rule=\"10-chatty\"") && line.contains("a-transaction"),
            "{line}"
        );
    }
    assert!(
        text.contains("the rule said more than its limits.log_bytes"),
        "{text}"
    );
}
