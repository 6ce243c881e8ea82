//! The claims that are the host's own, whoever would like to set them.

/// Whether it can be a claim's name: visible ASCII, and nothing that a reader could take for another name.
pub fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether it is one of these names, in any spelling.
///
/// A reader that ignores case must not be given a second `iss` either.
pub fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a claim is the host's: nobody but a rule whose manifest says so may set it, and some not even that.
pub fn is_hosts(name: &str) -> bool {
    is_one_of(name, NEVER) || is_one_of(name, UNLESS_LISTED)
}

/// What a token means hangs on these: who made it, for whom, until when, for which key, to whom, how far.
pub const NEVER: &[&str] = &[
    "iss",
    "aud",
    "exp",
    "iat",
    "nbf",
    "cnf",
    "client_id",
    "scope",
    "scp",
    "rm_cutoff",
    "rm_rules",
    "__proto__",
];

/// The host's too, but an operator may hand them to a rule by name. The second half are JOSE header fields (RFC 7515
/// section 4.1, RFC 7516 section 4.1, RFC 7518 section 4, RFC 7797): a claim of that name invites confusion.
pub const UNLESS_LISTED: &[&str] = &[
    "sub", "azp", "act", "may_act", "status", "events", "gty", "alg", "jku", "jwk", "kid", "x5u",
    "x5c", "x5t", "x5t#s256", "typ", "cty", "crit", "enc", "zip", "epk", "apu", "apv", "iv", "tag",
    "p2s", "p2c", "b64",
];

/// How long a claim's name may be.
pub const NAME_BYTES_MAX: usize = 255;
