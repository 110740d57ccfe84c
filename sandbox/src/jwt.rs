//! Parses and verifies tokens like the clouds.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Map, Value};

use crate::client;
use crate::sync::lock;

/// A parsed token that is not verified yet.
pub(crate) struct Token {
    header: Value,
    pub(crate) claims: Map<String, Value>,
    message: String,
    signature: Vec<u8>,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    /// It is not signed with RS256.
    Algorithm,
    /// The issuer could not be reached, or does not publish this key.
    NoKey,
    /// The signature is not this key's.
    Signature,
}

impl Token {
    pub(crate) fn take_apart(text: &str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let json = |part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let Value::Object(claims) = json(claims)? else { return None };
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { header: json(header)?, claims, message: message.to_owned(), signature })
    }

    /// A claim that is a string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// The token's audiences; `None` if `aud` is neither a string nor a list.
    pub(crate) fn audiences(&self) -> Option<Vec<&str>> {
        match self.claims.get("aud") {
            Some(Value::Array(list)) => Some(list.iter().filter_map(Value::as_str).collect()),
            Some(Value::String(one)) => Some(vec![one.as_str()]),
            _ => None,
        }
    }

    fn is_signed_by(&self, key: &Value) -> bool {
        let part = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(key[name].as_str()?).ok();
        let (Some(n), Some(e)) = (part("n"), part("e")) else { return false };
        let key = RsaPublicKeyComponents { n, e };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, self.message.as_bytes(), &self.signature).is_ok()
    }
}

/// Published keys by issuer. They are downloaded again if a key is missing.
#[derive(Default)]
pub(crate) struct Keys(Mutex<HashMap<String, Vec<Value>>>);

impl Keys {
    /// Verifies the token. The keys are downloaded again if its key id is not known. The issuer's discovery document
    /// must contain these lists.
    pub(crate) async fn check_signature(
        &self,
        token: &Token,
        issuer: &str,
        lists: &[&str],
        roots: &[String],
    ) -> Result<(), SignatureError> {
        if token.header["alg"] != "RS256" {
            return Err(SignatureError::Algorithm);
        }
        if self.known(token, issuer).is_none() {
            let fetched = fetch(issuer, lists, roots).await.map_err(|_| SignatureError::NoKey)?;
            lock(&self.0).insert(issuer.to_owned(), fetched);
        }
        let key = self.known(token, issuer).ok_or(SignatureError::NoKey)?;
        token.is_signed_by(&key).then_some(()).ok_or(SignatureError::Signature)
    }

    pub(crate) fn forget(&self) {
        lock(&self.0).clear();
    }

    fn known(&self, token: &Token, issuer: &str) -> Option<Value> {
        lock(&self.0).get(issuer)?.iter().find(|key| key["kid"] == token.header["kid"]).cloned()
    }
}

async fn fetch(issuer: &str, lists: &[&str], roots: &[String]) -> std::io::Result<Vec<Value>> {
    let odd = || std::io::Error::other("not what an issuer publishes");
    let discovery = client::get_json(&format!("{issuer}/.well-known/openid-configuration"), roots).await?;
    if discovery["issuer"] != issuer || lists.iter().any(|name| !discovery[*name].is_array()) {
        return Err(odd());
    }
    let keys = client::get_json(discovery["jwks_uri"].as_str().ok_or_else(odd)?, roots).await?;
    keys["keys"].as_array().cloned().ok_or_else(odd)
}
