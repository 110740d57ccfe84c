//! What the clouds answer to a token with a fault, in their own words.
//!
//! AWS: <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html#API_AssumeRoleWithWebIdentity_Errors>;
//! Google: <https://docs.cloud.google.com/iam/docs/troubleshooting-workload-identity-federation>;
//! Vault: <https://github.com/hashicorp/cap/blob/main/jwt/jwt.go>.

use crate::explanation::{Check, Mark};

/// Who says what; none where that cloud does not mind, or where its words are not known.
#[derive(Clone, Copy, Default)]
pub(super) struct Answers {
    pub(super) aws: Option<&'static str>,
    pub(super) google: Option<&'static str>,
    pub(super) vault: Option<&'static str>,
}

const NO_KEYS_AWS: Option<&str> =
    Some("InvalidIdentityToken: Couldn't retrieve verification key from your identity provider, …");
const NO_KEYS_GOOGLE: Option<&str> = Some("invalid_grant: Error connecting to the given credential's issuer.");
const STALE: Option<&str> = Some("invalid_grant: ID Token issued at … is stale to sign-in.");
const NOT_VERIFIED: Option<&str> =
    Some("error validating token: … error verifying token signature: failed to verify id token signature");

/// The discovery document is not what they want.
pub(super) const NO_DISCOVERY: Answers = Answers {
    aws: NO_KEYS_AWS,
    google: NO_KEYS_GOOGLE,
    vault: Some("error configuring token validator: keyset configuration error: …"),
};

/// The token names no issuer that they could have been told of.
pub(super) const NO_ISSUER: Answers = Answers {
    aws: Some("InvalidIdentityToken: No OpenIDConnect provider found in your account for …"),
    google: Some("invalid_grant: The issuer in ID Token … does not match the expected one(s) …"),
    vault: Some("error validating token: invalid issuer (iss) claim"),
};

/// Its issuer is one of plain http, which AWS takes for no provider.
pub(super) const ISSUER_IN_CLEAR: Answers = Answers { google: None, vault: None, ..NO_ISSUER };

/// A list is missing in it.
pub(super) const NO_LIST: Answers = Answers { aws: NO_KEYS_AWS, google: None, vault: None };

/// The keys cannot be read.
pub(super) const NO_KEYS: Answers = Answers {
    aws: NO_KEYS_AWS,
    google: NO_KEYS_GOOGLE,
    vault: Some("error validating token: … fetching keys oidc: get keys failed …"),
};

/// The token's key is not among them.
pub(super) const NOT_THE_KEY: Answers = Answers { aws: NO_KEYS_AWS, google: NO_KEYS_GOOGLE, vault: NOT_VERIFIED };

/// The token does not name its key. Vault tries them all.
pub(super) const NO_KEY_NAMED: Answers =
    Answers { aws: Some("InvalidIdentityToken: …"), google: Some("invalid_grant: …"), vault: None };

/// Its key is among them, and did not sign the token.
pub(super) const NOT_SIGNED: Answers = Answers {
    aws: Some("InvalidIdentityToken: …"),
    google: Some("invalid_grant: Unable to verify the ID Token signature."),
    vault: NOT_VERIFIED,
};

/// The token's time is over.
pub(super) const EXPIRED: Answers = Answers {
    aws: Some("ExpiredTokenException: Token expired: current date/time … must be before the expiration date/time …"),
    google: STALE,
    vault: Some("error validating token: invalid expiration time (exp) claim: token is expired"),
};

/// Its time is over, but for the minute that Google and Vault allow for clocks.
pub(super) const JUST_EXPIRED: Answers = Answers { google: None, vault: None, ..EXPIRED };

/// It was issued more than a day ago.
pub(super) const TOO_OLD: Answers =
    Answers { aws: Some("ExpiredTokenException: Token too old: …"), google: STALE, vault: None };

/// It is issued in the future.
pub(super) const ISSUED_LATER: Answers = Answers {
    aws: None,
    google: STALE,
    vault: Some("error validating token: invalid issued at (iat) claim: token issued in the future"),
};

/// Its time has not begun.
pub(super) const NOT_YET: Answers = Answers {
    aws: None,
    google: None,
    vault: Some("error validating token: invalid not before (nbf) claim: token not yet valid"),
};

/// It does not say when it was issued, or until when it is good.
pub(super) const NO_TIME: Answers = Answers { aws: Some("InvalidIdentityToken: …"), google: STALE, vault: None };

/// AWS reads whole seconds alone.
pub(super) const ODD_TIME: Answers = Answers { aws: Some("InvalidIdentityToken: …"), google: None, vault: None };

/// It has no subject.
pub(super) const NO_SUBJECT: Answers =
    Answers { aws: Some("InvalidIdentityToken: Missing a required claim: sub"), google: None, vault: None };

/// It has no audience. Vault's role must then bind none.
pub(super) const NO_AUDIENCE: Answers =
    Answers { aws: Some("InvalidIdentityToken: Missing a required claim: aud"), google: None, vault: None };

impl Answers {
    /// The check with a line for each cloud that minds; what is not known says nothing of them.
    pub(super) fn on(self, check: Check) -> Check {
        if check.mark == Mark::Unknown {
            return check;
        }
        let all = [("AWS", self.aws), ("Google", self.google), ("Vault", self.vault)];
        all.into_iter().fold(check, |check, (cloud, says)| match says {
            Some(says) => check.fact(cloud, says),
            None => check,
        })
    }
}
