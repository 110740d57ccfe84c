//! What the command line requests of the failure output. Unless it is plainly not for a shell, the output stops the
//! shell.

use std::ffi::OsString;
use std::path::Path;

use clap::{Command, ValueEnum};

use super::command_line::{CommandLine, USE};
use crate::cli::{Place, place};
use crate::cloud::About;
use crate::emit::{Format, OnError};
use crate::host::is_read_by_fish;
use crate::plan::targets::TargetsFile;
use crate::shell::{Name, either, fish, posix};

/// What the command line requests of the failure output.
#[derive(Debug)]
pub(super) struct Asked {
    how: OnError,
    reader: Reader,
    /// The clouds whose variables are unset.
    pub(super) clouds: Vec<&'static About>,
    /// All clouds.
    all: Vec<&'static About>,
    pub(super) line: CommandLine,
}

/// The reader of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Posix,
    Fish,
    /// A shell, but it is unclear which one.
    AnyShell,
    /// The lines of `env-no-export`: a file, or the arguments of a command such as `export $(…)` or `env $(…)
    /// COMMAND`. Without arguments, the command would print all variables, or run COMMAND with old credentials. A
    /// shell may evaluate the lines too.
    Arguments,
}

/// Lines that every reader refuses. `export` fails, because it is not a variable name; `env` fails, because it is not
/// a command. docker, podman and kubectl refuse the whole file, because the second line has no name. A shell that
/// evaluates the lines does not find the command, and continues with the lines below. The first line cannot start
/// with `-`, which would be an option of `eval`. Nor can it start with `=`: zsh would end `export` with status 0.
const NO_ARGUMENTS: &str = "no-credentials/;\n=;\n";

/// The value of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskedFormat {
    Absent,
    /// Not a format of the command, or several formats.
    Wrong,
    Variables(Format),
    Answer,
}

