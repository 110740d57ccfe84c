//! An error of AWS STS as the user reads it: what was asked, what was presented, what to do.
//!
//! Commands to run take JSON: as a plain argument, the AWS CLI 1 would fetch an address such as an issuer's.

use serde_json::json;

use super::chain::Hop;
use super::refusal::{Attempt, Cause, PROVIDER};
use super::{Request, RoleArn, SESSION_TAGS};
use crate::error::{Error, Exit, Refusal};
use crate::host::Clock;
use crate::http::Unreachable;
use crate::http::retry::GaveUp;
use crate::paste::{self, Printed};
use crate::shell::posix;
use crate::subject::claims::JobKind;
use crate::subject::{Claims, SubjectToken};
use crate::text::time;

/// What an error is explained with.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request,
    pub(super) token: &'a SubjectToken,
    pub(super) clock: &'a Clock,
    pub(super) step: Step<'a>,
}

/// Which call failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// The token's, for the first role.
    Token,
    /// A further role's, signed with the session of the one before.
    Hop {
        /// Its place in the chain, where the first role is 1.
        number: usize,
        /// The role and its external id.
        hop: &'a Hop,
        /// The role before.
        from: &'a RoleArn,
    },
    /// Whose the final credentials are.
    Identity,
}

impl Context<'_> {
    /// The end of all attempts, as the user reads it.
    pub(super) fn explain(&self, GaveUp { last, attempts }: GaveUp<Attempt>) -> Error {
        let asked = self.asked();
        let unreachable = |said: String, hints: Vec<String>| {
            Error::from(Unreachable {
                provider: PROVIDER,
                said,
                asked: asked.clone(),
                attempts,
                hints,
                exit: Exit::Unreachable,
            })
        };
        match last {
            None => {
                unreachable("nothing, until --timeout".into(), vec!["can this machine reach the region's STS?".into()])
            }
            Some(Attempt::Transport(failure)) => {
                Error::from(Unreachable::from_failure(PROVIDER, &failure, asked, attempts))
            }
            Some(garbled @ Attempt::Garbled { .. }) => unreachable(garbled.to_string(), vec![in_between()]),
            Some(Attempt::Answered(answer)) => {
                let cause = answer.cause();
                let mut hints = self.hints(cause);
                if cause.heals() || cause == Cause::NotSts {
                    hints.extend(self.next_step(cause));
                    return unreachable(answer.said(), hints);
                }
                if let Some(attempts) = attempts.describe() {
                    hints.push(format!("it was still so after {attempts}"));
                }
                hints.extend(self.next_step(cause));
                Error::from(Refusal {
                    title: self.title(cause),
                    said: answer.said(),
                    asked,
                    presented: self.presented(),
                    hints,
                })
            }
        }
    }

    fn title(&self, cause: Cause) -> String {
        match self.step {
            Step::Hop { number, .. } => format!("AWS STS refused role {number} of the chain"),
            Step::Token if self.request.chain.is_empty() => cause.title().into(),
            Step::Token => format!("{}, for role 1 of the chain", cause.title()),
            Step::Identity => cause.title().into(),
        }
    }

    fn asked(&self) -> Vec<String> {
        let roles = self.request.chain.len() + 1;
        let place = |number| if roles == 1 { String::new() } else { format!("  (role {number} of {roles})") };
        match self.step {
            Step::Token => vec![format!("{}{}", self.request.role.as_str(), place(1))],
            Step::Hop { number, hop, .. } => vec![format!("{}{}", hop.role.as_str(), place(number))],
            Step::Identity => {
                vec![format!("GetCallerIdentity, with the session of {}", self.request.last_role().as_str())]
            }
        }
    }

    fn presented(&self) -> Vec<String> {
        let session =
            |role: &RoleArn| vec![format!("the session {} of {}", self.request.session_name.as_str(), role.as_str())];
        match self.step {
            Step::Token => self.claims().presented(),
            Step::Hop { from, .. } => session(from),
            Step::Identity => session(self.request.last_role()),
        }
    }

    fn refused_role(&self) -> &RoleArn {
        match self.step {
            Step::Token => &self.request.role,
            Step::Hop { hop, .. } => &hop.role,
            Step::Identity => self.request.last_role(),
        }
    }

    fn claims(&self) -> &Claims {
        self.token.claims()
    }

    fn hints(&self, cause: Cause) -> Vec<String> {
        let issuer = self.claims().text("iss").unwrap_or("(none)");
        let host = self.claims().issuer_host().unwrap_or("(none)");
        let audience = self.claims().audience().unwrap_or_else(|| "(none)".into());
        let account = self.request.role.account();
        match cause {
            Cause::TrustPolicy => match self.step {
                Step::Token => self.trust_policy_hints(host, &audience),
                Step::Hop { number, hop, from } => self.hop_hints(number, hop, from),
                Step::Identity => vec!["a policy above the account denies even this call, which needs no permission".into()],
            },
            Cause::NoProvider => vec![
                format!("account {account} knows no provider for exactly this issuer; provider and role must be in the same account"),
                format!(
                    "create it: aws iam create-open-id-connect-provider --cli-input-json {}",
                    posix::quote(&json!({ "Url": issuer, "ClientIDList": [audience] }).to_string())
                ),
            ],
            Cause::Audience => vec![
                format!("the provider {} does not list this audience, to the letter", self.request.role.provider_arn(host)),
                format!(
                    "add it: aws iam add-client-id-to-open-id-connect-provider --cli-input-json {}",
                    posix::quote(
                        &json!({ "OpenIDConnectProviderArn": self.request.role.provider_arn(host), "ClientID": audience })
                            .to_string()
                    )
                ),
            ],
            Cause::KeysUnreachable | Cause::IssuerUnreachable => vec![format!(
                "AWS fetches the issuer's keys itself, within 5 s: {issuer}/.well-known/openid-configuration and the jwks_uri in it must be public"
            )],
            Cause::TokenUnreadable => vec!["is this the job's OpenID Connect token, whole, and signed with RS256 or ES256?".into()],
            Cause::Expired => match self.step {
                Step::Token => self.expiry_hints(),
                Step::Hop { .. } | Step::Identity => {
                    vec![format!("the session ended at once; this machine's clock says {}: is it right?", time(self.clock.unix()))]
                }
            },
            Cause::IssuerRejected => vec!["the issuer itself no longer stands by this token: run the job again for a new one".into()],
            Cause::PolicyMalformed => vec!["check --policy with: aws accessanalyzer validate-policy --policy-type IDENTITY_POLICY --policy-document file://…".into()],
            Cause::PolicyTooLarge => vec![
                "shorten --policy, name fewer --policy-arn, or put the rules into the role itself".into(),
                "tags that the token carries count as well".into(),
            ],
            Cause::RegionDisabled => vec![format!(
                "ask another region's STS with --sts-region; the job's own region stays {}",
                self.request.region.as_ref().map_or("as it is", super::Region::as_str)
            )],
            Cause::DurationTooLong => vec![format!(
                "lower --duration, or raise the role's maximum: aws iam update-role --role-name {} --max-session-duration SECONDS",
                self.refused_role().as_str().rsplit('/').next().unwrap_or_default()
            )],
            Cause::KeysUnknown => vec![
                "credentials made a moment ago may be unknown to a region for some seconds: they were tried again".into(),
                "in a region that the account had to opt in to, ask another region's STS with --sts-region".into(),
            ],
            Cause::Clock => vec![format!("this machine's clock says {}: is it right?", time(self.clock.unix()))],
            Cause::Parameter | Cause::Other => Vec::new(),
            Cause::Throttled => vec!["many jobs ask at once: a longer --timeout lets this one wait its turn".into()],
            Cause::ServerFault => vec!["the service itself failed; its state is on https://health.aws.amazon.com/health/status".into()],
            Cause::NotSts => vec![in_between()],
        }
    }

    fn trust_policy_hints(&self, host: &str, audience: &str) -> Vec<String> {
        let claims = self.claims();
        let mut hints = Vec::new();
        match claims.job_kind() {
            Some(JobKind::PullRequest) => hints.push(
                "this is a pull-request job; a trust policy for `…:ref_type:branch:ref:refs/heads/main` does not match it".into(),
            ),
            Some(JobKind::Tag) => hints.push("this is a tag's job; a trust policy for `…:ref_type:branch:ref:…` does not match it".into()),
            Some(JobKind::ProjectDebug) => hints.push("this is a debug session of the project: its `sub` names no ref at all".into()),
            Some(JobKind::Branch) | None => {}
        }
        let sub = claims.text("sub").unwrap_or("(none)");
        hints.push(format!(
            "the role's trust policy must name the provider {} and match `{host}:aud` = {audience} and `{host}:sub` = {sub}",
            self.request.role.provider_arn(host)
        ));
        if claims.has(SESSION_TAGS) {
            hints.push("this token carries session tags, so the trust policy must also allow sts:TagSession".into());
        }
        hints.push("AWS says the same of a role that does not exist: is the ARN right, to the letter?".into());
        hints
    }

    /// What says more than AWS does.
    fn next_step(&self, cause: Cause) -> Option<String> {
        if !matches!(self.step, Step::Token) {
            return None;
        }
        match cause {
            Cause::TrustPolicy => {
                let role = self.request.role.as_str();
                let name = role.rsplit('/').next().unwrap_or_default();
                let by = format!("aws iam get-role --role-name {} --output json", posix::word(name));
                let policy = Printed { by, option: "--trust-policy" };
                Some(paste::explain(self.token, &format!("aws --role-arn {}", posix::word(role)), &policy, None))
            }
            Cause::KeysUnreachable | Cause::IssuerUnreachable | Cause::TokenUnreadable => {
                Some(paste::verify(self.token))
            }
            Cause::NoProvider
            | Cause::Audience
            | Cause::Expired
            | Cause::IssuerRejected
            | Cause::PolicyMalformed
            | Cause::PolicyTooLarge
            | Cause::RegionDisabled
            | Cause::DurationTooLong
            | Cause::Parameter
            | Cause::KeysUnknown
            | Cause::Clock
            | Cause::Throttled
            | Cause::ServerFault
            | Cause::NotSts
            | Cause::Other => None,
        }
    }

    fn hop_hints(&self, number: usize, hop: &Hop, from: &RoleArn) -> Vec<String> {
        let (role, from) = (hop.role.as_str(), from.as_str());
        let last = number == self.request.chain.len() + 1;
        let mut hints = vec![
            format!("the policies of {from} must allow sts:AssumeRole on {role}"),
            format!("the trust policy of {role} must name {from} under Principal, AWS"),
        ];
        hints.push(match &hop.external_id {
            None => "where it asks for an sts:ExternalId, name that with --external-id".into(),
            Some(id) => format!("where it asks for an sts:ExternalId, it must be {}", id.as_str()),
        });
        if self.claims().has(SESSION_TAGS) || (last && !self.request.tags.is_empty()) {
            hints.push(
                "the session carries tags, so both must allow sts:TagSession beside sts:AssumeRole, at every role of the chain"
                    .into(),
            );
        }
        if self.request.source_identity.is_some() {
            hints.push(
                "with --source-identity both must allow sts:SetSourceIdentity too, at every role of the chain".into(),
            );
        }
        hints
    }

    fn expiry_hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if let Some(expiry) = self.claims().expiry() {
            let issued = self.claims().issued().map(|at| format!("issued {}, ", time(at))).unwrap_or_default();
            hints.push(format!(
                "the token was {issued}good until {}; this machine's clock says {}",
                time(expiry),
                time(self.clock.unix())
            ));
        }
        hints.push("STS takes no token later than its expiry, nor a day after it was issued; a job cannot ask for another: run it again".into());
        hints
    }
}

fn in_between() -> String {
    "was this AWS STS? a proxy, a captive portal or a wrong AWS_ENDPOINT_URL_STS may have answered".into()
}
