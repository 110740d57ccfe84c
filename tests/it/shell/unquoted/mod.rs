//! `eval $(…)` without quotes: it stops if a value would change, and otherwise works, for every working directory,
//! `IFS` and shell option.

mod cells;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use oidc_exchange::shell::Name;
use oidc_exchange::shell::posix::{self, Codes};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sandbox::Sandbox;

use self::cells::{Cell, End, Variant, variants};
use super::answer;
use crate::support::{expect, shells, stopped};

const EVAL: &str = "eval $(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)";

const MESSAGE: &str = "oidc-exchange: write the quotes: eval \"$(oidc-exchange ...)\"\n";

#[test]
fn a_value_that_it_would_mangle_stops_it() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        for odd in ["two  words", "one\ntwo", "a * b", "tab\tbed", "{a,b}", "a\\b", "a?b"] {
            sandbox.aws.script([answer(odd)]);
            let script = format!("echo before; {EVAL}; echo AFTER \"$AWS_SESSION_TOKEN\"");
            let output = shell.runs(&script).job(&sandbox).run();
            output.exits(2).stdout_is("before\n").stderr_is(expect![[r#"
                oidc-exchange: write the quotes: eval "$(oidc-exchange ...)"
            "#]]);
        }
    }
}

#[test]
fn a_plain_value_survives() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        let asked = sandbox.aws.issued().len();
        let output = shell.runs(&format!("set -eu; {EVAL}; echo \"$AWS_SESSION_TOKEN\"")).job(&sandbox).run();
        output.exits(0).stdout_is(&format!("{}\n", sandbox.aws.issued()[asked].session_token)).stderr_is(expect![""]);
    }
}

/// The program's output: without credentials, and for values with plain and with any characters.
fn texts() -> [(&'static str, String); 3] {
    let assign = |values: &[(&'static str, &str)]| {
        let values: Vec<(Name, &str)> = values.iter().map(|(name, value)| (Name::fixed(name), *value)).collect();
        let values = values.iter().map(|(name, value)| (name, *value));
        posix::assign(&[Name::fixed("OLD")], values, Codes { unquoted: 2, not_kept: 6 })
    };
    [
        ("stop", stopped(4)),
        ("plain", assign(&[("A", PLAIN[0]), ("B", PLAIN[1])])),
        ("odd", assign(&[("A", ODD[0]), ("B", ODD[1])])),
    ]
}

const PLAIN: [&str; 2] = ["wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY==", "~x:a,b.c-d_e@f%"];
const ODD: [&str; 2] = ["a  * b ? [x] {c,d} +(e) !(f) 'g' \"h\" $HOME `id` \\ ; & | < > # ! ~", "one\n\ttwo\n"];

/// The words into which a shell splits the texts without quotes, and file names of an attacker that match a word's
/// pattern.
fn words() -> BTreeSet<String> {
    let old = [":i);; *) echo INJECTED;; x)", ":i)", "x);; *) echo INJECTED;; *)", "INJECTED", "a", "b", "return", "*"];
    let texts = texts().into_iter().map(|(_, text)| text).collect::<String>();
    let words = texts.split([' ', '\n']).chain(texts.split(['=', ';'])).map(str::to_owned);
    words.chain(old.map(str::to_owned)).collect()
}

/// Creates an executable file for each valid file name.
fn fill<'n>(directory: &Path, names: impl IntoIterator<Item = &'n str>) {
    for name in names {
        if !name.is_empty() && name.len() < 256 && !name.contains(['/', '\0']) && ![".", ".."].contains(&name) {
            cells::executable(&directory.join(name), "#!/bin/sh\necho INJECTED\n");
        }
    }
}

/// Fails if the result is neither a stop nor the unchanged values.
#[track_caller]
fn check(cell: &Cell<'_>, text: &str, end: &End, splits: bool) {
    let values = if text == "plain" { PLAIN } else { ODD };
    let whole = format!("AFTER {}|{}\n", values[0], values[1]);
    let stopped = !end.stdout.contains("AFTER") && end.failed();
    let good = match text {
        "stop" if splits => stopped,
        "stop" => end.code == Some(4) && end.stdout.is_empty() && end.stderr.is_empty(),
        "plain" if splits => stopped || end.stdout == whole,
        "plain" => end.code == Some(0) && end.stdout == whole && end.stderr.is_empty(),
        _ if splits => stopped || end.stdout == whole,
        _ => end.code == Some(2) && end.stdout.is_empty() && end.stderr == MESSAGE,
    };
    assert!(good && !end.stdout.contains("INJECTED"), "{text} in {cell:?}\n{end:?}");
}

/// A caller of each kind, in this variant of a shell.
fn callers<'v>(variant: &'v Variant, text: &str) -> Vec<Cell<'v>> {
    let eval = format!("eval $(cat ../{text})");
    let after = "printf 'AFTER %s|%s\\n' \"${A-}\" \"${B-}\"";
    [
        (&[][..], format!("{eval}\n{after}")),
        (&[], format!("{eval}; {after}")),
        (&["-e"], format!("f() {{\n{eval}\n}}\nf\n{after}")),
        (&["-eu"], format!("{eval}\n{after}")),
        (&["-c"], format!("{eval}; {after}")),
    ]
    .into_iter()
    // After a `return` within an `eval` posh has no `-e` any more.
    .filter(|(options, script)| !(variant.name == "posh" && options == &["-e"] && script.starts_with("f()")))
    .map(|(options, script)| Cell { variant, options, script })
    .collect()
}

