//! Reads the secrets: makes the requests for all selections, sends each once, and returns all answers or none.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value};

use super::answer::Kind;
use super::data::{Fields, Unread, Wanted};
use super::held_token::Lease;
use super::kv::{Mount, Shape};
use super::mounts::{Outcome, names_data};
use super::path::Path;
use super::read_cause::ReadCause;
use super::selection::{Engine, Missing, Query, Selection};
use super::session::Session;
use super::wire::Success;
use crate::error::{Error, Refusal};
use crate::http::retry::{Attempts, GaveUp};
use crate::http::{Attempt, Failure, PeerText, Problem, RawText, Shown};

/// The number of parallel reads if each needs its own connection.
pub(super) const CONNECTIONS: usize = 8;

/// One request, and the place of the fields in its answer.
#[derive(PartialEq)]
struct Fetch {
    path: Path,
    version: Option<u32>,
    body: Option<Map<String, Value>>,
    shape: Shape,
    /// The fields that all its selections need.
    wanted: Wanted,
    /// Whether all its selections are optional.
    dispensable: bool,
    /// The path as written, if its second segment was read as the API's `data/` without a request for the mount.
    assumed: Option<Path>,
}

impl Fetch {
    fn kind(&self) -> Kind {
        if self.body.is_some() { Kind::Write } else { Kind::Read }
    }

    /// Whether one answer is sufficient for both. The results of one POST belong together, such as a certificate and
    /// its key.
    fn is_same(&self, other: &Self) -> bool {
        (&self.path, self.version, &self.body) == (&other.path, other.version, &other.body)
    }
}

/// An answer. There is no `Debug`, because it contains secrets.
pub(super) struct Document {
    /// The requested path.
    pub(super) path: Path,
    /// `None` if the secret does not exist.
    pub(super) fields: Option<Fields>,
    shown: Shown,
}

impl Document {
    /// A name that the secret's author chose, in a form that can be shown.
    pub(super) fn clean(&self, name: &str) -> PeerText {
        self.shown.clean(&RawText::new(name))
    }

    /// The names of all its fields, in a form that can be shown; empty if there are none.
    pub(super) fn names(&self) -> PeerText {
        self.fields.as_ref().map(|fields| self.shown.clean(&fields.names)).unwrap_or_default()
    }
}

/// All answers.
pub(super) struct Documents {
    pub(super) found: Vec<Document>,
    /// For each selection, in order, the index of its document.
    pub(super) of_selection: Vec<usize>,
    pub(super) leases: Vec<Lease>,
    pub(super) requests: u64,
}

