//! The program's environment variables and clock: those of this machine, or fixed ones for a test.

#![allow(clippy::disallowed_methods, reason = "the environment and the clock are read here")]

use std::collections::HashMap;
use std::ffi::OsString;
use std::panic::PanicHookInfo;
use std::time::SystemTime;

use rustix::fs::{FileType, fstat};
use rustix::process::{Resource, getppid, getrlimit};

use crate::error::{Report, Usage};

/// All inputs from the machine, except the network and files.
#[derive(Clone, Debug)]
pub struct Host {
    /// The environment.
    pub env: Env,
    /// The time.
    pub clock: Clock,
}

impl Host {
    /// The real environment and clock.
    #[must_use]
    pub fn real() -> Self {
        Self { env: Env(Variables::Process), clock: Clock(Time::System) }
    }

    /// A host with only these variables, whose clock always shows `now`.
    ///
    /// ```
    /// use std::time::SystemTime;
    ///
    /// use oidc_exchange::host::Host;
    ///
    /// let host = Host::fake(&[("AWS_REGION", "eu-central-1")], SystemTime::UNIX_EPOCH);
    /// assert_eq!(host.env.raw("AWS_REGION"), Some("eu-central-1".into()));
    /// assert_eq!(host.env.raw("PATH"), None);
    /// ```
    #[must_use]
    pub fn fake(variables: &[(&str, &str)], now: SystemTime) -> Self {
        let map = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Self { env: Env(Variables::Fixed(map)), clock: Clock(Time::Fixed(now)) }
    }
}

/// Checks that this process may open enough files for a run. Otherwise the runtime would panic.
///
/// # Errors
/// If it may not.
pub fn within_limits() -> Result<(), Report> {
    const FILES: u64 = 16;
    let files = getrlimit(Resource::Nofile).current;
    match files.filter(|files| *files < FILES) {
        Some(few) => Err(Report::new(format!("cannot start: this process may open {few} files, and needs {FILES}"))
            .hints(["raise the limit: ulimit -n 64".into()])),
        None => Ok(()),
    }
}

/// The error of a process that may not start a thread.
#[must_use]
pub fn no_thread(why: &str) -> Report {
    Report::new(format!("cannot start: this process may start no thread: {why}"))
        .hints(["raise the limit on processes (ulimit -u) or on memory (ulimit -v)".into()])
}

/// The same, if that is why the runtime panics. The runtime has no other way to report it. A thread that is started
/// only as a test takes a tenth of a short run.
#[must_use]
pub fn no_thread_of(panic: &PanicHookInfo<'_>) -> Option<Report> {
    /// How `tokio::task::spawn_blocking` begins its message. The system's error follows.
    const RUNTIMES: &str = "OS can't spawn worker thread: ";
    panic.payload_as_str()?.strip_prefix(RUNTIMES).map(no_thread)
}

/// Whether fish reads standard output through a pipe, as in `eval (oidc-exchange …)`. In an error, fish shows the text
/// that it cannot parse, and the text of POSIX shells contains secrets. Only Linux has `/proc`.
#[must_use]
pub fn is_read_by_fish() -> bool {
    let is_pipe = fstat(std::io::stdout()).is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Fifo);
    let caller = || std::fs::read_link(format!("/proc/{}/exe", getppid()?.as_raw_pid())).ok();
    is_pipe && caller().is_some_and(|path| path.file_name().is_some_and(|name| name == "fish"))
}

/// Read access to the environment.
#[derive(Clone)]
pub struct Env(Variables);

#[derive(Clone)]
enum Variables {
    Process,
    Fixed(HashMap<String, OsString>),
}

/// Values may be secrets, so only the kind of environment is shown.
impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Variables::Process => "Env(process)",
            Variables::Fixed(_) => "Env(fixed)",
        })
    }
}

impl Env {
    /// The value of `name` as the operating system returns it.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<OsString> {
        match &self.0 {
            Variables::Process => std::env::var_os(name),
            Variables::Fixed(map) => map.get(name).cloned(),
        }
    }

    /// All variables.
    #[must_use]
    pub fn all(&self) -> Vec<(OsString, OsString)> {
        match &self.0 {
            Variables::Process => std::env::vars_os().collect(),
            Variables::Fixed(map) => map.iter().map(|(name, value)| (name.into(), value.clone())).collect(),
        }
    }

    /// The value of `name`; `None` if it is unset or empty.
    ///
    /// # Errors
    /// If the value is not UTF-8. The error does not contain the value.
    pub fn get(&self, name: &str) -> Result<Option<String>, Usage> {
        match self.raw(name) {
            None => Ok(None),
            Some(value) if value.is_empty() => Ok(None),
            Some(value) => {
                value.into_string().map(Some).map_err(|_| Usage::new(format!("the value of {name} is not UTF-8 text")))
            }
        }
    }

    /// The first of `names` that is set and not empty, with its name.
    ///
    /// # Errors
    /// As [`Env::get`].
    pub fn first<'n>(&self, names: &[&'n str]) -> Result<Option<(&'n str, String)>, Usage> {
        for name in names {
            if let Some(value) = self.get(name)? {
                return Ok(Some((name, value)));
            }
        }
        Ok(None)
    }
}

/// Read access to the clock.
#[derive(Clone, Debug)]
pub struct Clock(Time);

#[derive(Clone, Debug)]
enum Time {
    System,
    Fixed(SystemTime),
}

impl Clock {
    /// The current time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        match self.0 {
            Time::System => SystemTime::now(),
            Time::Fixed(time) => time,
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z; 0 if the clock is set to an earlier time.
    #[must_use]
    pub fn unix(&self) -> i64 {
        self.now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX))
    }
}
