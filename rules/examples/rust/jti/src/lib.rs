//! Gives every token a fresh random UUID (version 4) as its `jti`.

use rulemint_guest::{Changes, Failure, Request, host};

fn enrich(_request: &Request) -> Result<Changes, Failure> {
    let mut changes = Changes::new();
    changes.set("jti", &host::uuid_v4());
    Ok(changes)
}

rulemint_guest::rule!(enrich);
