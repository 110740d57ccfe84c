//! Every command line of this program on a page is valid.

use clap::Parser;
use clap::error::ErrorKind;
use oidc_exchange::cli::Cli;
use regex_lite::Regex;

use super::blocks::{blocks, pages};

/// The words of the command line that begins here, up to the end of its substitution, pipe, list or comment.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut depth = 0;
    for c in text.chars() {
        if quote == Some(c) {
            quote = None;
            continue;
        }
        if quote.is_none() {
            match c {
                '\'' | '"' => {
                    quote = Some(c);
                    word.get_or_insert_default();
                    continue;
                }
                ' ' => {
                    words.extend(word.take());
                    continue;
                }
                '#' if word.is_none() => break,
                ')' if depth == 0 => break,
                '|' | ';' | '>' | '<' | '&' | '\n' => break,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
        }
        word.get_or_insert_default().push(c);
    }
    words.extend(word);
    words
}

/// Every command line in a text, its continued lines joined.
fn command_lines(text: &str) -> Vec<Vec<String>> {
    let joined = Regex::new(r"\\\n\s*").unwrap().replace_all(text, " ");
    let start = Regex::new(r"(?:^|[\s(`;])oidc-exchange ").unwrap();
    start.find_iter(&joined).map(|found| words(&joined[found.end()..])).collect()
}

/// The texts between backquotes in a line.
fn spans(page: &str) -> Vec<String> {
    let prose = Regex::new(r"(?s)```.*?\n```").unwrap().replace_all(page, "");
    let span = Regex::new(r"`([^`]+)`").unwrap();
    span.captures_iter(&prose).map(|found| found[1].replace('\n', " ")).collect()
}

/// Only names of commands.
fn is_a_name(words: &[String]) -> bool {
    words.len() < 3 && words.iter().all(|word| word.chars().all(|c| c.is_ascii_lowercase()))
}

#[test]
fn each_is_accepted() {
    let mut seen = 0;
    for (name, page) in pages() {
        let mut texts: Vec<String> = blocks(&page).into_iter().map(|block| block.text).collect();
        // An ellipsis is a part that the reader fills in.
        texts.extend(spans(&page).into_iter().filter(|span| !span.contains('…')));
        for line in texts.iter().flat_map(|text| command_lines(text)) {
            let all = ["oidc-exchange".to_owned()].into_iter().chain(line.clone());
            let accepted = match Cli::try_parse_from(all).map_err(|error| error.kind()) {
                Ok(_) | Err(ErrorKind::DisplayVersion) => true,
                Err(
                    ErrorKind::MissingRequiredArgument
                    | ErrorKind::MissingSubcommand
                    | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                ) => is_a_name(&line),
                Err(ErrorKind::DisplayHelp) => line.contains(&"--help".to_owned()),
                Err(_) => false,
            };
            assert!(accepted, "{name}: {line:?}");
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn lines_are_found_where_they_stand() {
    let lines = |text: &str| command_lines(text).iter().map(|words| words.join(" ")).collect::<Vec<_>>();
    assert_eq!(lines("- eval \"$(oidc-exchange aws --x \"$A\" \\\n    --y)\"; z"), ["aws --x $A --y"]);
    assert_eq!(lines("a | oidc-exchange b - | c\noidc-exchange d # e"), ["b -", "d"]);
    assert_eq!(lines("NAME=oidc-exchange-1\nx/oidc-exchange y"), Vec::<String>::new());
}
