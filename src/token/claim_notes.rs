//! What each of Semaphore's claims can be used for in a rule.
//!
//! The claims: <https://docs.semaphore.io/reference/openid>, and the source code that makes them:
//! <https://github.com/semaphoreio/semaphore/blob/main/secrethub/lib/secrethub/open_id_connect/jwt.ex>.

use serde_json::Value;

use super::job::Job;
use crate::subject::Claims;
use crate::subject::claims::{JobKind, SESSION_TAGS};

/// The claims in the order of the output; others follow.
pub(super) const ORDER: [&str; 27] = [
    "iss",
    "aud",
    "sub",
    "sub127",
    "org",
    "org_id",
    "prj",
    "prj_id",
    "repo",
    "repo_slug",
    "job_type",
    "ref_type",
    "ref",
    "branch",
    "pr",
    "pr_branch",
    "tag",
    "actor",
    "trg",
    "wf_id",
    "ppl_id",
    "job_id",
    "iat",
    "nbf",
    "exp",
    "jti",
    SESSION_TAGS,
];

/// The claims that no organization can switch off.
pub(super) const ALWAYS: [&str; 6] = ["iss", "aud", "iat", "nbf", "exp", "jti"];

/// Semaphore's claims that this token lacks because the organization has switched them off.
pub(super) fn missing(claims: &Claims, job: Job) -> Vec<&'static str> {
    let own = |name: &&str| !ALWAYS.contains(name) && *name != SESSION_TAGS;
    ORDER.into_iter().filter(|name| job.of_semaphore && own(name) && !claims.has(name)).collect()
}

/// What the claim can be used for in a rule; `None` for other claims than Semaphore's.
pub(super) fn note(claims: &Claims, job: Job, name: &str) -> Option<String> {
    /// Claims that are not texts.
    const OTHERS: [&str; 3] = ["aud", "exp", SESSION_TAGS];
    let as_usual = OTHERS.contains(&name) || claims.get(name).is_some_and(Value::is_string);
    if !job.of_semaphore || !as_usual {
        return None;
    }
    let filled = claims.text(name).is_some();
    let kind = job.kind;
    let pull_request = kind == Some(JobKind::PullRequest);
    let note = match name {
        "iss" => "the organization's address, which changes with its name; org_id does not",
        "aud" if claims.get("aud") == claims.get("iss") => {
            "the same as iss, and for every cloud: anyone who gets this token can use it for another"
        }
        "aud" => "not the same as iss: made only for this audience",
        "sub" => subject(claims, job),
        "sub127" => return short_subject(claims, job),
        "org" => "can be renamed; org_id cannot",
        "org_id" => "never changes",
        "prj" => "can be renamed; prj_id cannot",
        "prj_id" => "never changes: the claim to bind a rule to",
        "repo" => "without its owner: another owner's repository can have the same name",
        "repo_slug" => "the project's own repository, in a fork's pull request too",
        "job_type" if job.debugged || kind == Some(JobKind::ProjectDebug) => {
            "a person at a shell; a rule that requires pipeline_job here denies debug sessions"
        }
        "job_type" => "debug_job in a debug session: a rule that requires pipeline_job here denies those",
        "ref_type" if kind == Some(JobKind::ProjectDebug) => "empty: on no ref",
        "ref_type" => "branch, tag or pull-request; together with ref, what to bind a rule to",
        "ref" if pull_request => "Semaphore's own ref of the merge: another with every push",
        "ref" if filled => "the whole ref; together with ref_type, what to bind a rule to",
        "branch" => match kind {
            Some(JobKind::PullRequest) => {
                "the target, not what runs here: a rule only on branch allows pull requests, from forks too"
            }
            Some(JobKind::Tag) => "on a tag, the whole ref",
            Some(JobKind::ProjectDebug) => "the default branch, though nothing of it need run here",
            Some(JobKind::Branch) | None => {
                "a pull request has its target here: a rule only on branch allows pull requests; bind ref"
            }
        },
        "pr" if filled => "pull requests from forks get a token too",
        "pr_branch" if filled => "the source branch; the pull request's author chooses its name",
        "tag" => "unreliable: it can be empty on a tag as well; ref has the tag",
        "actor" => "always empty: no rule can use it, and Vault refuses it as user_claim",
        "trg" if filled => {
            "the trigger (a API, h hook, s schedule, m by hand), whether rerun (t, f); the pipeline (i first, u promoted, n promoted by hand), whether rerun"
        }
        "wf_id" | "ppl_id" if !filled => "empty in a debug session",
        "wf_id" => "only this workflow",
        "ppl_id" => "only this pipeline",
        "job_id" => "only this job, as SEMAPHORE_JOB_ID",
        "exp" => "24 hours from before the job was queued; a job cannot get another token",
        "jti" => "only this token",
        SESSION_TAGS => {
            "session tags: the role's trust policy must allow sts:TagSession too, and so must every other role of a chain"
        }
        _ => return None,
    };
    Some(note.into())
}

fn subject(claims: &Claims, job: Job) -> &'static str {
    let merge = claims.text("ref").is_some_and(|text| text.starts_with("refs/semaphoreci/"));
    match job.kind {
        _ if job.debugged => "the same as that of the job that is debugged; job_type tells them apart",
        Some(JobKind::PullRequest) if merge => {
            "changes with every push, as ref does: a rule for it must end in :ref_type:pull-request:ref:*"
        }
        Some(JobKind::PullRequest) => "that of most pull requests changes with every push",
        Some(JobKind::ProjectDebug) => "on no ref: no rule for a branch or a tag matches it",
        Some(JobKind::Branch | JobKind::Tag) | None => {
            "a debug session of this job has the same one; only job_type tells them apart"
        }
    }
}

