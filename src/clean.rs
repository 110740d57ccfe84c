//! `clean`: undoes what this job's exchanges left.
//!
//! First the shell unsets the credentials, even if the later steps fail: the variables with fixed names, then those that
//! the manifest lists. Then the files are deleted. Then the Vault tokens are revoked, which requires a server. A server
//! that is down does not fail a finished job: standard output then does not stop the shell, so
//! `eval "$(oidc-exchange clean)"` continues. Only the exit code shows that a second `clean` is needed.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::aws::profile::Written;
use crate::cli::CleanFormat;
use crate::cloud::About;
use crate::clouds;
use crate::delivery::{self, exported};
use crate::diagnostic;
use crate::error::{Error, Exit, Report};
use crate::host::{Env, Host};
use crate::http::retry::Deadline;
use crate::registry;
use crate::shell::{Name, fish, posix};
use crate::signal::Signals;
use crate::state::{self, Directory, Outcome, Record, StateDir};
use crate::vault::LeftoverToken;
use crate::vault::leftover_token::End;

/// Prints the `unset` lines in the syntax of `format`, deletes the files that the manifest in `place` lists, and
/// revokes the client tokens that it lists. Returns the exit code: [`Exit::Unreachable`] if a token could not be
/// revoked this time, [`Exit::Refused`] if a token can never be revoked.
///
/// # Errors
/// If standard output is closed, or a file cannot be deleted.
pub async fn clean(
    place: &StateDir,
    format: CleanFormat,
    host: &Host,
    deadline: Deadline,
    signals: &mut Signals,
) -> Result<Exit, Error> {
    let unset = |names: &[Name]| match format {
        CleanFormat::Env => posix::unset(names),
        CleanFormat::Fish => fish::unset(names),
    };
    let fixed = names(&clouds::ALL, place, &host.env);
    tokio::select! {
        biased;
        (_, name) = signals.next() => return Err(Error::interrupted(name)),
        printed = delivery::print(unset(&fixed), deadline) => printed?,
    }
    let place = &place.clone().until(Instant::now().checked_add(BOUND));
    let Some(directory) = place.existing()? else { return Ok(Exit::Done) };
    let forgotten = tokio::select! {
        biased;
        (_, name) = signals.next() => return Ok(interrupted(name, MAY_REMAIN)),
        listed = listed(&directory, &fixed) => {
            let (names, records) = listed?;
            delivery::print(unset(&names), deadline).await?;
            records
        }
    };
    let mut cleaning =
        Cleaning { place, directory: &directory, forgotten, done: Vec::new(), failed: Vec::new(), absent: Vec::new() };
    let tokens = tokio::select! {
        biased;
        (_, name) = signals.next() => return Ok(interrupted(name, MAY_REMAIN)),
        tokens = cleaning.all_but_tokens() => tokens?,
    };
    let ends = tokio::select! {
        biased;
        (_, name) = signals.next() => return Ok(interrupted(name, "the Vault tokens of this job may be alive")),
        ends = cleaning.tokens(&tokens, host) => ends?,
    };
    let mut exit = Exit::Done;
    for end in &ends {
        exit = match end {
            End::Ended => exit,
            End::Refused(report) | End::Unreached(report) => {
                diagnostic::report(report);
                if exit == Exit::Unreachable { exit } else { end.exit() }
            }
        };
    }
    match cleaning.failed.into_iter().next() {
        None => Ok(exit),
        Some((path, why)) => {
            let hint = Some("run `oidc-exchange clean` again".into());
            Err(state::Error { path, why, hint }.into())
        }
    }
}

const MAY_REMAIN: &str = "what this job's exchanges made may still be there";

/// The timeout of all waits for other processes together.
const BOUND: Duration = Duration::from_secs(30);

/// The names that the manifest lists, besides those of `fixed`, with the records that list them.
async fn listed(directory: &Directory, fixed: &[Name]) -> Result<(Vec<Name>, Vec<Record>), state::Error> {
    let mut known: HashSet<Name> = fixed.iter().cloned().collect();
    let (mut names, mut records) = (Vec::new(), Vec::new());
    for record in directory.records().await? {
        if let Some(note) = record.note().filter(|note| note.kind() == exported::KIND) {
            names.extend(exported::read(note).into_iter().filter(|name| known.insert(name.clone())));
            records.push(record);
        }
    }
    Ok((names, records))
}

fn interrupted(signal: &str, left: &str) -> Exit {
    let report = Report::new(format!("interrupted by {signal}; {left}"));
    diagnostic::report(&report.hints(["`oidc-exchange clean` tries again".into()]));
    Exit::Unreachable
}

/// A client token, and the record of the file that contains it.
type Token = (Record, LeftoverToken);

/// A change of Docker's configuration, and the record of the file with the previous content.
type Change = (Record, registry::Written);

