//! `use`: runs an exchange for each target of a file. A pull request can edit the file, since it is part of the
//! repository. [`rules`] and [`keys`] forbid what it must not set.

mod chosen;
mod clashes;
mod exchanges;
mod file;
mod find;
mod keys;
mod lints;
mod requests;
mod rules;
pub mod toml;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub(super) use self::chosen::Chosen;
pub use self::file::{Setting, Target as WrittenTarget, TargetsFile};
pub use self::keys::{Key, Keys, Takes};
use self::requests::Common;
use self::rules::AllowedVaults;
use super::{Plan, Target};
use crate::cli::UseArgs;
use crate::error::{Error, Usage};
use crate::host::Env;
use crate::input::{self, Reader};

/// One or more faults.
#[derive(Debug)]
pub struct Faults(pub Vec<Usage>);

impl From<Faults> for Error {
    /// Keeps the first one.
    fn from(Faults(faults): Faults) -> Self {
        let first = faults.into_iter().next();
        first.unwrap_or_else(|| Usage::new("the command line cannot be meant")).into()
    }
}

impl From<Usage> for Faults {
    fn from(usage: Usage) -> Self {
        Self(vec![usage])
    }
}

/// The targets file. Both the plan and the failure output need it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct SharedFile(Arc<OnceLock<TargetsFile>>);

impl SharedFile {
    /// Reads the file that the option names, or else the variable, or else the default one.
    ///
    /// # Errors
    /// If it cannot be found or read, or is invalid.
    fn read(&self, option: Option<&std::path::Path>, env: &Env, reader: &Reader) -> Result<&TargetsFile, Usage> {
        if let Some(file) = self.0.get() {
            return Ok(file);
        }
        let (path, text) = find::read(option, env, reader)?;
        let file = TargetsFile::parse(&path, &text)?;
        Ok(self.0.get_or_init(|| file))
    }

    /// The content, if it was read.
    #[must_use]
    pub fn get(&self) -> Option<&TargetsFile> {
        self.0.get()
    }

    /// Reads the file, unless it was read before. It waits a moment at most, because the run has failed.
    pub(super) async fn catch_up(&self, option: Option<std::path::PathBuf>, env: &Env) {
        const A_MOMENT: Duration = Duration::from_secs(1);
        if self.0.get().is_none() {
            let (file, env) = (self.clone(), env.clone());
            // A file that cannot be read names no targets.
            let read = move |reader: &Reader| file.read(option.as_deref(), &env, reader).map(drop);
            let _ = input::apart(A_MOMENT, read).await;
        }
    }
}

/// A target and its request.
struct Wanted<'f> {
    written: &'f WrittenTarget,
    request: Target,
}

/// Checks the arguments of `use`.
pub(super) fn new(args: UseArgs, env: &Env, reader: &Reader, file: &SharedFile) -> Result<Plan, Faults> {
    let file = checked_file(file.read(args.targets_file.as_deref(), env, reader)?)?;
    if args.list {
        let lines = file.targets.iter().map(|target| format!("{} {}\n", target.name, target.cloud));
        return Ok(Plan::Print(lines.collect()));
    }
    let written = named(&args, file)?;
    if args.is_for_kubernetes() && written.len() > 1 {
        let usage =
            Usage::new(format!("--format kubernetes prints the token of one target, and {} were named", written.len()));
        return Err(usage.hint("name the target of the cluster").into());
    }
    let ca_file = super::ca_file(&args.shared.network, reader)?;
    let allowed = AllowedVaults::new(&args.vault_addr_allowed, env.get("OIDC_EXCHANGE_VAULT_ADDRS")?.as_deref())?;
    let common = Common { args: &args, ca_file: ca_file.as_ref(), env, reader };
    let (mut wanted, mut faults) = (Vec::new(), Vec::new());
    for written in written {
        let request = allowed.check(file, written).and_then(|()| common.request(file, written));
        match request {
            Ok(request) => wanted.push(Wanted { written, request }),
            Err(usage) => faults.push(usage),
        }
    }
    all_or_faults(faults)?;
    let clashes = clashes::clashes(&wanted, env)?;
    if args.check {
        all_or_faults(lints::lints(file, &wanted))?;
        return checked(&args, file, &wanted, &clashes);
    }
    all_or_faults(clashes)?;
    for Wanted { written, .. } in &wanted {
        if let Some(address) = written.values("addr").next() {
            let address = rules::as_used(address);
            tracing::warn!("target {}: the token goes to {address}, which {} names", written.name, file.path());
        }
    }
    let exchange = exchanges::exchange(args, ca_file.as_ref(), wanted, env, reader)?;
    Ok(Plan::Exchange(Box::new(exchange)))
}

/// Checks that every target of `file`, used or not, has only values that a file may set.
fn checked_file(file: &TargetsFile) -> Result<&TargetsFile, Faults> {
    all_or_faults(file.targets.iter().filter_map(|target| rules::check(file, target).err()).collect())?;
    Ok(file)
}

/// The targets on the command line. For `--check` without targets: all of them.
fn named<'f>(args: &UseArgs, file: &'f TargetsFile) -> Result<Vec<&'f WrittenTarget>, Faults> {
    if args.check && args.names.is_empty() {
        return Ok(file.targets.iter().collect());
    }
    let (mut found, mut faults): (Vec<&WrittenTarget>, _) = (Vec::new(), Vec::new());
    for name in &args.names {
        match file.target(name) {
            Ok(target) if found.iter().any(|other| other.name == target.name) => {
                faults.push(Usage::new(format!("the target {name} is named twice")));
            }
            Ok(target) => found.push(target),
            Err(usage) => faults.push(usage),
        }
    }
    if args.names.is_empty() {
        let names: Vec<&str> = file.targets.iter().map(|target| target.name.as_str()).collect();
        faults.push(Usage::new("no target was named").hint(format!("{} has: {}", file.path(), names.join(", "))));
    }
    all_or_faults(faults)?;
    Ok(found)
}

fn all_or_faults(faults: Vec<Usage>) -> Result<(), Faults> {
    if faults.is_empty() { Ok(()) } else { Err(Faults(faults)) }
}

/// The most conflicts that a check shows.
const FIRST: usize = 10;

/// The output of `--check`. Targets that conflict are an error only if the command line names both.
fn checked(args: &UseArgs, file: &TargetsFile, wanted: &[Wanted<'_>], clashes: &[Usage]) -> Result<Plan, Faults> {
    if !args.names.is_empty() && !clashes.is_empty() {
        return Err(Faults(clashes.iter().map(|usage| Usage::new(usage.to_string())).collect()));
    }
    let count = wanted.len();
    let mut text = format!("{}: {count} target{} checked, no error\n", file.path(), if count == 1 { "" } else { "s" });
    let more = clashes.len().checked_sub(FIRST).filter(|more| *more > 0);
    let shown = clashes.iter().take(FIRST).map(ToString::to_string);
    let more = more.map(|more| format!("{more} more pairs of targets"));
    text.extend(shown.chain(more).map(|line| format!("not in one run: {line}\n")));
    Ok(Plan::Print(text))
}
