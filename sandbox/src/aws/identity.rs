//! Verifies a token as AWS does: the provider, the signature, the times, the audience.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::server::lock;
use crate::{client, now};

/// What the discovery document must hold for AWS to read it.
const REQUIRED: [&str; 3] =
    ["response_types_supported", "id_token_signing_alg_values_supported", "subject_types_supported"];
const ONE_DAY: i64 = 24 * 60 * 60;

/// Published keys by issuer, kept until one is missing.
#[derive(Default)]
pub(super) struct Keys(Mutex<HashMap<String, Vec<Value>>>);

/// A token, taken apart and not yet believed.
pub(super) struct Token {
    header: Value,
    pub(super) claims: Map<String, Value>,
    message: String,
    signature: Vec<u8>,
}

impl Token {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        Self::take_apart(text).ok_or_else(Refusal::not_a_jwt)
    }

    fn take_apart(text: &str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let json = |part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let Value::Object(claims) = json(claims)? else { return None };
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { header: json(header)?, claims, message: message.to_owned(), signature })
    }

    pub(super) fn claim(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || Refusal::invalid_token(format!("Missing a required claim: {name}"));
        self.claims.get(name).and_then(Value::as_str).ok_or_else(missing)
    }

    fn time(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.claims.get(name) {
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
        // In words of our own: what AWS says here is not on record.
        match self.time("nbf")? {
            Some(begins) if begins > now => Err(Refusal::invalid_token("Token is not yet valid")),
            _ => Ok(()),
        }
    }

    /// The audience that the provider knows, of those that the token names.
    pub(super) fn check_audience(&self, known: &[String]) -> Result<String, Refusal> {
        let named = match self.claims.get("aud") {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one.as_str()],
            _ => return Err(Refusal::invalid_token("Missing a required claim: aud")),
        };
        let accepted = named.into_iter().find(|audience| known.iter().any(|one| one == audience));
        accepted.map(str::to_owned).ok_or_else(|| Refusal::invalid_token("Incorrect token audience"))
    }

    fn is_signed_by(&self, key: &Value) -> bool {
        let part = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(key[name].as_str()?).ok();
        let (Some(n), Some(e)) = (part("n"), part("e")) else { return false };
        let key = RsaPublicKeyComponents { n, e };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, self.message.as_bytes(), &self.signature).is_ok()
    }
}

impl Keys {
    /// Believes the token, or not; the issuer is asked again when its kid is not known.
    pub(super) async fn check_signature(&self, token: &Token, issuer: &str, roots: &[String]) -> Result<(), Refusal> {
        if token.header["alg"] != "RS256" {
            return Err(Refusal::not_a_jwt());
        }
        if self.known(token, issuer).is_none() {
            let fetched = fetch(issuer, roots).await.map_err(|_| Refusal::no_verification_key())?;
            lock(&self.0).insert(issuer.to_owned(), fetched);
        }
        let key = self.known(token, issuer).ok_or_else(Refusal::no_verification_key)?;
        // In words of our own, as for `nbf`.
        token.is_signed_by(&key).then_some(()).ok_or_else(|| Refusal::invalid_token("Token signature is not valid"))
    }

    pub(super) fn forget(&self) {
        lock(&self.0).clear();
    }

    fn known(&self, token: &Token, issuer: &str) -> Option<Value> {
        lock(&self.0).get(issuer)?.iter().find(|key| key["kid"] == token.header["kid"]).cloned()
    }
}

async fn fetch(issuer: &str, roots: &[String]) -> std::io::Result<Vec<Value>> {
    let odd = || std::io::Error::other("not what an issuer publishes");
    let discovery = client::get_json(&format!("{issuer}/.well-known/openid-configuration"), roots).await?;
    if discovery["issuer"] != issuer || REQUIRED.iter().any(|name| !discovery[*name].is_array()) {
        return Err(odd());
    }
    let keys = client::get_json(discovery["jwks_uri"].as_str().ok_or_else(odd)?, roots).await?;
    keys["keys"].as_array().cloned().ok_or_else(odd)
}
