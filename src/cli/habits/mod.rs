//! Recognizes words of other tools, and suggests what to write instead.

mod output;
mod table;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use self::table::{COMMANDS, DOCUMENTS, Habit, OPTIONS, VALUES};
use super::Cli;
use crate::text::printable;
pub use output::{Place, place};

/// Puts each word that `error` quotes into one line: a word with line breaks could look like another error.
pub fn quote_in_one_line(error: &mut clap::Error) {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand, ContextKind::InvalidValue] {
        if let Some(ContextValue::String(text)) = error.get(kind)
            && text.contains(['\n', '\r'])
        {
            let text = printable(text);
            error.insert(kind, ContextValue::String(text));
            // clap's own advice quotes it too.
            error.remove(ContextKind::Suggested);
        }
    }
}

/// Adds the suggestion for the command line `words` to `error`.
pub fn advise(error: &mut clap::Error, words: &[String]) {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let mut program = Cli::command();
    program.build();
    let path = path(&program, words);
    let kind = error.kind();
    let tip = if kind == ErrorKind::UnknownArgument {
        text(ContextKind::InvalidArg).and_then(|typed| {
            let first = before_the_command(&path, words).or_else(|| help(&typed));
            first.or_else(|| positional(&path, &typed)).or_else(|| option(&program, &path, &whole(&typed, words)))
        })
    } else if kind == ErrorKind::InvalidSubcommand {
        let guess = error.get(ContextKind::SuggestedSubcommand).is_some();
        text(ContextKind::InvalidSubcommand).and_then(|typed| help(&typed).or_else(|| command(&path, &typed, guess)))
    } else if kind == ErrorKind::InvalidValue {
        text(ContextKind::InvalidArg).and_then(|option| {
            let option = option.split_whitespace().next()?.to_owned();
            let typed = text(ContextKind::InvalidValue)?;
            found(VALUES, &option, &typed.to_ascii_lowercase())
        })
    } else if kind == ErrorKind::MissingRequiredArgument {
        let names: Vec<&str> = path.iter().skip(1).map(|command| command.get_name()).collect();
        DOCUMENTS
            .iter()
            .find(|(command, _)| *command == names.join(" "))
            .map(|(_, line)| format!("get it with: {line}"))
    } else {
        None
    };
    let Some(tip) = tip else {
        // clap's own line shows the guessed option as if the command required it.
        if kind == ErrorKind::UnknownArgument
            && let Some(command) = path.last()
        {
            error.insert(ContextKind::Usage, ContextValue::StyledStr((*command).clone().render_usage()));
        }
        return;
    };
    // The command's whole usage would scroll the suggestion off the screen.
    for kind in
        [ContextKind::Usage, ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
    {
        error.remove(kind);
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
}

/// The commands in the words, from outer to inner.
fn path<'c>(program: &'c Command, words: &[String]) -> Vec<&'c Command> {
    let mut path = vec![program];
    for word in words {
        if let Some(below) = path.last().and_then(|command| command.find_subcommand(word)) {
            path.push(below);
        }
    }
    path
}

/// The suggestion for the first word of `words`, an option of the command that follows it.
fn before_the_command(path: &[&Command], words: &[String]) -> Option<String> {
    let (first, [_, .., command]) = (words.first()?.split('=').next()?, path) else { return None };
    let is_it = |option: &clap::Arg| match first.strip_prefix("--") {
        Some(long) => option.get_long() == Some(long),
        None => first.strip_prefix('-').is_some_and(|letters| letters.chars().next() == option.get_short()),
    };
    let has = !first.is_empty() && first != "-" && command.get_arguments().any(is_it);
    let names: Vec<&str> = path.iter().skip(1).map(|command| command.get_name()).collect();
    has.then(|| format!("write `{first}` after `{}`", names.join(" ")))
}

/// The suggestion for `help` after a command.
fn help(typed: &str) -> Option<String> {
    (typed == "help").then(|| "write `--help`".to_owned())
}

