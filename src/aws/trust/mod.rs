//! Evaluates a role's trust policy on a token's claims, like IAM.
//!
//! ```text
//! Document ──policy──▶ Policy  ┐
//! Claims ──request──▶ Request ─┴─evaluation──▶ Outcome ──report, lints──▶ Explanation
//! ```
//!
//! Results have three values: yes, no, and unknown if it depends on something that a token does not show.

mod evaluation;
mod lints;
mod operator;
mod pattern;
mod policy;
mod report;
mod request;
mod token;

use std::path::Path;

use super::{ProviderArn, RoleArn};
use crate::document::Document;
use crate::error::Usage;
use crate::explanation::Explanation;
use crate::input::Reader;
use crate::subject::Claims;
use policy::{Kind, Policy};
use request::{Provider, Request};

/// A trust policy, its role and its provider.
#[derive(Debug)]
pub struct Rule {
    policy: Policy,
    /// The role, if it is known.
    role: Option<RoleArn>,
    /// The provider for the token's issuer, if it was named.
    provider: Option<ProviderArn>,
}

/// Reads the file that `--trust-policy` names.
///
/// # Errors
/// As [`Document::read`].
pub fn document(reader: &Reader, path: &Path) -> Result<Document, Usage> {
    Document::read_with(reader, "--trust-policy", path, "aws iam get-role … --output json", policy::decoded)
}

impl Rule {
    /// Reads the policy from the output of `aws iam get-role`, or from a file with only the policy. `role` is the
    /// role that the user named, with the name of the option. `provider` is the value of `--provider-arn`.
    ///
    /// # Errors
    /// If it is not a trust policy, with the place of the fault; or if the document is of another role.
    pub fn new(
        document: &Document,
        role: Option<(&'static str, RoleArn)>,
        provider: Option<&str>,
    ) -> Result<Self, Usage> {
        let (policy, written) = Policy::read(document)?;
        let role = match (role, written) {
            (Some((origin, said)), Some(written)) if said != written => {
                return Err(Usage::new(format!(
                    "{origin} names {}, and {} is of the role {}",
                    said.as_str(),
                    document.name(),
                    written.as_str()
                ))
                .hint("use the file of that role: aws iam get-role prints it"));
            }
            (Some((_, role)), _) | (None, Some(role)) => Some(role),
            (None, None) => None,
        };
        let provider = provider.map(|arn| ProviderArn::parse("--provider-arn", arn)).transpose()?;
        Ok(Self { policy, role, provider })
    }

    /// Whether it allows a token with these claims at `now`, in seconds since 1970.
    #[must_use]
    pub fn evaluate(&self, claims: &Claims, now: i64) -> Explanation {
        let provider = self.provider(claims.issuer_host().unwrap_or_default());
        let request = Request::new(claims, &provider);
        report::explanation(self, &request, now)
    }

    /// The provider that STS looks up for the issuer: the one that was named, the one in the role's account, or else
    /// the one in the policy.
    fn provider(&self, host: &str) -> Provider {
        if let Some(provider) = &self.provider {
            return Provider::Known(provider.as_str().to_owned());
        }
        if let Some(role) = &self.role {
            return Provider::Known(role.provider_arn(host));
        }
        let mut candidates = Vec::new();
        for (kind, name) in self.policy.statements.iter().filter_map(|one| one.principals.named.as_ref()).flatten() {
            let fits = ProviderArn::parse("", name).is_ok_and(|arn| arn.host() == host);
            if *kind == Kind::Federated && fits && !candidates.contains(name) {
                candidates.push(name.clone());
            }
        }
        match &mut candidates[..] {
            [one] => Provider::Known(std::mem::take(one)),
            _ => Provider::OneOf(candidates),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::explanation::Verdict;

    const NOW: i64 = 1_786_400_000;

    /// The policy that `setup` makes, with a statement that uses other possible claims.
    fn rule() -> Rule {
        let provider = "arn:aws:iam::123456789012:oidc-provider/acme.example";
        let allow = json!({ "Effect": "Allow", "Principal": { "Federated": provider }, "Action": "sts:*", "Condition": {
            "StringLike": { "acme.example:sub": "org:*:ref:${aws:RequestTag/branch, 'main'}*" },
            "ForAnyValue:StringEquals": { "acme.example:amr": ["a", "b"], "sts:TransitiveTagKeys": "branch" },
        }});
        let deny = json!({ "Effect": "Deny", "NotPrincipal": "*", "NotAction": "sts:*" });
        let policy = json!({ "Version": "2012-10-17", "Statement": [allow, deny] });
        Rule::new(&Document::from_text("f", policy.to_string().as_bytes()).unwrap(), None, None).unwrap()
    }

    #[test]
    fn a_token_is_evaluated_at_its_time() {
        let rule = Rule::new(
            &Document::from_text(
                "f",
                br#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity"}}"#,
            )
            .unwrap(),
            None,
            None,
        )
        .unwrap();
        let claims = |times: Value| {
            let mut payload = json!({ "iss": "https://a.example", "aud": "a", "sub": "b" });
            payload.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
            rule.evaluate(&Claims::new(serde_json::from_value(payload).unwrap()), NOW).verdict
        };
        assert_eq!(claims(json!({ "exp": NOW - 60 })), Verdict::Accepted, "a clock may be a minute off");
        assert_eq!(claims(json!({ "exp": NOW - 61 })), Verdict::Refused);
        assert_eq!(claims(json!({ "exp": NOW, "nbf": NOW + 60 })), Verdict::Accepted);
        assert_eq!(claims(json!({ "exp": NOW, "nbf": NOW + 61 })), Verdict::Refused);
        assert_eq!(claims(json!({ "exp": NOW, "iat": NOW - 86_400 })), Verdict::Accepted);
        assert_eq!(claims(json!({ "exp": NOW, "iat": NOW - 86_461 })), Verdict::CannotTell);
        assert_eq!(claims(json!({})), Verdict::Refused, "STS accepts no token that never expires");
        assert_eq!(claims(json!({ "exp": i64::MAX, "iat": i64::MIN, "nbf": i64::MIN })), Verdict::CannotTell);
    }

    fn claim() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|number| json!(number)),
            any::<f64>().prop_map(|number| json!(number)),
            proptest::sample::select(vec![
                "https://acme.example",
                "org:a:project:b:repo:c:ref_type:d:ref:e",
                "${x}",
                ""
            ])
            .prop_map(|text| json!(text)),
            ".{0,10}".prop_map(Value::String),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let name =
                proptest::sample::select(vec!["principal_tags", "transitive_tag_keys", "branch", "job_type", "x"]);
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
                proptest::collection::vec((name, inner), 0..3).prop_map(|all| Value::Object(
                    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                )),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_claims_make_the_evaluation_panic_or_forge_a_line(all in proptest::collection::vec(claim(), 9), now in any::<i64>()) {
            let names = ["iss", "aud", "sub", "amr", "azp", "exp", "nbf", "job_id", "https://aws.amazon.com/tags"];
            let claims = Claims::new(names.into_iter().map(str::to_owned).zip(all).collect());
            let explanation = rule().evaluate(&claims, now);
            let text = explanation.text();
            prop_assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
            prop_assert!(serde_json::from_str::<Value>(&explanation.json()).is_ok());
        }
    }
}
