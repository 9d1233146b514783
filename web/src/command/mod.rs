//! The subcommands of `nhipcau`, and how a refusal reaches the person at the terminal: as one sentence on stderr.

mod connections;
mod files;
pub mod serve;
pub mod start;
pub mod tls;
pub mod token;
pub mod verify;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::config::{self, ConfigRefused, FILE_VARIABLE, Layer, settle};

/// The province's conference bridge and its office
#[derive(Parser)]
#[command(name = "nhipcau", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<Serve>),
    /// Print a token that admits to a session
    Token(token::TokenArgs),
    /// Check a data directory: the database, the record of meetings, the recordings
    Verify(verify::VerifyArgs),
    /// Print the OpenAPI document of the REST interface
    Openapi,
}

#[derive(Args)]
struct Serve {
    /// TOML file with any of the settings below, named without the dashes
    #[arg(long, env = FILE_VARIABLE, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Layer,
}

/// 0: done. 1: it failed, or `verify` found something. 2: what was asked cannot be understood.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    let asked = match CommandLine::try_parse_from(&arguments) {
        Ok(asked) => asked,
        Err(shown)
            if matches!(
                shown.kind(),
                ErrorKind::DisplayHelp
                    | ErrorKind::DisplayVersion
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            ) =>
        {
            // Nothing can be done for somebody who closed the terminal.
            let _closed = shown.print();
            // Asking for help is answered; saying nothing is not a command.
            return ExitCode::from(u8::try_from(shown.exit_code()).unwrap_or(2));
        }
        Err(wrong) => {
            eprintln!("{}", ConfigRefused::Flags { flags: one_line(&wrong), command: help_of(&arguments) });
            return ExitCode::from(2);
        }
    };
    match asked.command {
        Command::Serve(serve) => start(*serve),
        Command::Token(arguments) => report(token::run(&arguments)),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Openapi => printed(&crate::http::document()),
    }
}

fn start(serve: Serve) -> ExitCode {
    let names = std::env::vars_os().map(|(name, _)| name);
    let settings = config::check_environment(names, &config::variables())
        .and_then(|()| settle(serve.settings, serve.config.as_deref()));
    match settings {
        Ok(settings) => report(serve::run(settings)),
        Err(refused) => {
            eprintln!("{refused}");
            ExitCode::from(2)
        }
    }
}

fn report<E: std::fmt::Display>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(refused) => {
            eprintln!("{refused}");
            ExitCode::FAILURE
        }
    }
}

/// A reader who has seen enough (`| head`) is no failure, and no reason to panic.
fn printed(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(closed) if closed.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("What was asked for cannot be written ({why}): look where the output goes.");
            ExitCode::FAILURE
        }
    }
}

/// Whose help tells more: the subcommand's, if there is one.
fn help_of(arguments: &[OsString]) -> String {
    let named = arguments.get(1).and_then(|word| word.to_str());
    let known = CommandLine::command().get_subcommands().any(|known| Some(known.get_name()) == named);
    named.filter(|_| known).map_or_else(|| "nhipcau".to_owned(), |named| format!("nhipcau {named}"))
}

/// What clap says in its first line, without its "error: ".
fn one_line(wrong: &clap::Error) -> String {
    let text = wrong.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("the command line is wrong").trim_start_matches("error: ").to_owned();
    // "the following required arguments were not provided:" goes on in the next lines.
    if first.ends_with(':') {
        let named: Vec<&str> = lines.take_while(|line| line.starts_with("--") || line.starts_with('<')).collect();
        return format!("{first} {}", named.join(", "));
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        one_line(&CommandLine::try_parse_from(["nhipcau"].iter().chain(arguments)).map(drop).unwrap_err())
    }

    #[test]
    fn a_wrong_command_line_is_told_in_one_sentence() {
        assert_eq!(refusal(&["serve", "--htp", "x"]), "unexpected argument '--htp' found");
        assert_eq!(
            refusal(&["serve", "--http", "everywhere"]),
            "invalid value 'everywhere' for '--http <ADDR:PORT>': invalid socket address syntax"
        );
        assert_eq!(
            refusal(&["token", "--data", "d"]),
            "the following required arguments were not provided: --session <ID>, --role <ROLE>, --name <NAME>"
        );
    }

    #[test]
    fn a_mistake_names_the_help_that_tells_more() {
        let help = |arguments: &[&str]| help_of(&arguments.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(help(&["nhipcau", "token", "--role", "king"]), "nhipcau token");
        assert_eq!(help(&["nhipcau", "serv"]), "nhipcau");
        assert_eq!(help(&["nhipcau"]), "nhipcau");
    }

    #[test]
    fn switches_need_no_value() {
        let CommandLine { command: Command::Serve(serve) } =
            CommandLine::try_parse_from(["nhipcau", "serve", "--demo"]).unwrap()
        else {
            panic!("not serve");
        };
        assert_eq!(serve.settings.demo, Some(true));
    }
}
