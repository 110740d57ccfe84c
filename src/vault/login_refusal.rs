//! Why a login is refused. The server finds one fault at a time, in this order; the hints name what to change.
//!
//! The words are those of the JWT auth method and of the library that it checks tokens with:
//! <https://github.com/hashicorp/vault-plugin-auth-jwt/blob/main/path_login.go>,
//! <https://github.com/hashicorp/cap/blob/main/jwt/jwt.go>.

use super::Request;
use super::refusal::{Answer, Cause, Told};
use crate::host::Clock;
use crate::paste::{self, Printed};
use crate::shell::posix;
use crate::subject::claims::JobKind;
use crate::subject::{Claims, SubjectToken};
use crate::text::time;

/// Why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LoginCause {
    /// No auth method is mounted there, or another kind; or the role's `token_bound_cidrs` lack this machine.
    Mount,
    /// `auth/MOUNT/config` was never written.
    NotConfigured,
    /// There is no such role.
    NoSuchRole,
    /// No role was named, and the mount has no default.
    NoRole,
    /// The role is for people with browsers.
    OidcRole,
    /// The token arrived empty.
    NoToken,
    /// The token is not one.
    Malformed,
    /// It is signed in a way that the mount does not take.
    Algorithm,
    /// The server could not get the issuer's keys. Heals.
    KeysUnreachable,
    /// None of the issuer's keys signed it.
    Signature,
    /// Its time is over.
    Expired,
    /// Its time has not come, by the server's clock.
    TooEarly,
    /// It has no times at all.
    NoTimes,
    /// The mount is bound to another issuer.
    Issuer,
    /// The role is bound to another subject.
    Subject,
    /// The role is bound to other audiences.
    Audience,
    /// The role is bound to no audience, and the token has one.
    NoAudienceBound,
    /// The role's `user_claim` is not in the token.
    UserClaimAbsent(String),
    /// The role's `user_claim` is empty in the token.
    UserClaimEmpty,
    /// The role's `user_claim` is no text.
    UserClaimType(String),
    /// The role's `groups_claim` is not in the token.
    Groups,
    /// A bound claim has another value.
    BoundClaim(String),
    /// A bound claim is not in the token.
    BoundClaimAbsent(String),
    /// The path takes no logins.
    Unsupported,
    /// Another refusal.
    Other,
}

impl LoginCause {
    pub(super) fn of(answer: &Answer) -> Self {
        let says = |text: &str| answer.says(text);
        let claim = || quoted(&answer.message);
        match answer.status {
            403 | 404 => return Self::Mount,
            405 => return Self::Unsupported,
            _ => {}
        }
        if says("missing name in alias") || says("empty alias name") {
            Self::UserClaimEmpty
        } else if says("could not be found") && says("role ") {
            Self::NoSuchRole
        } else if says("missing role") {
            Self::NoRole
        } else if says("missing token") {
            Self::NoToken
        } else if says("could not load configuration") {
            Self::NotConfigured
        } else if says("role with oidc role_type") {
            Self::OidcRole
        } else if says("fetching keys") || says("keyset configuration error") {
            Self::KeysUnreachable
        } else if says("malformed jwt") || says("compact JWS format") {
            Self::Malformed
        } else if says("unexpected signature algorithm") || says("unsupported signing algorithm") {
            Self::Algorithm
        } else if says("token is expired") {
            Self::Expired
        } else if says("token not yet valid") || says("token issued in the future") {
            Self::TooEarly
        } else if says("no issued at (iat), not before (nbf), or expiration time (exp) claims") {
            Self::NoTimes
        } else if says("invalid issuer (iss) claim") {
            Self::Issuer
        } else if says("invalid subject (sub) claim") {
            Self::Subject
        } else if says("no audiences bound to the role") {
            Self::NoAudienceBound
        } else if says("invalid audience (aud) claim") {
            Self::Audience
        } else if says("failed to fetch groups") {
            Self::Groups
        } else if says("does not match any associated bound claim values") {
            Self::BoundClaim(claim())
        } else if says("error validating claims") && says("is missing") {
            Self::BoundClaimAbsent(claim())
        } else if says("could not be converted to string") {
            Self::UserClaimType(claim())
        } else if says("not found in token") {
            Self::UserClaimAbsent(claim())
        } else if says("signature") {
            Self::Signature
        } else {
            Self::Other
        }
    }

