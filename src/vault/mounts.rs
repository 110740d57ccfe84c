//! Which engine a path is for: the server is asked, once for each mount.
//!
//! A single secret of a mount is read beside that question, in the form that is most likely its own: KV version 2 below the
//! first segment. That saves a round trip where it is right. Where it is not, the server has one request that comes to
//! nothing, so there is never more than one for a mount.

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

/// What became of one read.
pub(super) type Outcome = Result<Success, GaveUp<Attempt<Answer>>>;

/// The mounts of a run's paths. No `Debug`: it holds secrets.
#[derive(Default)]
pub(super) struct Mounts {
    /// Those that the server has named.
    pub(super) named: Vec<Mount>,
    early: Vec<Early>,
}

/// A read that was sent before its mount was known, in the right form.
struct Early {
    path: Path,
    version: Option<u32>,
    outcome: Outcome,
}

impl Mounts {
    /// The outcome of the read of `path`, if there was one already.
    pub(super) fn take_early(&mut self, path: &Path, version: Option<u32>) -> Option<Outcome> {
        let at = self.early.iter().position(|early| early.path == *path && early.version == version)?;
        Some(self.early.swap_remove(at).outcome)
    }
}

impl Session<'_> {
    /// The mounts of the paths that do not say which engine they are for: one question for each.
    pub(super) async fn mounts(&self) -> Result<Mounts, Error> {
        let mut open: Vec<(&Path, Option<u32>)> = self.request.selections.iter().filter_map(asks_for_mount).collect();
        let mut mounts = Mounts::default();
        while !open.is_empty() {
            // No mount lies within another, so paths with one beginning are most often of one mount.
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

    /// The mount of a path; and what is read there, if it `is_alone` in being of this mount.
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

    /// Where `path` is read if its mount is its first segment, and has version 2. None where it would cost more than it can
    /// save: a use of a token that is good for few, or a further connection.
    fn likely(&self, path: &Path) -> Option<Path> {
        if !self.server.multiplexed || self.token.uses.is_some() {
            return None;
        }
        let mount = Mount { path: format!("{}/", path.first()), versioned: true };
        let (likely, shape) = mount.resolve(path);
        (shape == Shape::Versioned).then_some(likely)
    }

    /// The mount of a path, as the server names it.
    pub(super) async fn mount(&self, path: &Path) -> Result<Mount, Error> {
        let question = Path::fixed(&["sys", "internal", "ui", "mounts"]).join(path);
        let plain = || Mount { path: format!("{path}/"), versioned: false };
        match self.send(Kind::Preflight, &question, None, None).await {
            Ok(success) => Mount::of(&success.data.map(|data| data.small()).unwrap_or_default())
                .filter(|mount| mount.has(path))
                .ok_or_else(|| Error::from(self.no_such_mount(path))),
            // A server from before the question existed has version 1 alone.
            Err(GaveUp { last: Some(Attempt { problem: Problem::Answered(answer), .. }), .. })
                if answer.status == 404 && answer.vaults && !answer.says("no handler") && !answer.says("namespace") =>
            {
                Ok(plain())
            }
            Err(gave_up) => Err(self.explain(gave_up, Kind::Preflight, path).await),
        }
    }
}

/// The path and version of `selection` where nothing but the server says which engine it is for.
pub(super) fn asks_for_mount(selection: &Selection) -> Option<(&Path, Option<u32>)> {
    match &selection.query {
        Query::Read { engine: Engine::Unknown, path, version } if !names_data(path) => Some((path, *version)),
        Query::Read { .. } | Query::Write { .. } => None,
    }
}

/// Whether the second segment is `data`: the spelling of the API, which KV version 2 has.
pub(super) fn names_data(path: &Path) -> bool {
    path.without_second("data").is_some()
}
