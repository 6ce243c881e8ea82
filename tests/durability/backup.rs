//! A backup that is made while everything is written to, and what comes back of it.

use std::fs;

use crate::process::{AUDIENCE, Installation};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_before_a_backup_comes_back_with_it() {
    let installation = Installation::new();
    let server = installation.serve().await;
    let kept = server.ask().await.unwrap().token().to_owned();
    let given_back = server.ask().await.unwrap().token().to_owned();
    assert_eq!(server.give_back(&given_back).await.unwrap().status, 200);
    for number in 0..20 {
        let name = format!("before {number}");
        assert_eq!(server.add_client(&name).await.unwrap().status, 201);
    }
    let backup = async {
        let mut command = tokio::process::Command::from(installation.command(&["backup", "copy"]));
        command.output().await.unwrap()
    };
    let load = async {
        for number in 0..40 {
            let name = format!("beside {number}");
            assert_eq!(server.add_client(&name).await.unwrap().status, 201);
        }
    };
    let (backup, ()) = tokio::join!(backup, load);
    assert!(backup.status.success(), "{backup:?}");
    assert_eq!(server.add_client("after").await.unwrap().status, 201);
    server.kill();
    installation.well(&["restore", "copy", "--force"]);
    installation.well(&["store", "check"]);
    let server = installation.serve().await;
    let clients = installation.store().await.clients().await.unwrap();
    let has = |name: &str| clients.iter().any(|client| client.name == name);
    assert!((0..20).all(|number| has(&format!("before {number}"))));
    assert!(!has("after"));
    assert!(server.is_good(&kept).await);
    assert!(!server.is_good(&given_back).await);
    server.ask().await.unwrap().token();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_issued_after_a_backup_can_be_revoked_with_the_restoration() {
    let installation = Installation::new();
    installation.well(&["backup", "copy"]);
    let feed = installation.store().await.open_feed().await.unwrap();
    let server = installation.serve().await;
    // Numbers of cut-offs that the backup has never heard of.
    for _ in 0..3 {
        installation.well(&["revoke", "--audience", AUDIENCE]);
    }
    let issued = server.ask().await.unwrap().token().to_owned();
    assert!(server.is_good(&issued).await);
    server.kill();
    installation.well(&["restore", "copy", "--force", "--revoke-issued"]);
    let server = installation.serve().await;
    assert!(!server.is_good(&issued).await);
    let fresh = server.ask().await.unwrap().token().to_owned();
    assert!(server.is_good(&fresh).await);
    // Whoever follows the list of revocations must begin anew.
    assert_ne!(installation.store().await.open_feed().await.unwrap(), feed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_finishes_a_restoration_that_was_cut_short() {
    let installation = Installation::new();
    installation.well(&["backup", "copy"]);
    let lost = ["client", "add", "--name", "after the backup"];
    installation.well(&lost);
    // What is there when the process ends right after it has decided.
    let ready = installation.data().join("restore.ready");
    fs::create_dir_all(ready.join("replaced")).unwrap();
    for name in ["rulemint.db", "master.key"] {
        fs::copy(
            installation.path().join("copy").join(name),
            ready.join(name),
        )
        .unwrap();
    }
    let server = installation.serve().await;
    let clients = installation.store().await.clients().await.unwrap();
    assert!(
        clients
            .iter()
            .all(|client| client.name != "after the backup")
    );
    assert!(installation.data().join("replaced-1/rulemint.db").exists());
    server.ask().await.unwrap().token();
}
