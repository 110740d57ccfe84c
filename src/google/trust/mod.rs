//! Evaluates a provider, and a service account's bindings, on a token's claims, like STS and IAM.

mod binding;
mod condition;
mod lints;
mod mapping;
mod policy;
mod provider;
mod token;

use serde_json::{Map, Value as Json};

use self::policy::Policy;
use self::provider::{Configuration, Formula};
use super::Provider;
use super::cel::{self, Scope};
use crate::document::Document;
use crate::error::Usage;
use crate::explanation::{Check, Explanation, Mark, Verdict};
use crate::shell::posix;
use crate::subject::Claims;
use crate::subject::claims::JobKind;

/// A provider, and the bindings of a service account.
#[derive(Debug)]
pub struct Rule {
    provider: Configuration,
    policy: Option<Policy>,
}

impl Rule {
    /// Reads the output of `gcloud iam workload-identity-pools providers describe --format=json` and of `gcloud iam
    /// service-accounts get-iam-policy --format=json`.
    ///
    /// # Errors
    /// If it is something else; with the place of the fault.
    pub fn new(provider: &Document, policy: Option<&Document>, named: Option<Provider>) -> Result<Self, Usage> {
        let mut configuration = Configuration::read(provider)?;
        match (named, &configuration.name) {
            (Some(named), Some(written)) if named != *written => {
                return Err(Usage::new(format!(
                    "--provider names {}, and {} is of {}",
                    named.resource(),
                    provider.name(),
                    written.resource()
                ))
                .hint("give the configuration of the target's provider"));
            }
            (Some(named), _) => configuration.name = Some(named),
            (None, _) => {}
        }
        Ok(Self { provider: configuration, policy: policy.map(Policy::read).transpose()? })
    }

    /// Whether a token with these claims is allowed at `now`, in seconds since 1970. All checks are made, even if an
    /// earlier one fails.
    #[must_use]
    pub fn evaluate(&self, claims: &Claims, now: i64) -> Explanation {
        let payload = claims.payload();
        let mut checks = vec![
            token::state(&self.provider),
            token::issuer(&self.provider, claims),
            token::audience(&self.provider, claims),
            token::times(claims, now),
        ];
        checks.extend(token::subject(claims));
        let (mapping, mapped) = mapping::evaluate(&self.provider, payload);
        let condition = condition::evaluate(self.provider.condition.as_ref(), payload, &mapped);
        checks.extend([mapping, condition]);
        let sts = least(checks.iter().map(|check| check.mark));
        let bound = self.policy.as_ref().map(|policy| binding::evaluate(&self.provider, policy, &mapped));
        let iam = bound.as_ref().map(|check| check.mark);
        let mut notes = self.fixes(claims, &checks, bound.as_ref());
        checks.extend(bound);
        let (verdict, title) = verdict(sts, iam);
        let (lints, more) = lints::lints(self, claims);
        notes.extend(more);
        notes.push("whether the token is genuine was not looked at; oidc-exchange token --verify does".into());
        if self.policy.is_none() {
            notes.push("whether it may act as a service account is in the account's own policy: --iam-policy".into());
        }
        Explanation { verdict, title: title.into(), checks, lints, notes }
    }

    /// Whether mapping, condition and bindings allow these claims, independently of time and issuer.
    fn admits(&self, claims: &Map<String, Json>) -> Mark {
        let (mapping, mapped) = mapping::evaluate(&self.provider, claims);
        let condition = condition::evaluate(self.provider.condition.as_ref(), claims, &mapped);
        let bound = self.policy.as_ref().map(|policy| binding::evaluate(&self.provider, policy, &mapped).mark);
        least([mapping.mark, condition.mark].into_iter().chain(bound))
    }

    /// Hints for the checks that fail.
    fn fixes(&self, claims: &Claims, checks: &[Check], bound: Option<&Check>) -> Vec<String> {
        let provider = &self.provider;
        let mut notes = Vec::new();
        let failed = |index: usize| checks.get(index).is_some_and(|check| check.mark == Mark::Fails);
        if failed(0) {
            notes.push(match provider.off {
                Some(off) if off.contains("DELETED") => {
                    format!("bring it back within 30 days: {}", provider.command("undelete"))
                }
                _ => format!("switch it on: {} --no-disabled", provider.command("update-oidc")),
            });
        }
        if failed(1)
            && let Some(issuer) = claims.text("iss")
        {
            let (update, issuer) = (provider.command("update-oidc"), posix::quote(issuer));
            notes.push(format!("if that is the issuer that is meant: {update} --issuer-uri={issuer}"));
        }
        if failed(2)
            && let Some(audience) = claims.audience()
        {
            let (update, audience) = (provider.command("update-oidc"), posix::quote(&audience));
            notes.push(format!(
                "a job cannot ask for another audience; allow it: {update} --allowed-audiences={audience}"
            ));
        }
        let condition = checks.last().is_some_and(|check| check.mark == Mark::Fails);
        match claims.job_kind() {
            Some(JobKind::PullRequest) if condition => {
                notes.push(
                    "this is a pull-request job: its `branch` is the target, its `ref` is not refs/heads/…".into(),
                );
            }
            Some(JobKind::Tag) if condition => notes.push("this is a tag's job: its `ref` is refs/tags/…".into()),
            Some(JobKind::ProjectDebug) if condition => {
                notes.push("this is a debug session of the project: its `ref` and `ref_type` are empty".into());
            }
            _ => {}
        }
        if bound.is_some_and(|check| check.mark == Mark::Fails) {
            notes.push("a binding on the project, or above it, would count as well, and is not in this file".into());
            notes.push("oidc-exchange setup gcp prints the binding for this token".into());
        }
        notes
    }
}

