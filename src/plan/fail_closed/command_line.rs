//! Reads a command line, which may be invalid, with the parser's own definitions.
//!
//! The parser stops at the first mistake. The failure output also depends on the words after it, so this module reads
//! on. The parser's definitions show which options exist, which of them have a value, and where COMMAND starts.

use std::ffi::OsString;

use clap::{Arg, Command};

use crate::cloud::Arguments;

/// The command that has targets as words.
pub(super) const USE: &str = "use";

/// What a command line requests.
#[derive(Debug, Default)]
pub(super) struct CommandLine {
    /// Whether the command is plain: it is the first word.
    pub(super) command_is_plain: bool,
    /// Whether the command is plain and every option has its value. Otherwise any option may be a value of another
    /// one.
    pub(super) plain: bool,
    /// The command, if it is plain. Otherwise every exchange command that occurs as a word.
    pub(super) commands: Vec<String>,
    pub(super) arguments: Arguments,
    /// Words without a definition: values of unknown options, and words where the command has none.
    pub(super) strays: Vec<String>,
    /// Whether a COMMAND follows `--`.
    pub(super) runs_command: bool,
}

/// The option that the next word is a value of.
#[derive(Clone, Copy)]
enum ValueOf<'d> {
    /// No option.
    Nothing,
    Option(&'d Arg),
    /// Perhaps an unknown option.
    Unknown,
}

impl CommandLine {
    /// Whether the words may be targets.
    pub(super) fn uses_targets(&self) -> bool {
        self.commands.iter().any(|command| command == USE)
    }

    /// Reads `words`, which start with the program's name. `program` is clap's definition, after `build`. `exchanges`
    /// are names of commands.
    pub(super) fn read(program: &Command, exchanges: &[&str], words: &[OsString]) -> Self {
        let words: Vec<String> = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let command = words.first().and_then(|first| program.find_subcommand(first));
        if let Some(command) = command {
            let commands = vec![command.get_name().to_owned()];
            let mut line = Self { command_is_plain: true, plain: true, commands, ..Self::default() };
            let rest = words.get(1..).unwrap_or_default();
            let (ours, after) = match rest.iter().position(|word| *word == "--") {
                Some(end) => (rest.get(..end).unwrap_or_default(), rest.get(end + 1..).unwrap_or_default()),
                None => (rest, &[][..]),
            };
            // No program has such a name: it is an option in the wrong place.
            line.runs_command = after.first().is_some_and(|command| !command.is_empty() && !command.starts_with('-'));
            line.walk(program, &[command], ours);
            return line;
        }
        // If something comes before the command or replaces it, any word may be the command, and there is no COMMAND.
        let named = exchanges.iter().filter(|name| words.contains(name));
        let mut line = Self { commands: named.map(|&name| name.to_owned()).collect(), ..Self::default() };
        let definitions: Vec<&Command> = match line.commands.as_slice() {
            [] => program.get_subcommands().collect(),
            some => some.iter().filter_map(|command| program.find_subcommand(command)).collect(),
        };
        line.walk(program, &definitions, &words);
        line
    }

    /// Reads the words of one command, or of one of several.
    fn walk(&mut self, program: &Command, definitions: &[&Command], words: &[&str]) {
        let takes_words = definitions.iter().any(|it| it.get_positionals().any(|word| !word.is_last_set()));
        let mut next = ValueOf::Nothing;
        for word in words {
            let hyphens = matches!(next, ValueOf::Option(option) if option.is_allow_hyphen_values_set());
            if !word.starts_with('-') || *word == "-" || hyphens {
                match next {
                    ValueOf::Option(option) => self.add(option, Some(word)),
                    ValueOf::Unknown => {
                        self.strays.push((*word).to_owned());
                        self.arguments.add_word(word);
                    }
                    ValueOf::Nothing => {
                        if !takes_words {
                            self.strays.push((*word).to_owned());
                        }
                        self.arguments.add_word(word);
                    }
                }
                next = ValueOf::Nothing;
                continue;
            }
            self.lose(next);
            next = match word.strip_prefix("--") {
                Some(long) => self.long(program, definitions, long),
                None => self.cluster(definitions, word.trim_start_matches('-')),
            };
        }
        self.lose(next);
    }

    /// Reads `--NAME` or `--NAME=VALUE`. Returns the option that the next word is a value of.
    fn long<'d>(&mut self, program: &'d Command, definitions: &[&'d Command], text: &str) -> ValueOf<'d> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let Some(option) = find(definitions, |option| option.get_long() == Some(name)) else {
            if let Some(value) = value {
                self.strays.push(value.to_owned());
                return ValueOf::Nothing;
            }
            // The option of another command has a value too, which the parser would read as a word of this command.
            let all: Vec<&Command> = program.get_subcommands().collect();
            let flag = find(&all, |option| option.get_long() == Some(name)).is_some_and(|it| !takes_a_value(it));
            return if flag { ValueOf::Nothing } else { ValueOf::Unknown };
        };
        if takes_a_value(option) && value.is_none() {
            return ValueOf::Option(option);
        }
        if let Some(value) = value.filter(|_| !takes_a_value(option)) {
            self.strays.push(value.to_owned());
        }
        self.add(option, value);
        ValueOf::Nothing
    }

    /// Reads flags such as `-vq`. Returns the option that the next word is a value of.
    fn cluster<'d>(&mut self, definitions: &[&'d Command], letters: &str) -> ValueOf<'d> {
        for (at, letter) in letters.char_indices() {
            let Some(option) = find(definitions, |option| option.get_short() == Some(letter)) else {
                return ValueOf::Nothing;
            };
            if takes_a_value(option) {
                let value = &letters[at + letter.len_utf8()..];
                if value.is_empty() {
                    return ValueOf::Option(option);
                }
                self.add(option, Some(value.strip_prefix('=').unwrap_or(value)));
                return ValueOf::Nothing;
            }
            self.add(option, None);
        }
        ValueOf::Nothing
    }

    /// Records that an option has no value: the next word is an option, or there is none.
    fn lose(&mut self, next: ValueOf<'_>) {
        if let ValueOf::Option(option) = next {
            self.plain = false;
            self.add(option, None);
        }
    }

    fn add(&mut self, option: &Arg, value: Option<&str>) {
        self.arguments.add_option(option.get_long().unwrap_or_default(), value);
    }
}

fn find<'d>(definitions: &[&'d Command], is_it: impl Fn(&Arg) -> bool) -> Option<&'d Arg> {
    definitions.iter().find_map(|command| command.get_arguments().find(|option| is_it(option)))
}

fn takes_a_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}
