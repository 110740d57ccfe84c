//! Hints for errors of AWS STS.
//!
//! Commands in hints use JSON arguments: the AWS CLI 1 would download a plain argument that is a URL, such as an
//! issuer.

use serde_json::json;

use super::answer::{Answer, PROVIDER};
use super::chain::Hop;
use super::{Request, RoleArn};
use crate::command_hints;
use crate::host::Clock;
use crate::shell::posix;
use crate::subject::claims::{JobKind, SESSION_TAGS};
use crate::subject::{Claims, SubjectToken};
use crate::text::time;

/// The inputs for explaining an error.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request,
    pub(super) token: &'a SubjectToken,
    pub(super) clock: &'a Clock,
    pub(super) step: Step<'a>,
}

/// The call that failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// The call with the token, for the first role.
    Token,
    /// The call for an additional role, signed with the previous session.
    Hop {
        /// Its number in the chain; the first role is 1.
        number: usize,
        /// The role and its external id.
        hop: &'a Hop,
        /// The previous role.
        from: &'a RoleArn,
    },
    /// The call for the account of the final credentials.
    Identity,
}

impl Context<'_> {
    /// The title of a refusal, with the role of the chain that it concerns.
    pub(super) fn title(&self, title: &str) -> String {
        match self.step {
            Step::Hop { number, .. } => format!("{PROVIDER} refused role {number} of the chain"),
            Step::Token if !self.request.chain.is_empty() => format!("{title}, for role 1 of the chain"),
            Step::Token | Step::Identity => title.into(),
        }
    }

    /// What was requested, one line each.
    pub(super) fn asked_for(&self) -> Vec<String> {
        match self.step {
            Step::Token => vec![self.request.role.as_str().to_owned()],
            Step::Hop { number, hop, .. } => {
                vec![format!("{}  (role {number} of {})", hop.role.as_str(), self.request.chain.len() + 1)]
            }
            Step::Identity => vec!["GetCallerIdentity".into()],
        }
    }

    /// The session that signed the call, unless the answer names it.
    pub(super) fn session(&self, answer: &Answer) -> Vec<String> {
        let name = self.request.session_name.as_str();
        let signer = match self.step {
            Step::Token => return Vec::new(),
            Step::Hop { from, .. } => from,
            Step::Identity => self.request.last_role(),
        };
        if answer.says(name) { Vec::new() } else { vec![format!("the session {name} of {}", signer.as_str())] }
    }

    /// The further role of the call.
    pub(super) fn hop(&self) -> Option<&Hop> {
        match self.step {
            Step::Hop { hop, .. } => Some(hop),
            Step::Token | Step::Identity => None,
        }
    }

    fn refused_role(&self) -> &RoleArn {
        match self.step {
            Step::Token => &self.request.role,
            Step::Hop { hop, .. } => &hop.role,
            Step::Identity => self.request.last_role(),
        }
    }

    pub(super) fn claims(&self) -> &Claims {
        self.token.claims()
    }

    fn issuer_text(&self) -> &str {
        self.claims().text("iss").unwrap_or("(none)")
    }

    fn host(&self) -> &str {
        self.claims().issuer_host().unwrap_or("(none)")
    }

    fn audience_text(&self) -> String {
        self.claims().audience().unwrap_or_else(|| "(none)".into())
    }

    pub(super) fn trust_policy(&self) -> Vec<String> {
        match self.step {
            Step::Token => self.trust_policy_hints(),
            Step::Hop { number, hop, from } => self.hop_hints(number, hop, from),
            Step::Identity => {
                vec!["a policy above the account denies even this call, which needs no permission".into()]
            }
        }
    }

    pub(super) fn no_provider(&self) -> Vec<String> {
        let provider = json!({ "Url": self.issuer_text(), "ClientIDList": [self.audience_text()] });
        vec![
            format!("account {} has no provider for exactly this issuer", self.request.role.account()),
            format!(
                "create it: aws iam create-open-id-connect-provider --cli-input-json {}",
                posix::quote(&provider.to_string())
            ),
        ]
    }

    pub(super) fn audience(&self) -> Vec<String> {
        let provider = self.request.role.provider_arn(self.host());
        let audience = json!({ "OpenIDConnectProviderArn": provider, "ClientID": self.audience_text() });
        vec![
            "the issuer's provider in the role's account does not list the token's audience".into(),
            format!(
                "add it: aws iam add-client-id-to-open-id-connect-provider --cli-input-json {}",
                posix::quote(&audience.to_string())
            ),
        ]
    }

    pub(super) fn thumbprint(&self) -> Vec<String> {
        vec![format!(
            "give the provider the new thumbprint: aws iam update-open-id-connect-provider-thumbprint --open-id-connect-provider-arn {} --thumbprint-list THUMBPRINT",
            posix::word(&self.request.role.provider_arn(self.host()))
        )]
    }

    pub(super) fn issuer(&self) -> Vec<String> {
        let issuer = self.issuer_text();
        vec![format!("AWS fetches the keys of {issuer} itself, within 5 s: they must be public")]
    }

    pub(super) fn expiry(&self) -> Vec<String> {
        match self.step {
            Step::Token => self.expiry_hints(),
            Step::Hop { .. } | Step::Identity => vec![format!(
                "the session ended at once; check this machine's clock: it has {}",
                time(self.clock.unix())
            )],
        }
    }

    pub(super) fn region(&self) -> Vec<String> {
        vec![format!(
            "ask another region's STS with --sts-region; the job's own region stays {}",
            self.request.region.as_ref().map_or("as it is", super::Region::as_str)
        )]
    }

    pub(super) fn duration(&self) -> Vec<String> {
        vec![format!(
            "lower --duration, or raise the role's maximum: aws iam update-role --role-name {} --max-session-duration SECONDS",
            self.refused_role().name()
        )]
    }

    pub(super) fn clock(&self) -> Vec<String> {
        vec![format!("check this machine's clock: it has {}", time(self.clock.unix()))]
    }

    /// The hints with commands that evaluate the trust policy.
    pub(super) fn explain_line(&self) -> Vec<String> {
        command_hints::explain(self.token, "aws", "--trust-policy role.json")
    }

    /// The hint with a command that verifies the token.
    pub(super) fn verify_line(&self) -> Vec<String> {
        command_hints::verify(self.token)
    }

    fn trust_policy_hints(&self) -> Vec<String> {
        let (claims, host) = (self.claims(), self.host());
        let kind = match claims.job_kind() {
            Some(JobKind::PullRequest) => Some("this is a pull-request job"),
            Some(JobKind::Tag) => Some("this is a tag's job"),
            Some(JobKind::ProjectDebug) => {
                Some("this is a debug session of the project: its `sub` names no ref at all")
            }
            Some(JobKind::Branch) | None => None,
        };
        // The first hint may be the only one that is read.
        let tags = |before| {
            if claims.has(SESSION_TAGS) {
                format!("{before} allow sts:TagSession for its session tags")
            } else {
                String::new()
            }
        };
        let mut hints: Vec<String> = kind.iter().map(|kind| format!("{kind}{}", tags(";"))).collect();
        hints.push(format!("check the role's ARN and its trust policy{}", tags(", and")));
        hints.push(format!(
            "it must name the provider {}, and the conditions `{host}:aud` and `{host}:sub`",
            self.request.role.provider_arn(host)
        ));
        hints
    }

    fn hop_hints(&self, number: usize, hop: &Hop, from: &RoleArn) -> Vec<String> {
        let last = number == self.request.chain.len() + 1;
        let mut actions = vec!["sts:AssumeRole"];
        if self.claims().has(SESSION_TAGS) || (last && !self.request.tags.is_empty()) {
            actions.push("sts:TagSession");
        }
        if self.request.source_identity.is_some() {
            actions.push("sts:SetSourceIdentity");
        }
        let id = match &hop.external_id {
            None => "if it requires an sts:ExternalId, add --external-id".into(),
            Some(id) => format!("if it requires an sts:ExternalId, that must be {}", id.as_str()),
        };
        vec![
            format!("allow {} on this role in the policies of {}", actions.join(" and "), from.name()),
            format!("allow the same in this role's trust policy; {id}"),
        ]
    }

    fn expiry_hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if let Some(expiry) = self.claims().expiry() {
            let issued = self.claims().issued().map(|at| format!("issued {}, ", time(at))).unwrap_or_default();
            hints.push(format!(
                "the token was {issued}valid until {}; this machine's clock has {}",
                time(expiry),
                time(self.clock.unix())
            ));
        }
        hints.push("run the job again: STS accepts no token after its expiry, or a day after it was issued".into());
        hints
    }
}
