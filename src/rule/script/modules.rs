//! The npm packages that scripts may `require`, bundled with the program.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::engine::Module;

/// All of them, by name.
pub(super) struct Modules(BTreeMap<String, Bundled>);

#[derive(Deserialize)]
struct Bundled {
    /// The body of a function of `module`, `exports` and `require`.
    source: String,
    /// The bundled modules that it requires itself.
    requires: Vec<String>,
}

impl Modules {
    /// Unpacks what is in this program.
    pub(super) fn unpack() -> Result<Self, String> {
        let mut text = String::new();
        GzDecoder::new(PACKED)
            .read_to_string(&mut text)
            .map_err(|problem| problem.to_string())?;
        let modules = serde_json::from_str(&text).map_err(|problem| problem.to_string())?;
        Ok(Self(modules))
    }

    /// The modules of these names, and all that they require in turn.
    pub(super) fn with_all<'n>(&'n self, names: impl Iterator<Item = &'n str>) -> Vec<Module> {
        let (mut wanted, mut found): (Vec<&str>, BTreeSet<&str>) =
            (names.collect(), BTreeSet::new());
        let mut modules = Vec::new();
        while let Some(name) = wanted.pop() {
            if let (true, Some(bundled)) = (found.insert(name), self.0.get(name)) {
                wanted.extend(bundled.requires.iter().map(String::as_str));
                modules.push(Module {
                    name: name.to_owned(),
                    source: bundled.source.clone(),
                });
            }
        }
        modules
    }
}

pub(super) const PACKED: &[u8] = include_bytes!("../../../javascript/dist/modules.json.gz");