#[test]
fn a_file_is_no_word() {
    let place = cells::Place::new(&texts());
    fill(&place.cwd(), words().iter().map(String::as_str));
    for variant in variants() {
        for (text, _) in texts() {
            for cell in callers(&variant, text) {
                check(&cell, text, &cell.run(&place), false);
            }
        }
    }
}

/// Names made of the texts' own words, with characters between them that a pattern could match.
#[test]
fn no_file_is_a_word() {
    let words: Vec<String> = words().into_iter().filter(|word| word.len() < 80).collect();
    let between = prop::sample::select(vec!["", " ", ";", "*", ")", "|", "'", "\n", "x"]);
    let name = prop::collection::vec((prop::sample::select(words), between), 1..5);
    let name = name.prop_map(|parts| parts.into_iter().map(|(word, between)| word + between).collect::<String>());
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let variants = variants();
    runner
        .run(&prop::collection::btree_set(name, 1..60), |names| {
            let place = cells::Place::new(&texts());
            fill(&place.cwd(), names.iter().map(String::as_str));
            for variant in &variants {
                for (text, _) in texts() {
                    let cell = callers(variant, text).swap_remove(0);
                    check(&cell, text, &cell.run(&place), false);
                }
            }
            Ok(())
        })
        .unwrap();
}

/// Without the quotes, each of these characters is a space for `eval`. The result is still a stop or the values.
#[test]
fn any_ifs_is_stopped_or_does_no_harm() {
    let place = cells::Place::new(&texts());
    fill(&place.cwd(), ["a", "x", "INJECTED", "*"]);
    let variants = variants();
    let mut cells = Vec::new();
    for variant in &variants {
        // The values depend on the shells. The modes of bash and zsh affect the stop.
        let texts = texts().into_iter().filter(|(text, _)| *text == "stop" || variant.is_a_shell());
        for (text, printed) in texts {
            let ifs = printed.chars().collect::<BTreeSet<char>>().into_iter().map(String::from);
            let sets = ["", " ", "\n\t", " \t", "\n", ":/", ",;", "\u{1}"].map(str::to_owned);
            for ifs in ifs.chain(sets) {
                // ksh93 does nothing for an `eval` whose first word is empty.
                if variant.name == "ksh93" && printed.starts_with(ifs.as_str()) && !ifs.is_empty() {
                    continue;
                }
                let eval = format!("IFS={}\neval $(cat ../{text})", posix::quote(&ifs));
                let script = format!("{eval}\nprintf 'AFTER %s|%s\\n' \"${{A-}}\" \"${{B-}}\"");
                cells.push((text, Cell { variant, options: &[], script }));
            }
        }
    }
    assert!(cells.len() > 2000, "{}", cells.len());
    cells::in_parallel(&cells, |(text, cell)| check(cell, text, &cell.run(&place), true));
}

/// With the quotes, `IFS` has no effect.
#[test]
fn any_ifs_is_nothing_to_a_caller_with_quotes() {
    let place = cells::Place::new(&texts());
    for variant in variants().into_iter().filter(Variant::is_a_shell) {
        for (text, printed) in texts().into_iter().filter(|(text, _)| *text != "plain") {
            let mut script = String::new();
            for ifs in printed.chars().collect::<BTreeSet<char>>() {
                let ifs = posix::quote(&ifs.to_string());
                let show = "printf 'AFTER %s|%s' \"$A\" \"$B\"";
                writeln!(script, "(IFS={ifs}; eval \"$(cat ../{text})\"; {show}); echo \" $?\"").unwrap();
            }
            let end = Cell { variant: &variant, options: &["-u"], script: script.clone() }.run(&place);
            let expected = if text == "stop" { " 4\n".into() } else { format!("AFTER {}|{} 0\n", ODD[0], ODD[1]) };
            assert!(end.stdout == expected.repeat(script.matches("(IFS=").count()), "{text} in {variant:?}\n{end:?}");
            assert_eq!(end.stderr, "", "{text} in {variant:?}");
        }
    }
}

/// A read-only variable of the caller: the job does not continue with the old id and the new secret.
#[test]
fn a_read_only_variable_stops_it() {
    let place = cells::Place::new(&texts());
    for variant in variants() {
        for (text, _) in texts().iter().filter(|(text, _)| *text != "stop") {
            for (quotes, read_only) in [("\"", "A"), ("\"", "B"), ("\"", "OLD")] {
                let script = format!(
                    "{read_only}=stale; readonly {read_only}\neval {quotes}$(cat ../{text}){quotes}\nprintf 'AFTER\\n'"
                );
                let end = Cell { variant: &variant, options: &[], script }.run(&place);
                // A variable that must only be unset does not stop the caller, if the shell does not stop.
                let good =
                    if read_only == "OLD" { end.code.is_some() } else { end.code == Some(6) && end.stdout.is_empty() };
                assert!(good, "{text}, {read_only} in {variant:?}\n{end:?}");
            }
        }
    }
}

/// The text is one line with single spaces, which splitting does not change.
#[test]
fn the_stop_survives_splitting() {
    let stop = posix::stop(4);
    let split: Vec<&str> = stop.split_whitespace().collect();
    assert_eq!(split.join(" "), stop);
    let names = fs::read_dir("/").unwrap().flatten().map(|entry| entry.file_name());
    assert!(!names.into_iter().any(|name| name == ":"), "the stop's last resort is a file that is not there");
}
