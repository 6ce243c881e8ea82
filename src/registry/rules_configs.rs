//! What all scripts share, which Auth0 calls `configuration`: set here, sealed in the store, and shown to nobody again.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::{Registrar, RegistrarError};
use crate::master_key::MasterKey;
use crate::store::{RulesConfigRow, Store, StoreError};

impl Registrar {
    /// The keys there are, in order.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn rules_config_keys(&self) -> Result<Vec<String>, RegistrarError> {
        let all = self.store.rules_configs().await?;
        Ok(all.into_iter().map(|row| row.key).collect())
    }

    /// Sets a value. The number is that of the wish to load the rules anew.
    ///
    /// # Errors
    /// When key or value cannot be what they are, there are too many, or the store does not answer.
    pub async fn set_rules_config(
        &self,
        key: &str,
        value: &SecretString,
    ) -> Result<i64, RegistrarError> {
        check_key(key)?;
        let chars = value.expose_secret().chars().count();
        if !(1..=VALUE_CHARS_MAX).contains(&chars) {
            let why = format!("value has 1 to {VALUE_CHARS_MAX} characters, not {chars}");
            return Err(RegistrarError::Invalid(why));
        }
        let row = RulesConfigRow {
            key: key.to_owned(),
            sealed: self
                .master
                .seal(&label(key), value.expose_secret().as_bytes()),
            updated_at: self.now(),
        };
        let set = self.store.put_rules_config(&row, COUNT_MAX, self.by());
        set.await?.ok_or_else(|| {
            RegistrarError::Invalid(format!("there are {COUNT_MAX} keys, and no more may be"))
        })
    }

    /// Deletes a value, if it is there. The number is that of the wish to load the rules anew.
    ///
    /// # Errors
    /// When the key cannot be one, or the store does not answer.
    pub async fn delete_rules_config(&self, key: &str) -> Result<Option<i64>, RegistrarError> {
        check_key(key)?;
        Ok(self.store.delete_rules_config(key, self.by()).await?)
    }
}

/// Opens all of them, for those who run scripts.
///
/// # Errors
/// When the store does not answer.
pub async fn rules_configs(
    store: &Store,
    master: &MasterKey,
) -> Result<BTreeMap<String, SecretString>, StoreError> {
    let mut opened = BTreeMap::new();
    for row in store.rules_configs().await? {
        let value = master.open(&label(&row.key), &row.sealed).ok();
        match value.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(value) => drop(opened.insert(row.key, value.into())),
            // The script that misses it says so; the others run.
            None => tracing::warn!(
                key = row.key,
                "a value that scripts share was sealed under another master key: set it anew"
            ),
        }
    }
    Ok(opened)
}

/// A sealed value does not open under another key's name.
fn label(key: &str) -> String {
    format!("rules-config {key}")
}

fn check_key(key: &str) -> Result<(), RegistrarError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-@*+:".contains(&byte);
    match (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(plain) {
        true => Ok(()),
        false => Err(RegistrarError::Invalid(format!(
            "a key is 1 to {KEY_BYTES_MAX} letters, digits and any of _-@*+: , not {key:?}"
        ))),
    }
}

const KEY_BYTES_MAX: usize = 127;
/// As at Auth0.
const VALUE_CHARS_MAX: usize = 20_480;
const COUNT_MAX: i64 = 100;
