//! Faults and risks in a trust policy that do not depend on this token.
//!
//! Whom else it allows is not guessed from its text: the policy is evaluated for other possible jobs.

use serde_json::json;

use super::super::ProviderArn;
use super::Rule;
use super::evaluation::{covers, evaluate};
use super::operator::{Set, Test};
use super::policy::{Condition, Kind, Statement};
use super::request::{ASSUME, Request, TAG};
use crate::explanation::Mark;
use crate::subject::Claims;
use crate::subject::claims::SESSION_TAGS;

/// The longest trust policy, without white space, unless the account has a larger quota
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const USUAL_LENGTH: usize = 2048;

/// All findings, one sentence each.
pub(super) fn lints(rule: &Rule, request: &Request<'_>) -> Vec<String> {
    let policy = &rule.policy;
    let mut lints = Vec::new();
    for statement in &policy.statements {
        principal(rule, request, statement, &mut lints);
        if !statement.denies && covers(&statement.actions, ASSUME) {
            unbound(request, statement, &mut lints);
        }
        for condition in &statement.conditions {
            compared(policy.has_variables, request, statement, condition, &mut lints);
        }
    }
    lints.extend(others(rule, request));
    if request.is_tagged() && !policy.statements.iter().any(|one| !one.denies && covers(&one.actions, TAG)) {
        lints.push(format!("the token carries session tags, and no statement allows {TAG}: name it beside {ASSUME}"));
    }
    if let Some(issuer) = request.claims.text("iss").filter(|issuer| !issuer.starts_with("https://")) {
        lints.push(format!("the token's issuer is {issuer}, and AWS accepts only issuers that begin with https://"));
    }
    if policy.length > USUAL_LENGTH {
        lints.push(format!(
            "it has {} characters without spaces; an account allows {USUAL_LENGTH} unless its quota was raised",
            policy.length
        ));
    }
    lints
}

fn principal(rule: &Rule, request: &Request<'_>, statement: &Statement, lints: &mut Vec<String>) {
    let place = &statement.place;
    if statement.principals.except {
        lints.push(format!("{place}: AWS no longer accepts NotPrincipal in a trust policy"));
    }
    let names = match &statement.principals.named {
        None if statement.denies || statement.principals.except => return,
        None => {
            return lints
                .push(format!("{place}: its principal is everybody, with a token of any provider or without one"));
        }
        Some(names) => names,
    };
    for (kind, name) in names {
        if name == "*" && !statement.denies {
            lints.push(format!("{place}: its principal is a wildcard: name the provider's ARN"));
        } else if name.contains('*') {
            lints.push(format!("{place}: a `*` in a principal's name matches only itself: {name}"));
        }
        let Ok(provider) = ProviderArn::parse("", name) else { continue };
        if *kind != Kind::Federated {
            lints.push(format!("{place}: {name} is a provider, which belongs under Federated"));
        }
        let host = provider.host();
        if host != request.host && host.trim_end_matches('/') == request.host {
            lints.push(format!("{place}: the provider's name ends with a slash, and the token's issuer does not"));
        }
        if let Some(role) = rule.role.as_ref().filter(|_| host == request.host) {
            if provider.partition() != role.partition() {
                let (own, other) = (role.partition(), provider.partition());
                lints.push(format!("{place}: the provider is in the partition {other}, and the role in {own}"));
            } else if provider.account() != role.account() {
                let (own, other) = (role.account(), provider.account());
                lints.push(format!(
                    "{place}: the provider is of account {other}, and the role of {own}: STS uses only the role's own account"
                ));
            }
        }
    }
}

