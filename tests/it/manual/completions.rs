//! `completions`: each script in its shell, called like the Tab key does.

use regex_lite::Regex;

use super::{commands, spellings};
use crate::support::{Output, expect, oidc_exchange, shells};

/// A typed line with the cursor at its end, and the offered words. The directory has a file `token.jwt`.
const OFFERS: [(&str, &[&str]); 16] = [
    ("oidc-exchange expl", &["explain"]),
    ("oidc-exchange explain ", &["aws", "azure", "gcp", "vault"]),
    ("oidc-exchange setup v", &["vault"]),
    ("oidc-exchange explain aws --tru", &["--trust-policy"]),
    ("oidc-exchange vault --secrets-f", &["--secrets-file"]),
    ("oidc-exchange aws --on-error ", &["none", "status", "stop"]),
    ("oidc-exchange token --format ", &["json", "text"]),
    ("oidc-exchange setup gcp --format ", &["cli", "json"]),
    ("oidc-exchange completions ", &["bash", "fish", "zsh"]),
    ("oidc-exchange aws --token-file to", &["token.jwt"]),
    ("oidc-exchange aws --role-arn vault --veri", &["--verify"]),
    ("oidc-exchange aws --role-arn to", &[]),
    ("oidc-exchange vault --mount to", &[]),
    ("oidc-exchange aws -- oidc-exch", &["oidc-exchange"]),
    ("oidc-exchange aws -- cat to", &["token.jwt"]),
    ("oidc-exchange aws -- cat --on-err", &[]),
];

#[track_caller]
fn offers(complete: impl Fn(&str) -> Vec<String>) {
    for (line, expected) in OFFERS {
        assert_eq!(complete(line), expected, "{line}");
    }
    assert_eq!(complete("oidc-exchange aws --format=js").len(), 1);
}

/// Each command offers all its subcommands, and every option of clap's definitions.
#[track_caller]
fn offers_everything(complete: impl Fn(&str) -> Vec<String>) {
    for (path, command) in commands() {
        let line = ["oidc-exchange".to_owned()].into_iter().chain(path.clone()).collect::<Vec<_>>().join(" ");
        let mut names: Vec<String> = command.get_subcommands().map(|below| below.get_name().to_owned()).collect();
        names.sort();
        if !names.is_empty() {
            let offered: Vec<String> =
                complete(&format!("{line} ")).into_iter().filter(|it| !it.starts_with('-')).collect();
            assert_eq!(offered, names, "{line}");
        }
        let mut long: Vec<String> = spellings(&command).into_iter().filter(|it| it.starts_with("--")).collect();
        long.sort();
        assert_eq!(complete(&format!("{line} --")), long, "{line} --");
    }
}

fn script(shell: &str) -> String {
    let output = oidc_exchange(["completions", shell]).run();
    output.exits(0).stderr_is(expect![[""]]);
    output.stdout()
}

/// Sorted, each once.
fn lines(output: &Output) -> Vec<String> {
    output.exits(0).stderr_is(expect![[""]]);
    let mut lines: Vec<String> = output.stdout().lines().map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
}

