//! The causes of a refused login, with the title, hints and retries of each. The server reports one fault at a time,
//! in this order.
//!
//! The messages are those of the JWT auth method and of its token library:
//! <https://github.com/hashicorp/vault-plugin-auth-jwt/blob/main/path_login.go>,
//! <https://github.com/hashicorp/cap/blob/main/jwt/jwt.go>.

use super::answer::{Answer, PROVIDER};
use super::cause::{ADDRESS_SETTING, Common, transport_hints};
use super::hints::Context;
use crate::http::{ErrorAnswer, Explain, Failure, Row, Told};
use crate::subject::Claims;

/// Why a login is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginCause {
    /// There is no auth method at this mount, or one of another type. Or the role's `token_bound_cidrs` do not
    /// contain this machine.
    Mount,
    /// `auth/MOUNT/config` was never written.
    NotConfigured,
    /// The role does not exist.
    NoSuchRole,
    /// No role was named, and the mount has no default.
    NoRole,
    /// The role is for browser logins (OIDC).
    OidcRole,
    /// The token is empty.
    NoToken,
    /// The token is malformed.
    Malformed,
    /// The mount does not support its signature algorithm.
    Algorithm,
    /// The server could not download the issuer's keys.
    KeysUnreachable,
    /// The server does not trust the CA of the issuer's certificate.
    KeysUntrusted,
    /// The signature matches none of the issuer's keys.
    Signature,
    /// The token has expired.
    Expired,
    /// The token is not valid yet, by the server's clock.
    TooEarly,
    /// The token has no times.
    NoTimes,
    /// The mount requires another issuer.
    Issuer,
    /// The role requires another subject.
    Subject,
    /// The role requires other audiences.
    Audience,
    /// The role requires no audience, and the token has one.
    NoAudienceBound,
    /// The token lacks the role's `user_claim`.
    UserClaimAbsent,
    /// The role's `user_claim` is empty in the token.
    UserClaimEmpty,
    /// The role's `user_claim` is not a text.
    UserClaimType,
    /// The token lacks the role's `groups_claim`.
    Groups,
    /// A bound claim has another value in the token.
    BoundClaim,
    /// The token lacks a bound claim.
    BoundClaimAbsent,
    /// The path does not support logins.
    Unsupported,
    /// Another refusal.
    Other,
}

impl LoginCause {
    /// # Errors
    /// If it is a cause that can occur in every call.
    pub(super) fn of(answer: &Answer) -> Result<Self, Common> {
        match (Common::of(answer), answer.status) {
            (Some(common), _) => Err(common),
            (None, 403 | 404) => Ok(Self::Mount),
            (None, 405) => Ok(Self::Unsupported),
            (None, _) => Ok(Self::of_words(answer)),
        }
    }