/// `sub127` consists of shortened parts: `org:project_id:repo:ref_type:ref` with 25, 36, 25, 2 and 35 characters,
/// without colons and a leading `refs/`. A comparison with the original claims shows which parts are shortened.
fn short_subject(claims: &Claims, job: Job) -> Option<String> {
    const LIMITS: &str = "a branch's name is shortened to 29 characters, org and repo to 25";
    let short = claims.text("sub127")?;
    let subject = claims.text("sub").unwrap_or_default();
    let within = |from: &str, to: &str| Some(subject.split_once(from)?.1.split_once(to)?.0);
    let whole = [
        ("org", claims.text("org").or_else(|| within("org:", ":project:")), 0),
        ("repo", claims.text("repo").or_else(|| within(":repo:", ":ref_type:")), 2),
        ("ref", claims.text("ref").or_else(|| Some(subject.split_once(":ref:")?.1)), 4),
    ];
    let parts: Vec<&str> = short.splitn(5, ':').collect();
    let cut = whole.iter().filter_map(|(name, whole, index)| {
        let plain = whole.as_ref()?.replace(':', "");
        let plain = if *name == "ref" { plain.strip_prefix("refs/").unwrap_or(&plain) } else { &plain };
        let kept = parts.get(*index)?;
        (plain.len() > kept.len() && plain.starts_with(kept)).then_some((*name, *kept))
    });
    let cut: Vec<(&str, &str)> = cut.collect();
    let compared = parts.len() == 5 && whole.iter().all(|(_, whole, _)| whole.is_some());
    Some(match (&cut[..], job.kind) {
        ([], _) if compared => format!("whole here; {LIMITS}"),
        ([], _) => LIMITS.into(),
        ([("ref", _)], Some(JobKind::PullRequest)) => {
            "the merge commit is shortened here; it changes with every push".into()
        }
        ([("ref", kept)], _) => match kept.strip_prefix("heads/") {
            Some(branch) => {
                format!(
                    "the branch is shortened here: every branch that begins with {branch} has this sub127; {LIMITS}; bind ref too"
                )
            }
            None => {
                format!(
                    "the ref is shortened here: every ref that begins with refs/{kept} has this sub127; bind ref too"
                )
            }
        },
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|(name, _)| *name).collect();
            format!("shortened here ({}): others that begin alike have this sub127 too; {LIMITS}", names.join(", "))
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(payload: Value) -> Claims {
        Claims::new(serde_json::from_value(payload).unwrap())
    }

    fn short(org: &str, repo: &str, reference: &str, sub127: &str) -> String {
        let claims = claims(json!({
            "sub": format!("org:{org}:project:1:repo:{repo}:ref_type:branch:ref:{reference}"),
            "ref_type": "branch", "sub127": sub127,
        }));
        note(&claims, Job::of(&claims), "sub127").unwrap()
    }

    #[test]
    fn a_cut_is_seen() {
        let whole = "whole here; a branch's name is shortened to 29 characters, org and repo to 25";
        assert_eq!(short("acme", "web", "refs/heads/main", "acme:1:web:br:heads/main"), whole);
        assert_eq!(short("acme", "web", "refs/heads/a:b", "acme:1:web:br:heads/ab"), whole, "colons are left out");
        assert_eq!(
            short(
                "acme",
                "web",
                "refs/heads/release/production-eu-west-1-canary",
                "acme:1:web:br:heads/release/production-eu-west-1-"
            ),
            "the branch is shortened here: every branch that begins with release/production-eu-west-1- has this sub127; a branch's name is shortened to 29 characters, org and repo to 25; bind ref too"
        );
        let days = "日".repeat(40);
        let kept = "日".repeat(29);
        assert!(
            short("acme", "web", &format!("refs/heads/{days}"), &format!("acme:1:web:br:heads/{kept}"))
                .contains("is shortened here")
        );
        assert!(
            short("acme", &"r".repeat(30), "refs/heads/main", &format!("acme:1:{}:br:heads/main", "r".repeat(25)))
                .starts_with("shortened here (repo):")
        );
        assert!(
            short("acme", "web", "refs/tags/v1-and-a-tag-that-is-too-long-to-stay", "acme:1:web:tg:tags/v1-and-a")
                .contains("refs/tags/v1-and-a has")
        );
    }

    #[test]
    fn what_cannot_be_compared_is_called_neither_whole_nor_cut() {
        let claims = claims(json!({ "sub127": "acme", "prj_id": "1" }));
        assert!(note(&claims, Job::of(&claims), "sub127").unwrap().starts_with("a branch's name is shortened to"));
    }

    #[test]
    fn a_switched_off_claim_is_missed_and_one_of_another_system_is_not() {
        let bare = claims(json!({ "iss": "https://acme.semaphoreci.com" }));
        assert_eq!(missing(&bare, Job::of(&bare)).len(), 20);
        let other = claims(json!({ "iss": "https://gitlab.com", "ref": "main" }));
        assert!(missing(&other, Job::of(&other)).is_empty());
        assert_eq!(note(&other, Job::of(&other), "ref"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_subject_makes_the_comparison_panic(sub in "\\PC{0,80}", sub127 in "\\PC{0,60}", reference in "\\PC{0,60}") {
            let claims = claims(json!({ "sub": sub, "sub127": sub127, "ref": reference }));
            let _ = note(&claims, Job::of(&claims), "sub127");
        }
    }
}
