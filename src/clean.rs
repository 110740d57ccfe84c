//! `clean`: undoes what this job's exchanges left.
//!
//! The shell forgets the credentials first, whatever becomes of the rest; then the files go, and then the Vault tokens,
//! which take a server. A server that is down fails no job that has done its work: standard output has no stop then, so
//! `eval "$(oidc-exchange clean)"` goes on, and only the exit code says that something is left for a second `clean`.

use futures_util::future::join_all;

use crate::aws::profile::Written;
use crate::cli::Forget;
use crate::delivery;
use crate::error::{Error, Exit, Report};
use crate::host::Host;
use crate::shell::{fish, posix};
use crate::signal::Signals;
use crate::state::{self, Cleaned, Directory, Outcome, Record, StateDir};
use crate::vault::LeftToken;
use crate::vault::left::End;
use crate::{aws, diagnostic, google, vault};

/// Prints the `unset` lines in the words of `format`, deletes what the manifest in `place` names, and ends the client
/// tokens that it names. Gives the exit code: [`Exit::Unreachable`] where a token could not be ended this time,
/// [`Exit::Refused`] where it never can.
///
/// # Errors
/// When standard output is closed, or a file would not go.
pub async fn clean(place: &StateDir, format: Forget, host: &Host, signals: &mut Signals) -> Result<Exit, Error> {
    let mut names =
        [aws::handover::refreshable_names(), google::credential_names(None), vault::credential_names()].concat();
    names.extend(google::handout::leading_into(place, &host.env));
    delivery::print(&match format {
        Forget::Env => posix::unset(&names),
        Forget::Fish => fish::unset(&names),
    })?;
    let Some(directory) = place.existing()? else { return Ok(Exit::Done) };
    let mut tokens = Vec::new();
    let Cleaned { removed, mut failed } = directory.sweep(|record| undo(record, &mut tokens))?;
    say(&removed);
    let ends = tokio::select! {
        biased;
        (_, name) = signals.next() => {
            let report = Report::new(format!("interrupted by {name}; the Vault tokens of this job may be alive"));
            diagnostic::report(&report.hints(["`oidc-exchange clean` tries again".into()]));
            return Ok(Exit::Unreachable);
        }
        ends = join_all(tokens.iter().map(async |(file, left)| left.end(file.secret().as_ref(), host).await)) => ends,
    };
    failed.extend(forget(&directory, &tokens, &ends)?);
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
    match failed.into_iter().next() {
        None => Ok(exit),
        Some((path, why)) => {
            let hint = Some("run `oidc-exchange clean` again".into());
            Err(state::Error { path, why, hint }.into())
        }
    }
}

/// Undoes what a record is of. A client token's file stays for now, since its token is to be ended first.
fn undo(record: &Record, tokens: &mut Vec<(Record, LeftToken)>) -> Outcome {
    let Some(note) = record.note() else { return record.remove() };
    match note.kind() {
        Written::KIND => note.read().map_or(Outcome::Unreadable, |written: Written| Outcome::of(written.undo())),
        LeftToken::KIND => note.read().map_or(Outcome::Unreadable, |left| {
            tokens.push((record.clone(), left));
            Outcome::Kept
        }),
        _ => Outcome::Unreadable,
    }
}

/// Deletes the files of the tokens that need no further attempt.
fn forget(
    directory: &Directory,
    tokens: &[(Record, LeftToken)],
    ends: &[End],
) -> Result<Vec<(std::path::PathBuf, String)>, Error> {
    let settled = tokens.iter().zip(ends).filter(|(_, end)| !matches!(end, End::Unreached(_)));
    let settled: Vec<Record> = settled.map(|((file, _), _)| file.clone()).collect();
    if settled.is_empty() {
        return Ok(Vec::new());
    }
    let cleaned = directory.forget(&settled)?;
    say(&cleaned.removed);
    Ok(cleaned.failed)
}

fn say(removed: &[std::path::PathBuf]) {
    for path in removed {
        tracing::info!("cleaned {}", path.display());
    }
}
