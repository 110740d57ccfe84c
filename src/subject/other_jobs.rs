//! The tokens of other possible jobs. A rule is evaluated with them to find which other jobs it allows.
//!
//! The claims of each kind of job: <https://docs.semaphore.io/reference/openid>. A claim that this token lacks (an
//! organization may have switched it off) is missing in the others too.

use super::Claims;

/// Another job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherJob<'r> {
    /// A pull request into this job's branch.
    PullRequest,
    /// A pull request into the given branch.
    PullRequestInto(&'r str),
    /// A pipeline job on this ref: `refs/heads/…` or `refs/tags/…`.
    OnRef(&'r str),
    /// A debug session of this job (`sem debug job`).
    Debug,
    /// A debug session of the project (`sem debug project`), which has no ref.
    ProjectDebug,
    /// A job of the same kind in another project.
    OtherProject {
        /// Whether its repository has the same name, with another owner.
        namesake: bool,
    },
}

/// The ref of the commit with which Semaphore merges a pull request. It differs for every push.
const MERGE: &str = "refs/semaphoreci/0123456789abcdef0123456789abcdef01234567";

/// Whether these are Semaphore's claims, with those in which other jobs differ.
#[must_use]
pub fn can_be_made_up(claims: &Claims) -> bool {
    claims.are_semaphores() && ["ref_type", "ref", "job_type"].iter().all(|name| claims.has(name))
}

const NO_PROJECT: &str = "00000000-0000-0000-0000-000000000000";
const NO_NAME: &str = "another-project";

impl OtherJob<'_> {
    /// The claims of such a job's token.
    #[must_use]
    pub fn of(self, claims: &Claims) -> Claims {
        let branch = claims.text("branch").filter(|branch| !branch.starts_with("refs/")).unwrap_or("main").to_owned();
        let claims = claims.clone();
        match self {
            Self::PullRequest => pull_request(claims, &branch),
            Self::PullRequestInto(branch) => pull_request(claims, branch),
            Self::OnRef(reference) => {
                let branch = reference.strip_prefix("refs/heads/");
                on(claims, if branch.is_some() { "branch" } else { "tag" }, reference)
                    .replacing("job_type", "pipeline_job")
                    // For a tag, `branch` is the whole ref.
                    .replacing("branch", branch.unwrap_or(reference))
                    .replacing("pr", "")
                    .replacing("pr_branch", "")
            }
            Self::Debug => by_hand(claims, "debug_job"),
            Self::ProjectDebug => by_hand(on(claims, "", ""), "project_debug_job")
                .replacing("branch", branch)
                .replacing("repo_slug", "")
                .replacing("trg", "")
                .replacing("pr", "")
                .replacing("pr_branch", "")
                .replacing("tag", ""),
            Self::OtherProject { namesake } => elsewhere(claims, namesake),
        }
    }
}

fn pull_request(claims: Claims, into: &str) -> Claims {
    on(claims, "pull-request", MERGE)
        .replacing("job_type", "pipeline_job")
        .replacing("branch", into)
        .replacing("pr", "1")
        .replacing("pr_branch", "their-branch")
        .replacing("tag", "")
}

fn by_hand(claims: Claims, job_type: &str) -> Claims {
    claims.replacing("job_type", job_type).replacing("wf_id", "").replacing("ppl_id", "")
}

/// The same claims for another ref.
fn on(claims: Claims, ref_type: &str, reference: &str) -> Claims {
    let short: String = reference.trim_start_matches("refs/").replace(':', "").chars().take(35).collect();
    let kind = match ref_type {
        "branch" => "br",
        "tag" => "tg",
        "pull-request" => "pr",
        _ => "",
    };
    let short = format!("{kind}:{short}");
    let subject = claims.text("sub").and_then(|sub| sub.split_once(":ref_type:"));
    let subject = subject.map(|(project, _)| format!("{project}:ref_type:{ref_type}:ref:{reference}"));
    let short = parts(&claims).map(|[org, project, repo, ..]| format!("{org}:{project}:{repo}:{short}"));
    with_subjects(claims, subject, short).replacing("ref_type", ref_type).replacing("ref", reference)
}

/// The same claims for another project.
fn elsewhere(claims: Claims, namesake: bool) -> Claims {
    let repo = claims.text("repo").filter(|_| namesake).unwrap_or(NO_NAME).to_owned();
    let subject = claims.text("sub").and_then(|sub| {
        let (org, rest) = sub.split_once(":project:")?;
        let (_, reference) = rest.split_once(":ref_type:")?;
        Some(format!("{org}:project:{NO_PROJECT}:repo:{repo}:ref_type:{reference}"))
    });
    let short = parts(&claims).map(|[org, _, _, kind, reference]| {
        let repo: String = repo.chars().take(25).collect();
        format!("{org}:{NO_PROJECT}:{repo}:{kind}:{reference}")
    });
    with_subjects(claims, subject, short)
        .replacing("prj_id", NO_PROJECT)
        .replacing("prj", NO_NAME)
        .replacing("repo_slug", format!("somebody-else/{repo}"))
        .replacing("repo", repo)
}

