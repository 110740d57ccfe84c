//! A token's claims without the token. The output of `token --format json` contains no secret, so it can be copied to
//! another machine.

use std::path::Path;

use serde_json::Value;

use super::Claims;
use crate::document::Document;
use crate::error::Usage;
use crate::input::Reader;

/// The claims of `--claims`. They are not trusted.
#[derive(Debug)]
pub struct ClaimsFile {
    /// The claims of the token.
    pub claims: Claims,
    /// The algorithm of its signature.
    pub algorithm: Option<String>,
}

impl ClaimsFile {
    /// Reads the file at `path`, or standard input for `-`: the output of `token --format json`, or a payload.
    ///
    /// # Errors
    /// If it cannot be read, is a token, or is something else.
    pub fn read(reader: &Reader, path: &Path) -> Result<Self, Usage> {
        const BY: &str = "oidc-exchange token --format json";
        let document = Document::read(reader, "--claims", path, BY)?;
        let root = document.value();
        let wrapped = root.get("claims").and_then(Value::as_object);
        let payload = wrapped.or_else(|| root.as_object().filter(|members| members.contains_key("iss")));
        let Some(payload) = payload else {
            return Err(document.wrong("", "it holds no claims").hint(format!("it is what the job prints with: {BY}")));
        };
        let header = wrapped.and_then(|_| root.get("header"));
        let algorithm = header.and_then(|header| header.get("alg")).and_then(Value::as_str);
        Ok(Self { claims: Claims::new(payload.clone()), algorithm: algorithm.map(str::to_owned) })
    }

    /// The time for the evaluation; `now` is this machine's time. Copied claims may have expired since, which does
    /// not matter for the rule.
    #[must_use]
    pub fn moment(&self, now: i64) -> i64 {
        let claims = &self.claims;
        let begins = claims.issued().max(claims.not_before());
        let ends = claims.expiry().or(begins).unwrap_or(now);
        now.min(ends).max(begins.unwrap_or(i64::MIN))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(payload: &Value, now: i64) -> i64 {
        let claims = Claims::new(payload.as_object().cloned().unwrap_or_default());
        ClaimsFile { claims, algorithm: None }.moment(now)
    }

    #[test]
    fn they_are_judged_within_their_time() {
        let claims = json!({ "iat": 1_000, "nbf": 1_010, "exp": 2_000 });
        assert_eq!([at(&claims, 500), at(&claims, 1_500), at(&claims, 9_000)], [1_010, 1_500, 2_000]);
        assert_eq!(at(&json!({ "iat": 1_000 }), 9_000), 1_000);
        assert_eq!(at(&json!({}), 9_000), 9_000);
    }
}
