//! Hints for errors of Microsoft Entra.

use super::{Request, Scope};
use crate::command_hints;
use crate::host::Clock;
use crate::subject::claims::JobKind;
use crate::subject::{Claims, SubjectToken};
use crate::text::time;

/// The inputs for explaining an error.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request,
    /// The scope of the requested access token.
    pub(super) scope: &'a Scope,
    pub(super) token: &'a SubjectToken,
    pub(super) clock: &'a Clock,
}

/// The hint for a tenant that this cloud does not have.
pub(super) const OTHER_CLOUD: &str =
    "if the tenant is in a sovereign cloud, add --authority-host AzureUSGovernment or AzureChinaCloud";

const YOUNG: &str = "if you created it a moment ago, add --wait-for-iam 5m --timeout 6m";

impl Context<'_> {
    /// The application and the tenant; also the scope, unless it is the default.
    pub(super) fn asked_for(&self) -> Vec<String> {
        let Request { tenant, client, authority, .. } = self.request;
        let who = format!("client {}, tenant {}", client.as_str(), tenant.as_str());
        let scope = (*self.scope != authority.resource_manager()).then(|| format!("scope {}", self.scope.as_str()));
        [who].into_iter().chain(scope).collect()
    }

    /// The application.
    pub(super) fn application_asked_for(&self) -> String {
        format!("client {}", self.client())
    }

    fn claims(&self) -> &Claims {
        self.token.claims()
    }

    fn client(&self) -> &str {
        self.request.client.as_str()
    }

    /// The hints with commands that evaluate the federated credentials.
    pub(super) fn explain_line(&self) -> Vec<String> {
        command_hints::explain(self.token, "azure", "--credentials credentials.json")
    }

    /// The hint with a command that verifies the token.
    pub(super) fn verify_line(&self) -> Vec<String> {
        command_hints::verify(self.token)
    }

    pub(super) fn application(&self) -> Vec<String> {
        vec![
            format!("find it: az ad sp show --id {}", self.client()),
            "give its application (client) ID, not its object ID".into(),
        ]
    }

    pub(super) fn disabled(&self) -> Vec<String> {
        vec![format!("enable it: az ad sp update --id {} --set accountEnabled=true", self.client())]
    }

    pub(super) fn no_credential(&self) -> Vec<String> {
        let mut hints = self.pull_request();
        if hints.is_empty() {
            hints.push(format!("create it: {}", self.setup_line()));
        }
        hints.push(YOUNG.into());
        hints.push(format!(
            "check that --client-id names the application that has it: az ad app federated-credential list --id {}",
            self.client()
        ));
        hints
    }

    pub(super) fn no_match(&self) -> Vec<String> {
        let mut hints = self.pull_request();
        if hints.is_empty() {
            hints.push("give a credential exactly these values".into());
        }
        hints.push(YOUNG.into());
        hints
    }

    pub(super) fn issuer(&self) -> Vec<String> {
        let issuer = self.claims().text("iss").unwrap_or("(none)");
        vec![format!("set the credential's issuer to exactly {issuer}: no slash at its end"), YOUNG.into()]
    }

    pub(super) fn audience(&self) -> Vec<String> {
        let audience = self.claims().audience().unwrap_or_else(|| "(none)".into());
        vec![format!("set the credential's audience to {audience}: a job's token has no other")]
    }

    pub(super) fn subject(&self) -> Vec<String> {
        let mut hints = self.pull_request();
        if hints.is_empty() {
            hints.push(format!("add a credential: {}", self.setup_line()));
            hints.push(
                "Entra supports no wildcards here: each branch and each tag needs a credential of its own".into(),
            );
            hints.push(YOUNG.into());
        }
        hints.extend(self.explain_line());
        hints
    }

    /// The hint with a command that prints how to create the missing credential.
    fn setup_line(&self) -> String {
        format!("oidc-exchange setup azure --client-id {}{}", self.client(), self.token.option())
    }

    pub(super) fn is_pull_request(&self) -> bool {
        self.claims().job_kind() == Some(JobKind::PullRequest)
    }

    fn pull_request(&self) -> Vec<String> {
        if !self.is_pull_request() {
            return Vec::new();
        }
        vec![
            "this is a pull-request job: its subject changes with every push, so no credential can allow it".into(),
            "run this step on branches and tags only".into(),
        ]
    }

    pub(super) fn staleness(&self) -> Vec<String> {
        let claims = self.claims();
        let mut hints = Vec::new();
        if let Some(expiry) = claims.expiry() {
            let issued = claims.issued().map(|at| format!("issued {}, ", time(at))).unwrap_or_default();
            let now = time(self.clock.unix());
            hints.push(format!("the token was {issued}valid until {}; this machine's clock shows {now}", time(expiry)));
        }
        hints.push("a job cannot get another token: run the job again".into());
        hints
    }

    pub(super) fn issuer_unreachable(&self) -> Vec<String> {
        let issuer = self.claims().text("iss").unwrap_or("(none)");
        vec![format!("Entra fetches the keys of {issuer} itself: they must be public")]
    }

    pub(super) fn resource() -> Vec<String> {
        vec![
            "check the spelling of --scope".into(),
            "check that the tenant uses this service: an administrator must have added it to the tenant".into(),
        ]
    }

    pub(super) fn scope(&self) -> Vec<String> {
        vec![format!("check --scope {}: it must be RESOURCE/.default, for one resource", self.scope.as_str())]
    }
}
