//! What was acknowledged is there afterwards, whatever happens to the process and its disk: the real program, killed, on a
//! full disk, on a disk that fails, restored, and with the tables of other versions.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on says so by panicking, and this one is about the machine"
)]

mod backup;
mod disk;
mod faults;
mod flush;
mod kill;
mod offline;
mod process;
#[path = "../shared/status_list.rs"]
mod status_list;
mod versions;