impl Asked {
    /// Reads `arguments`, which start with the program's name. `program` is clap's definition, after `build`.
    pub(super) fn new(program: &Command, clouds: &[&'static About], arguments: &[OsString]) -> Self {
        let exchanges: Vec<&str> = clouds.iter().map(|about| about.command).chain([USE]).collect();
        let line = CommandLine::read(program, &exchanges, arguments);
        let format = asked_format(program, &line);
        let how = match one(&line, "on-error").and_then(|how| OnError::from_str(how, false).ok()) {
            _ if is_for_something_else(program, &line, format) => OnError::None,
            Some(how) if line.plain => how,
            _ => OnError::Stop,
        };
        let reader = match format {
            AskedFormat::Absent if line.plain && is_read_by_fish() => Reader::Fish,
            // The command line has no `--format`, but a word in it that means fish.
            AskedFormat::Absent if !line.strays.iter().any(|word| may_be_fish(word)) => Reader::Posix,
            AskedFormat::Variables(Format::Env | Format::Source) => Reader::Posix,
            AskedFormat::Variables(Format::Fish) => Reader::Fish,
            AskedFormat::Variables(Format::EnvNoExport) if line.plain => Reader::Arguments,
            AskedFormat::Absent | AskedFormat::Wrong | AskedFormat::Variables(_) | AskedFormat::Answer => {
                Reader::AnyShell
            }
        };
        let all = clouds.to_vec();
        let clouds = clouds.iter().copied().filter(|about| line.commands.iter().any(|name| name == about.command));
        Self { how, reader, clouds: clouds.collect(), all, line }
    }

    /// The variables of the targets on the command line. If a target is not known, those of every cloud.
    fn of_targets(&self, targets: Option<&TargetsFile>) -> Vec<Name> {
        if !self.line.uses_targets() {
            return Vec::new();
        }
        let about = |command: &str| self.all.iter().find(|about| about.command == command);
        let (mut names, mut known) = (Vec::new(), 0);
        for word in self.line.arguments.words() {
            let target = targets.and_then(|file| file.targets.iter().find(|target| target.name == word));
            let Some((target, about)) = target.and_then(|it| Some((it, about(it.cloud)?))) else { continue };
            names.extend((about.credential_variables)(&target.arguments(), ""));
            known += 1;
        }
        if known == 0 || known < self.line.arguments.words().count() {
            names.extend(self.all.iter().flat_map(|about| (about.variables_left)()));
        }
        names
    }

    /// The output for a failure with `code`. `file` is the content of the files that name variables. `targets` is the
    /// targets file, if it could be read.
    pub(super) fn text(&self, file: &str, targets: Option<&TargetsFile>, code: u8) -> String {
        let mut names: Vec<Name> = Vec::new();
        let of_commands = self.clouds.iter().flat_map(|about| (about.credential_variables)(&self.line.arguments, file));
        for name in of_commands.chain(self.of_targets(targets)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let names = &names;
        match (self.how, self.reader) {
            (OnError::Stop, Reader::Posix) => format!("{}{}\n", posix::unset(names), posix::stop(code)),
            (OnError::Stop, Reader::Fish) => format!("{}{}\n", fish::unset(names), fish::stop(code)),
            (OnError::Stop, Reader::AnyShell) => either::stop(names, code),
            (OnError::Stop, Reader::Arguments) => format!("{NO_ARGUMENTS}{}", either::stop(names, code)),
            (OnError::Status, Reader::Posix) => format!("{}{}\n", posix::unset(names), posix::status(code)),
            (OnError::Status, Reader::Fish) => format!("{}{}\n", fish::unset(names), fish::status(code)),
            (OnError::Status, Reader::AnyShell) => either::status(names, code),
            (OnError::Status, Reader::Arguments) => format!("{NO_ARGUMENTS}{}", either::status(names, code)),
            (OnError::None, _) => String::new(),
        }
    }
}

/// Whether the output is plainly not for a shell: a report, an answer to a program, a file, or the environment of
/// COMMAND. A shell format can be combined with a file, but with none of the others.
fn is_for_something_else(program: &Command, line: &CommandLine, format: AskedFormat) -> bool {
    let to_a_file = one(line, "output").is_some_and(|path| !path.is_empty() && place(Path::new(path)) == Place::File);
    let to_a_profile = one(line, "profile").is_some_and(|name| !name.is_empty());
    // With `--registry`, no variables are exported: also not with a bad value.
    let to_registries = line.arguments.has("registry");
    let asked = match format {
        AskedFormat::Absent => to_a_file || to_a_profile || to_registries || line.runs_command,
        AskedFormat::Wrong => to_a_file,
        AskedFormat::Answer => true,
        AskedFormat::Variables(Format::EnvNoExport) => to_a_file || line.runs_command,
        AskedFormat::Variables(format) => to_a_file || !format.is_shell(),
    };
    let may_be_for_a_shell =
        line.commands.iter().any(|command| formats(program, command).iter().any(|format| is_of_a_shell(format)));
    let shows_targets = line.uses_targets()
        && ["list", "check"].iter().any(|switch| line.arguments.each(switch).any(|it| it.is_none()));
    line.plain && (asked || shows_targets) || line.command_is_plain && !may_be_for_a_shell
}

fn asked_format(program: &Command, line: &CommandLine) -> AskedFormat {
    if !line.arguments.has("format") {
        return AskedFormat::Absent;
    }
    let known = |value: &str| {
        let all: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
        let commands = if line.commands.is_empty() { all } else { line.commands.iter().map(String::as_str).collect() };
        commands.iter().any(|command| formats(program, command).iter().any(|format| format == value))
    };
    match one(line, "format") {
        Some(value) if known(value) => {
            Format::from_str(value, false).map_or(AskedFormat::Answer, AskedFormat::Variables)
        }
        _ => AskedFormat::Wrong,
    }
}

/// The values that `--format` has in `command`.
fn formats(program: &Command, command: &str) -> Vec<String> {
    let command = program.find_subcommand(command);
    let option = command.and_then(|it| it.get_arguments().find(|option| option.get_long() == Some("format")));
    let values = option.map(clap::Arg::get_possible_values).unwrap_or_default();
    values.iter().map(|value| value.get_name().to_owned()).collect()
}

fn is_of_a_shell(format: &str) -> bool {
    Format::from_str(format, false).is_ok_and(Format::is_shell)
}

/// The value of an option that occurs exactly once.
fn one<'l>(line: &'l CommandLine, option: &str) -> Option<&'l str> {
    let mut each = line.arguments.each(option);
    each.next().filter(|_| each.next().is_none()).flatten()
}

/// Whether this is fish's format, perhaps misspelt.
fn may_be_fish(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.starts_with('f') || word.ends_with("sh")
}
