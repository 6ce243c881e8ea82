//! Reads a rule file without running or compiling it: what it is, what it wants, where it comes from.

use serde::Serialize;
use wasmparser::{ComponentExternalKind, Parser, Payload, TypeRef};
use wit_component::{DecodedWasm, WitPrinter, decode};

use super::Digest;
use super::compile::componentize;
use super::identify::{Kind, exports, identify};
use super::lane::command::START;

/// What can be read from a file.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// What the file is, in a few words.
    pub kind: &'static str,
    /// Its SHA-256.
    pub digest: Digest,
    /// Its size, in bytes.
    pub bytes: usize,
    /// What it imports.
    pub imports: Vec<String>,
    /// What it exports.
    pub exports: Vec<String>,
    /// What made it: each a tool or language, and its version.
    pub producers: Vec<(String, String)>,
    /// The names of its custom sections, with their sizes in bytes.
    pub custom_sections: Vec<(String, usize)>,
    /// The world it was built for (WIT), if it is a component or wants to be one.
    pub world: Option<String>,
}

/// Reads a file.
///
/// # Errors
/// When it is not WebAssembly, or broken.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, String> {
    let wants_to_be = identify(bytes) == Kind::CoreModule && !exports(bytes, START);
    let component = wants_to_be.then(|| componentize(bytes).ok()).flatten();
    let mut inspection = Inspection {
        kind: kind(bytes, component.is_some())?,
        digest: Digest::of(bytes),
        bytes: bytes.len(),
        imports: Vec::new(),
        exports: Vec::new(),
        producers: Vec::new(),
        custom_sections: Vec::new(),
        world: world(component.as_deref().unwrap_or(bytes)),
    };
    let read = inspection.read(bytes);
    read.map_err(|problem| format!("it is broken WebAssembly: {problem}"))?;
    Ok(inspection)
}

fn kind(bytes: &[u8], is_component_to_be: bool) -> Result<&'static str, String> {
    Ok(match identify(bytes) {
        Kind::Component => "component",
        Kind::CoreModule if exports(bytes, START) => "core module, a WASI preview 1 command",
        Kind::CoreModule if is_component_to_be => {
            "core module that carries the type of a component"
        }
        Kind::CoreModule => "core module",
        Kind::Precompiled | Kind::Text | Kind::Html | Kind::Empty | Kind::Unknown => {
            return Err("it is not WebAssembly".to_owned());
        }
    })
}

impl Inspection {
    /// Walks the outermost layer; modules inside a component are its own business.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "there are thirty kinds of section, and three of them change the depth"
    )]
    fn read(&mut self, bytes: &[u8]) -> wasmparser::Result<()> {
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                payload if depth == 0 => self.note(payload)?,
                _ => {}
            }
        }
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "there are thirty kinds of section, and five of them say something here"
    )]
    fn note(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let import = import?;
                    let what = match import.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => "",
                        _ => " (no function)",
                    };
                    self.imports
                        .push(format!("{} {}{what}", import.module, import.name));
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    self.exports.push(export?.name.to_owned());
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    self.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    if export.kind != ComponentExternalKind::Type {
                        self.exports.push(export.name.name.to_owned());
                    }
                }
            }
            Payload::CustomSection(section) => {
                if let wasmparser::KnownCustom::Producers(producers) = section.as_known() {
                    self.note_producers(producers)?;
                }
                let size = section.data().len();
                self.custom_sections.push((section.name().to_owned(), size));
            }
            _ => {}
        }
        Ok(())
    }

    fn note_producers(
        &mut self,
        producers: wasmparser::ProducersSectionReader<'_>,
    ) -> wasmparser::Result<()> {
        for field in producers {
            for value in field?.values {
                let value = value?;
                self.producers
                    .push((value.name.to_owned(), value.version.to_owned()));
            }
        }
        Ok(())
    }
}

fn world(component: &[u8]) -> Option<String> {
    let DecodedWasm::Component(resolve, world) = decode(component).ok()? else {
        return None;
    };
    let mut printer = WitPrinter::default();
    let package = resolve.worlds[world].package?;
    printer.print(&resolve, package, &[]).ok()?;
    Some(printer.output.to_string())
}
