//! Hints for errors of Google.

use super::answer::Step;
use super::{Request, ServiceAccount};
use crate::command_hints;
use crate::host::Clock;
use crate::shell::posix;
use crate::subject::claims::JobKind;
use crate::subject::{Claims, SubjectToken};
use crate::text::time;

/// The inputs for explaining an error.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request,
    pub(super) token: &'a SubjectToken,
    pub(super) clock: &'a Clock,
    pub(super) step: Step,
}

impl Context<'_> {
    /// The provider. If it has accepted the token, also the service account and its delegates.
    pub(super) fn asked_for(&self) -> Vec<String> {
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
            _ => vec![self.request.provider.in_words()],
        }
    }

    fn claims(&self) -> &Claims {
        self.token.claims()
    }

    /// The claims that every refusal shows.
    pub(super) fn presented(&self) -> Vec<String> {
        self.claims().presented()
    }

    /// The issuer.
    pub(super) fn presented_issuer(&self) -> Vec<String> {
        vec![format!("iss={}", self.issuer_text())]
    }

    /// The claims that mappings, conditions and bindings use. Google checks them after the issuer and the audience.
    pub(super) fn presented_to_rules(&self) -> Vec<String> {
        /// Claims, and their names in the subject, if it contains them.
        const MATCHED: [(&str, Option<&str>); 9] = [
            ("org", Some("org")),
            ("prj_id", Some("project")),
            ("repo", Some("repo")),
            ("ref_type", Some("ref_type")),
            ("ref", Some("ref")),
            ("branch", None),
            ("pr", None),
            ("pr_branch", None),
            ("job_type", None),
        ];
        const USUAL: (&str, &str) = ("job_type", "pipeline_job");
        let claims = self.claims();
        let subject: Vec<&str> = claims.text("sub").unwrap_or_default().split(':').collect();
        let is_in_subject =
            |name: Option<&str>, value| name.is_some_and(|name| subject.chunks(2).any(|part| part == [name, value]));
        let found = MATCHED.iter().filter_map(|(claim, name)| {
            let value = claims.text(claim).filter(|value| !is_in_subject(*name, value))?;
            // Nearly every job has this value, and no rule depends on it.
            ((*claim, value) != USUAL).then(|| format!("{claim}={value}"))
        });
        let found: Vec<String> = found.collect();
        [format!("sub={}", claims.shown_subject())]
            .into_iter()
            .chain(found.chunks(3).map(|chunk| chunk.join("  ")))
            .collect()
    }

    fn issuer_text(&self) -> &str {
        self.claims().text("iss").unwrap_or("(none)")
    }

    pub(super) fn provider_name(&self) -> Vec<String> {
        vec!["check the project's number, the pool and the provider".into(), self.providers("list", "")]
    }

    pub(super) fn provider_unknown(&self) -> Vec<String> {
        vec![
            format!("look for it: {}", self.providers("describe", "")),
            "undelete it within 30 days; or enable it: update-oidc --no-disabled".into(),
            "if it was made a moment ago, retry with --wait-for-iam 5m --timeout 6m".into(),
        ]
    }

    pub(super) fn audience(&self) -> Vec<String> {
        let audience = self.claims().audience().unwrap_or_else(|| "(none)".into());
        vec![format!(
            "allow the token's audience: {}",
            self.providers("update-oidc", &format!(" --allowed-audiences={}", posix::word(&audience)))
        )]
    }

    pub(super) fn issuer(&self) -> Vec<String> {
        let option = format!(" --issuer-uri={}", posix::word(self.issuer_text()));
        vec![format!("set the token's issuer: {}", self.providers("update-oidc", &option))]
    }

    pub(super) fn issuer_unreachable(&self) -> Vec<String> {
        vec![
            format!("Google fetches the keys of {} itself: they must be public", self.issuer_text()),
            "if they are not public, upload its keys to the provider: update-oidc --jwk-json-path=FILE".into(),
        ]
    }

    pub(super) fn id_token(&self) -> Vec<String> {
        let mut hints = self.binding();
        hints.insert(1, "for ID tokens only, grant roles/iam.serviceAccountOpenIdTokenCreator instead".into());
        hints
    }

    pub(super) fn service_disabled(&self) -> Vec<String> {
        vec![
            format!(
                "switch it on: gcloud services enable iamcredentials.googleapis.com --project={}",
                self.request.provider.project_number()
            ),
            "if it was switched on a moment ago, retry with --wait-for-iam 5m --timeout 6m".into(),
        ]
    }

    pub(super) fn no_account(&self) -> Vec<String> {
        let account = self.request.impersonation.as_ref().map(|asked| &asked.account);
        vec![
            "check that the address is exact, and that the account was not deleted".into(),
            format!("list them: gcloud iam service-accounts list{}", account.map(project_option).unwrap_or_default()),
        ]
    }

    /// The hints with commands that evaluate the provider and the service account's bindings.
    pub(super) fn explain_line(&self) -> Vec<String> {
        command_hints::explain(self.token, "gcp", "--provider-config provider.json")
    }

    /// The hint with a command that verifies the token.
    pub(super) fn verify_line(&self) -> Vec<String> {
        command_hints::verify(self.token)
    }

    /// gcloud's command for the request's provider.
    fn providers(&self, verb: &str, options: &str) -> String {
        let provider = &self.request.provider;
        let which = match verb {
            "list" => format!("--workload-identity-pool={}", provider.pool_resource()),
            _ => provider.resource(),
        };
        format!("gcloud iam workload-identity-pools providers {verb} {which}{options}")
    }

    pub(super) fn condition(&self) -> Vec<String> {
        let kind = match self.claims().job_kind() {
            Some(JobKind::PullRequest) => "here `branch` is the target branch",
            Some(JobKind::Tag) => "here `branch` is the whole ref",
            Some(JobKind::ProjectDebug) => "this is a debug session of the project, on no ref at all",
            Some(JobKind::Branch) | None => "a claim that is absent fails it",
        };
        [kind, "compare the claims' names and case with the condition"].map(str::to_owned).to_vec()
    }

    pub(super) fn mapped_attribute(&self) -> Vec<String> {
        let sub = self.claims().text("sub").unwrap_or_default().len();
        if self.claims().text("sub127").is_none() {
            return vec![format!("google.subject may have 127 bytes; this token's `sub` has {sub}")];
        }
        vec![
            format!(
                "google.subject may have 127 bytes, and `sub` has {sub}: map assertion.sub127, and let a condition on prj_id and ref decide"
            ),
            format!(
                "keep the mapping's other parts: {}",
                self.providers("update-oidc", " --attribute-mapping=google.subject=assertion.sub127,…")
            ),
        ]
    }

    pub(super) fn binding(&self) -> Vec<String> {
        let Some(asked) = &self.request.impersonation else { return Vec::new() };
        let pool = self.request.provider.pool_name();
        let first = asked.first();
        let mut hints = vec![
            format!("print the commands to bind the job: oidc-exchange setup gcp{}", self.token.option()),
            format!(
                "bind the job to the account: gcloud iam service-accounts add-iam-policy-binding {}{} --role=roles/iam.workloadIdentityUser --member='principal://{pool}/subject/SUBJECT'",
                first.email(),
                project_option(first)
            ),
            format!(
                "replace SUBJECT with what the provider maps to google.subject; for a mapped attribute, use --member='principalSet://{pool}/attribute.NAME/VALUE'"
            ),
        ];
        if !asked.delegates.is_empty() {
            hints.push("grant each delegate roles/iam.serviceAccountTokenCreator on the next account".into());
        }
        hints.push("if it was bound a moment ago, retry with --wait-for-iam 5m --timeout 6m".into());
        hints.extend(self.explain_line());
        hints
    }

    pub(super) fn staleness(&self) -> Vec<String> {
        let claims = self.claims();
        let mut hints = Vec::new();
        if let Some(expiry) = claims.expiry() {
            let issued = claims.issued().map(|at| format!("issued {}, ", time(at))).unwrap_or_default();
            let now = time(self.clock.unix());
            hints.push(format!("the token was {issued}valid until {}; this machine's clock has {now}", time(expiry)));
        }
        hints.push("a job cannot ask for another token: run it again".into());
        hints
    }

    pub(super) fn server_fault(&self) -> Vec<String> {
        /// STS refuses a token that expires within about a second.
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
}

fn project_option(account: &ServiceAccount) -> String {
    account.project().map(|project| format!(" --project={project}")).unwrap_or_default()
}
