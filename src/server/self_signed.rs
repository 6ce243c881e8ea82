//! A certificate for a laptop, signed with its own key and kept in the data directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};

use crate::config::Config;
use crate::data_dir::{DataDir, DataDirError};

/// The files of the certificate and its key. Those of an earlier start are kept while they are for the same names, so
/// that whoever trusts the certificate need not be told again.
pub(super) fn files(
    config: &Config,
    data: &DataDir,
    now: i64,
) -> Result<(PathBuf, PathBuf), SelfSignedError> {
    let directory = data.below("tls")?;
    let (cert, key) = (directory.join(CERTIFICATE), directory.join(KEY));
    let names = names(config);
    let title = format!("rulemint made this for {}\n", names.join(" "));
    let kept = fs::read_to_string(&cert).is_ok_and(|text| text.starts_with(&title));
    if !(kept && key.is_file()) {
        let made = make(names, now)?;
        // The key first: a certificate is only ever there with a key that is.
        write(&key, &made.key)?;
        write(&cert, &format!("{title}{}", made.certificate))?;
    }
    Ok((cert, key))
}

/// Every name that a client may know this server by.
fn names(config: &Config) -> Vec<String> {
    let mut names = ["localhost", "127.0.0.1", "::1"]
        .map(str::to_owned)
        .to_vec();
    let listening = config.tls.listen.ip();
    if !listening.is_unspecified() {
        names.push(listening.to_string());
    }
    let issuer = config.issuer.as_ref().map(|issuer| issuer.host());
    names.extend(issuer.map(|host| host.trim_matches(['[', ']']).to_owned()));
    names.extend(config.allowed_hosts.iter().cloned());
    let mut unique: Vec<String> = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

struct Made {
    certificate: String,
    key: String,
}

fn make(names: Vec<String>, now: i64) -> Result<Made, SelfSignedError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "rulemint on this machine");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A day early, for clocks that differ.
    let [(year, month, day), end] = [now - 86_400, now + LIFETIME_SECONDS].map(date);
    params.not_before = date_time_ymd(year, month, day);
    params.not_after = date_time_ymd(end.0, end.1, end.2);
    Ok(Made {
        certificate: params.self_signed(&key)?.pem(),
        key: key.serialize_pem(),
    })
}

/// The day of a moment: year, month, day.
fn date(unix_seconds: i64) -> (i32, u8, u8) {
    let moment = Timestamp::from_second(unix_seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let date = moment.to_zoned(TimeZone::UTC).date();
    let [month, day] = [date.month(), date.day()].map(i8::cast_unsigned);
    (i32::from(date.year()), month, day)
}

/// Whole or not at all, for its owner alone.
fn write(path: &Path, text: &str) -> Result<(), SelfSignedError> {
    let draft = path.with_extension("new");
    let written = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    written().map_err(|source| SelfSignedError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Why there is no such certificate.
#[derive(Debug, thiserror::Error)]
pub enum SelfSignedError {
    /// It has no place.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// It cannot be made, for example because a name in `allowed_hosts` is none.
    #[error("make a certificate")]
    Make(#[from] rcgen::Error),
    /// It cannot be kept.
    #[error("write {path}", path = path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
/// Ten years: it is trusted by name, on the machines that were told to.
const LIFETIME_SECONDS: i64 = 10 * 365 * 86_400;