/// The suggestion for a word that is no option, where a command may only follow `--`.
fn positional(path: &[&Command], typed: &str) -> Option<String> {
    let takes_command = path.last()?.get_arguments().any(clap::Arg::is_last_set);
    if typed.starts_with('-') || !takes_command {
        return None;
    }
    let is_role = typed.starts_with("arn:") && path.last()?.get_arguments().any(|it| it.get_long() == Some("role-arn"));
    Some(if is_role { "write `--role-arn` before it" } else { "leave it out; a COMMAND follows `--`" }.to_owned())
}

/// `typed`, or the whole word if clap has parsed it as several one-letter options: `-address=…` of Go tools.
fn whole(typed: &str, words: &[String]) -> String {
    let mut letters = typed.strip_prefix('-').unwrap_or_default().chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return typed.to_owned() };
    let go =
        |word: &&String| word.starts_with('-') && !word.starts_with("--") && word.len() > 2 && word.contains(letter);
    words.iter().find(go).map_or_else(|| typed.to_owned(), |word| word.split('=').next().unwrap_or(word).to_owned())
}

/// `roleToAssume`, `role_to_assume` and `-role-to-assume` as `role-to-assume`.
fn kebab(typed: &str) -> String {
    let mut out = String::new();
    for c in typed.trim_start_matches('-').chars() {
        match c {
            '_' => out.push('-'),
            c if c.is_ascii_uppercase() => {
                if !out.is_empty() && !out.ends_with('-') {
                    out.push('-');
                }
                out.push(c.to_ascii_lowercase());
            }
            c => out.push(c),
        }
    }
    out
}

fn option(program: &Command, path: &[&Command], typed: &str) -> Option<String> {
    if !typed.starts_with('-') || typed == "--token" {
        return None;
    }
    let name = kebab(typed);
    let has = |command: &Command| command.get_arguments().any(|argument| argument.get_long() == Some(name.as_str()));
    if path.last().is_some_and(|command| has(command)) && typed != ["--", &name].concat() {
        return Some(format!("write `--{name}`"));
    }
    let names: Vec<&str> = path.iter().skip(1).map(|command| command.get_name()).collect();
    let ours = [names.join(" "), names.first().copied().unwrap_or_default().to_owned()];
    if let Some(tip) = ours.iter().find_map(|within| found(OPTIONS, within, &name)) {
        return Some(tip);
    }
    let others: Vec<String> =
        lines(program).into_iter().filter(|(_, command)| has(command)).map(|(line, _)| line).collect();
    (!others.is_empty()).then(|| format!("`--{name}` is an option of {}", others.join(", ")))
}

/// Every command with its words: `explain aws`.
fn lines(program: &Command) -> Vec<(String, &Command)> {
    let mut all = Vec::new();
    for command in program.get_subcommands() {
        all.push((format!("`{}`", command.get_name()), command));
        let below = command.get_subcommands();
        all.extend(below.map(|below| (format!("`{} {}`", command.get_name(), below.get_name()), below)));
    }
    all
}

/// The suggestion for a command; none if clap's own guess is better.
fn command(path: &[&Command], typed: &str, clap_guesses: bool) -> Option<String> {
    let names: Vec<&str> = path.iter().skip(1).map(|command| command.get_name()).collect();
    if let Some(tip) = found(COMMANDS, &names.join(" "), typed) {
        return Some(tip);
    }
    if clap_guesses {
        return None;
    }
    let shown: Vec<&str> = path.last()?.get_subcommands().map(Command::get_name).collect();
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.to_ascii_lowercase().chars().collect();
        letters.sort_unstable();
        letters
    };
    match shown.iter().find(|name| letters(name) == letters(typed)) {
        Some(name) => Some(format!("a similar subcommand exists: '{name}'")),
        None => Some(format!("the commands are {}", shown.join(", "))),
    }
}

/// The suggestion for `typed`.
fn found(table: &[Habit], within: &str, typed: &str) -> Option<String> {
    row(table, within, typed).map(|habit| habit.instead.to_owned())
}

