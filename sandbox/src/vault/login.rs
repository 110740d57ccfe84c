//! The login, with the order and messages of the JWT auth method.

use serde_json::{Map, Value, json};

use super::{Refusal, Room, envelope};
use crate::clock::now;
use crate::jwt::{SignatureError, Token};
use crate::random;
use crate::server::{Request, Response};
use crate::sync::lock;

/// The requirements of a role, and the secrets that it may read.
#[derive(Clone)]
pub(super) struct Role {
    pub(super) audience: String,
    pub(super) claims: Map<String, Value>,
    pub(super) reads: Vec<String>,
}

/// The default `clock_skew_leeway` of a real server.
const LEEWAY: i64 = 60;

impl Room {
    pub(super) async fn log_in(&self, request: &Request) -> Result<Response, Refusal> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let (issuer, roots, role) = {
            let state = lock(&self.state);
            let name = body["role"].as_str().unwrap_or_default().to_lowercase();
            if name.is_empty() {
                return Err(Refusal::new(400, "missing role"));
            }
            let role = state.roles.get(&name).cloned();
            let role = role.ok_or_else(|| Refusal::new(400, format!("role {name:?} could not be found")))?;
            (state.issuer.clone(), state.roots.clone(), role)
        };
        let token = body["jwt"].as_str().unwrap_or_default();
        if token.is_empty() {
            return Err(Refusal::new(400, "missing token"));
        }
        let malformed =
            "error verifying token signature: oidc: malformed jwt: compact JWS format must have three parts";
        let token = Token::take_apart(token).ok_or_else(|| invalid(malformed))?;
        self.keys.check_signature(&token, &issuer, &[], &roots).await.map_err(|error| match error {
            SignatureError::Algorithm => {
                invalid("error verifying token signature: oidc: unexpected signature algorithm")
            }
            SignatureError::NoKey => invalid("error verifying token signature: fetching keys oidc: get keys failed"),
            SignatureError::Signature => {
                invalid("error verifying token signature: failed to verify id token signature")
            }
        })?;
        check(&token, &issuer, &role)?;
        let client_token = format!("s.{}", random::base32_hex(24));
        let mut state = lock(&self.state);
        state.tokens.insert(client_token.clone(), role.reads);
        state.issued.push(client_token.clone());
        let auth = json!({
            "client_token": client_token, "accessor": random::base32_hex(24), "policies": ["default", "sandbox"],
            "lease_duration": 900, "renewable": true, "token_type": "service", "num_uses": 0, "mfa_requirement": null,
        });
        Ok(envelope(&Value::Null, &auth))
    }
}

fn invalid(why: &str) -> Refusal {
    Refusal::new(400, format!("error validating token: {why}"))
}

fn check(token: &Token, issuer: &str, role: &Role) -> Result<(), Refusal> {
    if token.text("iss") != Some(issuer) {
        return Err(invalid("invalid issuer (iss) claim"));
    }
    if !token.audiences().is_some_and(|named| named.contains(&role.audience.as_str())) {
        let why = "invalid audience (aud) claim: audience claim does not match any expected audience";
        return Err(invalid(why));
    }
    let time = |name: &str| token.claims.get(name).and_then(Value::as_i64);
    if time("nbf").is_some_and(|begins| begins > now() + LEEWAY) {
        return Err(invalid("invalid not before (nbf) claim: token not yet valid"));
    }
    if time("exp").is_none_or(|ends| ends < now() - LEEWAY) {
        return Err(invalid("invalid expiration time (exp) claim: token is expired"));
    }
    for (name, wanted) in &role.claims {
        let words = match token.claims.get(name) {
            None => format!("claim {name:?} is missing"),
            Some(value) if value != wanted => {
                format!("claim {name:?} does not match any associated bound claim values")
            }
            Some(_) => continue,
        };
        return Err(Refusal::new(400, format!("error validating claims: {words}")));
    }
    Ok(())
}
