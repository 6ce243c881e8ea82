//! Hashes of secrets that people chose: slow on purpose, because there is something to guess.

use std::str::FromStr;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use bcrypt::HashParts;

/// The hash of one chosen secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChosenHash {
    form: Form,
    text: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Argon2id keyed with the installation's pepper: the store alone cannot be searched for the secret.
    Peppered,
    /// Argon2id as another system made it.
    Argon2id,
    /// Bcrypt as another system made it.
    Bcrypt,
}

impl ChosenHash {
    /// Reads a hash that another system made: a PHC string of Argon2id, or bcrypt's own form.
    ///
    /// # Errors
    /// When it is neither, or so costly that checking it would keep everybody else waiting.
    pub fn import(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let form = match text.starts_with("$2") {
            true => check_bcrypt(text).map(|()| Form::Bcrypt)?,
            false => check_argon2id(text).map(|()| Form::Argon2id)?,
        };
        let text = text.into();
        Ok(Self { form, text })
    }

    /// Hashes a secret. It takes a while.
    pub(super) fn of(secret: &str, pepper: &[u8], salt: &[u8]) -> Self {
        let hashed = peppered(pepper).hash_password_with_salt(secret.as_bytes(), salt);
        let hashed = hashed.expect("16 bytes are a salt, and a secret is shorter than 4 GiB");
        Self {
            form: Form::Peppered,
            text: hashed.to_string().into(),
        }
    }

    /// A hash that no secret has and that costs as much as one of ours.
    pub fn of_nobody() -> Self {
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        let params = format!("m={MEMORY_KIB},t={PASSES},p={LANES}");
        Self {
            form: Form::Peppered,
            text: format!("$argon2id$v=19${params}${salt}${hash}").into(),
        }
    }

    /// As stored.
    pub(in crate::registry) fn to_stored(&self) -> String {
        match self.form {
            Form::Peppered => format!("{PEPPERED}{}", self.text),
            Form::Argon2id | Form::Bcrypt => self.text.to_string(),
        }
    }

    /// Reads what is stored.
    pub(super) fn of_stored(text: &str) -> Option<Self> {
        match text.strip_prefix(PEPPERED) {
            Some(text) => Some(Self {
                form: Form::Peppered,
                text: text.into(),
            }),
            None => Self::import(text).ok(),
        }
    }

    /// Whether it is the hash of this secret. It takes a while, and the same either way.
    pub(super) fn verify(&self, secret: &str, pepper: &[u8]) -> bool {
        let secret = secret.as_bytes();
        match self.form {
            Form::Peppered => peppered(pepper)
                .verify_password(secret, &*self.text)
                .is_ok(),
            Form::Argon2id => Argon2::default()
                .verify_password(secret, &*self.text)
                .is_ok(),
            Form::Bcrypt => bcrypt::verify(secret, &self.text).unwrap_or_default(),
        }
    }

    /// What tells it from every other.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

fn peppered(pepper: &[u8]) -> Argon2<'_> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.expect("they are what OWASP names");
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        .expect("a pepper is shorter than 4 GiB")
}

fn check_argon2id(text: &str) -> Result<(), String> {
    let unknown =
        "it is neither a PHC string of argon2id ($argon2id$v=19$...) nor of bcrypt ($2b$...)";
    let hash = PasswordHash::new(text).map_err(|_| unknown.to_owned())?;
    if hash.algorithm != Algorithm::Argon2id.ident() {
        return Err(unknown.to_owned());
    }
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err("it has no salt, or no hash".to_owned());
    }
    let params = Params::try_from(&hash).map_err(|problem| problem.to_string())?;
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    let work = u64::from(memory) * u64::from(passes);
    match work <= WORK_KIB_MAX && memory <= MEMORY_KIB_MAX {
        true => Ok(()),
        false => Err(format!(
            "m={memory},t={passes},p={lanes} is too costly to check: m times t is at most {WORK_KIB_MAX}, m at most \
             {MEMORY_KIB_MAX}"
        )),
    }
}

fn check_bcrypt(text: &str) -> Result<(), String> {
    let parts = HashParts::from_str(text).map_err(|_| "it is no hash of bcrypt".to_owned())?;
    match parts.get_cost() {
        cost if cost <= BCRYPT_COST_MAX => Ok(()),
        cost => Err(format!(
            "a bcrypt cost of {cost} is too much to check: it is at most {BCRYPT_COST_MAX}"
        )),
    }
}

/// What a stored hash begins with that the pepper went into.
const PEPPERED: &str = "peppered";
/// OWASP's first choice for Argon2id where memory counts: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Four times OWASP's work, and what RFC 9106 recommends (64 MiB, three passes) fits: some 0.2 s.
const WORK_KIB_MAX: u64 = 196_608;
const MEMORY_KIB_MAX: u32 = 65_536;
/// Some 0.25 s.
const BCRYPT_COST_MAX: u32 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    const PEPPER: &[u8] = b"a pepper of the tests";
    const SALT: &[u8] = b"sixteen bytes it";

    fn refused(text: &str) -> String {
        ChosenHash::import(text).unwrap_err()
    }

    #[test]
    fn a_hash_is_of_its_secret_and_its_pepper_alone() {
        let hash = ChosenHash::of("correct horse", PEPPER, SALT);
        assert!(hash.verify("correct horse", PEPPER));
        assert!(!hash.verify("correct house", PEPPER));
        assert!(!hash.verify("correct horse", b"another pepper"));
        let stored = hash.to_stored();
        assert!(
            stored.starts_with("peppered$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert_eq!(ChosenHash::of_stored(&stored), Some(hash));
    }

    #[test]
    fn hashes_of_other_systems_are_taken() {
        // `argon2 somesalt -id -t 2 -m 14 -p 1` of the reference implementation, of "password".
        let argon2id = "$argon2id$v=19$m=16384,t=2,p=1$c29tZXNhbHQ$S+2MKXIJ3cj8MwUiZ9ajfoMqPlMsr1AH/vSZ/cdvejA";
        let bcrypt = "$2b$04$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie";
        let hash = ChosenHash::import(argon2id);
        assert!(hash.is_ok(), "{hash:?}");
        let hash = ChosenHash::import(bcrypt).unwrap();
        assert!(hash.verify("correctbatteryhorsestapler", PEPPER));
        assert!(!hash.verify("correct", PEPPER));
        assert_eq!(ChosenHash::of_stored(&hash.to_stored()), Some(hash));
    }

    #[test]
    fn what_is_no_hash_or_costs_too_much_is_refused() {
        assert!(refused("secret").contains("neither"));
        assert!(refused("$2b$04$short").contains("no hash of bcrypt"));
        let other =
            "$argon2i$v=19$m=16384,t=2,p=1$c29tZXNhbHQ$S+2MKXIJ3cj8MwUiZ9ajfoMqPlMsr1AH/vSZ/cdvejA";
        assert!(refused(other).contains("neither"));
        assert!(
            refused(
                &other
                    .replace("argon2i$", "argon2id$")
                    .replace("t=2", "t=90")
            )
            .contains("too costly")
        );
        let bcrypt = "$2b$15$EGdrhbKUv8Oc9vGiXX0HQOxSg445d458Muh7DAHskb6QbtCvdxcie";
        assert!(refused(bcrypt).contains("at most 12"));
        assert!(refused("$argon2id$v=19$m=16384,t=2,p=1$c29tZXNhbHQ").contains("no hash"));
    }
}
