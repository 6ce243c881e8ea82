//! Declared state: clients, APIs, client grants and rules as files, in the formats of Auth0's deploy tool.
//!
//! [`read`] takes files in. [`Plan::of`] compares them with what is [`Registered`], checks all of it, and says what would have
//! to be done; [`Plan::carry_out`] does it. [`export()`] writes files that say what there is. What files say and this server has
//! no use for is left out, and told.

mod directory;
mod entry;
mod export;
mod hands;
mod keywords;
mod known;
mod origin;
mod plan;
mod registered;
mod yaml;

use std::path::Path;

pub use entry::{Declared, LeftOut};
pub use export::{Export, ExportError, Exported, export};
pub use hands::{Hands, Server, WorkError};
pub use keywords::{Keywords, MAPPINGS};
pub use plan::{Action, Change, Done, Kind, Plan, Prune, Script, Step, Stopped, Unplanned};
pub use registered::Registered;

use crate::document::Mistake;
use entry::Section;

/// Reads what is declared: a directory, or a YAML file with what stands beside it.
///
/// What is wrong in a file is told with what is wrong in what all of them declare.
///
/// # Errors
/// When the place is neither.
pub fn read(place: &Path, keywords: &Keywords) -> Result<Declared, Mistake> {
    if place.is_dir() {
        return Ok(directory::read(place, keywords));
    }
    if yaml::is_named_so(place) {
        return Ok(yaml::read(place, keywords));
    }
    Err(Mistake {
        place: place.display().to_string(),
        problem: "name a directory, or a file that ends with .yaml or .yml".to_owned(),
    })
}

/// Refuses a place whose files would lie in the rules directory itself: what runs there would be taken for declared, and deleted
/// when another export takes its place.
///
/// # Errors
/// When it is one.
pub fn check_apart(place: &Path, rules_dir: &Path) -> Result<(), Mistake> {
    let (root, live) = (root_of(place), rules_dir.canonicalize());
    for section in Section::ALL {
        let directory = root.join(section.directory());
        if let (Ok(one), Ok(live)) = (directory.canonicalize(), &live)
            && one == *live
        {
            return Err(Mistake {
                place: directory.display().to_string(),
                problem:
                    "it is the directory of the rules that run: keep declared files in another"
                        .to_owned(),
            });
        }
    }
    Ok(())
}

/// Where paths in declared files begin.
fn root_of(place: &Path) -> &Path {
    if !yaml::is_named_so(place) {
        return place;
    }
    match place.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// What the deploy tool writes in the place of a secret.
const NOT_SHOWN: &str = "_VALUE_NOT_SHOWN_";