/// Reports an Allow that restricts the token too little.
fn unbound(request: &Request<'_>, statement: &Statement, lints: &mut Vec<String>) {
    let binds = |claim: &str| {
        let own = |condition: &&Condition| request.claim_of(&condition.key).as_deref() == Some(claim);
        statement
            .conditions
            .iter()
            .filter(own)
            .any(|condition| !condition.operator.negated && condition.operator.test != Test::Null)
    };
    let tagged =
        statement.conditions.iter().any(|condition| condition.key.to_lowercase().starts_with("aws:requesttag/"));
    let (place, host) = (&statement.place, request.host);
    if !binds("sub") && !tagged {
        lints.push(format!("{place}: without a condition on `{host}:sub` every project and every ref is allowed"));
    }
    if !binds("aud") {
        lints.push(format!("{place}: without a condition on `{host}:aud`, a token for another audience is accepted"));
    }
}

/// Reports a condition that does not do what it seems to do.
fn compared(
    has_variables: bool,
    request: &Request<'_>,
    statement: &Statement,
    condition: &Condition,
    lints: &mut Vec<String>,
) {
    let (operator, key) = (&condition.operator, &condition.key);
    let place = format!("{}: {} {key}", statement.place, operator.name);
    let written = || condition.values.iter().map(|wanted| wanted.text.as_str());
    let exact = matches!(operator.test, Test::Equals | Test::EqualsIgnoringCase);
    if exact && condition.values.iter().any(super::pattern::Wanted::has_star) {
        lints.push(format!("{place}: `*` is a literal character there; use StringLike for a wildcard"));
    }
    if operator.set == Some(Set::All) && !statement.denies {
        lints
            .push(format!("{place}: ForAllValues is also true if the key is missing, so it allows more than it names"));
    }
    if !has_variables && written().any(|text| text.contains("${")) {
        lints.push(format!("{place}: `${{…}}` is not a variable without \"Version\": \"2012-10-17\""));
    }
    match request.claim_of(key).as_deref() {
        Some("aud") => {
            let audience = request.claims.audience().unwrap_or_default();
            if written().any(|text| text.ends_with('/') && text.trim_end_matches('/') == audience) {
                lints.push(format!("{place}: the audience ends with a slash there, and the token's does not"));
            }
        }
        Some("sub" | "amr") => {}
        Some(claim) if !request.is_known_better() => lints.push(format!(
            "{place}: AWS has no such key; of this issuer's claims it supports aud, sub and amr, and never `{claim}`"
        )),
        Some(_) => {}
        None => {
            let (host, claim) = key.rsplit_once(':').unwrap_or(("", key));
            if !host.contains(['.', '/']) && !["aws", "sts"].iter().any(|known| host.eq_ignore_ascii_case(known)) {
                let meant = if let "aud" | "sub" | "amr" = claim {
                    format!("; write it as `{}:{claim}`", request.host)
                } else {
                    String::new()
                };
                lints.push(format!("{place}: no request for a role has such a key{meant}"));
            } else if host.contains('.') {
                lints.push(format!("{place}: this is another issuer's key; the token's issuer is {}", request.host));
            }
        }
    }
}

/// Semaphore's `sub`: `org:…:project:…:repo:…:ref_type:…:ref:…` (<https://docs.semaphore.io/reference/openid>).
struct Subject<'s> {
    head: &'s str,
    project: &'s str,
    repo: &'s str,
    ref_type: &'s str,
    reference: &'s str,
}

impl<'s> Subject<'s> {
    fn of(claims: &'s Claims) -> Option<Self> {
        let (head, rest) = claims.text("sub")?.split_once(":project:")?;
        let (project, rest) = rest.split_once(":repo:")?;
        let (repo, rest) = rest.split_once(":ref_type:")?;
        let (ref_type, reference) = rest.split_once(":ref:")?;
        head.starts_with("org:").then_some(Self { head, project, repo, ref_type, reference })
    }

    /// The claims of the same token with this subject, and with matching session tags.
    fn token(&self, claims: &Claims) -> Claims {
        let Self { head, project, repo, ref_type, reference } = self;
        let sub = format!("{head}:project:{project}:repo:{repo}:ref_type:{ref_type}:ref:{reference}");
        let tags =
            [("prj_id", *project), ("ref_type", ref_type), ("branch", reference.trim_start_matches("refs/heads/"))];
        tagged(&claims.with("sub", json!(sub)), &tags)
    }
}

