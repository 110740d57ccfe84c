//! A registry's password: the kept one while it is fresh, or else a new one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;

use crate::cli::Cli;
use crate::cloud::Given;
use crate::error::{Error, Exit, Report};
use crate::exchange;
use crate::host::Host;
use crate::http::Client;
use crate::http::retry::Deadline;
use crate::input;
use crate::plan::{NamedFiles, Plan};
use crate::registry::{self, Kept};
use crate::state::{Directory, NewFile, StateDir};
use crate::subject;

/// How long before its expiry a password is renewed.
const EARLY: Duration = Duration::from_mins(5);

/// A registry's file, and its content when it was read.
pub(super) struct Found {
    pub(super) place: StateDir,
    pub(super) directory: Directory,
    pub(super) path: PathBuf,
    pub(super) kept: Kept,
}

impl Found {
    /// Whether it need not be renewed yet.
    pub(super) fn is_fresh(&self, host: &Host) -> bool {
        self.kept.lives(host.clock.now(), EARLY)
    }
}

/// The kept password, renewed if necessary. One call at a time renews it.
///
/// # Errors
/// If the file cannot be read, or the renewal fails and the old password has expired.
pub(super) async fn fresh(found: Found, host: &Host, deadline: Deadline) -> Result<Kept, Error> {
    if found.is_fresh(host) {
        return Ok(found.kept);
    }
    let Found { place, directory, path, .. } = found;
    let _lock = place.lock(&registry::lock(&path), deadline.remaining()).await?;
    // The previous holder of the lock has probably renewed it.
    let kept = Kept::read(&path).await?;
    if kept.lives(host.clock.now(), EARLY) {
        return Ok(kept);
    }
    match renewed(&kept, &place, host, deadline).await {
        Ok(renewed) => {
            if let Err(error) = put(&renewed, &path, &directory).await {
                tracing::warn!("{error}; the next call asks for a new password again");
            }
            Ok(renewed)
        }
        Err(error) if error.exit() == Exit::Unreachable && kept.lives(host.clock.now(), Duration::ZERO) => {
            tracing::warn!("{error}: {}; the earlier password is still valid", error.report().first("said"));
            Ok(kept)
        }
        Err(error) => Err(error),
    }
}

/// The same with a new password, from the kept command line.
async fn renewed(kept: &Kept, place: &StateDir, host: &Host, deadline: Deadline) -> Result<Kept, Error> {
    let not_ours =
        || Error::new(Exit::Bug, Report::new("the registry's file has a request that this version does not support"));
    let words = [env!("CARGO_PKG_NAME").to_owned()].into_iter().chain(kept.renewal.0.iter().cloned());
    let cli = Cli::try_parse_from(words).map_err(|_| not_ours())?;
    let env = host.env.clone();
    let planned =
        input::apart(deadline.remaining(), move |reader| Plan::new(cli, &env, reader, &NamedFiles::default()));
    let plan = planned.await.map_err(|unfinished| unfinished.usage(super::IN_TIME))??;
    let Plan::Exchange(plan) = plan else { return Err(not_ours()) };
    let (Some(part), Some(network)) = (plan.parts.into_iter().next(), plan.networks.into_iter().next()) else {
        return Err(not_ours());
    };
    let http = Client::new(network, deadline);
    let token = match &kept.token {
        Some(jwt) => subject::of_text(jwt, host)?,
        None => subject::read(&plan.source, host, deadline).await?,
    };
    let given = Given { token: &token, http: &http, host, deadline, place };
    let mut logins = exchange::logins(&part.target, &given).await?.into_iter();
    let login = logins.find(|login| login.server == kept.server).ok_or_else(not_ours)?;
    Ok(Kept { password: login.password, ..kept.clone() })
}

async fn put(kept: &Kept, path: &Path, directory: &Directory) -> Result<(), crate::state::Error> {
    let text = kept.text();
    let mut file = NewFile::beside(path)?;
    directory.record(&mut file, text.reveal().as_bytes()).await?;
    file.fill(text.reveal().as_bytes())?;
    file.put()
}
