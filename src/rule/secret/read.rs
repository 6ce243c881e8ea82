//! Reads secrets, and tells whether they have changed since without remembering them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aws_lc_rs::hmac;
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{SECRET_BYTES_MIN, Secret, SecretSource, Secrets};
use crate::config::Environment;
use crate::document;

/// Reads every secret of a manifest. Blocks: call it where that is allowed.
///
/// # Errors
/// Which one cannot be had, and what to do about it. Never its value.
pub(in crate::rule) fn read_all(
    sources: &BTreeMap<String, SecretSource>,
    environment: &Environment,
) -> Result<Secrets, String> {
    let mut secrets = Vec::with_capacity(sources.len());
    for (name, source) in sources {
        let value = read(name, source, environment)?;
        let bytes = value.expose_secret().len();
        if bytes < SECRET_BYTES_MIN {
            return Err(format!(
                "secret {name} has {bytes} bytes; one that is shorter than {SECRET_BYTES_MIN} cannot be kept out of \
                 logs, and can be guessed. What is no secret belongs into [settings]"
            ));
        }
        secrets.push(Secret {
            name: name.as_str().into(),
            value,
            visible: source.visible,
        });
    }
    Ok(Secrets::new(secrets))
}

fn read(
    name: &str,
    source: &SecretSource,
    environment: &Environment,
) -> Result<SecretString, String> {
    if let Some(file) = &source.file {
        let text = read_file(file).map_err(|problem| {
            let file = file.display();
            format!(
                "secret {name}: {file} cannot be read: {problem}. Put the secret there, or correct secrets.{name}.file"
            )
        })?;
        return Ok(without_line_break(text));
    }
    let variable = source.env.as_deref().unwrap_or_default();
    let value = environment.get(variable);
    value.map(SecretString::from).ok_or_else(|| {
        format!(
            "secret {name}: the server's environment has no variable {variable}. Start the server with it, or correct \
             secrets.{name}.env"
        )
    })
}

/// Editors and `echo` end a file with a line break, which no secret means.
fn without_line_break(text: SecretString) -> SecretString {
    let whole = text.expose_secret();
    match whole
        .strip_suffix("\r\n")
        .or_else(|| whole.strip_suffix('\n'))
    {
        Some(line) => line.into(),
        None => text,
    }
}

/// Reads a file that a manifest names: text, of a bounded size, and nobody else's to change.
///
/// # Errors
/// When it is not that.
pub(in crate::rule) fn read_file(path: &Path) -> io::Result<SecretString> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = open(path, flags, Mode::empty())?;
    let status = fstat(&file)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(io::Error::other("it is a directory, a pipe or a device"));
    }
    if status.st_mode & 0o002 != 0 {
        return Err(io::Error::other("everybody may write to it; run chmod o-w"));
    }
    let mut text = String::new();
    let read = File::from(file)
        .take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text);
    let text = SecretString::from(text);
    match read {
        Err(problem) if problem.kind() == io::ErrorKind::InvalidData => {
            Err(io::Error::other("it is not UTF-8 text"))
        }
        Err(problem) => Err(problem),
        Ok(bytes) if bytes as u64 > FILE_BYTES_MAX => {
            let text = format!("it has more than {FILE_BYTES_MAX} bytes");
            Err(io::Error::other(text))
        }
        Ok(_) => Ok(text),
    }
}

/// Stands for everything outside the rules directory that a manifest refers to: equal fingerprints, nothing changed. It is
/// made under a key that ends with the process, so it says nothing about the values.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Fingerprint(Option<[u8; 32]>);

impl Fingerprint {
    /// Stands for these values too, if there are any.
    pub(in crate::rule) fn and(
        self,
        shared: &BTreeMap<String, SecretString>,
        key: &FingerprintKey,
    ) -> Self {
        if shared.is_empty() {
            return self;
        }
        let mut tag = hmac::Context::with_key(&key.0);
        tag.update(&self.0.unwrap_or_default());
        for (name, value) in shared {
            add(&mut tag, name, Some(value.clone()));
        }
        Self::of(tag)
    }

    fn of(tag: hmac::Context) -> Self {
        let mut print = [0; 32];
        print.copy_from_slice(tag.sign().as_ref());
        Self(Some(print))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Fingerprint(..)")
    }
}

/// The key of this process's fingerprints.
pub(in crate::rule) struct FingerprintKey(hmac::Key);

impl FingerprintKey {
    pub(in crate::rule) fn new(random: [u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &random))
    }
}

