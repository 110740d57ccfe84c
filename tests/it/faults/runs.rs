//! Faults that do not depend on the step: those of the output.

use std::fmt;

use sandbox::{Fault, Sandbox};

use super::document::{Table, section_is};
use super::steps::{Exchange, Step, furnish};
use crate::network::names::has_namespaces;
use crate::support::{Output, Program};

/// The end of a run: its exit code, and whether the provider received a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Done,
    Asked,
    NotAsked,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "0",
            Self::Asked => "6",
            Self::NotAsked => "6, nothing sent",
        })
    }
}

/// A row: a script, with `COMMAND` as the command line of each column, and its expected end.
struct Row {
    name: &'static str,
    /// Additional arguments for each exchange; `None` if it has no such output.
    options: Options,
    script: String,
    end: End,
    stdout: fn(Exchange) -> String,
    says: &'static str,
}

/// The exit code of the command.
const SEEN: &str = "echo \"exit $?\"";
/// A calling shell. At its end, it lists the private directory, except an empty manifest.
const EVAL: &str =
    "export OIDC_EXCHANGE_DIR=\"$PWD/disk/private\"; trap 'find disk/private -size +0 -type f 2>/dev/null' EXIT
                    said=$(COMMAND); SEEN; printf '%s\n' \"$said\"; eval \"$said\"; echo reached";

const GONE: &str = "mkfifo pipe; (: <pipe) & (COMMAND; SEEN >&2) >pipe";

/// A disk of two pages. One has a file; the other is full.
const FULL: &str = "mkdir disk; mount -t tmpfs -o size=8k tmpfs disk; printf '[other]\\n' >disk/kept
                    head -c 8192 /dev/zero >disk/filler 2>/dev/null; COMMAND; SEEN; cat disk/kept; ls -A disk";
const READ_ONLY: &str = "mkdir disk; mount -t tmpfs tmpfs disk; printf '[other]\\n' >disk/kept; : >disk/filler
                         mount -o remount,ro disk; COMMAND; SEEN; cat disk/kept; ls -A disk";
const LIMITED: &str = "mkdir disk; printf '[other]\\n' >disk/kept; : >disk/filler
                       (ulimit -f 0; COMMAND; SEEN); cat disk/kept; ls -A disk";
const PRIVATE_FULL: &str = "mkdir disk; mount -t tmpfs -o size=4k tmpfs disk; head -c 4096 /dev/zero >disk/filler; mkdir -m 700 disk/private; EVAL";
const PRIVATE_READ_ONLY: &str = "mkdir disk; mount -t tmpfs tmpfs disk; : >disk/filler; mkdir -m 700 disk/private
                                 mount -o remount,ro disk; EVAL";
const PRIVATE_LIMITED: &str = "mkdir disk; : >disk/filler; mkdir -m 700 disk/private; ulimit -f 0; EVAL";

type Options = fn(Exchange) -> Option<&'static str>;

const EVERYWHERE: Options = |_| Some("");
const OUTPUT: Options = |_| Some("--output disk/kept");

fn profile(exchange: Exchange) -> Option<&'static str> {
    (exchange == Exchange::Aws).then_some("--profile ci")
}

/// Runs that need the private directory.
fn private(exchange: Exchange) -> Option<&'static str> {
    match exchange {
        Exchange::Aws => Some("--format source"),
        Exchange::Gcp | Exchange::Azure => Some(""),
        Exchange::Vault => Some("B=secret/production/db?file#username"),
        Exchange::Verify => None,
    }
}

fn seen(_: Exchange) -> String {
    "exit 6\n".into()
}

fn kept(_: Exchange) -> String {
    "exit 6\n[other]\nfiller\nkept\n".into()
}

fn stopped(exchange: Exchange) -> String {
    let said = exchange.stopped(6).replace("unset A;", "unset A B;");
    format!("exit 6\n{said}")
}

const NO_SPACE: &str = "No space left on device";
const TOO_LARGE: &str = "File too large";
const NOT_WRITABLE: &str = "Read-only file system";