fn verdict(sts: Mark, iam: Option<Mark>) -> (Verdict, &'static str) {
    match (sts, iam) {
        (Mark::Holds, None) => (Verdict::Accepted, "the provider allows this token"),
        (Mark::Holds, Some(Mark::Holds)) => {
            (Verdict::Accepted, "the provider allows this token, and it may act as the service account")
        }
        (Mark::Fails, _) => (Verdict::Refused, "the provider does not allow this token"),
        (Mark::Holds, Some(Mark::Fails)) => {
            (Verdict::Refused, "the provider allows this token, but it may not act as the service account")
        }
        (Mark::Unknown, Some(Mark::Fails)) => (Verdict::Refused, "this token may not act as the service account"),
        (Mark::Unknown, _) => (Verdict::CannotTell, "whether the provider allows this token is not known here"),
        (Mark::Holds, Some(Mark::Unknown)) => (
            Verdict::CannotTell,
            "the provider allows this token; whether it may act as the service account is not known here",
        ),
    }
}

/// Yes if all hold; no if one fails; otherwise unknown.
fn least(marks: impl IntoIterator<Item = Mark>) -> Mark {
    marks.into_iter().fold(Mark::Holds, |least, mark| match (least, mark) {
        (Mark::Fails, _) | (_, Mark::Fails) => Mark::Fails,
        (Mark::Unknown, _) | (_, Mark::Unknown) => Mark::Unknown,
        (Mark::Holds, Mark::Holds) => Mark::Holds,
    })
}

/// Yes if one holds; no if all fail; otherwise unknown.
fn best(marks: impl IntoIterator<Item = Mark>) -> Mark {
    marks.into_iter().fold(Mark::Fails, |best, mark| match (best, mark) {
        (Mark::Holds, _) | (_, Mark::Holds) => Mark::Holds,
        (Mark::Unknown, _) | (_, Mark::Unknown) => Mark::Unknown,
        (Mark::Fails, Mark::Fails) => Mark::Fails,
    })
}

fn undeclared(formula: &Formula, scope: &Scope<'_>) -> Option<cel::Error> {
    formula.read.as_ref().ok().and_then(|expression| expression.undeclared(scope))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn evaluated(condition: &str, subject: &str, member: &str, claim: &str) -> Option<Explanation> {
        let provider = json!({
            "name": "projects/1/locations/global/workloadIdentityPools/p-1/providers/p-2",
            "oidc": { "issuerUri": claim, "allowedAudiences": [member] },
            "attributeMapping": { "google.subject": subject, "google.groups": condition, claim: subject },
            "attributeCondition": condition,
        });
        let policy = json!({ "bindings": [{
            "role": "roles/iam.workloadIdentityUser", "members": [member], "condition": { "expression": condition },
        }] });
        let read = |value: &Json| Document::from_text("x", value.to_string().as_bytes()).ok();
        let rule = Rule::new(&read(&provider)?, read(&policy).as_ref(), None).ok()?;
        let claims = json!({ "iss": claim, "aud": [claim], "sub": member, "ref": claim, "ref_type": "tag", "job_type": "",
            "branch": subject, "exp": 7, "iat": -3.5 });
        Some(rule.evaluate(&Claims::new(claims.as_object()?.clone()), 5))
    }

    proptest::proptest! {
        #[test]
        fn no_file_and_no_token_make_it_panic(
            condition in r"(assertion\.ref|'a'|==|&&|\|\|| in |[()!.]){0,9}|.{0,20}",
            subject in r"assertion\.(sub|ref|gone)|.{0,12}",
            member in r"(principal(Set)?://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p-1/)?(subject/|attribute\.[a-z]/|group/|\*)?.{0,9}",
            claim in ".{0,12}"
        ) {
            if let Some(explanation) = evaluated(&condition, &subject, &member, &claim) {
                let _ = (explanation.text(), explanation.json());
            }
        }
    }
}
