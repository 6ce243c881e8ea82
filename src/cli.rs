//! The command line: each command parses, calls one function of the library, and prints what came of it.

mod access;
mod api;
mod audit;
mod backup;
mod change;
mod client;
mod completions;
mod config;
mod declared;
mod exit;
mod grant;
mod hide;
mod key;
mod output;
mod revoke;
mod rule;
mod serve;
mod token;

use std::ffi::OsString;
use std::io::{stdin, stdout};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Environment;
use crate::rule::compile_as_child;
use output::Output;

/// Issues signed access tokens, shaped by your own WebAssembly rules.
#[derive(Parser)]
#[command(name = "rulemint", version, max_term_width = 100, after_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// What every command understands.
#[derive(Args)]
struct Global {
    /// Print JSON for programs instead of text for people.
    #[arg(long, global = true)]
    json: bool,
    /// The configuration file [default: rulemint.toml, if it is there].
    #[arg(long, global = true, value_name = "FILE", env = "RULEMINT_CONFIG")]
    config: Option<std::path::PathBuf>,
    /// Where the installation keeps its store and keys [default: .rulemint].
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    Serve(Box<serve::Serve>),
    /// Check or show the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Add, import, change, list, show or delete clients; give them new secrets.
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Add, change, list, show or delete APIs.
    #[command(subcommand)]
    Api(api::ApiCommand),
    /// Add, change, list, show or delete client grants: which client may have tokens for which API.
    #[command(subcommand)]
    Grant(grant::GrantCommand),
    /// Make clients, APIs, grants and scripts what files declare, in the formats of Auth0's deploy tool.
    Apply(declared::Apply),
    /// Write files that declare what there is, in the formats of Auth0's deploy tool. They hold no secret.
    Export(declared::ExportCommand),
    /// List, rotate or revoke the keys that tokens are signed with.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// See how the rules stand, go back to earlier ones, print the contract for new ones.
    #[command(subcommand)]
    Rule(rule::RuleCommand),
    Revoke(Box<revoke::Revoke>),
    /// See who changed what; delete old entries.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Get, inspect or explain tokens.
    #[command(subcommand)]
    Token(token::TokenCommand),
    Backup(backup::Backup),
    Restore(backup::Restore),
    /// Look whether the store is sound.
    #[command(subcommand)]
    Store(backup::StoreCommand),
    Completions(completions::Completions),
    /// Compile a rule from standard input to standard output: how the server compiles, in a process of its own.
    #[command(hide = true)]
    CompileRule {
        /// Processor time, in seconds.
        seconds: u32,
        /// Address space, in bytes.
        bytes: u64,
    },
}

/// Parses the command line, runs the command, and says how it went.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(help_or_mistake) => {
            // Nothing says yet whether programs read along, but the word itself.
            let is_json = arguments.iter().any(|argument| argument == "--json");
            Output::new(is_json).usage(&help_or_mistake);
            return exit::of_clap(&help_or_mistake);
        }
    };
    if let Command::CompileRule { seconds, bytes } = cli.command {
        return ExitCode::from(compile_as_child(
            seconds,
            bytes,
            stdin().lock(),
            stdout().lock(),
        ));
    }
    let environment = Environment::of_process();
    let output = Output::new(cli.global.json);
    let context = Context {
        global: &cli.global,
        environment: &environment,
        output: &output,
    };
    match dispatch(cli.command, &context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            exit::of_failure(&failure)
        }
    }
}

/// What a command works with.
struct Context<'c> {
    global: &'c Global,
    environment: &'c Environment,
    output: &'c Output,
}

fn dispatch(command: Command, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        Command::Serve(serve) => serve.run(context),
        Command::Config(command) => command.run(context),
        Command::Client(command) => access::wait_for(command.run(context)),
        Command::Api(command) => access::wait_for(command.run(context)),
        Command::Grant(command) => access::wait_for(command.run(context)),
        Command::Apply(apply) => access::wait_for(apply.run(context)),
        Command::Export(export) => access::wait_for(export.run(context)),
        Command::Key(command) => access::wait_for(command.run(context)),
        Command::Rule(command) => access::wait_for(command.run(context)),
        Command::Revoke(revoke) => access::wait_for(revoke.run(context)),
        Command::Audit(command) => access::wait_for(command.run(context)),
        Command::Token(command) => access::wait_for(command.run(context)),
        Command::Backup(backup) => access::wait_for(backup.run(context)),
        Command::Restore(restore) => access::wait_for(restore.run(context)),
        Command::Store(command) => access::wait_for(command.run(context)),
        Command::Completions(completions) => completions.run(),
        Command::CompileRule { .. } => Ok(()), // Dealt with before anything was set up.
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