fn rows() -> Vec<Row> {
    let row = |name, options, script: &str, end, stdout, says| {
        let script = script.replace("EVAL", EVAL).replace("SEEN", SEEN);
        Row { name, options, script, end, stdout, says }
    };
    vec![
        row("standard output on a full disk", EVERYWHERE, "COMMAND >/dev/full; SEEN", End::Asked, seen, NO_SPACE),
        row("a reader that has gone away", EVERYWHERE, GONE, End::Asked, |_| String::new(), "Broken pipe"),
        row("a closed standard output", EVERYWHERE, "COMMAND >&-; SEEN", End::Done, |_| "exit 0\n".into(), ""),
        row("`--output` on a full disk", OUTPUT, FULL, End::Asked, kept, NO_SPACE),
        row("`--output` on a disk that is not to be written", OUTPUT, READ_ONLY, End::NotAsked, kept, NOT_WRITABLE),
        row("`--output` beyond `ulimit -f`", OUTPUT, LIMITED, End::Asked, kept, TOO_LARGE),
        row("`--profile` on a full disk", profile, FULL, End::Asked, kept, NO_SPACE),
        row("`--profile` on a disk that is not to be written", profile, READ_ONLY, End::NotAsked, kept, NOT_WRITABLE),
        row("`--profile` beyond `ulimit -f`", profile, LIMITED, End::Asked, kept, TOO_LARGE),
        row("the private directory on a full disk", private, PRIVATE_FULL, End::Asked, stopped, NO_SPACE),
        row(
            "the same on a disk that is not to be written",
            private,
            PRIVATE_READ_ONLY,
            End::Asked,
            stopped,
            NOT_WRITABLE,
        ),
        row("the same beyond `ulimit -f`", private, PRIVATE_LIMITED, End::Asked, stopped, TOO_LARGE),
    ]
}

#[test]
fn a_result_that_cannot_be_put_where_it_belongs() {
    if !has_namespaces() {
        return;
    }
    let steps = [Step::Token, Step::AccessToken, Step::Assertion, Step::Read];
    let columns = steps.map(Step::exchange);
    let rows = rows();
    let mut cells = Vec::new();
    for row in &rows {
        for (exchange, step) in columns.iter().zip(steps) {
            cells.push(
                (row.options)(*exchange).map_or(Err("it has no such way out"), |options| Ok(run(row, step, options))),
            );
        }
    }
    let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    section_is("docs/faults.md", "Results", &Table::new(&["aws", "gcp", "azure", "vault"], &names, cells).text());
}

fn run(row: &Row, step: Step, options: &str) -> End {
    let sandbox = Sandbox::start().unwrap();
    furnish(&sandbox);
    if row.name.contains("reader") {
        // Until the reader has certainly ended.
        step.server(&sandbox).aim(|_| true, Fault::Delay(std::time::Duration::from_secs(1)), 1);
    }
    let script = row.script.replace("COMMAND", &format!("{} {options}", step.command(false)));
    let program = Program::new("unshare", ["-rm", "sh", "-c", &script]).job(&sandbox);
    let disk = program.scratch().path().join("disk");
    let program = program.env("AWS_SHARED_CREDENTIALS_FILE", disk.join("kept"));
    let program = program.env("AWS_CONFIG_FILE", disk.join("config"));
    let output = program.run();
    let asked = step.server(&sandbox).requests().len();
    check(row, step, &output);
    let alive = sandbox.vault.issued().iter().any(|token| sandbox.vault.is_good(token));
    assert!(!alive, "{}: a client token is alive", row.name);
    let end = match asked {
        _ if row.end == End::Done => End::Done,
        0 => End::NotAsked,
        _ => End::Asked,
    };
    assert!(end == row.end, "{}, {}: {end} in place of {}\n{}", row.name, step.title(), row.end, output.describe());
    end
}

fn check(row: &Row, step: Step, output: &Output) {
    let (said, expected) = (output.stderr(), (row.stdout)(step.exchange()));
    assert!(output.stdout() == expected, "{}\nexpected\n{expected}{}", row.name, output.describe());
    assert!(said.contains(row.says), "{}\n{}", row.name, output.describe());
    let left: Vec<_> = output.scratch.files();
    let left = left.iter().filter(|file| !file.starts_with(output.scratch.path().join("disk"))).count();
    let files = match step.exchange() {
        Exchange::Gcp if row.end == End::Done => 4,
        Exchange::Azure if row.end == End::Done => 2,
        // The manifest, with the names of the secrets' variables.
        Exchange::Vault if row.end == End::Done => 1,
        Exchange::Aws | Exchange::Gcp | Exchange::Azure | Exchange::Vault | Exchange::Verify => 0,
    };
    assert!(left <= files, "{}: left behind: {:?}", row.name, output.scratch.files());
}