    pub(super) fn heals(&self) -> bool {
        match self {
            Self::KeysUnreachable => true,
            Self::Mount
            | Self::NotConfigured
            | Self::NoSuchRole
            | Self::NoRole
            | Self::OidcRole
            | Self::NoToken
            | Self::Malformed
            | Self::Algorithm
            | Self::Signature
            | Self::Expired
            | Self::TooEarly
            | Self::NoTimes
            | Self::Issuer
            | Self::Subject
            | Self::Audience
            | Self::NoAudienceBound
            | Self::UserClaimAbsent(_)
            | Self::UserClaimEmpty
            | Self::UserClaimType(_)
            | Self::Groups
            | Self::BoundClaim(_)
            | Self::BoundClaimAbsent(_)
            | Self::Unsupported
            | Self::Other => false,
        }
    }

    /// Whether the fault lies with the mount or the request, not with the token.
    fn title(&self) -> &'static str {
        match self {
            Self::Mount | Self::NotConfigured | Self::Unsupported => "Vault takes no JWT logins there",
            Self::NoSuchRole | Self::NoRole | Self::OidcRole => "Vault has no role for this login",
            Self::NoToken
            | Self::Malformed
            | Self::Algorithm
            | Self::KeysUnreachable
            | Self::Signature
            | Self::Expired
            | Self::TooEarly
            | Self::NoTimes
            | Self::Issuer
            | Self::Subject
            | Self::Audience
            | Self::NoAudienceBound
            | Self::UserClaimAbsent(_)
            | Self::UserClaimEmpty
            | Self::UserClaimType(_)
            | Self::Groups
            | Self::BoundClaim(_)
            | Self::BoundClaimAbsent(_)
            | Self::Other => "Vault refused the token",
        }
    }
}

/// The first text in double quotes.
fn quoted(message: &str) -> String {
    message.split('"').nth(1).unwrap_or_default().to_owned()
}

/// What a refused login is told with.
pub(super) struct Context<'a> {
    pub(super) request: &'a Request,
    pub(super) token: &'a SubjectToken,
    pub(super) clock: &'a Clock,
}

