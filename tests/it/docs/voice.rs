//! Finds long sentences and words with a plainer replacement, in README.md, docs/ and the other pages.

use std::fs;
use std::path::Path;

use regex_lite::Regex;

use super::blocks::pages;

/// The most words of a sentence.
const LONGEST: usize = 20;

/// Words and phrases that must not occur, each with its replacement.
const PLAINER: [(&str, &str); 26] = [
    (r"\b[Mm]end(s|ed)?\b", "fix"),
    (r"to the letter\b", "exactly"),
    (r"\bbut for\b", "except"),
    (r" alone[,.;:)]", "only, before the noun"),
    (r"\bbehind (it|the|them)\b", "after"),
    (r"\b[Ww]hatever\b", "any, or: it does not depend on"),
    (r"\bheals?\b", "a temporary error"),
    (r"\b[Ll]ikewise\b", "the same"),
    (r"\bis no (gate|JSON|secret|reason)\b", "is not a"),
    (r"\bby nobody\b", "no other"),
    (r"\bhand(s|ed)? (it |them )?out\b", "return, export"),
    (r"\blives? on\b", "self-hosted"),
    (r"\bonce and for all\b", "nothing"),
    (r"\bwithout a word\b", "without a message"),
    (r"\bhas no business\b", "must not"),
    (r"\bin silence\b", "without a message"),
    (r"\blets? in\b", "allow"),
    (r"\b(kept|keeps?) out\b", "deny"),
    (r"\bwhat is kept\b", "the cache"),
    (r"\b[Tt]he one that (?:is|has)\b", "the noun itself"),
    (r"\bin its (turn|words)\b", "nothing"),
    (r"\b[Mm]eanwhile\b", "during"),
    (r"\bas its source reads\b", "according to its source code"),
    (r"\bby custom\b", "usually"),
    (r"\bgood for\b", "valid for"),
    (r", say[,.)]", "for example"),
];

/// The prose of a page: neither blocks nor tables nor headings.
fn prose(page: &str) -> Vec<String> {
    let text = Regex::new(r"(?s)```.*?\n```").unwrap().replace_all(page, "").into_owned();
    let lines =
        text.lines().filter(|line| !["    ", "|", "#", "![", "<!--"].iter().any(|start| line.starts_with(start)));
    let mut paragraphs = vec![String::new()];
    for line in lines {
        if line.trim().is_empty() || line.starts_with("- ") || Regex::new(r"^\d+\. ").unwrap().is_match(line) {
            paragraphs.push(String::new());
        }
        let last = paragraphs.last_mut().unwrap();
        last.push_str(line.trim());
        last.push(' ');
    }
    paragraphs.retain(|paragraph| !paragraph.trim().is_empty());
    paragraphs
}

/// The sentences, with a link as its text and code as one word.
fn sentences(paragraph: &str) -> Vec<String> {
    let text = Regex::new(r"\]\([^)]*\)").unwrap().replace_all(paragraph, "]");
    let text = Regex::new(r"`[^`]*`").unwrap().replace_all(&text, "CODE");
    let end = Regex::new(r"[.!?:;][)*]*\s+").unwrap();
    let marked = end.replace_all(&text, "$0\u{1}");
    marked.split('\u{1}').map(|sentence| sentence.trim().to_owned()).filter(|sentence| !sentence.is_empty()).collect()
}

/// The pages that readers of the code meet.
fn others() -> impl Iterator<Item = (String, String)> {
    const NAMES: [&str; 6] =
        ["ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "fuzz/README.md", "release/README.md"];
    NAMES.into_iter().map(|name| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        (name.to_owned(), fs::read_to_string(path).unwrap())
    })
}

#[test]
fn no_sentence_is_long() {
    let mut long = Vec::new();
    for (name, page) in pages().into_iter().chain(others()) {
        for sentence in prose(&page).iter().flat_map(|paragraph| sentences(paragraph)) {
            let words = sentence.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
            if words > LONGEST {
                long.push(format!("{name}: {words} words: {sentence}"));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_word_has_a_plainer_one() {
    let mut found = Vec::new();
    for (name, page) in pages().into_iter().chain(others()) {
        let rows = page.lines().filter(|line| line.starts_with('|')).map(str::to_owned);
        for paragraph in prose(&page).into_iter().chain(rows) {
            for (pattern, plainer) in PLAINER {
                if let Some(word) = Regex::new(pattern).unwrap().find(&paragraph) {
                    found.push(format!("{name}: `{}`, plainer: {plainer}: {paragraph}", word.as_str()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn both_are_seen_where_they_are() {
    let page = "# A title\n\nOne two. [Three](link.md)\n`four --four`.\n\n- five six\n\n    a block\n\n| a | table |\n";
    let all: Vec<String> = prose(page).iter().flat_map(|paragraph| sentences(paragraph)).collect();
    assert_eq!(all, ["One two.", "[Three] CODE.", "- five six"]);
}
