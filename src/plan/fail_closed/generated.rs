//! Property test: a command line is plainly not for a shell, or its failure output stops the shell and unsets the
//! variables. The parser decides what is plain.

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, CommandFactory};

use super::asked::Asked;
use super::generator::{line, seeded};
use crate::cli::Cli;
use crate::clouds;
use crate::shell::{Name, either, fish, posix};
use crate::vault::selection::Target;
use crate::{aws, azure, google, vault};

const CODE: u8 = 2;

/// Whether a word of the generator is a file name after `--output`.
fn is_a_file(word: &str) -> bool {
    const FORMS: [&str; 10] =
        ["-", "json", "fish", "env", "env-no-export", "dotenv", "source", "process", "raw", "kubernetes"];
    let form = FORMS.iter().any(|form| form.eq_ignore_ascii_case(word));
    !form && word != "/dev" && !word.replace("//", "/").starts_with("/dev/")
}

/// The purpose of a text: `(how, shell)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Nothing,
    Stop(Shell),
    Status(Shell),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shell {
    Posix,
    Fish,
    Any,
    /// Perhaps a file, or arguments of a command.
    Arguments,
}

/// Lines that no reader of arguments or of a file accepts.
const NO_ARGUMENTS: &str = "no-credentials/;\n=;\n";

impl Text {
    fn of(self, names: &[Name]) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Stop(Shell::Posix) => format!("{}{}\n", posix::unset(names), posix::stop(CODE)),
            Self::Stop(Shell::Fish) => format!("{}{}\n", fish::unset(names), fish::stop(CODE)),
            Self::Stop(Shell::Any) => either::stop(names, CODE),
            Self::Stop(Shell::Arguments) => format!("{NO_ARGUMENTS}{}", either::stop(names, CODE)),
            Self::Status(Shell::Arguments) => format!("{NO_ARGUMENTS}{}", either::status(names, CODE)),
            Self::Status(Shell::Posix) => format!("{}{}\n", posix::unset(names), posix::status(CODE)),
            Self::Status(Shell::Fish) => format!("{}{}\n", fish::unset(names), fish::status(CODE)),
            Self::Status(Shell::Any) => either::status(names, CODE),
        }
    }
}

/// What a line requests that the parser accepts, according to the parser.
///
/// The names are in the order of `text`.
fn accepted(command: &str, found: &ArgMatches, text: &str) -> (Text, Vec<Name>) {
    let values = |id: &str| -> Vec<String> {
        let raw = found.try_get_raw(id).ok().flatten().into_iter().flatten();
        raw.map(|value| value.to_string_lossy().into_owned()).collect()
    };
    let value = |id: &str| values(id).pop().filter(|_| found.value_source(id).is_some());
    let flag = |id: &str| found.try_get_one::<bool>(id).ok().flatten().copied().unwrap_or_default();
    let read = |text: &String| vault::secrets_file::selections(text).unwrap_or_default();
    let names = match command {
        "aws" if flag("refreshable") => aws::output::refreshable_names(),
        "aws" => aws::output::prefixed_names(&value("env_prefix").unwrap_or_default()),
        "gcp" => google::credential_names(value("id_token_env").as_deref().and_then(Name::new)),
        "azure" => {
            let mut names = azure::exports::credential_names();
            names.extend(value("access_token_env").as_deref().and_then(Name::new));
            names.extend(flag("az").then(|| Name::fixed("AZURE_CONFIG_DIR")));
            names
        }
        "vault" => {
            // A secret that was parsed as the value of an option was meant as a request.
            let all = found.ids().filter(|id| id.as_str() != "run").flat_map(|id| values(id.as_str()));
            let mut names: Vec<Name> = Vec::new();
            for selection in all.flat_map(|value| read(&value)) {
                if let Target::Variable(name) = selection.target
                    && !names.contains(&name)
                {
                    names.push(name);
                }
            }
            if values("secrets").iter().flat_map(read).next().is_none() || flag("export_token") {
                names.push(Name::fixed("VAULT_TOKEN"));
            }
            let words = || text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            names.sort_by_key(|name| words().position(|word| word == name.as_str()));
            names
        }
        // This test has no targets file.
        "use" => {
            let mut names: Vec<Name> = Vec::new();
            for name in clouds::ALL.iter().flat_map(|about| (about.variables_left)()) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            names
        }
        _ => Vec::new(),
    };
    let format = value("format");
    let registries = values("registry");
    let elsewhere = values("run").first().is_some_and(|command| is_a_command(command))
        || flag("list")
        || flag("check")
        || value("output").is_some_and(|path| is_a_file(&path))
        || value("profile").is_some_and(|name| !name.is_empty())
        || !registries.is_empty()
        || matches!(format.as_deref(), Some("dotenv" | "json" | "process" | "kubernetes" | "raw"));
    let for_a_shell = ["aws", "gcp", "azure", "vault", "use", "clean"].contains(&command);
    let shell = match format.as_deref() {
        Some("fish") => Shell::Fish,
        Some("env-no-export") => Shell::Arguments,
        _ => Shell::Posix,
    };
    let text = match value("on_error").as_deref() {
        _ if elsewhere || !for_a_shell => Text::Nothing,
        Some("none") => Text::Nothing,
        Some("status") => Text::Status(shell),
        _ => Text::Stop(shell),
    };
    (text, names)
}