impl Context<'_> {
    pub(super) fn asked(&self) -> Vec<String> {
        let role = self.request.role.as_deref().unwrap_or("(the mount's default)");
        let namespace = self.request.namespace.as_deref().map(|ns| format!(", namespace {ns}")).unwrap_or_default();
        vec![format!("role {role} at {} of {}{namespace}", self.request.login_path(), self.request.address_text())]
    }

    pub(super) fn tell(&self, cause: &Cause) -> Told {
        let presented = self.token.claims().presented();
        match cause {
            Cause::Common(common) => Told { title: "Vault refused the login".into(), presented, hints: common.hints() },
            Cause::Login(cause) => {
                let hints = self.hints(cause).into_iter().chain(self.next_step(cause)).collect();
                Told { title: cause.title().into(), presented, hints }
            }
            Cause::Read(_) => Told { title: "Vault refused the login".into(), presented, hints: Vec::new() },
        }
    }

    fn claims(&self) -> &Claims {
        self.token.claims()
    }

    fn role(&self) -> String {
        format!("auth/{}/role/{}", self.request.mount, self.request.role.as_deref().unwrap_or("ROLE"))
    }

    /// What says more than the server does.
    fn next_step(&self, cause: &LoginCause) -> Option<String> {
        match cause {
            LoginCause::Subject
            | LoginCause::Audience
            | LoginCause::NoAudienceBound
            | LoginCause::UserClaimAbsent(_)
            | LoginCause::UserClaimEmpty
            | LoginCause::UserClaimType(_)
            | LoginCause::Groups
            | LoginCause::BoundClaim(_)
            | LoginCause::BoundClaimAbsent(_) => Some(paste::explain(self.token, "vault", &self.printed_role(), None)),
            LoginCause::Issuer | LoginCause::Algorithm => {
                let config = format!("auth/{}/config", self.request.mount);
                let mount = Printed { by: self.read("-format=json", &posix::word(&config)), option: "--mount-config" };
                Some(paste::explain(self.token, "vault", &self.printed_role(), Some(&mount)))
            }
            LoginCause::Signature | LoginCause::KeysUnreachable => Some(paste::verify(self.token)),
            LoginCause::Mount
            | LoginCause::NotConfigured
            | LoginCause::NoSuchRole
            | LoginCause::NoRole
            | LoginCause::OidcRole
            | LoginCause::NoToken
            | LoginCause::Malformed
            | LoginCause::Expired
            | LoginCause::TooEarly
            | LoginCause::NoTimes
            | LoginCause::Unsupported
            | LoginCause::Other => None,
        }
    }

    /// The role; where none was named, the mount's default, whose name its configuration holds.
    fn printed_role(&self) -> Printed {
        let path = if self.request.role.is_some() {
            posix::word(&self.role())
        } else {
            let config = posix::word(&format!("auth/{}/config", self.request.mount));
            let mount = posix::word(&format!("auth/{}/role/", self.request.mount));
            format!("{mount}\"$({})\"", self.read("-field=default_role", &config))
        };
        Printed { by: self.read("-format=json", &path), option: "--role-config" }
    }

    /// The client's command that reads `path`, a word for a shell, from the same server and namespace.
    fn read(&self, form: &str, path: &str) -> String {
        let option = |name: &str, value: &Option<String>| {
            value.as_deref().map(|value| format!(" -{name}={}", posix::word(value))).unwrap_or_default()
        };
        let address = option("address", &self.request.named_address);
        let namespace = option("namespace", &self.request.namespace);
        format!("bao read{address}{namespace} {form} {path}")
    }

    fn hints(&self, cause: &LoginCause) -> Vec<String> {
        let claims = self.claims();
        let issuer = claims.text("iss").unwrap_or("(none)");
        let audience = claims.audience().unwrap_or_else(|| "(none)".into());
        let mount = &self.request.mount;
        let role = self.role();
        let names_user = "name one that every job has: user_claim=prj_id (a project) or user_claim=sub".to_owned();
        match cause {
            LoginCause::Mount => vec![
                format!(
                    "is a JWT auth method mounted at {mount}? `bao auth list` shows the mounts; --mount names one (without auth/)"
                ),
                "is it in this namespace? --namespace names another".into(),
                "the server says the same when the role's token_bound_cidrs lack this machine's address".into(),
            ],
            LoginCause::NotConfigured => {
                vec![format!(
                    "write its configuration: bao write auth/{mount}/config oidc_discovery_url={issuer} bound_issuer={issuer}"
                )]
            }
            LoginCause::NoSuchRole => vec![format!(
                "`bao list auth/{mount}/role` shows the roles of this mount; is the role on another one (--mount, --namespace)?"
            )],
            LoginCause::NoRole => {
                vec!["name the role with --role, or set default_role in the mount's configuration".into()]
            }
            LoginCause::OidcRole => {
                vec![format!("{role} is for logins with a browser, which is the default: set role_type=jwt on it")]
            }
            LoginCause::NoToken => vec!["the token was lost on its way: does a proxy rewrite requests?".into()],
            LoginCause::Malformed => vec!["is this the job's OpenID Connect token, whole?".into()],
            LoginCause::Algorithm => {
                vec![format!(
                    "Semaphore signs with RS256: let jwt_supported_algs in auth/{mount}/config name it, or leave it out"
                )]
            }
            LoginCause::KeysUnreachable => vec![
                format!(
                    "the server fetches the issuer's keys itself: {issuer}/.well-known/openid-configuration must be reachable from there"
                ),
                format!("for a private CA, set oidc_discovery_ca_pem (or jwks_ca_pem) in auth/{mount}/config"),
            ],
            LoginCause::Signature => vec![format!(
                "the keys that auth/{mount}/config points to are not those of {issuer}: is oidc_discovery_url (or jwks_url) this issuer's?"
            )],
            LoginCause::Expired | LoginCause::TooEarly => self.time_hints(*cause == LoginCause::TooEarly),
            LoginCause::NoTimes => vec!["this is not an OpenID Connect token: it has neither iat, nbf nor exp".into()],
            LoginCause::Issuer => vec![format!(
                "bound_issuer in auth/{mount}/config must be {issuer}, to the letter: no slash at the end"
            )],
            LoginCause::Subject => {
                let sub = claims.text("sub").unwrap_or("(none)");
                let mut hints = self.kind_hints();
                hints.push(format!("bound_subject on {role} must be {sub}"));
                hints
            }
            LoginCause::Audience => vec![format!("bound_audiences on {role} must hold {audience}")],
            LoginCause::NoAudienceBound => {
                vec![format!("set bound_audiences={audience} on {role}: every Semaphore token has an audience")]
            }
            LoginCause::UserClaimAbsent(claim) => {
                vec![format!("user_claim on {role} is `{claim}`, which this token lacks"), names_user]
            }
            LoginCause::UserClaimEmpty => vec![
                format!(
                    "the claim that user_claim on {role} names is empty in this token, as `actor` is in every Semaphore token"
                ),
                names_user,
            ],
            LoginCause::UserClaimType(claim) => {
                vec![format!("user_claim on {role} is `{claim}`, which is not a text in this token"), names_user]
            }
            LoginCause::Groups => vec![format!("the token has no such claim: remove groups_claim from {role}")],
            LoginCause::BoundClaim(claim) => {
                let mut hints = self.kind_hints();
                let value = claims.shown(claim).unwrap_or_else(|| "(none)".into());
                hints.push(format!("{role} binds `{claim}` to something else than this token's {value}"));
                hints
            }
            LoginCause::BoundClaimAbsent(claim) => vec![
                format!(
                    "{role} binds `{claim}`, which this token lacks: an organization may have switched that claim off"
                ),
                format!("the token has {}", claims.names().join(", ")),
            ],
            LoginCause::Unsupported => {
                vec![format!("is {} the login of a JWT auth method?", self.request.login_path())]
            }
            LoginCause::Other => Vec::new(),
        }
    }

    /// What a rule for a branch does not let in.
    fn kind_hints(&self) -> Vec<String> {
        match self.claims().job_kind() {
            Some(JobKind::PullRequest) => {
                vec!["this is a pull-request job; a role for a branch does not let it in, and should not".into()]
            }
            Some(JobKind::Tag) => vec!["this is a tag's job; a role for a branch does not let it in".into()],
            Some(JobKind::ProjectDebug) => vec!["this is a debug session of the project: it has no ref at all".into()],
            Some(JobKind::Branch) | None => Vec::new(),
        }
    }

    fn time_hints(&self, early: bool) -> Vec<String> {
        let claims = self.claims();
        let at = |seconds: Option<i64>| seconds.map_or_else(|| "(none)".into(), time);
        let now = time(self.clock.unix());
        let mut hints = vec![format!(
            "the token was issued {} and is good until {}; this machine's clock says {now}",
            at(claims.issued()),
            at(claims.expiry())
        )];
        hints.push(if early {
            "the server's clock is behind: set it, or clock_skew_leeway on the role".into()
        } else {
            "a job gets one token, good for 24 hours, and cannot ask for another: run it again".into()
        });
        hints
    }
}
