//! Hints for a failed login: they name the setting to change.

use super::Request;
use crate::command_hints;
use crate::host::Clock;
use crate::subject::claims::JobKind;
use crate::subject::{Claims, SubjectToken};
use crate::text::time;

/// The inputs for explaining a refused login.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) request: &'a Request,
    pub(super) token: &'a SubjectToken,
    pub(super) clock: &'a Clock,
    /// The claim in the server's error; empty if there is none.
    pub(super) claim: &'a str,
}

impl Context<'_> {
    /// What was requested, one line each.
    pub(super) fn asked_for(&self) -> Vec<String> {
        let role = self.request.role.as_deref().unwrap_or("(the mount's default)");
        let namespace = self.request.namespace.as_deref().map(|ns| format!(", namespace {ns}")).unwrap_or_default();
        vec![format!("role {role} at {} of {}{namespace}", self.request.login_path(), self.request.address_text())]
    }

    fn claims(&self) -> &Claims {
        self.token.claims()
    }

    fn role(&self) -> String {
        format!("auth/{}/role/{}", self.request.mount, self.request.role.as_deref().unwrap_or("ROLE"))
    }

    /// The hints with commands that evaluate the role and the mount's configuration.
    pub(super) fn explain_line(&self) -> Vec<String> {
        command_hints::explain(self.token, "vault", "--role-config role.json")
    }

    /// The hint with a command that verifies the token.
    pub(super) fn verify_line(&self) -> Vec<String> {
        command_hints::verify(self.token)
    }

    fn issuer_text(&self) -> &str {
        self.claims().text("iss").unwrap_or("(none)")
    }

    fn audience_text(&self) -> String {
        self.claims().audience().unwrap_or_else(|| "(none)".into())
    }

    pub(super) fn mount(&self) -> Vec<String> {
        vec![
            format!(
                "check that a JWT auth method is mounted at {}, or name another mount with --mount (without auth/): {} auth list",
                self.request.mount, self.request.client
            ),
            "check the namespace: --namespace names another".into(),
            "the server gives the same answer if the role's token_bound_cidrs lack this machine's address".into(),
        ]
    }

    pub(super) fn not_configured(&self) -> Vec<String> {
        let (mount, issuer) = (&self.request.mount, self.issuer_text());
        vec![format!(
            "write its configuration: {} write auth/{mount}/config oidc_discovery_url={issuer} bound_issuer={issuer}",
            self.request.client
        )]
    }

    pub(super) fn no_such_role(&self) -> Vec<String> {
        vec![format!(
            "check the role's name, or name another mount with --mount or --namespace: {} list auth/{}/role",
            self.request.client, self.request.mount
        )]
    }

    pub(super) fn oidc_role(&self) -> Vec<String> {
        vec![format!("{} is for logins with a browser, which is the default: set role_type=jwt on it", self.role())]
    }

    pub(super) fn algorithm(&self) -> Vec<String> {
        vec![format!(
            "Semaphore signs with RS256: let jwt_supported_algs in auth/{}/config name it, or leave it out",
            self.request.mount
        )]
    }

    pub(super) fn keys_unreachable(&self) -> Vec<String> {
        vec![format!(
            "the server itself must reach {}; see its keys: oidc-exchange token --verify{}",
            self.issuer_text(),
            self.token.option()
        )]
    }

    pub(super) fn keys_of_a_private_authority(&self) -> Vec<String> {
        vec![format!(
            "set oidc_discovery_ca_pem (or jwks_ca_pem) in auth/{}/config to the issuer's CA",
            self.request.mount
        )]
    }

    pub(super) fn signature(&self) -> Vec<String> {
        vec![format!(
            "the keys that auth/{}/config points to are not those of {}: check that oidc_discovery_url (or jwks_url) is this issuer's",
            self.request.mount,
            self.issuer_text()
        )]
    }

    pub(super) fn issuer(&self) -> Vec<String> {
        vec![format!(
            "bound_issuer in auth/{}/config must be exactly {}, without a slash at the end",
            self.request.mount,
            self.issuer_text()
        )]
    }

    pub(super) fn subject(&self) -> Vec<String> {
        let mut hints = self.kind_hints();
        hints.push(format!("bound_subject on {} must be this sub", self.role()));
        hints
    }

    pub(super) fn audience(&self) -> Vec<String> {
        vec![format!("bound_audiences on {} must hold {}", self.role(), self.audience_text())]
    }

    pub(super) fn no_audience_bound(&self) -> Vec<String> {
        vec![format!(
            "set bound_audiences={} on {}: every Semaphore token has an audience",
            self.audience_text(),
            self.role()
        )]
    }

    pub(super) fn user_claim_absent(&self) -> Vec<String> {
        with_claims_to_name(&format!("user_claim on {} is `{}`, which this token lacks", self.role(), self.claim))
    }

    pub(super) fn user_claim_empty(&self) -> Vec<String> {
        with_claims_to_name(&format!(
            "the claim that user_claim on {} names is empty in this token, as `actor` is in every Semaphore token",
            self.role()
        ))
    }

    pub(super) fn user_claim_type(&self) -> Vec<String> {
        with_claims_to_name(&format!(
            "user_claim on {} is `{}`, which is not a text in this token",
            self.role(),
            self.claim
        ))
    }

    pub(super) fn groups(&self) -> Vec<String> {
        vec![format!("the token has no such claim: remove groups_claim from {}", self.role())]
    }

    pub(super) fn bound_claim(&self) -> Vec<String> {
        let mut hints = self.kind_hints();
        let value = self.claims().shown(self.claim).unwrap_or_else(|| "(none)".into());
        hints.push(format!("{} does not allow `{}` {value}", self.role(), self.claim));
        hints
    }

    pub(super) fn bound_claim_absent(&self) -> Vec<String> {
        vec![
            format!(
                "{} binds `{}`, which this token lacks: an organization may have switched that claim off",
                self.role(),
                self.claim
            ),
            format!("the token has {}", self.claims().names().join(", ")),
        ]
    }

    pub(super) fn unsupported(&self) -> Vec<String> {
        vec![format!("check that {} is the login of a JWT auth method", self.request.login_path())]
    }

    /// Hints if the role is for a branch and the job is of another kind.
    fn kind_hints(&self) -> Vec<String> {
        match self.claims().job_kind() {
            Some(JobKind::PullRequest) => {
                vec!["this is a pull-request job; a role for a branch does not allow it, and should not".into()]
            }
            Some(JobKind::Tag) => vec!["this is a tag's job; a role for a branch does not allow it".into()],
            Some(JobKind::ProjectDebug) => vec!["this is a debug session of the project: it has no ref at all".into()],
            Some(JobKind::Branch) | None => Vec::new(),
        }
    }

    pub(super) fn expired(&self) -> Vec<String> {
        self.times("a job gets one token, valid for 24 hours: run it again")
    }

    pub(super) fn too_early(&self) -> Vec<String> {
        self.times("the server's clock is slow: set it, or clock_skew_leeway on the role")
    }

    fn times(&self, fix: &str) -> Vec<String> {
        let claims = self.claims();
        let at = |seconds: Option<i64>| seconds.map_or_else(|| "(none)".into(), time);
        let now = time(self.clock.unix());
        let issued = format!(
            "the token was issued {} and is valid until {}; this machine's clock has {now}",
            at(claims.issued()),
            at(claims.expiry())
        );
        vec![issued, fix.into()]
    }
}

fn with_claims_to_name(why: &str) -> Vec<String> {
    vec![why.into(), "name one that every job has: user_claim=prj_id (a project) or user_claim=sub".into()]
}