/// The options of `words` by their syntax only: `--NAME VALUE` or `--NAME=VALUE`.
fn given<'w>(words: &'w [String], name: &str) -> Vec<Option<&'w str>> {
    let long = format!("--{name}");
    let value = |at: usize| words.get(at + 1).map(String::as_str).filter(|next| !next.starts_with('-') || *next == "-");
    let found = words.iter().enumerate().filter_map(|(at, word)| match word.strip_prefix(&long) {
        Some("") => Some(value(at)),
        Some(rest) => rest.strip_prefix('=').map(Some),
        None => None,
    });
    found.collect()
}

fn is_a_command(word: &str) -> bool {
    !word.is_empty() && !word.starts_with('-')
}

/// The texts that are correct for a line that the parser refuses.
fn refused(program: &Command, words: &[String]) -> Vec<Text> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (ours, runs) = (&words[..end], words.get(end + 1).is_some_and(|command| is_a_command(command)));
    let first = ours.first().map(String::as_str).unwrap_or_default();
    let Some(meant) = program.find_subcommand(first) else {
        // If the meaning is not plain, the text must be for a shell.
        return stops(&given(words, "format"), false);
    };
    if !["aws", "gcp", "azure", "vault", "use", "clean"].contains(&first) {
        return vec![Text::Nothing];
    }
    let takes = |word: &str| {
        let mut options = meant.get_arguments().filter(|option| option.get_action().takes_values());
        options.any(|option| option.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long)))
    };
    let has = |name: &str| meant.get_arguments().any(|option| option.get_long() == Some(name));
    let lost = meant
        .get_arguments()
        .filter(|option| option.get_action().takes_values())
        .any(|option| option.get_long().is_some_and(|name| given(ours, name).contains(&None)));
    let formats = if has("format") { given(ours, "format") } else { Vec::new() };
    let takes_words = ["vault", "use"].contains(&first);
    let mut may = stops(&formats, !takes_words && fish_is_a_word(ours, takes));
    if lost {
        return may;
    }
    let once = |name: &str| match given(ours, name).as_slice() {
        [Some(value)] if has(name) => Some((*value).to_owned()),
        _ => None,
    };
    match once("on-error").as_deref() {
        Some("none") => may.push(Text::Nothing),
        Some("status") => may.extend([Shell::Posix, Shell::Fish, Shell::Any, Shell::Arguments].map(Text::Status)),
        _ => {}
    }
    let answers: &[&str] = match first {
        "aws" => &["dotenv", "json", "process", "kubernetes"],
        "vault" => &["dotenv", "json", "raw"],
        "gcp" | "azure" | "use" => &["dotenv", "json", "kubernetes"],
        _ => &[],
    };
    let elsewhere = match formats.as_slice() {
        [] => {
            let registries = if has("registry") { given(ours, "registry") } else { Vec::new() };
            runs || once("profile").is_some_and(|name| !name.is_empty()) || !registries.is_empty()
        }
        [Some("env-no-export")] => {
            may.push(Text::Stop(Shell::Arguments));
            runs
        }
        [Some(format)] => answers.contains(format),
        _ => false,
    };
    let shows = first == "use" && ours.iter().any(|word| ["--list", "--check"].contains(&word.as_str()));
    if elsewhere || shows || once("output").is_some_and(|path| !path.is_empty() && is_a_file(&path)) {
        may.push(Text::Nothing);
    }
    may
}

/// The texts that stop the caller's shell, as far as the line shows which shell it is. `fish`: whether that word
/// occurs and is not an option's value.
fn stops(formats: &[Option<&str>], fish: bool) -> Vec<Text> {
    let mut may = vec![Text::Stop(Shell::Any)];
    match formats {
        [Some("fish")] => may.push(Text::Stop(Shell::Fish)),
        [Some("env" | "source")] => may.push(Text::Stop(Shell::Posix)),
        [] if !fish => may.push(Text::Stop(Shell::Posix)),
        _ => {}
    }
    may
}

/// Whether the word `fish` occurs and is not an option's value.
fn fish_is_a_word(words: &[String], takes: impl Fn(&str) -> bool) -> bool {
    words.iter().enumerate().any(|(at, word)| match word.split_once('=') {
        Some((option, "fish")) => option.starts_with("--") && !takes(option),
        _ => word == "fish" && !(at > 0 && takes(&words[at - 1])),
    })
}

