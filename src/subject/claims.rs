//! The token's payload, for messages. Nothing in it is trusted.

use serde_json::{Map, Value};

/// With this claim a token sets AWS session tags, which the role's trust policy must allow
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp>).
pub const SESSION_TAGS: &str = "https://aws.amazon.com/tags";

/// The claims of a token.
///
/// ```
/// use oidc_exchange::subject::Claims;
/// use serde_json::json;
///
/// let payload = json!({ "aud": ["a", "b"], "branch": "main", "pr": "", "exp": 1_700_000_000.5 });
/// let claims = Claims::new(payload.as_object().cloned().unwrap_or_default());
/// assert_eq!(claims.text("branch"), Some("main"));
/// assert_eq!(claims.text("pr"), None, "an empty text is none");
/// assert_eq!(claims.expiry(), Some(1_700_000_000));
/// assert_eq!(claims.audience().as_deref(), Some("a, b"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// Wraps a decoded payload.
    #[must_use]
    pub fn new(payload: Map<String, Value>) -> Self {
        Self(payload)
    }

    /// A claim that is a non-empty string. Semaphore writes `""` if a claim does not apply.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The value of a claim.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The claims with `value` as the claim `name`; unchanged if there is no such claim.
    #[must_use]
    pub fn replacing(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(claim) = self.0.get_mut(name) {
            *claim = value.into();
        }
        self
    }

    /// Whether the claim exists.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A copy of the claims with `value` as the claim `name`, for another possible job.
    #[must_use]
    pub fn with(&self, name: &str, value: Value) -> Self {
        let mut claims = self.0.clone();
        claims.insert(name.to_owned(), value);
        Self(claims)
    }

    /// `exp`, in seconds since 1970 (RFC 7519, section 4.1.4).
    #[must_use]
    pub fn expiry(&self) -> Option<i64> {
        self.seconds("exp")
    }

    /// `iat`, in seconds since 1970 (RFC 7519, section 4.1.6).
    #[must_use]
    pub fn issued(&self) -> Option<i64> {
        self.seconds("iat")
    }

    /// `nbf`, in seconds since 1970 (RFC 7519, section 4.1.5).
    #[must_use]
    pub fn not_before(&self) -> Option<i64> {
        self.seconds("nbf")
    }

    /// A time, in seconds since 1970. The fraction that a `NumericDate` may have is dropped.
    #[must_use]
    pub fn seconds(&self, name: &str) -> Option<i64> {
        let value = self.0.get(name)?;
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a float saturates, and so far-off a date is as good as the limit"
        )]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }

    /// The audience for a message. It may be one text or a list (RFC 7519, section 4.1.3).
    #[must_use]
    pub fn audience(&self) -> Option<String> {
        match self.0.get("aud")? {
            Value::String(one) => Some(one.clone()),
            Value::Array(many) => Some(many.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    }

    /// A claim's value for a message: a text unchanged, anything else as JSON.
    #[must_use]
    pub fn shown(&self, name: &str) -> Option<String> {
        self.0.get(name).map(shown)
    }

    /// The token's whole payload.
    #[must_use]
    pub fn payload(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The names of all claims.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The issuer without its scheme, as in AWS ARNs and condition keys.
    #[must_use]
    pub fn issuer_host(&self) -> Option<&str> {
        self.text("iss").map(|iss| iss.split_once("://").map_or(iss, |(_, host)| host))
    }

    /// Two lines for the `presented` part of a refusal.
    #[must_use]
    pub fn presented(&self) -> Vec<String> {
        let iss = self.text("iss").unwrap_or("(none)");
        let aud = self.audience().unwrap_or_else(|| "(none)".into());
        let sub = self.shown_subject();
        // Semaphore's audience is its issuer.
        let issuer = if iss == aud { format!("iss=aud={iss}") } else { format!("iss={iss}  aud={aud}") };
        vec![issuer, format!("sub={sub}")]
    }

    /// The subject without the commit of a pull request, which no rule contains.
    #[must_use]
    pub fn shown_subject(&self) -> String {
        let sub = self.text("sub").unwrap_or("(none)");
        let commit = sub.split_once(":refs/semaphoreci/").map(|(_, commit)| commit);
        let is_commit = |commit: &&str| commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        commit
            .filter(is_commit)
            .map_or_else(|| sub.to_owned(), |commit| format!("{}…", &sub[..sub.len() - commit.len()]))
    }

    /// Whether the claims are from Semaphore; in other CI systems, the same names have other meanings. An
    /// organization may switch off most claims, and Semaphore may be self-hosted.
    #[must_use]
    pub fn are_semaphores(&self) -> bool {
        const OWN: [&str; 5] = ["sub127", "prj_id", "wf_id", "ppl_id", "job_type"];
        let subject = self.text("sub").unwrap_or_default();
        OWN.iter().any(|name| self.has(name))
            || (subject.starts_with("org:") && subject.contains(":project:"))
            || self.issuer_host().is_some_and(|host| host.ends_with(".semaphoreci.com"))
    }

    /// The kind of job in words, if Semaphore's claims show it.
    #[must_use]
    pub fn job_kind(&self) -> Option<JobKind> {
        match (self.text("job_type"), self.text("ref_type")) {
            (Some("project_debug_job"), _) => Some(JobKind::ProjectDebug),
            (_, Some("pull-request")) => Some(JobKind::PullRequest),
            (_, Some("tag")) => Some(JobKind::Tag),
            (_, Some("branch")) => Some(JobKind::Branch),
            _ => None,
        }
    }
}

/// The kind of a Semaphore job. Each has another form of `sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// A push to a branch.
    Branch,
    /// A tag.
    Tag,
    /// A pull request, also from a fork.
    PullRequest,
    /// `sem debug project`, or a one-off job: it has no ref.
    ProjectDebug,
}

/// A value for a message: a text unchanged, anything else as JSON.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\" (empty)".into(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        Claims::new(serde_json::from_value(value).unwrap())
    }

    #[test]
    fn an_empty_claim_is_no_claim() {
        assert_eq!(claims(json!({"tag": ""})).text("tag"), None);
        assert!(claims(json!({"tag": ""})).has("tag"));
    }

    #[test]
    fn an_audience_may_be_a_list() {
        assert_eq!(claims(json!({"aud": ["a", "b"]})).audience().as_deref(), Some("a, b"));
        assert_eq!(claims(json!({"aud": 3})).audience(), None);
    }

    #[test]
    fn an_expiry_that_no_clock_can_count_is_the_last_one() {
        assert_eq!(claims(json!({"exp": 1.5e300})).expiry(), Some(i64::MAX));
    }
}
