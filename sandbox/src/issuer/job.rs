//! A job, with the claims of its token.

use serde_json::Value;

use super::subject::Subject;
use crate::random;

pub(super) const MERGE_COMMIT: &str = "5c84719708b9b649b9ef3b56af214f38cee6acde";

/// A job of the sandbox's project. Its claims can be changed before a token is issued.
#[derive(Clone, Debug)]
pub struct Job {
    pub(super) id: String,
    pub(super) org: String,
    pub(super) project_id: String,
    pub(super) repo: String,
    pub(super) kind: Kind,
    pub(super) ref_type: &'static str,
    pub(super) reference: String,
    /// The `branch` claim, which is sometimes not a branch.
    pub(super) branch: String,
    pub(super) pull_request: Option<(u32, String)>,
    pub(super) issued_at: Option<i64>,
    pub(super) expires_at: Option<i64>,
    pub(super) not_before: Option<i64>,
    pub(super) aws_tags: bool,
    pub(super) overrides: Vec<(String, Option<Value>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Pipeline,
    Debug,
    ProjectDebug,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pipeline => "pipeline_job",
            Self::Debug => "debug_job",
            Self::ProjectDebug => "project_debug_job",
        }
    }
}

impl Job {
    /// The default organisation.
    pub const ORG: &'static str = "acme";
    /// Its id.
    pub const ORG_ID: &'static str = "d7dd33ad-9317-498c-9cc6-51c250749be7";
    /// The id of the project.
    pub const PROJECT_ID: &'static str = "936a5312-a3b8-4921-8b3f-2cec8baac574";
    /// The names of the project and of its repository.
    pub const REPO: &'static str = "web";
    pub(super) const WORKFLOW_ID: &'static str = "1be81412-6ab8-4fc0-9d0d-7af33335a6ec";
    pub(super) const PIPELINE_ID: &'static str = "1e1fcfb5-09c0-487e-b051-2d0b5514c42a";

    /// A push to this branch.
    #[must_use]
    pub fn branch(name: &str) -> Self {
        Self::new("branch", format!("refs/heads/{name}"), name.to_owned())
    }

    /// A tag; the `branch` claim is then the whole ref.
    #[must_use]
    pub fn tag(name: &str) -> Self {
        let reference = format!("refs/tags/{name}");
        Self::new("tag", reference.clone(), reference)
    }

    /// A pull request from this branch to `main`; the `branch` claim is then the target.
    #[must_use]
    pub fn pull_request(number: u32, from: &str) -> Self {
        let mut job = Self::new("pull-request", format!("refs/semaphoreci/{MERGE_COMMIT}"), "main".to_owned());
        job.pull_request = Some((number, from.to_owned()));
        job
    }

    /// `sem debug job`: another job with the same subject.
    #[must_use]
    pub fn debug_of(job: &Self) -> Self {
        Self { id: random::uuid(), kind: Kind::Debug, ..job.clone() }
    }

    /// `sem debug project`: a job without a ref.
    #[must_use]
    pub fn project_debug() -> Self {
        Self { kind: Kind::ProjectDebug, ..Self::new("", String::new(), "main".to_owned()) }
    }

    fn new(ref_type: &'static str, reference: String, branch: String) -> Self {
        Self {
            id: random::uuid(),
            org: Self::ORG.to_owned(),
            project_id: Self::PROJECT_ID.to_owned(),
            repo: Self::REPO.to_owned(),
            kind: Kind::Pipeline,
            ref_type,
            reference,
            branch,
            pull_request: None,
            issued_at: None,
            expires_at: None,
            not_before: None,
            aws_tags: false,
            overrides: Vec::new(),
        }
    }

    /// The job's id, which is random by default.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sets the job's id.
    #[must_use]
    pub fn with_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.id);
        self
    }

    /// Sets the organisation.
    #[must_use]
    pub fn org(mut self, name: &str) -> Self {
        name.clone_into(&mut self.org);
        self
    }

    /// Sets the project's id.
    #[must_use]
    pub fn project_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.project_id);
        self
    }

    /// Sets the repository.
    #[must_use]
    pub fn repo(mut self, name: &str) -> Self {
        name.clone_into(&mut self.repo);
        self
    }

    /// Sets the ref, of any kind, for example `refs/pull/7/merge`.
    #[must_use]
    pub fn reference(mut self, reference: &str) -> Self {
        reference.clone_into(&mut self.reference);
        self
    }

    /// Sets this claim at the end. Other claims do not change.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.overrides.push((name.to_owned(), Some(value.into())));
        self
    }

    /// Removes this claim, like an organisation's claim filter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.overrides.push((name.to_owned(), None));
        self
    }

    /// Sets `aud`, a string or a list.
    #[must_use]
    pub fn audience(self, audience: impl Into<Value>) -> Self {
        self.claim("aud", audience)
    }

    /// Sets `iat`, in seconds since 1970; `nbf` and `exp` are set relative to it.
    #[must_use]
    pub fn issued_at(mut self, seconds: i64) -> Self {
        self.issued_at = Some(seconds);
        self
    }

    /// Sets `exp`.
    #[must_use]
    pub fn expires_at(mut self, seconds: i64) -> Self {
        self.expires_at = Some(seconds);
        self
    }

    /// Sets `nbf`.
    #[must_use]
    pub fn not_before(mut self, seconds: i64) -> Self {
        self.not_before = Some(seconds);
        self
    }

    /// Adds the session tags for AWS, which are optional for an organisation.
    #[must_use]
    pub fn aws_tags(mut self, on: bool) -> Self {
        self.aws_tags = on;
        self
    }

    /// The `sub` claim, before any [`claim`](Self::claim).
    #[must_use]
    pub fn subject(&self) -> String {
        self.parts().full()
    }

    /// The `sub127` claim, before any [`claim`](Self::claim).
    #[must_use]
    pub fn short_subject(&self) -> String {
        self.parts().short()
    }

    pub(super) fn parts(&self) -> Subject<'_> {
        Subject {
            org: &self.org,
            project_id: &self.project_id,
            repo: &self.repo,
            ref_type: self.ref_type,
            reference: &self.reference,
        }
    }

    pub(super) fn repo_slug(&self) -> String {
        format!("{}/{}", self.org, self.repo)
    }
}