/// Takes the fingerprint of what a manifest refers to. One that refers to nothing, or is none, has the empty one. Blocks.
pub(in crate::rule) fn fingerprint(
    manifest: &str,
    environment: &Environment,
    key: &FingerprintKey,
) -> Fingerprint {
    let document = document::parse_toml(manifest, "").ok();
    let refers = document.and_then(|document| References::deserialize(document).ok());
    let Some(References { secrets, http }) = refers else {
        return Fingerprint::default();
    };
    let ca = http.and_then(|http| http.ca);
    if secrets.is_empty() && ca.is_none() {
        return Fingerprint::default();
    }
    let mut tag = hmac::Context::with_key(&key.0);
    for (name, source) in &secrets {
        add(&mut tag, name, read(name, source, environment).ok());
    }
    if let Some(ca) = ca {
        add(&mut tag, "", read_file(Path::new(&ca)).ok());
    }
    Fingerprint::of(tag)
}

/// Lengths go first, so that no two lists of values look the same.
fn add(tag: &mut hmac::Context, name: &str, value: Option<SecretString>) {
    tag.update(&(name.len() as u64).to_be_bytes());
    tag.update(name.as_bytes());
    let Some(value) = value else {
        return tag.update(&u64::MAX.to_be_bytes());
    };
    let value = value.expose_secret().as_bytes();
    tag.update(&(value.len() as u64).to_be_bytes());
    tag.update(value);
}

/// As much of a manifest as refers to something outside it.
#[derive(Deserialize)]
struct References {
    #[serde(default)]
    secrets: BTreeMap<String, SecretSource>,
    http: Option<HttpReferences>,
}

#[derive(Deserialize)]
struct HttpReferences {
    ca: Option<String>,
}

const FILE_BYTES_MAX: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn source(file: Option<&Path>, env: Option<&str>) -> BTreeMap<String, SecretSource> {
        let source = SecretSource {
            file: file.map(Path::to_owned),
            env: env.map(str::to_owned),
            visible: true,
        };
        [("KEY".to_owned(), source)].into()
    }

    fn read_env(value: &str) -> Result<Secrets, String> {
        let environment = Environment::of([("VARIABLE", value)]);
        read_all(&source(None, Some("VARIABLE")), &environment)
    }

    #[test]
    fn a_line_break_at_the_end_of_a_file_is_not_part_of_the_secret() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("key");
        for (text, value) in [
            ("open-sesame\n", "open-sesame"),
            ("open-sesame\r\n", "open-sesame"),
            ("open\nsesame\n\n", "open\nsesame\n"),
        ] {
            fs::write(&file, text).unwrap();
            let secrets = read_all(&source(Some(&file), None), &Environment::of([])).unwrap();
            assert_eq!(secrets.visible("KEY"), Some(value));
        }
    }

    #[test]
    fn what_cannot_be_had_is_named_and_never_shown() {
        let missing = read_all(
            &source(Some(Path::new("/nowhere/key")), None),
            &Environment::of([]),
        );
        let told = missing.err().unwrap();
        assert!(
            told.contains("KEY") && told.contains("/nowhere/key") && told.contains("correct"),
            "{told}"
        );
        let told = read_env("").err().unwrap();
        assert!(told.contains("no variable VARIABLE"), "{told}");
        let told = read_env("passwd1").err().unwrap();
        assert!(
            told.contains("7 bytes") && !told.contains("passwd1"),
            "{told}"
        );
        let device = read_all(
            &source(Some(Path::new("/dev/zero")), None),
            &Environment::of([]),
        );
        let told = device.err().unwrap();
        assert!(told.contains("a device"), "{told}");
    }

    #[test]
    fn a_fingerprint_changes_with_a_value_and_with_the_process() {
        let (key, other) = (FingerprintKey::new([1; 32]), FingerprintKey::new([2; 32]));
        let manifest = "[secrets.KEY]\nenv = \"VARIABLE\"\n";
        let of =
            |value: &str, key| fingerprint(manifest, &Environment::of([("VARIABLE", value)]), key);
        assert_eq!(of("open-sesame", &key), of("open-sesame", &key));
        assert_ne!(of("open-sesame", &key), of("open-says-me", &key));
        assert_ne!(of("open-sesame", &key), of("", &key));
        assert_ne!(of("open-sesame", &key), of("open-sesame", &other));
        let nothing = fingerprint("on_error = \"skip\"\n", &Environment::of([]), &key);
        assert_eq!(nothing, Fingerprint::default());
    }
}
