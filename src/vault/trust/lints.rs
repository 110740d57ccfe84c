//! Faults and risks in a role that do not depend on this token. To find other jobs that it allows, the role is
//! evaluated with their tokens.

use serde_json::Value;

use super::bound::{self, Outcome, look_up};
use super::mount::Mount;
use super::role::Role;
use crate::subject::Claims;
use crate::subject::claims::SESSION_TAGS;
use crate::subject::other_jobs::OtherJob;

/// The claims that an organization cannot remove from its tokens.
const ALWAYS: [&str; 6] = ["exp", "iat", "nbf", "iss", "aud", "jti"];
/// The claims that are removed by default if an organization selects claims. The last two apply to self-hosted
/// Semaphore.
const OUT_BY_DEFAULT: [&str; 4] = ["org", "prj", "pr_branch", "repo"];
/// The other claims of a Semaphore token.
const OTHERS: [&str; 17] = [
    "sub",
    "sub127",
    "org_id",
    "prj_id",
    "wf_id",
    "ppl_id",
    "job_id",
    "job_type",
    "repo_slug",
    "actor",
    "ref_type",
    "ref",
    "branch",
    "pr",
    "tag",
    "trg",
    SESSION_TAGS,
];
/// The claims that are empty in some jobs, and in which.
const EMPTY: [(&str, &str); 10] = [
    ("actor", "every job"),
    ("tag", "every job but some for tags"),
    ("pr", "every job but a pull request's"),
    ("pr_branch", "every job but a pull request's"),
    ("wf_id", "debug sessions"),
    ("ppl_id", "debug sessions"),
    ("ref", "debug sessions of a project"),
    ("ref_type", "debug sessions of a project"),
    ("repo_slug", "debug sessions of a project"),
    ("trg", "debug sessions"),
];
/// The claims that are unique for a job, a workflow or a pipeline.
const FLEETING: [(&str, &str); 4] = [("job_id", "job"), ("jti", "job"), ("wf_id", "workflow"), ("ppl_id", "pipeline")];
/// The claims that identify a project, independently of its repository's name.
const PROJECT: [&str; 5] = ["prj_id", "prj", "repo_slug", "sub", "sub127"];
/// The claims that distinguish a pull request's job from a branch's job.
const KIND: [&str; 13] = [
    "ref_type",
    "ref",
    "sub",
    "sub127",
    "job_type",
    "pr",
    "pr_branch",
    "tag",
    "wf_id",
    "ppl_id",
    "trg",
    "job_id",
    "jti",
];
/// The claims that distinguish a debug session from its job.
const SESSION: [&str; 5] = ["job_type", "wf_id", "ppl_id", "job_id", "jti"];

const DAY: i64 = 24 * 60 * 60;

/// Why a claim that a role requires is not in the token.
pub(super) fn why_missing(name: &str) -> &'static str {
    let known = |list: &[&str]| list.contains(&name);
    if known(&OTHERS) || known(&OUT_BY_DEFAULT) || known(&ALWAYS) {
        "the organization's settings leave it out, or the token is not Semaphore's"
    } else {
        "Semaphore's tokens have no such claim"
    }
}

/// All findings, one sentence each.
pub(super) fn lints(role: &Role, mount: Option<&Mount>, claims: &Claims) -> Vec<String> {
    let mut lints = Vec::new();
    lints.extend(too_wide(role, claims));
    lints.extend(role.bound_claims.iter().filter_map(|(name, bound)| pattern(role, name, bound)));
    lints.extend(role.bound_claims.iter().filter_map(|(name, bound)| nested(name, bound)));
    lints.extend(not_always_there(role));
    lints.extend(names_of_entities(role));
    if role.bound_audiences.is_empty() {
        lints.push(
            "the role has no bound_audiences: it accepts no Semaphore token, because each has an audience".into(),
        );
    }
    if mount.is_some_and(|mount| mount.bound_issuer.is_empty()) {
        lints.push(
            "the mount has no bound_issuer: it accepts every token that its keys have signed, from any issuer".into(),
        );
    }
    lints.extend(of_the_token(role));
    lints
}

/// Other jobs that the role allows.
pub(super) fn too_wide(role: &Role, claims: &Claims) -> Vec<String> {
    let lets_in = |other: OtherJob<'_>, told_by: &[&str]| admits(role, &other.of(&meant(role, claims, told_by)));
    let mut lints = Vec::new();
    if lets_in(OtherJob::PullRequest, &KIND) {
        let because = if role.bound_claims.iter().any(|(name, _)| name == "branch") {
            ": in their jobs `branch` is the branch that they ask to be merged into"
        } else {
            ""
        };
        lints.push(format!(
            "pull requests are allowed, including those from forks{because}; bind ref_type to branch and ref to refs/heads/… to deny them"
        ));
    }
    let job = lets_in(OtherJob::Debug, &SESSION);
    let project = lets_in(OtherJob::ProjectDebug, &[&KIND[..], &["repo_slug"]].concat());
    if job || project {
        let which = match (job, project) {
            (true, true) => "`sem debug job`, `sem debug project`",
            (true, false) => "`sem debug job`",
            (false, _) => "`sem debug project`",
        };
        lints.push(format!("debug sessions are allowed ({which}); bind job_type to pipeline_job to deny them"));
    }
    if lets_in(OtherJob::OtherProject { namesake: false }, &[&PROJECT[..], &["repo"]].concat()) {
        lints.push("jobs of every project of the organization are allowed; bind prj_id to deny them".into());
    } else if lets_in(OtherJob::OtherProject { namesake: true }, &PROJECT) {
        lints.push(
            "jobs of every project of the organization whose repository has this name are allowed; bind prj_id to deny them".into(),
        );
    }
    lints
}

