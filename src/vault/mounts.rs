//! Asks the server which engine each path is for, once for each mount.
//!
//! A secret that is alone in its mount is read at the same time, in the likeliest form: KV version 2 with the first
//! segment as mount. If that is right, it saves a round trip. If not, one request fails. There is at most one such
//! request for a mount.

use std::pin::pin;

use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::answer::{Answer, Kind};
use super::kv::{Mount, Shape};
use super::path::Path;
use super::selection::{Engine, Query, Selection};
use super::session::Session;
use super::wire::Success;
use crate::error::Error;
use crate::http::retry::GaveUp;
use crate::http::{Attempt, Problem};

/// The result of one read.
pub(super) type Outcome = Result<Success, GaveUp<Attempt<Answer>>>;

/// The mounts of a run's paths. There is no `Debug`, because it contains secrets.
#[derive(Default)]
pub(super) struct Mounts {
    /// The mounts in the server's answers.
    pub(super) named: Vec<Mount>,
    early: Vec<Early>,
}

/// A read that was sent before its mount was known, and had the right form.
struct Early {
    path: Path,
    version: Option<u32>,
    outcome: Outcome,
}

impl Mounts {
    /// The result of the early read of `path`, if any.
    pub(super) fn take_early(&mut self, path: &Path, version: Option<u32>) -> Option<Outcome> {
        let at = self.early.iter().position(|early| early.path == *path && early.version == version)?;
        Some(self.early.swap_remove(at).outcome)
    }
}

impl Session<'_> {
    /// The mounts of all paths without an explicit engine, with one request for each mount.
    pub(super) async fn mounts(&self) -> Result<Mounts, Error> {
        let mut open: Vec<(&Path, Option<u32>)> = self.request.selections.iter().filter_map(asks_for_mount).collect();
        let mut mounts = Mounts::default();
        while !open.is_empty() {
            // Mounts are not nested, so paths with the same start are usually in the same mount.
            let mut asked: Vec<(&Path, Option<u32>)> = Vec::new();
            for read in &open {
                if !asked.iter().any(|other| other.0.first() == read.0.first()) {
                    asked.push(*read);
                }
            }
            let questions = asked.iter().map(|read| {
                let is_alone = open.iter().all(|other| other == read || other.0.first() != read.0.first());
                self.mount_and_read(*read, is_alone)
            });
            let answers = stream::iter(questions).buffered(self.at_once());
            let found: Vec<(Mount, Option<Early>)> = answers.try_collect().await?;
            open.retain(|(path, _)| {
                !asked.iter().any(|other| other.0 == *path) && !found.iter().any(|(mount, _)| mount.has(path))
            });
            for (mount, early) in found {
                mounts.named.push(mount);
                mounts.early.extend(early);
            }
        }
        Ok(mounts)
    }

    /// The mount of a path. If the path `is_alone` in its mount, also the result of its early read.
    async fn mount_and_read(
        &self,
        (path, version): (&Path, Option<u32>),
        is_alone: bool,
    ) -> Result<(Mount, Option<Early>), Error> {
        let likely = is_alone.then(|| self.likely(path)).flatten();
        let Some(likely) = likely else { return Ok((self.mount(path).await?, None)) };
        let question = pin!(self.mount(path));
        let read = pin!(self.send(Kind::Read, &likely, version, None));
        let (mount, outcome) = match select(question, read).await {
            Either::Left((mount, read)) => {
                let mount = mount?;
                if mount.resolve(path).0 != likely {
                    return Ok((mount, None));
                }
                (mount, read.await)
            }
            Either::Right((outcome, question)) => (question.await?, outcome),
        };
        let is_right = mount.resolve(path).0 == likely;
        Ok((mount, is_right.then_some(Early { path: likely.clone(), version, outcome })))
    }

    /// The API path if the mount is the first segment and has version 2. `None` if the early read could cost more
    /// than it saves: a use of a token with few uses, or an additional connection.
    fn likely(&self, path: &Path) -> Option<Path> {
        if !self.server.multiplexed || self.token.uses.is_some() {
            return None;
        }
        let mount = Mount { path: format!("{}/", path.first()), versioned: true };
        let (likely, shape) = mount.resolve(path);
        (shape == Shape::Versioned).then_some(likely)
    }

    /// The mount of a path, according to the server.
    pub(super) async fn mount(&self, path: &Path) -> Result<Mount, Error> {
        let question = Path::fixed(&["sys", "internal", "ui", "mounts"]).join(path);
        let plain = || Mount { path: format!("{path}/"), versioned: false };
        match self.send(Kind::Preflight, &question, None, None).await {
            Ok(success) => Mount::of(&success.data.map(|data| data.small()).unwrap_or_default())
                .filter(|mount| mount.has(path))
                .ok_or_else(|| Error::from(self.no_such_mount(path))),
            // A server that is too old for this request has only version 1.
            Err(GaveUp { last: Some(Attempt { problem: Problem::Answered(answer), .. }), .. })
                if answer.status == 404 && answer.vaults && !answer.says("no handler") && !answer.says("namespace") =>
            {
                Ok(plain())
            }
            Err(gave_up) => Err(self.explain(gave_up, Kind::Preflight, path).await),
        }
    }
}

/// The path and version of `selection`, if its engine is not explicit.
pub(super) fn asks_for_mount(selection: &Selection) -> Option<(&Path, Option<u32>)> {
    match &selection.query {
        Query::Read { engine: Engine::Unknown, path, version } if !names_data(path) => Some((path, *version)),
        Query::Read { .. } | Query::Write { .. } => None,
    }
}

/// Whether the second segment is `data`, as in API paths of KV version 2.
pub(super) fn names_data(path: &Path) -> bool {
    path.without_second("data").is_some()
}