/// Names of variables that must at least be unset for a refused line.
fn must_go(words: &[String]) -> Vec<&'static str> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let ours = &words[..end];
    match ours.first().map(String::as_str) {
        Some("aws") if given(ours, "env-prefix").iter().all(Option::is_none) => vec!["AWS_SECRET_ACCESS_KEY"],
        Some("aws") if given(ours, "env-prefix").contains(&Some("STAGING_")) => vec!["STAGING_AWS_SECRET_ACCESS_KEY"],
        Some("gcp") => vec!["GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"],
        Some("azure") => vec!["AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH"],
        Some("use") => vec!["AWS_SECRET_ACCESS_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "VAULT_TOKEN"],
        Some("vault") if ours.iter().any(|word| word == "A=secret/a#b") => vec!["A"],
        Some("vault") if !ours.iter().any(|word| word.contains('=')) => vec!["VAULT_TOKEN"],
        _ => Vec::new(),
    }
}

/// The lines of all threads.
const LINES: usize = 100_000;

/// One thread would take half a minute, and the last of the other tests ends long before.
const THREADS: usize = 4;

#[test]
fn whatever_the_line_is_the_caller_stops_or_is_no_shell() {
    let (_, seed) = seeded();
    let counts: Vec<Counts> = std::thread::scope(|scope| {
        let thread = |number| scope.spawn(move || check(seed, number));
        let threads: Vec<_> = (0..THREADS as u64).map(thread).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let all = |count: fn(&Counts) -> usize| counts.iter().map(count).sum::<usize>();
    let (good, helps, silent) = (all(|of| of.good), all(|of| of.helps), all(|of| of.silent));
    // A test with lines of only one kind would prove little.
    let refused = LINES - good - helps;
    assert!(good > LINES / 10 && refused > LINES / 3 && silent < refused / 2, "{good} {helps} {silent}, seed {seed}");
}

/// How many lines are accepted, request help, and are refused without a text.
#[derive(Default)]
struct Counts {
    good: usize,
    helps: usize,
    silent: usize,
}

/// Checks the lines of one thread.
fn check(seed: u64, thread: u64) -> Counts {
    let mut rng = fastrand::Rng::with_seed(seed.wrapping_add(thread));
    let mut program = Cli::command();
    program.build();
    let mut counts = Counts::default();
    for number in 0..LINES / THREADS {
        let words = line(&program, &mut rng);
        let arguments: Vec<_> =
            std::iter::once("oidc-exchange").chain(words.iter().map(String::as_str)).map(Into::into).collect();
        let text = Asked::new(&program, &clouds::ALL, &arguments).text("", None, CODE);
        let case = || format!("line {number} of thread {thread}, OIDC_EXCHANGE_SEED={seed}: {words:?}\n{text}");
        let at = words.iter().position(|word| word == "--");
        let nothing_to_run = at.is_some_and(|at| words.get(at + 1).is_none_or(String::is_empty));
        match program.try_get_matches_from_mut(&arguments) {
            Err(asked) if matches!(asked.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
                counts.helps += 1;
            }
            Ok(found) if !nothing_to_run => {
                counts.good += 1;
                let (command, found) = found.subcommand().unwrap();
                let (expected, names) = accepted(command, found, &text);
                assert_eq!(text, expected.of(&names), "{}", case());
            }
            _ => {
                let may = refused(&program, &words);
                let is = |kind: &Text| kind.of(&[]) == text || ends_as(&text, *kind);
                let kind = may.iter().find(|kind| is(kind));
                assert!(kind.is_some(), "none of {may:?}: {}", case());
                if text.is_empty() {
                    counts.silent += 1;
                } else {
                    for name in must_go(&words) {
                        assert!(text.split([' ', ';']).any(|word| word == name), "{name} stays: {}", case());
                    }
                }
            }
        }
    }
    counts
}

fn ends_as(text: &str, kind: Text) -> bool {
    let (for_arguments, text) = match text.strip_prefix(NO_ARGUMENTS) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let any = text.starts_with("string length ");
    let kind = match kind {
        Text::Stop(Shell::Arguments) if for_arguments => Text::Stop(Shell::Any),
        Text::Status(Shell::Arguments) if for_arguments => Text::Status(Shell::Any),
        Text::Stop(Shell::Arguments) | Text::Status(Shell::Arguments) => return false,
        _ if for_arguments => return false,
        Text::Nothing | Text::Stop(_) | Text::Status(_) => kind,
    };
    match kind {
        Text::Nothing => false,
        Text::Stop(Shell::Any) => any && text.contains(&posix::stop(CODE)),
        Text::Status(Shell::Any) => {
            any && text.ends_with(&either::status(&[], CODE)[either::status(&[], CODE).rfind("sh -c").unwrap_or(0)..])
        }
        Text::Stop(_) | Text::Status(_) => !any && text.ends_with(&kind.of(&[])),
    }
}