/// The five parts of `sub127`, none of which contains a colon.
fn parts(claims: &Claims) -> Option<[&str; 5]> {
    let parts: Vec<&str> = claims.text("sub127")?.split(':').collect();
    parts.try_into().ok()
}

fn with_subjects(claims: Claims, subject: Option<String>, short: Option<String>) -> Claims {
    let claims = if let Some(subject) = subject { claims.replacing("sub", subject) } else { claims };
    if let Some(short) = short { claims.replacing("sub127", short) } else { claims }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims() -> Claims {
        let payload = json!({
            "sub": "org:acme:project:936a:repo:web:ref_type:tag:ref:refs/tags/v1", "sub127": "acme:936a:web:tg:tags/v1",
            "prj_id": "936a", "repo": "web", "repo_slug": "acme/web", "ref_type": "tag", "ref": "refs/tags/v1",
            "branch": "refs/tags/v1", "job_type": "pipeline_job", "wf_id": "1be8", "pr": "", "trg": "h:f-i:f",
        });
        Claims::new(serde_json::from_value(payload).unwrap())
    }

    fn differing(other: OtherJob<'_>) -> Vec<String> {
        let (before, after) = (claims(), other.of(&claims()));
        assert_eq!(before.names(), after.names(), "a claim that the organization leaves out stays out");
        let name = |name: &&str| before.get(name) != after.get(name);
        before.names().into_iter().filter(name).map(|name| format!("{name}={}", after.shown(name).unwrap())).collect()
    }

    #[test]
    fn each_differs_as_semaphores_tokens_do() {
        assert_eq!(
            differing(OtherJob::PullRequest),
            [
                "branch=main",
                "pr=1",
                "ref=refs/semaphoreci/0123456789abcdef0123456789abcdef01234567",
                "ref_type=pull-request",
                "sub=org:acme:project:936a:repo:web:ref_type:pull-request:ref:refs/semaphoreci/0123456789abcdef0123456789abcdef01234567",
                "sub127=acme:936a:web:pr:semaphoreci/0123456789abcdef0123456",
            ]
        );
        assert_eq!(
            differing(OtherJob::OnRef("refs/heads/a:b")),
            [
                "branch=a:b",
                "ref=refs/heads/a:b",
                "ref_type=branch",
                "sub=org:acme:project:936a:repo:web:ref_type:branch:ref:refs/heads/a:b",
                "sub127=acme:936a:web:br:heads/ab",
            ]
        );
        assert_eq!(differing(OtherJob::OnRef("refs/tags/v1")), Vec::<String>::new());
        assert!(differing(OtherJob::PullRequestInto("release")).contains(&"branch=release".into()));
        assert!(can_be_made_up(&claims()));
        assert_eq!(differing(OtherJob::Debug), ["job_type=debug_job", "wf_id=\"\" (empty)"]);
        assert_eq!(
            differing(OtherJob::ProjectDebug),
            [
                "branch=main",
                "job_type=project_debug_job",
                "ref=\"\" (empty)",
                "ref_type=\"\" (empty)",
                "repo_slug=\"\" (empty)",
                "sub=org:acme:project:936a:repo:web:ref_type::ref:",
                "sub127=acme:936a:web::",
                "trg=\"\" (empty)",
                "wf_id=\"\" (empty)",
            ]
        );
        let other = differing(OtherJob::OtherProject { namesake: true });
        assert!(other.contains(
            &"sub=org:acme:project:00000000-0000-0000-0000-000000000000:repo:web:ref_type:tag:ref:refs/tags/v1".into()
        ));
        assert!(!other.iter().any(|claim| claim.starts_with("repo=")));
        assert!(
            differing(OtherJob::OtherProject { namesake: false })
                .contains(&"repo_slug=somebody-else/another-project".into())
        );
    }

    #[test]
    fn what_is_not_semaphores_stays() {
        let payload = json!({ "sub": "alice", "sub127": "alice", "repo": 7 });
        let claims = Claims::new(serde_json::from_value(payload).unwrap());
        for other in [OtherJob::PullRequest, OtherJob::ProjectDebug, OtherJob::OtherProject { namesake: true }] {
            assert_eq!(other.of(&claims).text("sub"), Some("alice"));
        }
    }
}
