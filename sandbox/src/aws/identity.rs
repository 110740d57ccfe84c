//! Verifies a token like AWS: the provider, the signature, the times, the audience.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::clock::now;
use crate::jwt::{self, SignatureError};

/// The members of a discovery document that AWS requires.
const REQUIRED: [&str; 3] =
    ["response_types_supported", "id_token_signing_alg_values_supported", "subject_types_supported"];
const ONE_DAY: i64 = 24 * 60 * 60;

/// Published keys by issuer. They are downloaded again if a key is missing.
#[derive(Default)]
pub(super) struct Keys(jwt::Keys);

/// A parsed token that is not verified yet.
pub(super) struct Token(jwt::Token);

impl Token {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        jwt::Token::take_apart(text).map(Self).ok_or_else(Refusal::not_a_jwt)
    }

    pub(super) fn claims(&self) -> &Map<String, Value> {
        &self.0.claims
    }

    pub(super) fn claim(&self, name: &str) -> Result<&str, Refusal> {
        self.0.text(name).ok_or_else(|| Refusal::invalid_token(format!("Missing a required claim: {name}")))
    }

    fn time(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.claims().get(name) {
            None => Ok(None),
            Some(time) => time.as_i64().map(Some).ok_or_else(Refusal::not_a_jwt),
        }
    }

    pub(super) fn check_times(&self) -> Result<(), Refusal> {
        let now = now();
        let missing = |name| Refusal::invalid_token(format!("Missing a required claim: {name}"));
        let expires = self.time("exp")?.ok_or_else(|| missing("exp"))?;
        let issued = self.time("iat")?.ok_or_else(|| missing("iat"))?;
        if now >= expires {
            return Err(Refusal::expired_token(format!(
                "Token expired: current date/time {now} must be before the expiration date/time {expires}"
            )));
        }
        if now - issued > ONE_DAY {
            return Err(Refusal::expired_token("Token must be redeemed within 24 hours of issuance"));
        }
        // AWS's own message for this is not known.
        match self.time("nbf")? {
            Some(begins) if begins > now => Err(Refusal::invalid_token("Token is not yet valid")),
            _ => Ok(()),
        }
    }

    /// The token's audience that the provider lists.
    pub(super) fn check_audience(&self, known: &[String]) -> Result<String, Refusal> {
        let missing = || Refusal::invalid_token("Missing a required claim: aud");
        let named = self.0.audiences().ok_or_else(missing)?;
        let accepted = named.into_iter().find(|audience| known.iter().any(|one| one == audience));
        accepted.map(str::to_owned).ok_or_else(|| Refusal::invalid_token("Incorrect token audience"))
    }
}

impl Keys {
    /// Verifies the token's signature.
    pub(super) async fn check_signature(&self, token: &Token, issuer: &str, roots: &[String]) -> Result<(), Refusal> {
        self.0.check_signature(&token.0, issuer, &REQUIRED, roots).await.map_err(|error| match error {
            SignatureError::Algorithm => Refusal::not_a_jwt(),
            SignatureError::NoKey => Refusal::no_verification_key(),
            // AWS's own message is not known, as for `nbf`.
            SignatureError::Signature => Refusal::invalid_token("Token signature is not valid"),
        })
    }

    pub(super) fn forget(&self) {
        self.0.forget();
    }
}