impl Session<'_> {
    /// Reads the secrets of all selections.
    pub(super) async fn read(&self) -> Result<Documents, Error> {
        let mut mounts = self.mounts().await?;
        let mut fetches: Vec<Fetch> = Vec::new();
        let mut of_selection = Vec::new();
        for selection in &self.request.selections {
            let fetch = resolve(selection, &mounts.named)?;
            let known = fetches.iter().position(|other| other.is_same(&fetch));
            let index = known.unwrap_or(fetches.len());
            of_selection.push(index);
            match fetches.get_mut(index) {
                Some(other) => {
                    other.dispensable &= fetch.dispensable;
                    other.wanted.and(fetch.wanted);
                }
                None => fetches.push(fetch),
            }
        }
        self.check_uses(fetches.len())?;
        let requests = u64::try_from(fetches.len()).unwrap_or(u64::MAX);
        // In order, so that the first of several errors is always the same.
        let reads = fetches.iter().map(|fetch| {
            let early = fetch.body.is_none().then(|| mounts.take_early(&fetch.path, fetch.version)).flatten();
            self.fetch(fetch, early)
        });
        let answers = stream::iter(reads).buffered(self.at_once());
        let answers: Vec<(Document, Option<Lease>)> = answers.try_collect().await?;
        let (found, leases): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
        let leases: Vec<Lease> = leases.into_iter().flatten().collect();
        self.check_leases(&leases, requests)?;
        Ok(Documents { found, of_selection, leases, requests })
    }

    /// The number of parallel requests. With HTTP/2 the server sets the limit, and the connection enforces it (RFC
    /// 9113, section 5.1.2).
    pub(super) fn at_once(&self) -> usize {
        if self.server.multiplexed { usize::MAX } else { CONNECTIONS }
    }

    /// Refuses a run that needs more requests than the token allows.
    fn check_uses(&self, needed: usize) -> Result<(), Error> {
        let Some(uses) = self.token.uses else { return Ok(()) };
        let needed = u64::try_from(needed).unwrap_or(u64::MAX);
        let what = if needed > uses {
            format!("{needed} reads are wanted")
        } else if self.request.export_token && needed == uses {
            "the reads take all of them: none is left to the job".to_owned()
        } else {
            return Ok(());
        };
        Err(self.too_few_uses(uses, &what))
    }

    /// Refuses leases of the token's last use, because they are revoked with it.
    fn check_leases(&self, leases: &[Lease], spent: u64) -> Result<(), Error> {
        match (self.token.uses, leases.first()) {
            (Some(uses), Some(lease)) if uses <= spent => {
                Err(self.too_few_uses(uses, &format!("the lease of {} was revoked with the last of them", lease.path)))
            }
            _ => Ok(()),
        }
    }

    /// The document for `fetch`. `early` is the result of the request, if it was sent earlier.
    async fn fetch(&self, fetch: &Fetch, early: Option<Outcome>) -> Result<(Document, Option<Lease>), Error> {
        let outcome = match early {
            Some(outcome) => outcome,
            None => self.ask(fetch).await,
        };
        if let (Some(written), Err(GaveUp { last: Some(Attempt { problem: Problem::Answered(answer), .. }), .. })) =
            (&fetch.assumed, &outcome)
            && matches!(ReadCause::of(answer), Ok(ReadCause::LacksData | ReadCause::Policy))
            // The segment may be the end of the mount's path, as in `ci/data/`.
            && let Ok(mount) = self.mount(written).await
        {
            let (path, shape) = mount.resolve(written);
            if path != fetch.path {
                let outcome = self.send(fetch.kind(), &path, fetch.version, None).await;
                return self.document(fetch, (path, shape), outcome).await;
            }
        }
        self.document(fetch, (fetch.path.clone(), fetch.shape), outcome).await
    }

    async fn ask(&self, fetch: &Fetch) -> Outcome {
        let body = fetch.body.as_ref().map(|body| Value::Object(body.clone()).to_string().into_bytes());
        self.send(fetch.kind(), &fetch.path, fetch.version, body).await
    }

    async fn document(
        &self,
        fetch: &Fetch,
        (path, shape): (Path, Shape),
        outcome: Outcome,
    ) -> Result<(Document, Option<Lease>), Error> {
        let kind = fetch.kind();
        match outcome {
            Ok(Success { status, envelope, data, .. }) => {
                let lease = Lease::of(&path, &envelope);
                let fields = match data.map(|data| data.fields(shape, &fetch.wanted)) {
                    Some(Ok(fields)) => fields,
                    None => None,
                    Some(Err(unread)) => {
                        let last = Some(match unread {
                            Unread::TooMuch => Attempt::from(Failure::TooMuch),
                            Unread::Garbled(why) => Attempt::garbled(status, why),
                        });
                        let gave_up = GaveUp { last, attempts: Attempts::ONE };
                        return Err(self.explain(gave_up, kind, &path).await);
                    }
                };
                if fields.is_none() && !fetch.dispensable {
                    return Err(self.refused(&ReadCause::Absent, kind, &path, "200, without data".into()));
                }
                let shown = self.server.http.shown().clone();
                fields.iter().flat_map(|fields| fields.wanted.values()).for_each(|value| shown.add_values(value));
                Ok((Document { path, fields, shown }, lease))
            }
            Err(GaveUp { last: Some(Attempt { problem: Problem::Answered(answer), .. }), .. })
                if fetch.dispensable && ReadCause::of(&answer).is_ok_and(|cause| cause.is_absence()) =>
            {
                Ok((Document { path, fields: None, shown: self.server.http.shown().clone() }, None))
            }
            Err(gave_up) => Err(self.explain(gave_up, kind, &path).await),
        }
    }
}

fn resolve(selection: &Selection, mounts: &[Mount]) -> Result<Fetch, Error> {
    let dispensable = selection.treatment.missing != Missing::Refuse;
    let wanted = Wanted::by(&selection.field);
    match &selection.query {
        Query::Write { path, body } => {
            let body = Some(body.clone());
            Ok(Fetch {
                path: path.clone(),
                version: None,
                body,
                shape: Shape::Plain,
                wanted,
                dispensable,
                assumed: None,
            })
        }
        Query::Read { engine, path, version } => {
            let mut assumed = None;
            let (path, shape) = match engine {
                Engine::Kv1 => (path.clone(), Shape::Plain),
                Engine::Kv2 if names_data(path) => {
                    assumed = Some(path.clone());
                    (path.clone(), Shape::Versioned)
                }
                Engine::Kv2 => (path.with_second("data"), Shape::Versioned),
                Engine::Unknown => match mounts.iter().find(|mount| mount.has(path)) {
                    Some(mount) => mount.resolve(path),
                    None if names_data(path) => {
                        assumed = Some(path.clone());
                        (path.clone(), Shape::Guess)
                    }
                    None => (path.clone(), Shape::Plain),
                },
            };
            if version.is_some() && shape == Shape::Plain {
                return Err(Error::from(Refusal {
                    title: format!("{path} has no versions"),
                    said: "its mount is not KV version 2".into(),
                    asked: vec![format!("version {} of {path}", version.unwrap_or_default())],
                    presented: Vec::new(),
                    hints: vec!["leave `version=` out".into()],
                }));
            }
            Ok(Fetch { path, version: *version, body: None, shape, wanted, dispensable, assumed })
        }
    }
}
