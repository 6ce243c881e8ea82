//! A disk that fails on demand: a library between the program and the kernel, for the store's files alone.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::process::{Installation, SERVE, Server};

/// Makes the store's writes fail.
pub(crate) struct Faults {
    library: PathBuf,
    switch: PathBuf,
}

impl Faults {
    /// Compiles the library; nothing fails yet.
    pub(crate) fn of(installation: &Installation) -> Self {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/durability/faults.c");
        let library = installation.path().join("faults.so");
        let compiler = ["-shared", "-fPIC", "-O1", "-Wall", source, "-ldl", "-o"];
        let compiled = Command::new("cc").args(compiler).arg(&library).output();
        let compiled = compiled.unwrap();
        assert!(compiled.status.success(), "{compiled:?}");
        Self {
            library,
            switch: installation.path().join("faults"),
        }
    }

    /// A server between whose writes and the disk the library stands.
    pub(crate) async fn serve(&self, installation: &Installation) -> Server {
        let mut command = installation.command(&SERVE);
        command
            .env("LD_PRELOAD", &self.library)
            .env("FAULTS", &self.switch);
        Server::start(&mut command, &installation.secret).await
    }

    /// From now on: `fsync`, `write` or `full`.
    pub(crate) fn begin(&self, fault: &str) {
        fs::write(&self.switch, fault).unwrap();
    }

    /// From now on all is well again.
    pub(crate) fn end(&self) {
        fs::remove_file(&self.switch).unwrap();
    }
}