/// The same token with these session tags changed, if it has them.
fn tagged(claims: &Claims, tags: &[(&str, &str)]) -> Claims {
    let Some(mut all) = claims.get(SESSION_TAGS).cloned() else { return claims.clone() };
    for (name, value) in tags {
        if let Some(tag) = all.get_mut("principal_tags").and_then(|all| all.get_mut(*name)) {
            *tag = json!([value]);
        }
    }
    claims.with(SESSION_TAGS, all)
}

fn lets_in(rule: &Rule, request: &Request<'_>, claims: &Claims) -> Mark {
    evaluate(&rule.policy, &Request::new(claims, request.provider)).mark()
}

/// Other jobs that it allows.
fn others(rule: &Rule, request: &Request<'_>) -> Vec<String> {
    let Some(own) = Subject::of(request.claims) else { return Vec::new() };
    let job = |subject: Subject<'_>| lets_in(rule, request, &subject.token(request.claims));
    let on = |ref_type, reference| job(Subject { ref_type, reference, ..own });
    let mut lints = Vec::new();
    let mut say = |mark: Mark, whom: &str| match mark {
        Mark::Holds => lints.push(format!("it allows {whom}")),
        Mark::Unknown => lints.push(format!("it may allow {whom}")),
        Mark::Fails => {}
    };
    say(job(Subject { project: "00000000-0000-4000-8000-000000000000", ..own }), "every project of the organization");
    // The ref of a pull request changes with every push. Repositories without such refs use the second form.
    let merged = on("pull-request", "refs/semaphoreci/0123456789abcdef0123456789abcdef01234567");
    let numbered = on("pull-request", "refs/pull/1/merge");
    let pull_requests = if merged == Mark::Fails { numbered } else { merged };
    say(pull_requests, "pull requests, including those from forks");
    if pull_requests != Mark::Fails {
        let branches = on("branch", "refs/heads/any-other-whatever-its-name");
        let tags = on("tag", "refs/tags/any-other-whatever-its-name");
        if branches == tags {
            say(branches, "every branch and every tag");
        }
    }
    lints
}

/// Reports a debug session of the same job, if it has the same `sub` and is allowed.
pub(super) fn debug_sessions(rule: &Rule, request: &Request<'_>) -> Option<String> {
    Subject::of(request.claims)?;
    let claims = tagged(request.claims, &[("job_type", "debug_job")]);
    let lets_in = match lets_in(rule, request, &claims) {
        Mark::Holds => "is allowed as well",
        Mark::Unknown => "may be allowed as well",
        Mark::Fails => return None,
    };
    let how = if request.claims.get(SESSION_TAGS).and_then(|tags| tags.pointer("/principal_tags/job_type")).is_some() {
        "a condition that `aws:RequestTag/job_type` is pipeline_job would keep it out"
    } else {
        "only session tags, which this token does not carry, could tell them apart"
    };
    Some(format!("a debug session of such a job has the same `sub` and {lets_in}: {how}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_taken_apart_and_put_together() {
        let sub = "org:acme:project:p:repo:web:ref_type:branch:ref:refs/heads/a:ref:b";
        let claims = Claims::default()
            .with("sub", json!(sub))
            .with(SESSION_TAGS, json!({ "principal_tags": { "branch": ["x"], "trg": ["y"] } }));
        let subject = Subject::of(&claims).unwrap();
        let same = subject.token(&claims);
        assert_eq!(same.text("sub"), Some(sub));
        let tags = json!({ "principal_tags": { "branch": ["a:ref:b"], "trg": ["y"] } });
        assert_eq!(same.get(SESSION_TAGS), Some(&tags));
        for other in ["", "org:a", "repo:acme/web:ref:refs/heads/main"] {
            assert!(Subject::of(&Claims::default().with("sub", json!(other))).is_none(), "{other}");
        }
    }
}
