//! A command line, good or not, as the parser's own definitions read it.
//!
//! The parser stops at the first mistake. What is printed then depends on the words after it too, so they are read on:
//! which options there are, which of them take a value, and where COMMAND begins is taken from the parser's definitions.

use std::ffi::OsString;

use clap::{Arg, Command};

use crate::cloud::Arguments;

/// The command whose words are targets.
pub(super) const USE: &str = "use";

/// What a command line asks for.
#[derive(Debug, Default)]
pub(super) struct CommandLine {
    /// Whether it is plain which command is meant: it is the first word.
    pub(super) command_is_plain: bool,
    /// Whether that is so, and no option has lost its value. If not, no option can be relied on: it may be a value.
    pub(super) plain: bool,
    /// The command, if it is plain; otherwise each exchange whose name is a word of the line.
    pub(super) commands: Vec<String>,
    pub(super) arguments: Arguments,
    /// Words that no definition accounts for: values of options that no command has, and words where none may be.
    pub(super) strays: Vec<String>,
    /// Whether there is a COMMAND after `--`.
    pub(super) runs_command: bool,
}

/// Whose value the next word is.
#[derive(Clone, Copy)]
enum ValueOf<'d> {
    /// No option's.
    Nothing,
    Option(&'d Arg),
    /// Perhaps of an option that no command has.
    Unknown,
}

impl CommandLine {
    /// Whether its words may be targets.
    pub(super) fn uses_targets(&self) -> bool {
        self.commands.iter().any(|command| command == USE)
    }

    /// Reads `words`, the first of which is the program's name. `program` is built; `exchanges` are names of commands.
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
            line.runs_command = !after.is_empty();
            line.walk(program, &[command], ours);
            return line;
        }
        // Something is before the command, or in its place: any word may be the command, and none is COMMAND's.
        let named = exchanges.iter().filter(|name| words.contains(name));
        let mut line = Self { commands: named.map(|&name| name.to_owned()).collect(), ..Self::default() };
        let definitions: Vec<&Command> = match line.commands.as_slice() {
            [] => program.get_subcommands().collect(),
            some => some.iter().filter_map(|command| program.find_subcommand(command)).collect(),
        };
        line.walk(program, &definitions, &words);
        line
    }

    /// Reads words of a command, or of one of several.
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

    /// `--NAME` or `--NAME=VALUE`. Returns what takes the next word.
    fn long<'d>(&mut self, program: &'d Command, definitions: &[&'d Command], text: &str) -> ValueOf<'d> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let Some(option) = find(definitions, |option| option.get_long() == Some(name)) else {
            if let Some(value) = value {
                self.strays.push(value.to_owned());
                return ValueOf::Nothing;
            }
            // Another command's option takes another command's value, which is a word of this one for the parser.
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

    /// `-vq`. Returns the option that takes the next word.
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

    /// No value came: the next word is an option, or there is none.
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
