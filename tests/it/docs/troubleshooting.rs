//! docs/troubleshooting.md lists every error title of the program, and no other.

use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

const PAGE: &str = include_str!("../../../docs/troubleshooting.md");

/// The titles of the page: the texts in backticks in the first column of its tables.
fn titles() -> Vec<String> {
    let code = Regex::new(r"`([^`]+)`").unwrap();
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    let first = rows.map(|row| row.split(" | ").next().unwrap().to_owned());
    first.flat_map(|cell| code.captures_iter(&cell).map(|found| found[1].to_owned()).collect::<Vec<_>>()).collect()
}

/// `…` is anything; NAME is one word, and VARIABLE the name of an environment variable.
fn pattern(title: &str) -> Regex {
    let special = Regex::new(r"[.+*?()|\[\]{}^$\\]").unwrap();
    let escaped = special.replace_all(title, r"\$0").into_owned();
    let escaped = escaped.replace("--…", r"--[a-z-]+\b.*").replace('…', ".*");
    let escaped = escaped.replace("NAME", r"\w+").replace("VARIABLE", r"[A-Z]+_[A-Z0-9_]+");
    Regex::new(&format!("^{escaped}$")).unwrap()
}

fn rust_files(directory: &str) -> Vec<PathBuf> {
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)];
    let mut found = Vec::new();
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                directories.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                found.push(entry);
            }
        }
    }
    found
}

/// The program's sources, without its tests, with every text on one line.
fn source() -> String {
    let continued = Regex::new(r"\\\n\s*").unwrap();
    let files = rust_files("src").into_iter().filter(|path| !path.ends_with("tests.rs"));
    let code = files.map(|path| fs::read_to_string(path).unwrap());
    let code: String = code.map(|text| text.split("#[cfg(test)]").next().unwrap().to_owned()).collect();
    continued.replace_all(&code, "").into_owned()
}

/// The titles that the sources make.
fn made() -> Vec<String> {
    let call = r#"(?:Usage::new|Report::new|Row::refused)\(\s*(?:format!\(\s*)?"((?:[^"\\]|\\.)+)""#;
    let named =
        r#"(?:title: (?:format!\()?|const [A-Z]+: &str = )"((?:AWS|Google|Microsoft|Vault|the) (?:[^"\\]|\\.)+)""#;
    let first = Regex::new(r"^\{(?:origin|option|name|variable|OPTION|ORIGIN|)\}(?:: )?").unwrap();
    let other = Regex::new(r"\{[^}]*\}").unwrap();
    let source = source();
    let mut all = Vec::new();
    for what in [call, named] {
        for found in Regex::new(what).unwrap().captures_iter(&source) {
            let text = found[1].replace("\\\"", "\"").replace("\\\\", "\\");
            let text = match first.find(&text) {
                Some(start) if start.as_str().ends_with(": ") => format!("--option: {}", &text[start.end()..]),
                Some(start) => format!("A_NAME{}", &text[start.end()..]),
                None => text,
            };
            all.push(other.replace_all(&text, "something").into_owned());
        }
    }
    assert!(all.len() > 150, "{}", all.len());
    all
}

/// The titles that the tests expect to the byte.
fn expected() -> Vec<String> {
    let line = Regex::new(r"(?m)^\s*error: (.+)$").unwrap();
    let texts = rust_files("tests/it").into_iter().map(|path| fs::read_to_string(path).unwrap());
    let found: Vec<String> =
        texts.flat_map(|text| line.captures_iter(&text).map(|found| found[1].to_owned()).collect::<Vec<_>>()).collect();
    assert!(found.len() > 300, "{}", found.len());
    found
}

/// Constants that look like titles: a service, a place, a check.
const NO_TITLES: [&str; 7] = [
    "AWS STS",
    "Microsoft Entra",
    "Azure Resource Manager",
    "the targets file",
    "the issuer",
    "the system's certificates",
    "the signature is that of the token's key",
];

#[test]
fn every_title_is_on_the_page() {
    let patterns: Vec<Regex> = titles().iter().map(|title| pattern(title)).collect();
    let missing: Vec<String> = made()
        .into_iter()
        .chain(expected())
        .filter(|title| !NO_TITLES.contains(&title.as_str()) && !patterns.iter().any(|pattern| pattern.is_match(title)))
        .collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_title_of_the_page_exists() {
    let all = [source(), expected().join("\n")].concat();
    let parts = Regex::new(r"…|NAME|VARIABLE").unwrap();
    for title in titles() {
        for part in parts.split(&title).map(|part| part.trim_matches([' ', ':', '-'])).filter(|part| part.len() > 3) {
            assert!(all.contains(part), "`{title}`: `{part}` is in no error");
        }
    }
}

#[test]
fn no_title_is_on_the_page_twice() {
    let mut all = titles();
    all.sort();
    let twice: Vec<&[String]> = all.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
