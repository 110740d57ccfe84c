//! `man`: the page is complete, and formatters print no warnings.

use regex_lite::Regex;

use super::{commands, spellings};
use crate::support::{Program, expect, oidc_exchange, shells};

fn page() -> String {
    let output = oidc_exchange(["man"]).run();
    output.exits(0).stderr_is(expect![[""]]);
    output.stdout()
}

/// The output of this formatter, if it is installed: plain text, with its warnings.
fn formatted(program: &str, arguments: &[&str]) -> Option<(String, String)> {
    let formatter = shells::tool(program)?;
    let output = Program::new(formatter, arguments).env("LC_ALL", "C.UTF-8").stdin(page()).run();
    Some((output.stdout(), output.stderr()))
}

#[test]
fn groff_has_no_warning() {
    let Some((text, complaints)) = formatted("groff", &["-ww", "-man", "-Tutf8", "-P-c", "-P-b", "-P-u"]) else {
        return;
    };
    assert_eq!(complaints, "");
    is_all_there(&text);
}

#[test]
fn mandoc_has_no_warning() {
    let Some((lint, complaints)) = formatted("mandoc", &["-T", "lint", "-W", "warning"]) else { return };
    assert_eq!((&*lint, &*complaints), ("", ""));
}

/// The date of the version in CHANGELOG.md, after its release: `## VERSION (DATE)`.
#[test]
fn it_has_the_versions_date() {
    let page = page();
    let day = page.lines().next().unwrap().split(' ').nth(3).unwrap().to_owned();
    assert!(Regex::new(r"^20\d\d-[01]\d-[0-3]\d$").unwrap().is_match(&day), "{day}");
    let heading = format!("## {}", env!("CARGO_PKG_VERSION"));
    let changes = include_str!("../../../CHANGELOG.md");
    for line in changes.lines().filter(|line| *line == heading || line.starts_with(&format!("{heading} "))) {
        assert_eq!(line, format!("{heading} ({day})"));
    }
}

#[test]
fn mandoc_shows_it() {
    let Some((text, _)) = formatted("mandoc", &["-T", "utf8", "-O", "width=80"]) else { return };
    // Bold is struck twice.
    let mut plain = String::new();
    for c in text.chars() {
        if c == '\u{8}' {
            plain.pop();
        } else {
            plain.push(c);
        }
    }
    is_all_there(&plain);
}

#[track_caller]
fn is_all_there(text: &str) {
    for (path, command) in commands() {
        assert!(text.contains(&format!("oidc-exchange {}", path.join(" "))), "{path:?}\n{text}");
        for option in spellings(&command).iter().filter(|option| option.starts_with("--")) {
            assert!(text.contains(option.as_str()), "{path:?} {option}\n{text}");
        }
    }
    for copied in [
        r#"eval "$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)""#,
        "oidc-exchange completions fish >~/.config/fish/completions/oidc-exchange.fish",
        "`explain` cannot tell",
        "the job's token",
    ] {
        assert!(text.contains(copied), "{copied}\n{text}");
    }
}
