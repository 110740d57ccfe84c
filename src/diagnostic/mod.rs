//! Writes all of standard error: errors, warnings, notes, and the details of `-v`.

mod evaluated;
mod lines;

use std::fmt::Write as _;
use std::time::Duration;

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use self::evaluated::{expect_evaluation, is_evaluated};
use crate::error::{PRESENTED, Report};
use crate::secret::{redact_key_shaped, redact_pem, sanitized};
use crate::stdio::{self, Stream};
use lines::Lines;

/// How much is written to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verbosity {
    /// Only errors.
    Quiet,
    /// Also warnings, and what the program waits for.
    Normal,
    /// Also one line for each HTTP call.
    Calls,
    /// Also every decision.
    Debug,
}

impl Verbosity {
    /// The verbosity for `-q` and the number of `-v`.
    #[must_use]
    pub fn new(quiet: bool, verbose: u8) -> Self {
        match (quiet, verbose) {
            (true, _) => Self::Quiet,
            (false, 0) => Self::Normal,
            (false, 1) => Self::Calls,
            (false, _) => Self::Debug,
        }
    }

    fn level(self) -> Level {
        match self {
            Self::Quiet => Level::ERROR,
            Self::Normal => Level::WARN,
            Self::Calls | Self::Debug => Level::INFO,
        }
    }
}

/// The tracing target of events that only [`Verbosity::Debug`] shows. They have the same level as those of `-v`,
/// because lower levels are not compiled in, in any crate. So no library can log a request, and the HTTP/2 library is
/// a third smaller.
pub const DECISIONS: &str = concat!(env!("CARGO_CRATE_NAME"), "::decisions");

/// The longest wait for a reader of the last message.
const LONG: Duration = Duration::from_secs(1);

/// The same for a message during the run.
const SHORT: Duration = Duration::from_millis(200);

/// Sends this crate's events to standard error. Events of other crates are never shown at any level, because a
/// library may log secrets of a request.
pub fn init(verbosity: Verbosity) {
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), verbosity.level());
    let ours = if verbosity == Verbosity::Debug { ours } else { ours.with_target(DECISIONS, LevelFilter::OFF) };
    // A second call in one process (by a user of the library, or a test) has no effect.
    let _ = Lines.with(ours).try_init();
}

/// Writes `report` to standard error, with its first hints; with `-v`, with all of them.
pub fn report(report: &Report) {
    /// In a job's log, a long list of hints is not read.
    const FIRST: usize = 2;
    let hints = report.hints.iter();
    let text = if tracing::enabled!(Level::INFO) {
        layout(report, &hints.chain(&report.more).collect::<Vec<_>>(), false)
    } else {
        layout(report, &hints.take(FIRST).collect::<Vec<_>>(), true)
    };
    write(&text, LONG);
}

/// Writes a text from elsewhere (clap's usage errors) without token-shaped parts. Also removes clap's advice to write
/// a misspelt option after `--`: it would be run as a COMMAND.
pub fn usage(text: &str) {
    /// More than any page of help has.
    const LINES: usize = 100;
    /// More than any usage error has, unless it quotes an argument with line breaks.
    const LINES_OF_ERROR: usize = 12;
    let text = redact_pem(text);
    let lines = text.trim_end().lines().filter(|line| !line.contains(" as a value, use '-- "));
    let mut lines: Vec<String> = lines.map(|line| brief(shown(line), TITLE)).collect();
    let most = if text.starts_with("error: ") { LINES_OF_ERROR } else { LINES };
    if lines.len() > most {
        lines.splice(most / 2..lines.len() - most / 2, ["…".to_owned()]);
    }
    write(&format!("{}\n", lines.join("\n")), LONG);
}

fn write(text: &str, within: Duration) {
    let text = evaluated::if_it_is(text.to_owned());
    stdio::write_within(Stream::Err, text.as_bytes(), within);
}

/// Returns `line` without anything that looks like a key: an error may quote a secret that was given in place of
/// another value.
#[must_use]
pub fn shown(text: &str) -> String {
    clipped(redact_key_shaped(&sanitized(text)))
}

/// Shortens a long word to its start, and a long line to its start and its end: an error may quote an argument of
/// many kilobytes. Secrets were removed before, because a part of one is not recognized.
fn clipped(line: String) -> String {
    const WORD: usize = 1000;
    const START_OF_WORD: usize = 200;
    const LINE: usize = 6000;
    const START: usize = 4000;
    const END: usize = 1000;
    if line.len() <= WORD {
        return line;
    }
    let words = line.split(' ').map(|word| match word.char_indices().nth(WORD) {
        Some(_) => format!("{}…", &word[..word.floor_char_boundary(START_OF_WORD)]),
        None => word.to_owned(),
    });
    let line = words.collect::<Vec<_>>().join(" ");
    if line.len() <= LINE {
        return line;
    }
    format!("{} … {}", &line[..line.floor_char_boundary(START)], &line[line.ceil_char_boundary(line.len() - END)..])
}

/// The longest title: it may name a file and a fault of it.
const TITLE: usize = 320;
/// The longest fact.
const FACT: usize = 200;

/// Shortens a line to its start and its end, if it is longer than `most`: a path, an address or a peer's answer can
/// have hundreds of characters. `-v` shows all of it. A hint is not shortened, because it may be a command to paste, nor
/// are the values that the reader compares with a rule.
fn brief(line: String, most: usize) -> String {
    const END: usize = 70;
    const BETWEEN: &str = " … ";
    if line.len() <= most {
        return line;
    }
    let (start, end) = (most - END - BETWEEN.len(), line.len() - END);
    format!("{}{BETWEEN}{}", &line[..line.floor_char_boundary(start)], &line[line.ceil_char_boundary(end)..])
}

fn layout(report: &Report, hints: &[&String], is_brief: bool) -> String {
    let line = |text: &str, most| if is_brief { brief(shown(text), most) } else { shown(text) };
    let mut out = format!("error: {}\n", line(&report.title, TITLE));
    for (label, lines) in &report.facts {
        let most = if *label == PRESENTED { usize::MAX } else { FACT };
        for (index, fact) in lines.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let _ = writeln!(out, "  {label:<10} {}", line(fact, most));
        }
    }
    if !hints.is_empty() {
        out.push('\n');
    }
    for hint in hints {
        let _ = writeln!(out, "hint: {}", shown(hint));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_long_text_is_clipped(text in "(a{0,90} |é{0,1500}|x{1500} |b ){0,80}") {
            let short = clipped(text.clone());
            proptest::prop_assert!(short.len() <= 6000);
            proptest::prop_assert!(text.len() > 1000 || short == text);
        }
    }

    #[test]
    fn a_report_is_laid_out_with_aligned_facts_and_hints_last() {
        let report = Report::new("AWS STS refused the token")
            .fact("said", vec!["AccessDenied: no".into()])
            .fact("presented", vec!["iss=a".into(), "sub=b".into()])
            .fact("nothing", vec![])
            .hints(["try again".into()]);
        assert_eq!(
            layout(&report, &report.hints.iter().collect::<Vec<_>>(), true),
            "error: AWS STS refused the token\n  said       AccessDenied: no\n  presented  iss=a\n             sub=b\n\nhint: try again\n"
        );
    }
}