fn row<'t>(table: &'t [Habit], within: &str, typed: &str) -> Option<&'t Habit> {
    table.iter().find(|habit| {
        let here = habit.within.is_empty() || habit.within.split('|').any(|one| one == within);
        here && habit.typed.split(' ').any(|word| word == typed)
    })
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Parser};

    use super::*;

    fn has(command: &Command, option: &str) -> bool {
        let names = |argument: &Arg| {
            argument.get_long().is_some_and(|long| option == format!("--{long}"))
                || argument.get_short().is_some_and(|short| option == format!("-{short}"))
        };
        command.get_arguments().any(names)
    }

    /// Every suggestion exists, and no typed word does: an outdated row would mislead.
    #[test]
    fn each_row_names_what_there_is() {
        let mut program = Cli::command();
        program.build();
        let all = lines(&program);
        for row in OPTIONS {
            let within = |line: &str| {
                let (line, mut all) = (line.trim_matches('`'), row.within.split('|'));
                row.within.is_empty() || all.any(|one| one == line || line.split(' ').next() == Some(one))
            };
            let leaf = |command: &Command| !command.has_subcommands();
            let commands: Vec<_> = all
                .iter()
                .filter(|(line, command)| within(line) && leaf(command) && has(command, "--verbose"))
                .collect();
            assert!(!commands.is_empty(), "{}: {}", row.within, row.typed);
            for (line, command) in commands {
                for typed in row.typed.split(' ') {
                    assert!(!has(command, &format!("--{typed}")), "{line} has --{typed}");
                }
                let named = row.instead.split('`').filter_map(|word| word.split(' ').next());
                for option in named.filter(|word| word.starts_with('-')) {
                    assert!(has(command, option), "{line} has no {option}");
                }
            }
        }
        for row in COMMANDS {
            for typed in row.typed.split(' ') {
                assert!(program.find_subcommand(typed).is_none(), "{typed}");
            }
        }
    }

    /// The suggestion for a command line that has one.
    fn tip(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let mut error = Cli::try_parse_from(std::iter::once("oidc-exchange".to_owned()).chain(words.clone())).err()?;
        advise(&mut error, &words);
        let shown = error.render().to_string();
        shown.lines().find_map(|line| line.trim_start().strip_prefix("tip: ")).map(str::to_owned)
    }

    /// A row that an earlier one hides, or that is never looked up, is useless.
    #[test]
    fn each_row_is_reached() {
        let reached = |line: &str, row: &Habit| assert_eq!(tip(line).as_deref(), Some(row.instead), "{line}");
        for row in COMMANDS {
            row.typed.split(' ').for_each(|typed| reached(typed, row));
        }
        for row in OPTIONS {
            let within = if row.within.is_empty() { "aws" } else { row.within };
            for within in within.split('|') {
                let leaf = if ["explain", "setup"].contains(&within) { " aws" } else { "" };
                for typed in row.typed.split(' ') {
                    let dashes = if typed.len() == 1 { "-" } else { "--" };
                    reached(&format!("{within}{leaf} {dashes}{typed}"), row);
                }
            }
        }
        for row in VALUES {
            row.typed.split(' ').for_each(|typed| reached(&format!("aws {} {typed}", row.within), row));
        }
        for (command, line) in DOCUMENTS {
            assert_eq!(tip(command), Some(format!("get it with: {line}")));
        }
    }

    #[test]
    fn other_spellings_are_one() {
        for typed in ["--roleToAssume", "--role_to_assume", "-role-to-assume", "--role-to-assume"] {
            assert_eq!(kebab(typed), "role-to-assume");
        }
        assert_eq!(whole("-a", &["vault".into(), "-address=https://v".into()]), "-address");
        assert_eq!(whole("-e", &["-verbose".into()]), "-verbose");
        assert_eq!(whole("--arn", &["--arn".into()]), "--arn");
    }
}