/// Whether the role's bound claims allow a token with these claims.
fn admits(role: &Role, claims: &Claims) -> bool {
    let subject = role.bound_subject.is_empty() || claims.text("sub") == Some(&role.bound_subject);
    let alike = |(name, wanted): &(String, Value)| {
        matches!(bound::compare(wanted, look_up(claims, name), role.glob), Outcome::Alike | Outcome::Fraction)
    };
    subject && role.bound_claims.iter().all(alike)
}

/// This token, changed so that the role allows it, except for the claims in `told_by`, which are tested.
fn meant(role: &Role, claims: &Claims, told_by: &[&str]) -> Claims {
    let mut claims = claims.clone();
    if !told_by.contains(&"sub") && !role.bound_subject.is_empty() {
        claims = claims.replacing("sub", role.bound_subject.as_str());
    }
    for (name, wanted) in role.bound_claims.iter().filter(|(name, _)| !told_by.contains(&name.as_str())) {
        let first = wanted.as_array().map_or(Some(wanted), |all| all.first());
        let Some(first) = first.filter(|_| bound::compare(wanted, claims.get(name), role.glob) != Outcome::Alike)
        else {
            continue;
        };
        let value = match first.as_str() {
            Some(pattern) if role.glob => pattern.replace('*', "x").into(),
            _ => first.clone(),
        };
        claims = claims.replacing(name, value);
    }
    claims
}

/// Reports a `*` that matches more, or less, than it seems to.
fn pattern(role: &Role, name: &str, bound: &Value) -> Option<String> {
    let values = bound::each(bound);
    let patterns = values.iter().filter_map(Value::as_str).filter(|text| text.contains('*'));
    if !role.glob {
        let pattern = patterns.into_iter().next()?;
        return Some(format!(
            "{name} is bound to {pattern}; `*` matches only itself there, since bound_claims_type is string"
        ));
    }
    // After a separator, at the end, it matches what a reader expects.
    let odd = |pattern: &&str| {
        let end = pattern.strip_suffix('*').unwrap_or_default();
        end.is_empty() || end.contains('*') || !end.ends_with(['/', ':'])
    };
    let pattern = patterns.into_iter().find(odd)?;
    if pattern.chars().all(|letter| letter == '*') {
        return Some(format!("{name} is bound to {pattern}, which every text is, an empty one too"));
    }
    let example = pattern.replace('*', "x/y");
    Some(format!("{name} is bound to {pattern}, and {example} is allowed too: `*` matches any text, including slashes"))
}

/// Reports a list or an object within the list of bound values.
fn nested(name: &str, bound: &Value) -> Option<String> {
    let at = bound.as_array()?.iter().position(|item| item.is_array() || item.is_object())?;
    Some(format!(
        "{name}[{at}] in bound_claims is not a text, a number, true or false: no claim is equal to it; if the claim has such a value too, the login ends without an answer"
    ))
}

/// The claims that every login requires and the organization can remove.
pub(super) fn can_be_left_out(role: &Role) -> Vec<&str> {
    let bound = role.bound_claims.iter().map(|(name, _)| name.as_str());
    let mut used: Vec<&str> = bound.chain([role.user_claim.as_str()]).filter(|name| !ALWAYS.contains(name)).collect();
    used.sort_unstable();
    used.dedup();
    used
}

/// Reports claims that are removed by default.
fn not_always_there(role: &Role) -> Option<String> {
    let used: Vec<&str> = can_be_left_out(role).into_iter().filter(|name| OUT_BY_DEFAULT.contains(name)).collect();
    (!used.is_empty()).then(|| {
        format!(
            "every login fails without {}; an organization that selects its tokens' claims must include org and prj (in its own installation also repo and pr_branch)",
            used.join(", ")
        )
    })
}

/// Reports risks of the entity's name.
fn names_of_entities(role: &Role) -> Vec<String> {
    let name = role.user_claim.as_str();
    let empty = EMPTY.iter().find(|(claim, _)| *claim == name);
    let fleeting = FLEETING.iter().find(|(claim, _)| *claim == name);
    let empty = empty.map(|(_, jobs)| format!("user_claim is {name}, which is empty in {jobs}: their logins fail"));
    let fleeting =
        fleeting.map(|(_, what)| format!("user_claim is {name}: every {what} makes a new entity on the server"));
    empty.into_iter().chain(fleeting).collect()
}

/// Reports risks of the token that a login returns.
fn of_the_token(role: &Role) -> Vec<String> {
    let mut lints: Vec<String> = Vec::new();
    if role.policies.is_empty() {
        lints.push(
            "the role has no token_policies: unless the entity or its groups have some, the token may read no secret"
                .into(),
        );
    }
    let life = role.ttl.max(role.period);
    if life == 0 {
        lints.push(
            "token_ttl is not set: the token is valid for the server's default, 32 days unless it was changed".into(),
        );
    } else if life > DAY {
        lints.push(format!("the token is valid for {} hours, and the job's own token for 24", life / 3600));
    }
    if role.uses > 0 {
        lints.push(format!(
            "token_num_uses is {}: each path that is read is a use, and so is revoking the token at the end",
            role.uses
        ));
    }
    if role.no_default_policy {
        lints.push("token_no_default_policy: without the default policy the token can be neither renewed nor revoked by the job".into());
    }
    if role.batch {
        lints.push("token_type is batch: the token can be neither renewed nor revoked".into());
    }
    for name in &role.old_names {
        let new = if *name == "bound_cidrs" { "token_bound_cidrs".to_owned() } else { format!("token_{name}") };
        lints.push(format!("{name} is an old name of {new}"));
    }
    lints
}
