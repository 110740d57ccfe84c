//! A call that brought no token: what to say of it, what to do, and whether it is made again.

use std::fmt;

use super::answer::Answer;
use super::cause::Cause;
use super::{Request, ServiceAccount};
use crate::error::{Error, Exit, Refusal};
use crate::host::Clock;
use crate::http::retry::{GaveUp, Retry, Retryable};
use crate::http::{Failure, Unreachable};
use crate::paste::{self, Printed};
use crate::shell::posix;
use crate::subject::claims::JobKind;
use crate::subject::{Claims, SubjectToken};
use crate::text::time;

/// The calls of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The subject token for a federated token.
    Sts,
    /// That for a service account's access token.
    AccessToken,
    /// Or for its ID token.
    IdToken,
}

impl Step {
    pub(super) fn provider(self) -> &'static str {
        match self {
            Self::Sts => "Google STS",
            Self::AccessToken | Self::IdToken => "Google IAM Credentials",
        }
    }

    /// The service's part of <https://status.cloud.google.com>, and the option that leads elsewhere.
    fn endpoint_option(self) -> &'static str {
        match self {
            Self::Sts => "--sts-endpoint",
            Self::AccessToken | Self::IdToken => "--iamcredentials-endpoint",
        }
    }
}

/// One attempt that brought no token.
#[derive(Debug)]
pub(super) enum Attempt {
    /// No answer came.
    Transport(Failure),
    /// An error came.
    Refused {
        step: Step,
        answer: Answer,
        cause: Cause,
        /// `--wait-for-iam` has not run out.
        patient: bool,
    },
    /// Something came that is no answer of the service.
    Garbled { status: u16, why: String },
}

impl Attempt {
    pub(super) fn refused(step: Step, answer: Answer, patient: bool) -> Self {
        let cause = Cause::of(step, &answer);
        Self::Refused { step, answer, cause, patient }
    }
}

impl Retryable for Attempt {
    fn retry(&self) -> Retry {
        match self {
            Self::Transport(failure) => failure.retry(),
            Self::Refused { answer, cause, patient, .. } if cause.heals() || (*patient && cause.may_be_young()) => {
                Retry::Again { after: answer.retry_after }
            }
            Self::Refused { .. } | Self::Garbled { .. } => Retry::Never,
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(failure) => failure.fmt(f),
            // More is said after it.
            Self::Refused { step, answer, .. } => {
                write!(f, "{}: {}", step.provider(), answer.to_string().trim_end_matches('.'))
            }
            Self::Garbled { status, why } => write!(f, "the answer with status {status} cannot be used: {why}"),
        }
    }
}

/// What an error is explained with.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request,
    pub(super) token: &'a SubjectToken,
    pub(super) clock: &'a Clock,
    pub(super) step: Step,
}

