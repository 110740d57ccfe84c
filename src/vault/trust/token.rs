//! Checks the role's type, and the token: its source address, algorithm, issuer, audience and times.
//!
//! <https://github.com/hashicorp/cap/blob/main/jwt/jwt.go>

use serde_json::{Number, Value};

use super::checks::{Finding, Fix, Login, fault, holds, texts, unfit};
use super::times::{Fault, Times};
use crate::explanation::{Check, Mark};
use crate::subject::claims::shown;
use crate::text::time;

/// The algorithms that are supported if the mount does not set them.
const ALGORITHMS: [&str; 10] =
    ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"];

impl Login<'_> {
    /// The default type is `oidc`, which is another kind of login.
    pub(super) fn role_type(&self) -> Finding {
        if self.role.is_jwt {
            return holds("role_type is jwt");
        }
        fault("role_type", &["jwt".into()], Some("oidc".into()), "400 role with oidc role_type is not allowed")
            .fixed_by(Fix::Role("role_type", "jwt".into()))
    }

    pub(super) fn addresses(&self) -> Option<Finding> {
        let check = Check::new(Mark::Unknown, "token_bound_cidrs");
        let check = self.role.bound_cidrs.iter().fold(check, |check, cidr| check.fact("wanted", cidr));
        let because =
            "the token does not show the job's address; for another address the server answers 403 permission denied";
        (!self.role.bound_cidrs.is_empty()).then(|| check.fact("because", because).into())
    }

    /// Only the server can download the keys.
    pub(super) fn signed_with(&self) -> Option<Finding> {
        let algorithm = self.algorithm.unwrap_or("none");
        let wanted = self.mount.map(|mount| mount.supported_algs.clone()).filter(|listed| !listed.is_empty());
        let title = "jwt_supported_algs";
        if !ALGORITHMS.contains(&algorithm) {
            let said = "400 error validating token: error verifying token signature: …";
            let known = wanted.unwrap_or_else(|| ALGORITHMS.map(str::to_owned).to_vec());
            let advice = "this is not a token that an issuer signs: check that it is the job's own, whole";
            return Some(fault(title, &known, Some(algorithm.into()), said).fixed_by(Fix::Advice(advice)));
        }
        self.mount?;
        let Some(mut wanted) = wanted.filter(|listed| !listed.iter().any(|one| one == algorithm)) else {
            return Some(holds(format!("{title} takes {algorithm}")));
        };
        let said = "400 error validating token: invalid algorithm (alg) header parameter: token signed with unexpected algorithm";
        let check = fault(title, &wanted, Some(algorithm.into()), said);
        wanted.push(algorithm.into());
        Some(check.fixed_by(Fix::Mount(title, texts(&wanted))))
    }

    /// The server decodes all claims before it checks any. It rejects a number that is too large for Go.
    pub(super) fn numbers(&self) -> Option<Finding> {
        let (name, found) = self.claims.payload().iter().find_map(|(name, claim)| Some((name, too_large(claim)?)))?;
        let said = "400 error validating token: error verifying token signature: …";
        Some(unfit(format!("the number in {name}"), "a number up to 1.8e308", Some(found.to_string()), said).into())
    }

    /// The registered claims must have the right types. The order is that of the server's checks.
    pub(super) fn types(&self) -> Vec<Finding> {
        let wrong = |name: &str| {
            let found = self.claims.get(name)?;
            let kind = match found {
                Value::Number(_) => "number",
                Value::Bool(_) => "bool",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
                Value::String(_) => "string",
                Value::Null => "null",
            };
            let (wanted, said) = match (name, kind) {
                ("exp" | "iat" | "nbf", "number" | "null") | ("iss" | "jti" | "sub", "string" | "null") => return None,
                ("exp" | "iat" | "nbf", _) => {
                    ("a number", "go-jose/go-jose/jwt: expected number value to unmarshal NumericDate".to_owned())
                }
                ("aud", _) => {
                    let said = "go-jose/go-jose/jwt: expected string or array value to unmarshal to Audience";
                    audiences(found).is_none().then(|| ("a text or a list of texts", said.to_owned()))?
                }
                _ => {
                    let field = format!("into Go struct field Claims.{name} of type string");
                    ("a text", format!("json: cannot unmarshal {kind} {field}"))
                }
            };
            let said = format!("400 error validating token: {said}");
            Some(unfit(format!("the type of {name}"), wanted, Some(shown(found)), said).into())
        };
        ["aud", "exp", "iat", "nbf", "iss", "jti", "sub"].into_iter().filter_map(wrong).collect()
    }

    pub(super) fn issuer(&self) -> Option<Finding> {
        let bound = self.mount.map(|mount| &mount.bound_issuer).filter(|bound| !bound.is_empty())?;
        let issuer = self.text("iss").unwrap_or_default();
        if issuer == bound {
            return Some(holds(format!("bound_issuer is {bound}")));
        }
        let said = "400 error validating token: invalid issuer (iss) claim";
        let check = fault("bound_issuer", std::slice::from_ref(bound), self.claims.shown("iss"), said);
        Some(check.fixed_by(Fix::Mount("bound_issuer", issuer.into())))
    }

    pub(super) fn subject(&self) -> Option<Finding> {
        let bound = &self.role.bound_subject;
        if bound.is_empty() {
            return None;
        }
        let subject = self.text("sub").unwrap_or_default();
        if subject == bound {
            return Some(holds(format!("bound_subject is {bound}")));
        }
        let said = "400 error validating token: invalid subject (sub) claim";
        let check = fault("bound_subject", std::slice::from_ref(bound), self.claims.shown("sub"), said);
        Some(check.fixed_by(Fix::Admission("bound_subject", subject.into())))
    }

    pub(super) fn audience(&self) -> Finding {
        let bound = &self.role.bound_audiences;
        let presented = self.audiences();
        if let Some(alike) = bound.iter().find(|bound| presented.contains(bound)) {
            return holds(format!("bound_audiences has {alike}"));
        }
        let said = "400 error validating token: invalid audience (aud) claim: audience claim does not match any expected audience";
        let check = fault("bound_audiences", bound, self.claims.audience(), said);
        if presented.is_empty() {
            return check.fixed_by(Fix::Advice("no role that requires an audience accepts a token without one"));
        }
        check.fixed_by(Fix::Role("bound_audiences", texts(&[&bound[..], &presented].concat())))
    }

    pub(super) fn no_audience(&self) -> Option<Finding> {
        let presented = self.audiences();
        if presented.is_empty() {
            return None;
        }
        let said = "400 audience claim found in JWT but no audiences bound to the role";
        let check = unfit("bound_audiences", "(none)", self.claims.audience(), said);
        let because = "a role without bound audiences accepts no token with an audience";
        Some(check.fact("because", because).fixed_by(Fix::Role("bound_audiences", texts(&presented))))
    }

    pub(super) fn times(&self) -> Vec<Finding> {
        let Some(times) = Times::of(self.claims, self.role) else {
            let said = "400 error validating token: no issued at (iat), not before (nbf), or expiration time (exp) claims in token";
            return vec![unfit("nbf, exp and iat", "one of them", None, said).into()];
        };
        let leeway = times.leeway;
        let one = |found: Fault| {
            let (name, when, limit, presented, said) = match found {
                Fault::NotBefore => (
                    "nbf",
                    "latest",
                    self.now + leeway,
                    times.not_before,
                    "not before (nbf) claim: token not yet valid",
                ),
                Fault::Expired => (
                    "exp",
                    "earliest",
                    self.now - leeway,
                    times.expires,
                    "expiration time (exp) claim: token is expired",
                ),
                Fault::Issued => (
                    "iat",
                    "latest",
                    self.now + leeway,
                    times.issued,
                    "issued at (iat) claim: token issued in the future",
                ),
            };
            let given =
                if self.claims.seconds(name).unwrap_or_default() == 0 { ", made of its other times" } else { "" };
            let check = Check::new(Mark::Fails, name)
                .fact("wanted", format!("{} at the {when}, with {leeway} s of leeway", time(limit)))
                .fact("presented", format!("{}{given}", time(presented)))
                .fact("answer", format!("400 error validating token: invalid {said}"));
            check.fixed_by(Fix::Advice(match found {
                Fault::Expired => "a job gets one token, valid for 24 hours: run it again",
                Fault::NotBefore | Fault::Issued => "a clock is slow: set it, or clock_skew_leeway on the role",
            }))
        };
        let faults: Vec<Finding> = times.faults(self.now).map(one).collect();
        if faults.is_empty() {
            vec![holds(format!("nbf, exp and iat: valid until {}", time(times.expires)))]
        } else {
            faults
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    fn audiences(&self) -> Vec<String> {
        self.claims.get("aud").and_then(audiences).unwrap_or_default()
    }
}

/// The first number in a claim that a `float64` cannot hold.
fn too_large(claim: &Value) -> Option<&Number> {
    match claim {
        Value::Number(number) => number.as_f64().is_none_or(f64::is_infinite).then_some(number),
        Value::Array(items) => items.iter().find_map(too_large),
        Value::Object(members) => members.values().find_map(too_large),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

/// `aud` as a list; `None` if it is neither a text nor a list of texts.
fn audiences(aud: &Value) -> Option<Vec<String>> {
    match aud {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