    fn of_words(answer: &Answer) -> Self {
        let says = |text: &str| answer.says(text);
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
            if says("unknown authority") { Self::KeysUntrusted } else { Self::KeysUnreachable }
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
            Self::BoundClaim
        } else if says("error validating claims") && says("is missing") {
            Self::BoundClaimAbsent
        } else if says("could not be converted to string") {
            Self::UserClaimType
        } else if says("not found in token") {
            Self::UserClaimAbsent
        } else if says("signature") {
            Self::Signature
        } else {
            Self::Other
        }
    }

    /// The title, hints and retries of the cause.
    pub(super) fn row<'a>(self) -> Row<Context<'a>> {
        const MOUNT: &str = "Vault has no JWT auth method at this mount";
        const ROLE: &str = "Vault has no role for this login";
        const TOKEN: &str = "Vault refused the token";
        match self {
            Self::Mount => Row::refused(MOUNT).fix(Context::mount),
            Self::NotConfigured => Row::refused(MOUNT).fix(Context::not_configured),
            Self::NoSuchRole => Row::refused(ROLE).fix(Context::no_such_role),
            Self::NoRole => {
                Row::refused(ROLE).say(&["name the role with --role, or set default_role in the mount's configuration"])
            }
            Self::OidcRole => Row::refused(ROLE).fix(Context::oidc_role),
            Self::NoToken => {
                Row::refused(TOKEN).say(&["the token was lost on its way: does a proxy rewrite requests?"])
            }
            Self::Malformed => Row::refused(TOKEN).say(&["check that this is the job's OpenID Connect token, whole"]),
            Self::Algorithm => Row::refused(TOKEN).fix(Context::algorithm).next(Context::explain_line),
            Self::KeysUnreachable => Row::heals().fix(Context::keys_unreachable),
            Self::KeysUntrusted => Row::heals().fix(Context::keys_of_a_private_authority).next(Context::verify_line),
            Self::Signature => Row::refused(TOKEN).fix(Context::signature).next(Context::verify_line),
            Self::Expired => Row::refused(TOKEN).fix(Context::expired),
            Self::TooEarly => Row::refused(TOKEN).fix(Context::too_early),
            Self::NoTimes => {
                Row::refused(TOKEN).say(&["this is not an OpenID Connect token: it has neither iat, nbf nor exp"])
            }
            Self::Issuer => Row::refused(TOKEN).fix(Context::issuer).next(Context::explain_line),
            Self::Subject => Row::refused(TOKEN).fix(Context::subject).next(Context::explain_line),
            Self::Audience => Row::refused(TOKEN).fix(Context::audience).next(Context::explain_line),
            Self::NoAudienceBound => Row::refused(TOKEN).fix(Context::no_audience_bound).next(Context::explain_line),
            Self::UserClaimAbsent => Row::refused(TOKEN).fix(Context::user_claim_absent).next(Context::explain_line),
            Self::UserClaimEmpty => Row::refused(TOKEN).fix(Context::user_claim_empty).next(Context::explain_line),
            Self::UserClaimType => Row::refused(TOKEN).fix(Context::user_claim_type).next(Context::explain_line),
            Self::Groups => Row::refused(TOKEN).fix(Context::groups).next(Context::explain_line),
            Self::BoundClaim => Row::refused(TOKEN).fix(Context::bound_claim).next(Context::explain_line),
            Self::BoundClaimAbsent => Row::refused(TOKEN).fix(Context::bound_claim_absent).next(Context::explain_line),
            Self::Unsupported => Row::refused(MOUNT).fix(Context::unsupported),
            Self::Other => Row::refused(TOKEN),
        }
    }
}

impl LoginCause {
    /// The relevant claims of the token. Empty if the cause is no claim, or a hint has it.
    fn presented(self, claims: &Claims) -> Vec<String> {
        let one =
            |name: &str, value: Option<String>| vec![format!("{name}={}", value.unwrap_or_else(|| "(none)".into()))];
        match self {
            Self::Mount
            | Self::NotConfigured
            | Self::NoSuchRole
            | Self::NoRole
            | Self::OidcRole
            | Self::NoToken
            | Self::Malformed
            | Self::Algorithm
            | Self::KeysUnreachable
            | Self::KeysUntrusted
            | Self::Expired
            | Self::TooEarly
            | Self::NoTimes
            | Self::BoundClaimAbsent
            | Self::Unsupported => Vec::new(),
            Self::Issuer | Self::Signature => one("iss", claims.text("iss").map(str::to_owned)),
            Self::Audience | Self::NoAudienceBound => one("aud", claims.audience()),
            Self::Subject => one("sub", claims.text("sub").map(str::to_owned)),
            Self::UserClaimAbsent
            | Self::UserClaimEmpty
            | Self::UserClaimType
            | Self::Groups
            | Self::BoundClaim
            | Self::Other => claims.presented(),
        }
    }
}

impl Explain<Answer> for Context<'_> {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn address_setting(&self) -> &'static str {
        ADDRESS_SETTING
    }

    fn asked(&self) -> Vec<String> {
        self.asked_for()
    }

    fn transport_hints(&self, failure: &Failure) -> Vec<String> {
        transport_hints(failure, &self.request.address)
    }

    fn tell(&self, answer: &Answer) -> Told {
        let context = Context { claim: answer.claim.as_str(), ..*self };
        match LoginCause::of(answer) {
            Ok(cause) => {
                let told = cause.row().tell(&context);
                let quoted = told.title.is_none().then(|| reason_of(answer));
                Told { presented: cause.presented(self.token.claims()), quoted, ..told }
            }
            Err(common) => common.row("Vault refused the login").tell(&context),
        }
    }
}

/// The reason why the server could not get the issuer's keys, without the steps that led to it.
fn reason_of(answer: &Answer) -> String {
    let said = answer.said();
    let steps = ["get keys failed: ", "fetching keys "];
    let reason = steps.iter().find_map(|step| said.split_once(step));
    reason.map_or_else(|| said.clone(), |(_, reason)| format!("{} {reason}", answer.status))
}
