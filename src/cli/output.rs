//! What commands print: text for people, JSON for programs. Colours only where a terminal shows them.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Write;

use anstream::{eprintln, println};
use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::exit::{Differs, Mistakes};
use super::hide::without_tokens;
use crate::document::Mistake;

/// Prints for people or for programs.
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// One thing: as JSON, or as lines of a name and a value.
    pub(super) fn thing(&self, thing: &impl Serialize, lines: &[(&str, String)]) {
        if self.json {
            return self.value(thing);
        }
        let width = lines
            .iter()
            .map(|(name, _)| name.len())
            .max()
            .unwrap_or_default();
        let next_line = format!("\n{:width$}  ", "");
        for (name, value) in lines {
            let value = value.replace('\n', &next_line);
            println!("{DIM}{name:width$}{DIM:#}  {value}");
        }
    }

    /// Several things of a kind: as a JSON list, or as a table.
    pub(super) fn things<T: Serialize>(
        &self,
        things: &[T],
        head: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) {
        if self.json {
            return self.value(&things);
        }
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(head);
        for thing in things {
            table.add_row(row(thing));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        println!("{}", table.trim_fmt());
    }

    /// That something was done.
    pub(super) fn done(&self, what: impl Display) {
        if self.json {
            return self.value(&json!({ "done": what.to_string() }));
        }
        println!("{GOOD}{what}{GOOD:#}");
    }

    /// A line for people that programs have no use for.
    pub(super) fn note(&self, text: impl Display) {
        if !self.json {
            println!("{text}");
        }
    }

    /// What people should know beside the answer, on standard error.
    pub(super) fn remark(&self, text: impl Display) {
        if self.json {
            eprintln!("{}", json!({ "note": text.to_string() }));
            return;
        }
        eprintln!("{ODD}note:{ODD:#} {text}");
    }

    /// A value as JSON, for people too.
    pub(super) fn value(&self, value: &impl Serialize) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => println!("{text}"),
            Err(problem) => eprintln!("{problem}"),
        }
    }

    /// Whether programs read along.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// Help, or what is wrong with a command line. It quotes what it does not understand, which may be a token.
    pub(super) fn usage(&self, help_or_mistake: &clap::Error) {
        let text = help_or_mistake.render();
        if self.json && help_or_mistake.use_stderr() {
            let text = text.to_string();
            let text = without_tokens(text.trim().trim_start_matches("error: "));
            return eprintln!("{}", json!({ "error": text, "causes": [] }));
        }
        // A closed pipe is no reason to fail.
        let _ = match without_tokens(&text.ansi().to_string()) {
            Cow::Borrowed(_) => help_or_mistake.print(),
            Cow::Owned(text) => write!(anstream::stderr(), "{text}"),
        };
    }

    /// What went wrong, with every cause, on standard error. That things differ, where somebody asked, did not go wrong.
    pub(super) fn failure(&self, failure: &anyhow::Error) {
        if let Some(differs) = failure.downcast_ref::<Differs>() {
            return match self.json {
                true => self.remark(differs),
                false => eprintln!("{differs}"),
            };
        }
        if self.json {
            eprintln!("{}", failure_json(failure));
            return;
        }
        let mut said = failure.to_string();
        eprintln!("{BAD}error:{BAD:#} {}", without_tokens(&said));
        for cause in failure.chain().skip(1).map(ToString::to_string) {
            if cause != said {
                eprintln!("  because: {}", without_tokens(&cause));
            }
            said = cause;
        }
    }
}

/// For programs: what is wrong in a document or a configuration is a list.
fn failure_json(failure: &anyhow::Error) -> Value {
    if let Some(mistakes) = failure.downcast_ref::<Mistakes>() {
        let one = |mistake: &Mistake| json!({ "place": mistake.place, "problem": mistake.problem });
        let all: Vec<Value> = mistakes.all().iter().map(one).collect();
        return json!({ "error": mistakes.sentence(), "causes": [], "mistakes": all });
    }
    let causes = failure.chain().map(ToString::to_string);
    let causes: Vec<String> = causes.map(|cause| without_tokens(&cause).into()).collect();
    json!({ "error": causes.first(), "causes": causes.get(1..) })
}

/// A moment in Unix seconds, as people write it, in UTC.
pub(super) fn moment(unix_seconds: i64) -> String {
    match Timestamp::from_second(unix_seconds) {
        Ok(moment) => moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => unix_seconds.to_string(),
    }
}

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const ODD: Style = AnsiColor::Yellow.on_default();
pub(super) const DIM: Style = Style::new().dimmed();

/// An amount of memory or a size of a file, for people: `9.8 KiB`.
pub(super) fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().iec().to_string()
}
