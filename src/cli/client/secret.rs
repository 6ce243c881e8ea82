//! A secret that comes from standard input: never from the command line, where others of the machine can read it.

use std::io::{IsTerminal, Read, stdin};

use anyhow::Context as _;
use secrecy::SecretString;

/// Reads a secret: from a prompt where somebody types, else all that is sent, without the end of the line.
pub(super) fn read() -> anyhow::Result<SecretString> {
    let typed = match stdin().is_terminal() {
        true => rpassword::prompt_password("Client secret: "),
        false => {
            let mut text = String::new();
            stdin().read_to_string(&mut text).map(|_| text)
        }
    };
    let secret = typed.context("read the secret from standard input")?;
    Ok(secret.trim_end_matches(['\r', '\n']).into())
}
