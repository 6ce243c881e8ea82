//! A directory as Kubernetes mounts a ConfigMap: `..data` is a link to the snapshot in force, and is swapped whole.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{until_version, version};
use crate::harness::Setup;

fn snapshot(directory: &Path, name: &str, of: &str) {
    let snapshot = directory.join(name);
    fs::create_dir(&snapshot).unwrap();
    fs::write(snapshot.join("10-rule.wasm"), version(of)).unwrap();
    symlink(name, directory.join("..data_tmp")).unwrap();
    fs::rename(directory.join("..data_tmp"), directory.join("..data")).unwrap();
}

fn mounted(of: &str) -> Setup {
    let setup = Setup::new();
    snapshot(&setup.config.rules.dir, "..2026_one", of);
    let link = setup.config.rules.dir.join("10-rule.wasm");
    symlink("..data/10-rule.wasm", link).unwrap();
    setup
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_read_through_the_link() {
    let server = mounted("one").start().await;
    assert_eq!(server.ask(&[]).await.claims()["version"], "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_of_the_link_changes_the_rules() {
    let server = mounted("one").start().await;
    snapshot(server.rules_dir(), "..2026_two", "two");
    fs::remove_dir_all(server.rules_dir().join("..2026_one")).unwrap();
    until_version(&server, "two").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_itself_a_link_can_be_swapped() {
    let setup = Setup::new();
    let rules = setup.config.rules.dir.clone();
    let release = |name: &str| {
        let release = rules.with_file_name(name);
        fs::create_dir(&release).unwrap();
        fs::write(release.join("10-rule.wasm"), version(name)).unwrap();
        symlink(name, rules.with_file_name("next")).unwrap();
        fs::rename(rules.with_file_name("next"), &rules).unwrap();
    };
    fs::remove_dir(&rules).unwrap();
    release("one");
    let server = setup.start().await;
    release("two");
    until_version(&server, "two").await;
}
