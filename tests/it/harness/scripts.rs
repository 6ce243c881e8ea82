//! Servers that run scripts. Compiling the engine takes seconds, so all of them begin with one installation's compiled files.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{Setup, TestServer};

/// An installation that has run a script before.
static SEASONED: OnceCell<TempDir> = OnceCell::const_new();

impl Setup {
    /// With a script in the rules directory, and an engine that need not be compiled.
    pub(crate) async fn with_script(self, name: &str, text: &str) -> Self {
        self.with_engine().await.with(name, text)
    }

    /// With an engine for scripts that need not be compiled. It is sealed under the master key of whoever compiled it.
    pub(crate) async fn with_engine(self) -> Self {
        let seasoned = SEASONED.get_or_init(season).await;
        let place = |name: &str| (seasoned.path().join(name), self.config.data_dir.join(name));
        let (compiled, to) = place("compiled");
        copy(&compiled, &to);
        let (key, to) = place("master.key");
        fs::copy(key, to).unwrap();
        let owners = fs::metadata(seasoned.path()).unwrap().permissions();
        fs::set_permissions(&self.config.data_dir, owners).unwrap();
        self
    }
}

/// Starts a server with this script, `10-script.js`, and this manifest.
pub(crate) async fn running_script(text: &str, manifest: &str) -> TestServer {
    let setup = Setup::new().with_script("10-script.js", text).await;
    setup.with("10-script.toml", manifest).start().await
}

async fn season() -> TempDir {
    let script = "function (user, context, callback) { callback(null, user, context); }";
    let server = Setup::new().with("10-first.js", script).start().await;
    server.ask(&[]).await.token();
    let setup = server.stop().await;
    let kept = tempfile::tempdir().unwrap();
    copy(&setup.config.data_dir, kept.path());
    kept
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let owners = fs::metadata(from).unwrap().permissions();
    fs::set_permissions(to, owners).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.unwrap().path(), to);
        let to = to.join(from.file_name().unwrap());
        match from.is_dir() {
            true => copy(&from, &to),
            false => drop(fs::copy(&from, &to).unwrap()),
        }
    }
}