struct Cleaning<'d> {
    place: &'d StateDir,
    directory: &'d Directory,
    /// Records whose names have been printed.
    forgotten: Vec<Record>,
    /// Records that need no other attempt.
    done: Vec<Record>,
    failed: Vec<(PathBuf, String)>,
    /// Records whose object is not there, or is another one.
    absent: Vec<Record>,
}

impl Cleaning<'_> {
    /// Undoes everything in the manifest except the client tokens. A token's file is kept until the token is revoked.
    async fn all_but_tokens(&mut self) -> Result<Vec<Token>, state::Error> {
        let mut tokens = Vec::new();
        let mut seen: Vec<Record> = Vec::new();
        let mut changes = Vec::new();
        loop {
            let records = self.directory.records().await?;
            // Undoing a change adds records to the manifest.
            let new: Vec<Record> = records.into_iter().filter(|record| !seen.contains(record)).collect();
            if new.is_empty() {
                break;
            }
            seen.extend(new.iter().cloned());
            for record in new {
                self.undo(record, &mut tokens, &mut changes).await;
            }
            // The latest change is undone first: each then finds the file as it left it.
            for (record, written) in changes.drain(..).rev() {
                let outcome = match written.undo(&record, self.place, None).await {
                    Ok(undone) => {
                        let removed = record.remove();
                        if removed == Outcome::Absent && undone == Some(true) { Outcome::Undone } else { removed }
                    }
                    Err(why) => Outcome::Failed(why),
                };
                self.take(record, outcome);
            }
        }
        // Only now: a later exchange may have replaced the file, and that one's record is as good.
        let outside = self.absent.iter().filter(|record| !self.place.holds(record.path()));
        outside.for_each(Record::warn_if_replaced);
        self.directory.settle(&self.done).await?;
        Ok(tokens)
    }

    async fn undo(&mut self, record: Record, tokens: &mut Vec<Token>, changes: &mut Vec<Change>) {
        let outcome = match record.note().map(|note| (note.kind(), note)) {
            None => {
                let outcome = record.remove();
                if outcome == Outcome::Absent {
                    self.absent.push(record.clone());
                }
                outcome
            }
            Some((Written::KIND, note)) => match note.read::<Written>() {
                Some(written) => self.profile(&record, &written).await,
                None => self.unreadable(),
            },
            Some((registry::Written::KIND, note)) => match note.read() {
                Some(written) => {
                    changes.push((record, written));
                    return;
                }
                None => self.unreadable(),
            },
            // A record that was added after that is for the next `clean`.
            Some((exported::KIND, note)) => match note.read::<Vec<String>>() {
                Some(_) if self.forgotten.contains(&record) => Outcome::Absent,
                Some(_) => Outcome::Kept,
                None => self.unreadable(),
            },
            Some((LeftoverToken::KIND, note)) => match note.read() {
                Some(left) => {
                    tokens.push((record, left));
                    return;
                }
                None => self.unreadable(),
            },
            Some(_) => self.unreadable(),
        };
        self.take(record, outcome);
    }

    async fn profile(&self, record: &Record, written: &Written) -> Outcome {
        match record.remove() {
            failed @ Outcome::Failed(_) => failed,
            Outcome::Undone | Outcome::Absent | Outcome::Kept => Outcome::of(written.undo(self.place).await),
        }
    }

    /// An unreadable manifest must not cause anything to be deleted.
    fn unreadable(&self) -> Outcome {
        self.directory.warn_unreadable();
        Outcome::Absent
    }

    /// Revokes the tokens, and deletes the files of those that need no other attempt.
    async fn tokens(&mut self, tokens: &[Token], host: &Host) -> Result<Vec<End>, state::Error> {
        let ends = tokens.iter().map(async |(file, left)| left.end(file.secret().as_ref(), host).await);
        let ends = join_all(ends).await;
        for ((file, _), _) in tokens.iter().zip(&ends).filter(|(_, end)| !matches!(end, End::Unreached(_))) {
            self.take(file.clone(), file.remove());
        }
        if !tokens.is_empty() {
            self.directory.settle(&self.done).await?;
        }
        Ok(ends)
    }

    fn take(&mut self, record: Record, outcome: Outcome) {
        match outcome {
            Outcome::Undone => tracing::info!("cleaned {}", record.path().display()),
            Outcome::Absent => {}
            Outcome::Kept => return,
            Outcome::Failed(why) => return self.failed.push((record.path().to_owned(), why)),
        }
        self.done.push(record);
    }
}

/// The names of the variables that exchanges with `clouds` may have set.
#[must_use]
pub fn names(clouds: &[&About], place: &StateDir, env: &Env) -> Vec<Name> {
    let left = clouds.iter().flat_map(|about| (about.variables_left)());
    left.chain(clouds.iter().flat_map(|about| (about.variables_into)(place, env))).collect()
}