/// The words as readline splits them; `=` is a word.
#[test]
fn bash() {
    const ASK: &str = r#"
        source ./script
        complete -p oidc-exchange >registered
        line=${1//=/ = }
        read -ra COMP_WORDS <<<"$line"
        [[ $line != *' ' ]] || COMP_WORDS+=('')
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _oidc_exchange
        printf '%s\n' "${COMPREPLY[@]}" | grep . || true
    "#;
    let Some(bash) = shells::find("bash", "bash", &[]) else { return };
    let script = script("bash");
    let complete = |before: &str, line: &str| {
        let program = bash.with(["-c", &format!("{before}{ASK}"), "bash", line]);
        program.scratch().write("script", &script);
        program.scratch().write("token.jwt", "");
        let output = program.run();
        let registered = std::fs::read_to_string(output.scratch.path().join("registered")).unwrap();
        assert_eq!(registered, "complete -F _oidc_exchange oidc-exchange\n");
        lines(&output)
    };
    offers(|line| complete("", line));
    offers_everything(|line| complete("", line));
    offers(|line| complete(IN_OLD_BASH, line));
}

/// Like the bash 3.2 of macOS, as far as possible in a newer one: without the later builtins.
const IN_OLD_BASH: &str = "enable -n compopt mapfile readarray coproc 2>/dev/null\n";

/// Syntax that bash 3.2 cannot read, which would fail only on macOS.
#[test]
fn the_script_for_bash_has_nothing_newer_than_3_2() {
    let newer = [
        (r"\b(mapfile|readarray|coproc)\b", "a builtin of 4.0"),
        (r"\b(declare|local|typeset|readonly)\s+-[a-zA-Z]*[Agnlu]", "associative arrays, references and the like"),
        (r"\$\{[^}]*(\^|,|@[A-Za-z]\})", "changes of case, transformations"),
        (r"&>>|\|&", "redirections of 4.0"),
        (r";&|;;&", "falling through"),
        (r"\[\[?\s+-v\b", "-v"),
        (r"\[-\d+\]|\$\{[^}]*:\s*[^}]*:\s*-", "negative subscripts and lengths"),
        (r"\bshopt\b", "globstar and others"),
        (r"\bwait -n\b|\bread -[a-zA-Z]*[iN]|\bprintf -v \w+\[|%\(", "options of builtins"),
        (r"\b(EPOCH\w+|SRANDOM|BASHPID|COMP_TYPE|COMP_KEY|BASH_ARGV0|READLINE_\w+)\b", "variables"),
        (r"<\(|>\(", "process substitution, which 3.2's `source` does not read"),
    ];
    let script = script("bash");
    for (pattern, what) in newer {
        let found = Regex::new(pattern).unwrap().find(&script).map(|found| found.as_str().to_owned());
        assert_eq!(found, None, "{what}");
    }
    // It marks the words as file names, if it exists.
    let lenient = script.matches("compopt -o filenames 2>/dev/null\n").count();
    assert_eq!(script.matches("compopt").count(), lenient);
}

/// The form that works in bash 3.2 too, with the line of the help.
#[test]
fn bash_takes_it_by_eval() {
    let line = "eval \"$(oidc-exchange completions bash)\"";
    let help = oidc_exchange(["completions", "--help"]).run();
    assert!(help.exits(0).stdout().contains(line));
    let Some(bash) = shells::find("bash", "bash", &[]) else { return };
    let registered = "complete -p oidc-exchange docker-credential-oidc-exchange";
    let output = bash.runs(&format!("{line}\n{registered}")).run();
    output.exits(0).stdout_is(
        "complete -F _oidc_exchange oidc-exchange\n\
         complete -W 'get store erase list version' docker-credential-oidc-exchange\n",
    );
}

/// On a terminal of zsh, which records everything that completion adds.
#[test]
fn zsh() {
    let Some(zsh) = shells::find("zsh", "zsh", &[]) else { return };
    let script = script("zsh");
    let complete = |way: &str, line: &str| {
        let program = zsh.with(["-f", "ask.zsh", line]).env("WAY", way);
        program.scratch().write("ask.zsh", include_str!("ask.zsh"));
        program.scratch().write("asked.zsh", include_str!("asked.zsh"));
        program.scratch().write("functions/_oidc-exchange", &script);
        program.scratch().write("token.jwt", "");
        let output = program.run();
        lines(&output).into_iter().map(|line| line.trim_end_matches('=').to_owned()).collect::<Vec<_>>()
    };
    offers(|line| complete("autoloaded", line));
    offers_everything(|line| complete("autoloaded", line));
    assert_eq!(complete("sourced", "oidc-exchange explain "), ["aws", "azure", "gcp", "vault"]);
}

#[test]
fn fish() {
    let Some(fish) = shells::find("fish", "fish", &[]) else { return };
    let script = script("fish");
    let complete = |line: &str| {
        let program = fish.with(["--no-config", "-c", "source ./script; complete -C $argv[1]", line]);
        program.scratch().write("script", &script);
        program.scratch().write("token.jwt", "");
        let output = program.run();
        let words = lines(&output).into_iter().map(|line| line.split('\t').next().unwrap_or_default().to_owned());
        words.filter(|word| !word.starts_with('-') || word.starts_with("--")).collect::<Vec<_>>()
    };
    offers(complete);
    offers_everything(complete);
}
