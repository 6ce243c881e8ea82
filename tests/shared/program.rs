//! Makes rules that are programs.

use super::assemble::escaped;

/// What a program that is a rule says, call by call.
#[derive(Clone, Copy, Default)]
pub(crate) struct Program<'p> {
    /// A `@` in it stands for the event as it was read.
    pub(crate) enrich: &'p str,
    pub(crate) validate: &'p str,
    pub(crate) describe: &'p str,
    pub(crate) stderr: &'p str,
    pub(crate) exit: i32,
}

impl Program<'_> {
    /// Makes a WASI preview 1 command of it.
    pub(crate) fn module(self) -> Vec<u8> {
        let mut text = include_str!("../fixtures/rules/program.wat").to_owned();
        let said = [
            ("DESCRIBE", self.describe),
            ("VALIDATE", self.validate),
            ("STDERR", self.stderr),
            ("ENRICH", self.enrich),
        ];
        for (name, said) in said {
            text = text.replace(&format!("${name}_BYTES"), &said.len().to_string());
            text = text.replace(&format!("\"${name}\""), &format!("\"{}\"", escaped(said)));
        }
        text = text.replace("$EXIT", &self.exit.to_string());
        wat::parse_str(text).unwrap_or_else(|problem| panic!("{problem}"))
    }
}
