//! `rulemint token inspect`

use std::fs;
use std::path::PathBuf;

use anstream::println;
use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use super::super::Context;
use super::super::access::{Access, load};
use super::super::exit::Refused;
use super::super::output::{BAD, GOOD};
use super::jwt::{decoded_parts, print_parts, read_token};
use super::known::Known;
use super::revoked::by_what;
use super::server::Named;
use crate::keys::Kind;
use crate::revocation::{revocations_of, revocations_of_key};
use crate::sign::{Verified, VerifyError, verify_any};
use crate::store::{RevocationRow, Store};

/// Decode a token and check it the way an API would.
///
/// What is checked is its signature, its issuer, its type, its time and, where given, its audience. What it says is printed even if
/// it is not valid. Whether it was revoked is looked up in the data directory; where that is not the issuer's, the answer says that
/// it was not.
///
/// Status list tokens, signed lists of revocations and signed answers of introspection are told as what they are. With --audience
/// only an access token is valid.
///
/// The keys are those of the installation in the data directory, or of the server where that is named or there is none
/// here, or of --jwks.
#[derive(Args)]
pub(in crate::cli) struct Inspect {
    /// The token; - or nothing reads it from standard input.
    token: Option<String>,
    /// The API it should be for.
    #[arg(long, value_name = "API")]
    audience: Option<String>,
    #[command(flatten)]
    server: Named,
    /// A file with the issuer's key set, instead of asking a server. The issuer is then not checked.
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
}

impl Inspect {
    pub(super) async fn run(&self, context: &Context<'_>) -> anyhow::Result<()> {
        let token = read_token(self.token.as_deref())?;
        let (header, claims) = decoded_parts(&token)?;
        let known = self.known(context).await?;
        let checked = verify_any(&token, &known.expected(self.audience.as_deref()));
        let kid = header["kid"].as_str().unwrap_or_default();
        let verdict = Verdict::of(checked, kid, known.store.as_ref()).await?;
        if context.output.is_json() {
            context.output.value(&verdict.with(&header, &claims));
        } else {
            print_parts(context, &header, &claims);
            verdict.print();
        }
        match verdict.problem {
            None => Ok(()),
            Some(problem) => Err(Refused(format!("the token is not valid: {problem}")).into()),
        }
    }

    async fn known(&self, context: &Context<'_>) -> anyhow::Result<Known> {
        if let Some(file) = &self.jwks {
            let text = fs::read_to_string(file);
            let jwks = text.with_context(|| format!("read the keys from {}", file.display()))?;
            return Ok(Known {
                jwks,
                issuer: None,
                store: None,
            });
        }
        let config = load(context, Vec::new())?.config;
        match &self.server.server {
            None if config.data_dir.is_dir() => {
                let access = Access::look(context).await?;
                Known::of_installation(&access, &config).await
            }
            _ => Known::of_server(&self.server.find(context)?),
        }
    }
}

/// What was found out about a token.
struct Verdict {
    /// As what it was checked.
    kind: Kind,
    /// What is wrong with it.
    problem: Option<String>,
    /// The revocations that meet it. `None`: nobody looked, because it is not valid anyway, no access token, or its issuer's
    /// store is not here.
    revoked_by: Option<Vec<RevocationRow>>,
}

impl Verdict {
    async fn of(
        (kind, checked): (Kind, Result<Verified, VerifyError>),
        kid: &str,
        store: Option<&Store>,
    ) -> anyhow::Result<Self> {
        let store = store.filter(|_| kind == Kind::AccessToken);
        let revoked_by = match (&checked, store) {
            (Ok(token), Some(store)) => Some(revocations_of(store, &token.bearing()).await?),
            (Err(VerifyError::UnknownKey), Some(store)) => {
                let by = revocations_of_key(store, kid).await?;
                Some(by).filter(|by| !by.is_empty())
            }
            _ => None,
        };
        let revoked = by_what(revoked_by.as_deref().unwrap_or_default());
        let problem = match checked {
            Err(_) if !revoked.is_empty() => Some(format!("its key was revoked, by {revoked}")),
            Err(problem) => Some(problem.to_string()),
            Ok(_) if revoked.is_empty() => None,
            Ok(_) => Some(format!("it was revoked, by {revoked}")),
        };
        Ok(Self {
            kind,
            problem,
            revoked_by,
        })
    }

    fn with(&self, header: &Value, claims: &Value) -> Value {
        json!({
            "valid": self.problem.is_none(),
            "problem": self.problem,
            "kind": self.kind,
            "revoked": self.revoked_by.as_ref().map(|by| !by.is_empty()),
            "revoked_by": self.revoked_by,
            "header": header,
            "claims": claims,
        })
    }

    fn print(&self) {
        if let Some(problem) = &self.problem {
            println!("\n{BAD}not valid:{BAD:#} {problem}");
            return;
        }
        let revocation = match (self.kind, &self.revoked_by) {
            (Kind::AccessToken, Some(_)) => ", and not revoked",
            (Kind::AccessToken, None) => NOT_LOOKED_AT,
            _ => "",
        };
        let kind = self.kind.as_str();
        println!("\n{GOOD}valid{GOOD:#}: it is {kind}{revocation}");
    }
}

const NOT_LOOKED_AT: &str = ".\nWhether it was revoked was not looked at: that takes its issuer's data directory (--data-dir), and \
     neither --server nor --jwks";
