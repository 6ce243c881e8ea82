//! Reads the files of the rules directory without being led astray: no link that leaves the directory, no device, no
//! pipe, nothing that everybody may write to, nothing larger than a rule can be.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    CWD, Dir, FileType, FlockOperation, Mode, OFlags, ResolveFlags, flock, fstat, openat, openat2,
};
use rustix::io::Errno;

/// A directory that is open, so that what is read below it is one directory's from first to last.
pub(crate) struct OpenDir {
    id: DirectoryId,
    files: OwnedFd,
}

/// Tells two directories of the same name apart: device and inode.
pub(crate) type DirectoryId = (u64, u64);

impl OpenDir {
    /// Opens the rules directory. In a Kubernetes volume `..data` is a link to the snapshot in force: then that
    /// snapshot is opened, once, and a swap of the link in the middle of a scan does no harm.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let directory = openat(CWD, path, DIRECTORY, Mode::empty())?;
        let status = fstat(&directory)?;
        let snapshot = open_beneath(directory.as_fd(), KUBERNETES_SNAPSHOT, DIRECTORY);
        Ok(Self {
            id: (status.st_dev, status.st_ino),
            files: snapshot.unwrap_or(directory),
        })
    }

    /// Which directory it is.
    pub(crate) fn id(&self) -> DirectoryId {
        self.id
    }

    /// Keeps those out who write through this program, until this is closed. False: one of them is at work. Where there are
    /// no locks, nobody can be told from nobody.
    pub(crate) fn keep_writers_out(&self) -> bool {
        let locked = flock(&self.files, FlockOperation::NonBlockingLockShared);
        locked != Err(Errno::WOULDBLOCK)
    }

    /// The names in the directory. Those that are not UTF-8 come out garbled, and are refused for that later.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        names(&self.files)
    }

    /// The names in a directory below it.
    pub(crate) fn names_in(&self, directory: &str) -> io::Result<Vec<String>> {
        let below = open_beneath(self.files.as_fd(), directory, DIRECTORY)?;
        names(&below)
    }

    /// Reads one file whole.
    pub(crate) fn read(&self, name: &str, bytes_max: u64) -> Result<ReadFile, ReadProblem> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = open_beneath(self.files.as_fd(), name, flags)?;
        let status = fstat(&file)?;
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return Err(ReadProblem::NotAFile);
        }
        if status.st_mode & 0o002 != 0 {
            return Err(ReadProblem::WritableByAll);
        }
        let size = u64::try_from(status.st_size).unwrap_or(u64::MAX);
        if size > bytes_max {
            return Err(ReadProblem::TooLarge(size));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        File::from(file)
            .take(bytes_max + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > bytes_max {
            return Err(ReadProblem::TooLarge(bytes.len() as u64));
        }
        Ok(ReadFile {
            bytes,
            modified_ms: status.st_mtime * 1_000
                + i64::try_from(status.st_mtime_nsec).unwrap_or(0) / 1_000_000,
        })
    }
}

fn names(directory: &OwnedFd) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

/// A file's content and when it was last written to, in Unix milliseconds.
pub(crate) struct ReadFile {
    pub(crate) bytes: Vec<u8>,
    pub(crate) modified_ms: i64,
}

fn open_beneath(
    directory: BorrowedFd<'_>,
    name: &str,
    flags: OFlags,
) -> rustix::io::Result<OwnedFd> {
    let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    match openat2(directory, name, flags, Mode::empty(), beneath) {
        // Kernels before 5.6 and some sandboxes do not have it: then no link at all is followed.
        Err(Errno::NOSYS) => openat(directory, name, flags | OFlags::NOFOLLOW, Mode::empty()),
        opened => opened,
    }
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadProblem {
    #[error("it is a directory, a pipe or a device, not a file")]
    NotAFile,
    #[error("everybody may write to it; run chmod o-w")]
    WritableByAll,
    #[error("it has {0} bytes, which is more than any rule may have")]
    TooLarge(u64),
    #[error("it is a link that leads out of the rules directory, or nowhere")]
    LeadsAway,
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
}

impl From<Errno> for ReadProblem {
    fn from(error: Errno) -> Self {
        match error {
            Errno::XDEV | Errno::LOOP | Errno::NOENT => Self::LeadsAway,
            Errno::NXIO => Self::NotAFile,
            other => Self::Unreadable(other.into()),
        }
    }
}

impl From<io::Error> for ReadProblem {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);
const KUBERNETES_SNAPSHOT: &str = "..data";
