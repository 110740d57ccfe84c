//! The result of a run. It is compared exactly, except for named parts that differ each time.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use expect_test::Expect;
use oidc_exchange::aws;
use oidc_exchange::shell::Name;
use oidc_exchange::shell::posix::{self, Codes};
use regex_lite::Regex;

use super::scratch::Scratch;
use super::secrets::{Leak, Secrets};

/// The result of a finished run.
pub(crate) struct Output {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) took: Duration,
    /// The directory in which it ran, with the files that it left.
    pub(crate) scratch: Scratch,
    pub(super) filters: Filters,
    pub(super) secrets: Secrets,
}

impl Output {
    /// Checks that it exited with this code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert!(self.code == Some(code), "expected exit code {code}\n{}", self.describe());
        self
    }

    /// Checks standard output, byte for byte.
    #[track_caller]
    pub(crate) fn stdout_is(&self, expected: &str) -> &Self {
        assert!(self.stdout == expected.as_bytes(), "expected on standard output:\n{expected}\n{}", self.describe());
        self
    }

    /// Checks that standard output is the shell text for these lines: `unset A B;`, and `export A='…';` with plain
    /// values.
    #[track_caller]
    pub(crate) fn exports_are(&self, lines: &str) -> &Self {
        self.stdout_is(&exported(lines))
    }

    /// Checks standard output after replacing parts that vary with names, and a terminal's line endings.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "it is written in place")]
    pub(crate) fn stdout_reads(&self, expected: Expect) -> &Self {
        expected.assert_eq(&self.shown().replace("\r\n", "\n"));
        self
    }

    /// Checks standard error after replacing parts that vary with names.
    #[track_caller]
    #[allow(clippy::needless_pass_by_value, reason = "it is written in place")]
    pub(crate) fn stderr_is(&self, expected: Expect) -> &Self {
        expected.assert_eq(&self.filters.apply(&self.stderr()));
        self
    }

    /// Standard error, with names for parts that vary.
    pub(crate) fn told(&self) -> String {
        self.filters.apply(&self.stderr())
    }

    /// Standard output, with names for parts that vary.
    pub(crate) fn shown(&self) -> String {
        self.filters.apply(&self.stdout())
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Searches for secrets: always in standard error, in standard output unless it should contain them, and in new
    /// files. Files that existed before belong to the test. A temporary file must have been moved to its place.
    #[track_caller]
    pub(super) fn search(&self, hands_over: bool, reports: bool, before: &[PathBuf]) {
        let mut found = self.secrets.search("standard error", &self.stderr);
        if !hands_over && (reports || self.code != Some(0)) {
            found = found.and_then(|()| self.secrets.search("standard output", &self.stdout));
        }
        for file in self.scratch.files().into_iter().filter(|file| !before.contains(file)) {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            assert!(self.signal.is_some() || !name.starts_with(".oidc-exchange-"), "left behind: {}", file.display());
            let public = file.symlink_metadata().is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
            let stray = file.starts_with(self.scratch.tmp());
            if public || ((stray || self.code != Some(0)) && !hands_over) {
                let bytes = std::fs::read(&file).unwrap_or_default();
                let named = |leak: Leak| Leak { place: self.filters.apply(&leak.place), ..leak };
                found = found.and_then(|()| self.secrets.search(file.display(), &bytes).map_err(named));
            }
        }
        found.unwrap_or_else(|leak| panic!("{leak}"));
    }

    /// Checks that standard output contains no secret after success.
    #[track_caller]
    pub(crate) fn stdout_holds_no_secret(&self) -> &Self {
        self.secrets.search("standard output", &self.stdout).unwrap_or_else(|leak| panic!("{leak}"));
        self
    }

    /// Whether `bytes` contain a secret of this run, or a part of one.
    pub(crate) fn holds_secret(&self, bytes: &[u8]) -> bool {
        self.secrets.search("", bytes).is_err()
    }

    /// A description for a failed assertion, without secrets.
    pub(crate) fn describe(&self) -> String {
        let show = |bytes: &[u8]| match self.secrets.search("", bytes) {
            Ok(()) => self.filters.apply(&String::from_utf8_lossy(bytes)),
            Err(leak) => format!("({} bytes with {} in them)\n", bytes.len(), leak.secret),
        };
        format!(
            "--- exit code {:?}, signal {:?}, after {:?}\n--- standard output\n{}--- standard error\n{}---",
            self.code,
            self.signal,
            self.took,
            show(&self.stdout),
            show(&self.stderr)
        )
    }
}

