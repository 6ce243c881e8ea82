//! A flush to disk comes before the answer: `kill -9` cannot show it, the order of system calls does.

use std::fs;
use std::process::Command;

use crate::process::{Installation, RULEMINT, SERVE, Server};

const WRITES: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn every_write_is_flushed_before_it_is_answered() {
    if Command::new("strace").arg("-V").output().is_err() {
        println!("left out: there is no strace here");
        return;
    }
    let installation = Installation::new();
    let trace = installation.path().join("trace");
    let mut command = Command::new("strace");
    command
        .args(["-f", "-y", "-s", "96", "-e"])
        .arg("trace=fsync,fdatasync,recvfrom,read,sendto,write,writev,sendmsg")
        .arg("-o")
        .arg(&trace)
        .arg(RULEMINT)
        .args(SERVE);
    installation.place(&mut command);
    let server = Server::start(&mut command, &installation.secret).await;
    for number in 0..WRITES {
        let name = format!("number {number}");
        assert_eq!(server.add_client(&name).await.unwrap().status, 201);
        assert_eq!(server.blacklist(&name).await.unwrap().status, 204);
        let token = server.ask().await.unwrap().token().to_owned();
        assert_eq!(server.give_back(&token).await.unwrap().status, 200);
    }
    server.kill();
    let order = Order::of(&fs::read_to_string(trace).unwrap());
    assert_eq!(order.unflushed, Vec::<String>::new());
    // One more token was for the management API.
    assert_eq!(order.flushed, 4 * WRITES + 1);
}

/// What a trace says about answers to writes. One connection asks one thing at a time, so that between two answers there
/// is exactly one request.
#[derive(Default)]
struct Order {
    /// Answers that came after a flush of the log.
    flushed: usize,
    /// Those that did not.
    unflushed: Vec<String>,
}

impl Order {
    fn of(trace: &str) -> Self {
        let (mut order, mut asked, mut is_flushed) = (Self::default(), false, false);
        let mut flushing = Vec::new();
        for line in trace.lines() {
            let process = line.split_whitespace().next().unwrap_or_default();
            let is_flush = line.contains("fsync(") || line.contains("fdatasync(");
            if line.contains("\"POST /") {
                (asked, is_flushed) = (true, false);
            } else if is_flush && line.contains("rulemint.db-wal") {
                match line.contains("unfinished") {
                    true => flushing.push(process),
                    false => is_flushed |= line.ends_with("= 0"),
                }
            } else if line.contains("sync resumed") && flushing.contains(&process) {
                flushing.retain(|one| *one != process);
                is_flushed |= line.ends_with("= 0");
            } else if line.contains("\"HTTP/1.1 20") && asked {
                asked = false;
                match is_flushed {
                    true => order.flushed += 1,
                    false => order.unflushed.push(line.to_owned()),
                }
            }
        }
        order
    }
}

#[test]
fn an_answer_without_a_flush_is_found() {
    let asked = "1 recvfrom(9<socket:[1]>, \"POST /api/v2/clients\", 96) = 96";
    let flush = "2 fdatasync(7</x/rulemint.db-wal>) = 0";
    let failed = "2 fdatasync(7</x/rulemint.db-wal>) = -1 EIO (Input/output error)";
    let answer = "1 writev(9<socket:[1]>, [{iov_base=\"HTTP/1.1 201 Created\"}], 1) = 20";
    let found = |lines: &[&str]| Order::of(&lines.join("\n")).unflushed.len();
    assert_eq!(found(&[asked, flush, answer]), 0);
    assert_eq!(found(&[asked, answer, flush]), 1);
    assert_eq!(found(&[asked, failed, answer]), 1);
}
