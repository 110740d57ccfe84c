//! Other tokens of the same project, made up from this one: what a rule does with them is found by asking it.
//!
//! Semaphore's claims: <https://docs.semaphore.io/reference/openid>.

use serde_json::{Map, Value as Json};

type Payload = Map<String, Json>;

/// A merge commit's id is like this.
const COMMIT: &str = "5c84719708b9b649b9ef3b56af214f38cee6acde";

/// Whether the claims are Semaphore's.
pub(super) fn is_semaphores(claims: &Payload) -> bool {
    claims.contains_key("ref_type") && claims.contains_key("ref") && claims.contains_key("job_type")
}

/// A pull request into this branch; its `branch` is the target.
pub(super) fn pull_request(claims: &Payload, into: &str) -> Payload {
    let mut other = on(claims, "pull-request", &format!("refs/semaphoreci/{COMMIT}"));
    set(&mut other, "branch", into);
    set(&mut other, "pr", "1");
    set(&mut other, "pr_branch", "a-branch");
    other
}

/// A pipeline's job on this ref, `refs/heads/…` or `refs/tags/…`.
pub(super) fn on_ref(claims: &Payload, reference: &str) -> Payload {
    let branch = reference.strip_prefix("refs/heads/");
    let mut other = on(claims, if branch.is_some() { "branch" } else { "tag" }, reference);
    // A tag's `branch` is the whole ref.
    set(&mut other, "branch", branch.unwrap_or(reference));
    set(&mut other, "pr", "");
    set(&mut other, "pr_branch", "");
    other
}

/// `sem debug job` of that job.
pub(super) fn debug(claims: &Payload) -> Payload {
    let mut other = claims.clone();
    set(&mut other, "job_type", "debug_job");
    set(&mut other, "wf_id", "");
    set(&mut other, "ppl_id", "");
    other
}

fn on(claims: &Payload, ref_type: &str, reference: &str) -> Payload {
    let mut other = claims.clone();
    set(&mut other, "job_type", "pipeline_job");
    set(&mut other, "ref_type", ref_type);
    set(&mut other, "ref", reference);
    let text = |name: &str| claims.get(name).and_then(Json::as_str).unwrap_or_default();
    if let Some((before, _)) = text("sub").split_once(":ref_type:") {
        set(&mut other, "sub", &format!("{before}:ref_type:{ref_type}:ref:{reference}"));
    }
    let short = match ref_type {
        "branch" => "br",
        "tag" => "tg",
        _ => "pr",
    };
    let parts: Vec<&str> = text("sub127").split(':').collect();
    if let [organization, project, repository, _, _] = parts[..] {
        let reference: String = reference.trim_start_matches("refs/").replace(':', "").chars().take(35).collect();
        set(&mut other, "sub127", &format!("{organization}:{project}:{repository}:{short}:{reference}"));
    }
    other
}

/// A claim that the organization has switched off stays off.
fn set(claims: &mut Payload, name: &str, value: &str) {
    if let Some(claim) = claims.get_mut(name) {
        *claim = value.into();
    }
}
