//! What `apply` and `export` tell.

use anstream::println;
use serde_json::{Value, json};
use similar::TextDiff;

use crate::cli::Context;
use crate::cli::change::change_line;
use crate::cli::output::{BAD, DIM, GOOD, ODD};
use crate::declared::{Action, Change, LeftOut, Plan, Step};
use crate::document::Mistake;

/// A plan, as it is told.
pub(super) struct Told {
    value: Value,
    text: String,
    /// What is said when it is carried out.
    outcome: &'static str,
}

impl Told {
    pub(super) fn of(plan: &Plan) -> Self {
        let changed = plan
            .steps
            .iter()
            .filter(|step| step.action != Action::Unchanged);
        let lines: Vec<String> = changed.map(line).collect();
        let counts = [
            (Action::Create, "to create"),
            (Action::Update, "to change"),
            (Action::Delete, "to delete"),
            (Action::Unchanged, "unchanged"),
        ];
        let counts = counts.map(|(action, word)| format!("{} {word}", plan.count(action)));
        let mut text: String = lines.into_iter().map(|line| line + "\n").collect();
        text.push_str(&counts.join(", "));
        Self {
            value: json!({ "plan": plan.steps, "left_out": plan.left_out }),
            text,
            outcome: match plan.is_needed() {
                true => "applied",
                false => "nothing was to be done",
            },
        }
    }

    /// `unseen_secrets` is there when the plan was carried out.
    pub(super) fn print(mut self, context: &Context<'_>, unseen_secrets: Option<&[String]>) {
        if context.output.is_json() {
            self.value["applied"] = json!(unseen_secrets.is_some());
            self.value["unseen_secrets"] = json!(unseen_secrets.unwrap_or_default());
            return context.output.value(&self.value);
        }
        let left_out = self.value["left_out"].take();
        print_left_out(&serde_json::from_value::<Vec<LeftOut>>(left_out).unwrap_or_default());
        println!("{}", self.text);
        match unseen_secrets {
            None => println!("{DIM}nothing was done{DIM:#}"),
            Some(ids) => {
                context.output.done(self.outcome);
                for id in ids {
                    println!(
                        "nobody has seen the secret of {id}: rulemint client rotate-secret {id} shows a new one"
                    );
                }
            }
        }
    }
}

fn line(step: &Step) -> String {
    let (style, sign) = match step.action {
        Action::Create => (GOOD, '+'),
        Action::Update => (ODD, '~'),
        Action::Delete => (BAD, '-'),
        Action::Unchanged => (DIM, '='),
        Action::Spare => (DIM, '!'),
    };
    let mut line = format!(
        "{style}{sign}{style:#} {} {}",
        step.kind.as_str(),
        step.name
    );
    if step.action == Action::Spare {
        line.push_str(" stays: this server is managed by it (--prune-managers)");
    }
    line.extend(step.changes.iter().map(change_lines));
    line
}

fn change_lines(change: &Change) -> String {
    if let (Some(before), Some(after)) = (change.before.as_str(), change.after.as_str())
        && (before.contains('\n') || after.contains('\n'))
    {
        let difference = TextDiff::from_lines(before, after);
        let difference = difference.unified_diff().context_radius(1).to_string();
        let lines = difference.lines().map(|line| format!("\n      {line}"));
        return format!("\n    {}:{}", change.property, lines.collect::<String>());
    }
    let line = change_line(&change.property, &change.before, &change.after);
    format!("\n    {line}")
}

pub(super) fn print_left_out(left_out: &[LeftOut]) {
    for one in left_out {
        let property = one
            .property
            .as_ref()
            .map_or_else(String::new, |name| format!(": {name}"));
        println!("{ODD}left out{ODD:#} {}{property}: {}", one.place, one.why);
    }
}

pub(super) fn as_mistake(left_out: &LeftOut) -> Mistake {
    let property = left_out
        .property
        .as_ref()
        .map_or_else(String::new, |name| format!(": {name}"));
    Mistake {
        place: format!("{}{property}", left_out.place),
        problem: left_out.why.clone(),
    }
}
