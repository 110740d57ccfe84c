//! Generates valid and invalid command lines from the parser's definitions. The tests of the built program use it
//! too.

use clap::{Arg, Command};
use fastrand::Rng;

/// Values: valid ones for some option, ones that look like a command, an option or a format, and invalid ones.
const VALUES: [&str; 20] = [
    "x",
    "STAGING_",
    "MINE",
    "arn:aws:iam::123456789012:role/deploy",
    "15m",
    "ci",
    "-",
    "",
    "token",
    "man",
    "aws",
    "vault",
    "json",
    "fish",
    "ENV",
    "/dev/stdout",
    "a=b",
    "é",
    "A=secret/a#b",
    "./file",
];

/// Valid requests, and names that are not variables, that a shell sets or evaluates, or that affect a program.
const SECRETS: [&str; 12] = [
    "A=secret/a#b",
    "C=secret/c#d",
    "B_=secret/b#*",
    "=secret/b#*",
    "LD_=secret/b#*",
    "1B_=secret/b#*",
    "B-=secret/b#*",
    "1B=secret/a#b",
    "UID=secret/a#b",
    "PPID=secret/a#b",
    "PS1=secret/a#b",
    "LD_PRELOAD=secret/a#b",
];

/// Words that are inserted in the wrong place.
const INTRUDERS: [&str; 23] = [
    "",
    "-",
    "--",
    "-v",
    "-q",
    "-x",
    "--x",
    "--x=y",
    "x",
    "help",
    "aws",
    "gcp",
    "azure",
    "vault",
    "token",
    "--form",
    "--formt=fish",
    "--profile",
    "--profile=ci",
    "--output=f",
    "--on-error=none",
    "--format=json",
    "--refreshable",
];

/// The generator and its seed: `OIDC_EXCHANGE_SEED`, or a random one.
pub(super) fn seeded() -> (Rng, u64) {
    let chosen = std::env::var("OIDC_EXCHANGE_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = chosen.unwrap_or_else(|| fastrand::u64(..));
    (Rng::with_seed(seed), seed)
}

/// A command line without the program's name. Nine of ten are of a command with output for a shell.
pub(super) fn line(program: &Command, rng: &mut Rng) -> Vec<String> {
    let mut words = good(program, rng);
    for _ in 0..[0, 1, 1, 1, 2, 3][rng.usize(..6)] {
        spoil(program, rng, &mut words);
    }
    words
}

fn good(program: &Command, rng: &mut Rng) -> Vec<String> {
    let commands: Vec<&Command> = program.get_subcommands().collect();
    let name = if rng.u8(..10) > 0 {
        ["aws", "gcp", "azure", "vault"][rng.usize(..4)]
    } else {
        commands[rng.usize(..commands.len())].get_name()
    };
    let mut words = vec![name.to_owned()];
    let Some(command) = program.find_subcommand(name) else { return words };
    let options: Vec<&Arg> = command.get_arguments().filter(|option| !option.is_positional()).collect();
    for required in options.iter().filter(|option| option.is_required_set()) {
        push(&mut words, required, rng);
    }
    for _ in 0..rng.usize(..4) {
        push(&mut words, options[rng.usize(..options.len())], rng);
    }
    // Options that affect the text are more frequent.
    for long in ["format", "format", "on-error", "output", "env-prefix"] {
        if let Some(option) = options.iter().find(|option| option.get_long() == Some(long))
            && rng.u8(..8) == 0
        {
            push(&mut words, option, rng);
        }
    }
    if name == "vault" {
        for _ in 0..rng.usize(..3) {
            words.push(SECRETS[rng.usize(..SECRETS.len())].to_owned());
        }
    }
    if rng.u8(..10) == 0 {
        let command = ["make", ""][usize::from(rng.u8(..4) == 0)];
        words.extend(["--", command, "--format", "json"].map(str::to_owned));
    }
    words
}

fn push(words: &mut Vec<String>, option: &Arg, rng: &mut Rng) {
    let Some(long) = option.get_long() else { return };
    if !option.get_action().takes_values() {
        words.push(format!("--{long}"));
        return;
    }
    let possible = option.get_possible_values();
    let value = if possible.is_empty() {
        VALUES[rng.usize(..VALUES.len())].to_owned()
    } else {
        possible[rng.usize(..possible.len())].get_name().to_owned()
    };
    if rng.bool() {
        words.push(format!("--{long}={value}"));
    } else {
        words.extend([format!("--{long}"), value]);
    }
}

/// Makes one mistake.
fn spoil(program: &Command, rng: &mut Rng, words: &mut Vec<String>) {
    let at = rng.usize(..=words.len());
    let taken = words.get(at).cloned();
    match (rng.u8(..12), taken) {
        (0, Some(_)) => drop(words.remove(at)),
        (1, Some(word)) => words.insert(at, word),
        (2, Some(_)) if at > 0 => words.swap(at - 1, at),
        (3 | 4, Some(word)) => words[at] = slip(&word, rng),
        (5, Some(word)) => {
            if let Some((option, value)) = word.split_once('=') {
                words.splice(at..=at, [option.to_owned(), value.to_owned()]);
            } else if let Some(next) = words.get(at + 1) {
                let joined = format!("{word}={next}");
                words.splice(at..at + 2, [joined]);
            }
        }
        (6, Some(word)) => {
            let moved = rng.usize(..words.len());
            words.remove(at);
            words.insert(moved, word);
        }
        (7, Some(_)) => words[at] = String::new(),
        (8 | 9, _) => {
            let commands: Vec<&Command> = program.get_subcommands().collect();
            let options: Vec<&Arg> = commands[rng.usize(..commands.len())].get_arguments().collect();
            let mut option = Vec::new();
            if let Some(chosen) = (!options.is_empty()).then(|| options[rng.usize(..options.len())]) {
                push(&mut option, chosen, rng);
            }
            words.splice(at..at, option);
        }
        _ => words.insert(at, INTRUDERS[rng.usize(..INTRUDERS.len())].to_owned()),
    }
}

/// Misspells a word: a letter missing, added, replaced or swapped; or abbreviates it.
fn slip(word: &str, rng: &mut Rng) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    if letters.is_empty() {
        return "x".into();
    }
    let at = rng.usize(..letters.len());
    match rng.u8(..6) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, 'x'),
        2 => letters[at] = 'x',
        3 if at > 0 => letters.swap(at - 1, at),
        4 => letters.truncate(at + 1),
        _ => letters[at] = letters[at].to_ascii_uppercase(),
    }
    letters.into_iter().collect()
}