impl Context<'_> {
    /// The end of all attempts, as the user reads it.
    pub(super) fn explain(&self, GaveUp { last, attempts }: GaveUp<Attempt>) -> Error {
        let provider = self.step.provider();
        let asked = self.asked();
        let unreachable = |said: String, hints: Vec<String>| {
            let (asked, exit) = (asked.clone(), Exit::Unreachable);
            Error::from(Unreachable { provider, said, asked, attempts, hints, exit })
        };
        match last {
            None => unreachable("nothing, until --timeout".into(), vec!["can this machine reach that service?".into()]),
            Some(Attempt::Transport(failure)) => {
                Error::from(Unreachable::from_failure(provider, &failure, asked, attempts))
            }
            Some(garbled @ Attempt::Garbled { .. }) => unreachable(garbled.to_string(), vec![self.in_between()]),
            Some(Attempt::Refused { answer, cause, .. }) => {
                let mut hints = self.hints(cause);
                hints.extend(self.next_step(cause));
                if cause.heals() || cause == Cause::NotGoogle {
                    return unreachable(answer.to_string(), hints);
                }
                Error::from(Refusal {
                    title: cause.title(self.step).into(),
                    said: answer.to_string(),
                    asked,
                    presented: self.presented(cause),
                    hints,
                })
            }
        }
    }

    /// The provider; and once it has let the token in, the service account and the way to it.
    fn asked(&self) -> Vec<String> {
        match (self.step, &self.request.impersonation) {
            (Step::AccessToken | Step::IdToken, Some(asked)) => {
                let via = asked.delegates.iter().map(|delegate| format!("by way of {}", delegate.email()));
                let account = asked.account.email();
                let what = match (&asked.id_token, self.step) {
                    (Some(wanted), Step::IdToken) => format!("an ID token of {account} for {}", wanted.audience),
                    _ => account.to_owned(),
                };
                [what].into_iter().chain(via).collect()
            }
            _ => vec![self.request.provider.audience()],
        }
    }

    fn claims(&self) -> &Claims {
        self.token.claims()
    }

    /// What mappings, conditions and bindings are made of, besides what every refusal shows.
    fn presented(&self, cause: Cause) -> Vec<String> {
        const MATCHED: [&str; 10] =
            ["sub127", "org", "prj_id", "repo", "ref_type", "ref", "branch", "pr", "pr_branch", "job_type"];
        let mut lines = self.claims().presented();
        if matches!(cause, Cause::Condition | Cause::MappedAttribute | Cause::Impersonation | Cause::IdToken) {
            let claims = self.claims();
            let found = MATCHED.iter().filter_map(|name| claims.text(name).map(|value| format!("{name}={value}")));
            let found: Vec<String> = found.collect();
            lines.extend(found.chunks(3).map(|chunk| chunk.join("  ")));
        }
        lines
    }

    fn hints(&self, cause: Cause) -> Vec<String> {
        let claims = self.claims();
        let issuer = claims.text("iss").unwrap_or("(none)");
        let audience = claims.audience().unwrap_or_else(|| "(none)".into());
        match cause {
            Cause::ProviderName => vec![
                "STS wants the project's number, the pool and the provider: is each of them right?".into(),
                self.providers("list", ""),
            ],
            Cause::ProviderUnknown => vec![
                "a deleted provider or pool can be undeleted for 30 days; a disabled one is enabled with update-oidc --no-disabled".into(),
                format!("see whether it is there: {}", self.providers("describe", "")),
                "made a moment ago? --wait-for-iam 5m --timeout 6m tries until it is seen".into(),
            ],
            Cause::Audience => vec![format!(
                "allow the token's audience: {}",
                self.providers("update-oidc", &format!(" --allowed-audiences={}", posix::word(&audience)))
            )],
            Cause::Issuer => vec![
                "the provider's issuer must be the token's to the letter, a slash at its end included".into(),
                format!("set it: {}", self.providers("update-oidc", &format!(" --issuer-uri={}", posix::word(issuer)))),
            ],
            Cause::Stale => self.staleness(),
            Cause::IssuerUnreachable => vec![
                format!(
                    "Google fetches the issuer's keys itself: {issuer}/.well-known/openid-configuration and the jwks_uri in it must be public, and hold the token's key"
                ),
                format!(
                    "an issuer that is not public can have its keys uploaded: {}",
                    self.providers("update-oidc", " --jwk-json-path=FILE")
                ),
            ],
            Cause::Signature => {
                vec!["is this the job's token, whole, and do the keys uploaded to the provider (if any) still hold?".into()]
            }
            Cause::Condition => self.condition(),
            Cause::MappedAttribute => self.mapped_attribute(),
            Cause::Impersonation => self.binding("roles/iam.workloadIdentityUser"),
            Cause::IdToken => {
                let mut hints = self.binding("roles/iam.workloadIdentityUser");
                hints.push("for ID tokens alone, roles/iam.serviceAccountOpenIdTokenCreator is enough".into());
                hints
            }
            Cause::ServiceDisabled => vec![
                format!(
                    "switch it on: gcloud services enable iamcredentials.googleapis.com --project={}",
                    self.request.provider.project_number()
                ),
                "switched on a moment ago? --wait-for-iam 5m --timeout 6m tries until it is seen".into(),
            ],
            Cause::NoAccount => vec![
                "is the address right, to the letter, and has the account not been deleted?".into(),
                format!("list them: gcloud iam service-accounts list{}", self.account_project()),
            ],
            Cause::Lifetime => vec![
                "ask for --lifetime 1h or less".into(),
                "or let the organization policy constraints/iam.allowServiceAccountCredentialLifetimeExtension name the service account, for up to 12h".into(),
            ],
            Cause::Argument => vec![
                "is every --scope one that Google knows, and every --delegate a service account?".into(),
            ],
            Cause::Unauthenticated => vec![
                "the federated token was refused a moment after it was made: is this machine's clock right, and does --iamcredentials-endpoint lead to the same universe as --sts-endpoint?".into(),
            ],
            Cause::Scope => vec![format!("ask for --scope {}", super::Scope::CLOUD_PLATFORM)],
            Cause::OrganizationPolicy => {
                vec!["a policy of the organization forbids it: its administrator can say which, and allow it".into()]
            }
            Cause::Throttled => vec!["many jobs ask at once: a longer --timeout lets this one wait its turn".into()],
            Cause::ServerFault => self.server_fault(),
            Cause::NotGoogle => vec![self.in_between()],
            Cause::Request | Cause::Other => Vec::new(),
        }
    }

    /// What says more than Google does.
    fn next_step(&self, cause: Cause) -> Option<String> {
        let rule = Printed { by: self.providers("describe", " --format=json"), option: "--provider-config" };
        match cause {
            Cause::Condition | Cause::MappedAttribute | Cause::Audience | Cause::Issuer => {
                Some(paste::explain(self.token, "gcp", &rule, None))
            }
            Cause::Impersonation | Cause::IdToken => {
                let first = self.request.impersonation.as_ref()?.first();
                let project = first.project().map(|project| format!(" --project={project}")).unwrap_or_default();
                let by = format!(
                    "gcloud iam service-accounts get-iam-policy {}{project} --format=json",
                    posix::word(first.email())
                );
                let policy = Printed { by, option: "--iam-policy" };
                Some(paste::explain(self.token, "gcp", &rule, Some(&policy)))
            }
            Cause::Signature | Cause::IssuerUnreachable => Some(paste::verify(self.token)),
            Cause::ProviderName
            | Cause::ProviderUnknown
            | Cause::Stale
            | Cause::Request
            | Cause::ServiceDisabled
            | Cause::NoAccount
            | Cause::Lifetime
            | Cause::Argument
            | Cause::Unauthenticated
            | Cause::Scope
            | Cause::OrganizationPolicy
            | Cause::Throttled
            | Cause::ServerFault
            | Cause::NotGoogle
            | Cause::Other => None,
        }
    }

    /// gcloud's command about the request's provider.
    fn providers(&self, verb: &str, options: &str) -> String {
        let provider = &self.request.provider;
        let which = match verb {
            "list" => format!("--workload-identity-pool={}", provider.pool_resource()),
            _ => provider.resource(),
        };
        format!("gcloud iam workload-identity-pools providers {verb} {which}{options}")
    }

    fn account_project(&self) -> String {
        let account = self.request.impersonation.as_ref().map(|asked| &asked.account);
        account.and_then(ServiceAccount::project).map(|project| format!(" --project={project}")).unwrap_or_default()
    }

    fn condition(&self) -> Vec<String> {
        let mut hints = match self.claims().job_kind() {
            Some(JobKind::PullRequest) => vec![
                "this is a pull-request job: its `branch` is the target, its `ref` is not refs/heads/…, and its `ref_type` is pull-request".into(),
            ],
            Some(JobKind::Tag) => vec!["this is a tag's job: its `ref_type` is tag, and its `branch` is the whole ref".into()],
            Some(JobKind::ProjectDebug) => vec!["this is a debug session of the project, on no ref at all".into()],
            Some(JobKind::Branch) | None => Vec::new(),
        };
        hints.push("a claim that the token lacks, or one in another case, makes the condition fail".into());
        hints
    }

    fn mapped_attribute(&self) -> Vec<String> {
        let sub = self.claims().text("sub").unwrap_or_default().len();
        let mut hints = vec![format!("google.subject may have 127 bytes; this token's `sub` has {sub}")];
        if self.claims().text("sub127").is_some() {
            hints.push(format!(
                "map the short form, and keep the mapping's other parts: {}",
                self.providers("update-oidc", " --attribute-mapping=google.subject=assertion.sub127,…")
            ));
            hints.push("sub127 is cut: let a condition on prj_id and ref say who may come in".into());
        }
        hints
    }

    fn binding(&self, role: &str) -> Vec<String> {
        let Some(asked) = &self.request.impersonation else { return Vec::new() };
        let pool = self.request.provider.pool_name();
        let first = asked.first();
        let mut hints = vec![
            format!(
                "bind the job to the account: gcloud iam service-accounts add-iam-policy-binding {}{} --role={role} --member='principal://{pool}/subject/SUBJECT'",
                first.email(),
                first.project().map(|project| format!(" --project={project}")).unwrap_or_default()
            ),
            format!(
                "SUBJECT is what the provider's mapping makes google.subject; by a mapped attribute it is --member='principalSet://{pool}/attribute.NAME/VALUE'"
            ),
        ];
        if !asked.delegates.is_empty() {
            hints.push("each delegate needs roles/iam.serviceAccountTokenCreator on the next account".into());
        }
        hints.push(
            "Google says the same of an account that does not exist: is the address right, to the letter?".into(),
        );
        hints.push("bound a moment ago? --wait-for-iam 5m --timeout 6m tries until it is seen".into());
        hints
    }

    fn staleness(&self) -> Vec<String> {
        let claims = self.claims();
        let mut hints = Vec::new();
        if let Some(expiry) = claims.expiry() {
            let issued = claims.issued().map(|at| format!("issued {}, ", time(at))).unwrap_or_default();
            let now = time(self.clock.unix());
            hints.push(format!("the token was {issued}good until {}; this machine's clock says {now}", time(expiry)));
        }
        hints.push("a job cannot ask for another token: run it again".into());
        hints
    }

    fn server_fault(&self) -> Vec<String> {
        /// STS fails with a token that has a second or so left.
        const MOMENTS: i64 = 5;
        let mut hints = Vec::new();
        let left = self.claims().expiry().map(|expiry| expiry.saturating_sub(self.clock.unix()));
        if self.step == Step::Sts && left.is_some_and(|left| left < MOMENTS) {
            hints.push(
                "the token is at its very end, where STS fails like this: run the job again for a new one".into(),
            );
        }
        hints.push("the service itself failed; its state is on https://status.cloud.google.com".into());
        hints
    }

    fn in_between(&self) -> String {
        format!(
            "was this {}? a proxy, a captive portal or a wrong {} may have answered",
            self.step.provider(),
            self.step.endpoint_option()
        )
    }
}
