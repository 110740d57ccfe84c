//! The command line as a simple table, made from clap's definitions.

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command, CommandFactory, ValueHint};

use super::Cli;

/// A command, or the program itself.
pub(super) struct Entry {
    /// The words of the command, without the program's name: `explain aws`.
    pub(super) path: String,
    /// The usage.
    pub(super) usage: String,
    /// A description in one line.
    pub(super) about: String,
    /// The full description.
    pub(super) details: String,
    /// Example command lines, with explanations.
    pub(super) examples: String,
    /// Names and descriptions of the subcommands.
    pub(super) below: Vec<(String, String)>,
    /// Its options.
    pub(super) options: Vec<Opt>,
    /// The positional arguments, with their descriptions.
    pub(super) operands: Vec<(String, String)>,
    /// The possible values of a positional argument, if there is a list.
    pub(super) choices: Vec<String>,
    /// Whether a COMMAND may follow `--`.
    pub(super) runs: bool,
}

/// An option.
pub(super) struct Opt {
    pub(super) short: Option<char>,
    pub(super) long: String,
    pub(super) help: String,
    pub(super) details: String,
    pub(super) value: Value,
    pub(super) value_name: String,
    pub(super) repeats: bool,
}

/// The value of an option.
pub(super) enum Value {
    /// No value: it is a flag.
    Absent,
    /// One of these.
    OneOf(Vec<String>),
    /// The name of a file.
    Path,
    /// A value that cannot be completed.
    Any,
}

/// The program and every command, each followed by its subcommands.
pub(super) fn outline() -> Vec<Entry> {
    let mut program = Cli::command();
    program.build();
    let mut entries = Vec::new();
    walk(&mut program, "", &mut entries);
    entries
}

fn walk(command: &mut Command, path: &str, entries: &mut Vec<Entry>) {
    let usage = command.render_usage().to_string();
    let shown = command.get_subcommands().filter(|below| !below.is_hide_set());
    let arguments = || command.get_arguments().filter(|argument| !argument.is_hide_set());
    let (positionals, options): (Vec<&Arg>, Vec<&Arg>) = arguments().partition(|argument| argument.is_positional());
    entries.push(Entry {
        path: path.to_owned(),
        usage: usage.trim_start_matches("Usage: ").to_owned(),
        about: text(command.get_about()),
        details: text(command.get_long_about().or(command.get_about())),
        examples: text(command.get_after_long_help()),
        below: shown.map(|below| (below.get_name().to_owned(), text(below.get_about()))).collect(),
        options: options.into_iter().map(option).collect(),
        operands: positionals.iter().map(|operand| (value_name(operand), text(operand.get_help()))).collect(),
        choices: positionals.iter().flat_map(|operand| possible(operand)).collect(),
        runs: positionals.iter().any(|operand| operand.is_last_set()),
    });
    for below in command.get_subcommands_mut().filter(|below| !below.is_hide_set()) {
        let path = [path, " ", below.get_name()].concat();
        walk(below, path.trim_start(), entries);
    }
}

fn option(argument: &Arg) -> Opt {
    Opt {
        short: argument.get_short(),
        long: argument.get_long().unwrap_or_default().to_owned(),
        help: text(argument.get_help()),
        details: text(argument.get_long_help().or(argument.get_help())),
        value: value(argument),
        value_name: value_name(argument),
        repeats: matches!(argument.get_action(), ArgAction::Append | ArgAction::Count),
    }
}

fn value(argument: &Arg) -> Value {
    if !argument.get_action().takes_values() {
        return Value::Absent;
    }
    let possible = possible(argument);
    if !possible.is_empty() {
        Value::OneOf(possible)
    } else if argument.get_value_hint() == ValueHint::AnyPath {
        // clap uses this hint for every value that is parsed as a path.
        Value::Path
    } else {
        Value::Any
    }
}

fn possible(argument: &Arg) -> Vec<String> {
    argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

fn value_name(argument: &Arg) -> String {
    argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default()
}

fn text(styled: Option<&StyledStr>) -> String {
    styled.map(ToString::to_string).unwrap_or_default()
}

impl Opt {
    /// Its names: `-v`, `--verbose`.
    pub(super) fn names(&self) -> Vec<String> {
        let short = self.short.map(|letter| String::from_iter(['-', letter]));
        short.into_iter().chain([["--", &self.long].concat()]).collect()
    }
}