/// Names for parts that vary from run to run.
#[derive(Clone, Default)]
pub(super) struct Filters(Vec<(String, String)>);

impl Filters {
    pub(super) fn add(&mut self, text: &str, word: &str) {
        self.0.push((text.to_owned(), word.to_owned()));
    }

    fn apply(&self, text: &str) -> String {
        let text = self.0.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        PATTERNS.iter().fold(text, |text, (pattern, word)| pattern.replace_all(&text, *word).into_owned())
    }
}

/// What differs from run to run. The expressions are compiled once: thousands of runs use them.
static PATTERNS: LazyLock<[(Regex, &str); 17]> = LazyLock::new(|| {
    [
        (r"\(request [0-9a-f-]{36}\)", "(request ID)"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"TIME, in \d+ [a-z]+( \d+ [a-z]+)?", "TIME, in SPAN"),
        (r"TIME, \d+ [a-z]+( \d+ [a-z]+)? ago", "TIME, SPAN ago"),
        (r#""seconds_left": -?\d+"#, r#""seconds_left": N"#),
        (r"\b\d+ attempts in \d+\.\d s", "N attempts in T s"),
        (r"\b1 attempt in \d+\.\d s", "1 attempt in T s"),
        (r"trying again for up to \d+ s", "trying again for up to T s"),
        (r"trying again in \d+\.\d s", "trying again in T s"),
        (r"date/time \d{10}\b", "date/time SECONDS"),
        (r"\.rs:\d+\b", ".rs:LINE"),
        (r"verification time \d{10}\b", "verification time SECONDS"),
        (r"\(\d+ seconds ago\b", "(N seconds ago"),
        (r"\bends in \d+ s", "ends in T s"),
        (r"\bexpires in \d+ s", "expires in T s"),
        (r" in \d+ ms", " in T ms"),
        (r" after \d+ ms", " after T ms"),
    ]
    .map(|(pattern, word)| (Regex::new(pattern).unwrap(), word))
});

/// The text that stops a caller.
pub(crate) fn stop(code: u8) -> String {
    format!("{}\n", posix::stop(code))
}

/// The output of `aws` after a failure.
pub(crate) fn stopped(code: u8) -> String {
    format!("{}{}", posix::unset(&aws::credential_names()), stop(code))
}

/// The text that sets the same variables as these lines, and stops a caller whose shell would change them.
pub(crate) fn exported(lines: &str) -> String {
    let (mut removed, mut set) = (Vec::new(), Vec::new());
    for line in lines.lines() {
        let line = line.strip_suffix(';').unwrap();
        if let Some(names) = line.strip_prefix("unset ") {
            removed.extend(names.split(' ').map(|name| Name::new(name).unwrap()));
        } else {
            let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
            set.push((Name::new(name).unwrap(), value.strip_prefix('\'').unwrap().strip_suffix('\'').unwrap()));
        }
    }
    posix::assign(&removed, set.iter().map(|(name, value)| (name, *value)), Codes { unquoted: 2, not_kept: 6 })
}

/// The output of `aws --format env-no-export` after a failure.
pub(crate) fn stopped_as_arguments(code: u8) -> String {
    format!("no-credentials/;\n=;\n{}", stopped_in_any_shell(code))
}

/// The output of `aws` after a failure if the shell is unknown.
pub(crate) fn stopped_in_any_shell(code: u8) -> String {
    oidc_exchange::shell::either::stop(&aws::credential_names(), code)
}
