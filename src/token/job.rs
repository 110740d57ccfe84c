//! The kind of job of a token, as far as its claims show it.

use crate::subject::Claims;
use crate::subject::claims::JobKind;

/// A job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Job {
    /// Whether it is a Semaphore job.
    pub(super) of_semaphore: bool,
    /// Its kind.
    pub(super) kind: Option<JobKind>,
    /// Whether it is a debug session for a job of that kind.
    pub(super) debugged: bool,
}

impl Job {
    pub(super) fn of(claims: &Claims) -> Self {
        let of_semaphore = claims.are_semaphores();
        Self {
            of_semaphore,
            kind: claims.job_kind().filter(|_| of_semaphore),
            debugged: of_semaphore && claims.text("job_type") == Some("debug_job"),
        }
    }

    /// Its name in JSON.
    pub(super) fn name(self) -> Option<&'static str> {
        Some(match self.kind? {
            JobKind::ProjectDebug => "project-debug",
            _ if self.debugged => "debug",
            JobKind::Branch => "branch",
            JobKind::Tag => "tag",
            JobKind::PullRequest => "pull-request",
        })
    }

    /// Its description in text.
    pub(super) fn words(self, claims: &Claims) -> String {
        let named = |prefix: &str| {
            let reference = claims.text("ref").map(|text| text.strip_prefix(prefix).unwrap_or(text));
            reference.map(|name| format!(" {name}")).unwrap_or_default()
        };
        let kind = match self.kind {
            Some(JobKind::Branch) => format!("branch{}", named("refs/heads/")),
            Some(JobKind::Tag) => format!("tag{}", named("refs/tags/")),
            Some(JobKind::PullRequest) => {
                let part = |before: &str, name: &str| {
                    claims.text(name).map(|text| format!("{before}{text}")).unwrap_or_default()
                };
                format!("pull request{}{}{}", part(" ", "pr"), part(", from ", "pr_branch"), part(" to ", "branch"))
            }
            Some(JobKind::ProjectDebug) => return "debug session of the project, or a one-off job: on no ref".into(),
            None if self.of_semaphore => "of a kind that the claims do not tell".into(),
            None => return "of another CI system: its claims are shown as they are".into(),
        };
        if self.debugged { format!("debug session of a job: {kind}") } else { kind }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(payload: serde_json::Value) -> (Option<&'static str>, String) {
        let claims = Claims::new(serde_json::from_value(payload).unwrap());
        let job = Job::of(&claims);
        (job.name(), job.words(&claims))
    }

    #[test]
    fn a_job_is_told_in_words() {
        let told = |name, words: &str| (name, words.to_owned());
        assert_eq!(
            job(json!({"prj_id": "1", "ref_type": "branch", "ref": "refs/heads/a/b"})),
            told(Some("branch"), "branch a/b")
        );
        assert_eq!(
            job(json!({"prj_id": "1", "ref_type": "tag", "ref": "refs/tags/v1", "job_type": "debug_job"})),
            told(Some("debug"), "debug session of a job: tag v1")
        );
        assert_eq!(
            job(json!({"prj_id": "1", "ref_type": "pull-request", "pr": "7", "branch": "main"})),
            told(Some("pull-request"), "pull request 7 to main")
        );
        assert_eq!(
            job(json!({"iss": "https://acme.semaphoreci.com"})),
            told(None, "of a kind that the claims do not tell")
        );
        assert_eq!(
            job(
                json!({"iss": "https://gitlab.com", "sub": "project_path:a/b:ref_type:branch:ref:main", "ref_type": "branch"})
            ),
            told(None, "of another CI system: its claims are shown as they are"),
            "whose `ref_type` it is matters"
        );
    }
}
