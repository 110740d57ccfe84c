//! The condition keys and values of a request with the token.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif>

use serde_json::Value;

use crate::subject::Claims;
use crate::subject::claims::SESSION_TAGS;

/// The action that exchanges a token.
pub(super) const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";
/// The additional action that a token with session tags requires
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>).
pub(super) const TAG: &str = "sts:TagSession";
/// The additional action that a token with a source identity requires
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html>).
pub(super) const SET_IDENTITY: &str = "sts:SetSourceIdentity";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// Issuers for whose tokens AWS supports more claims
/// (<https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/>).
const KNOWN_BETTER: [&str; 4] =
    ["token.actions.githubusercontent.com", "accounts.google.com", "oidc.circleci.com", "identity.oraclecloud.com"];

/// Providers that are built into AWS and have no ARN.
const BUILT_IN: [&str; 4] =
    ["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

/// The provider in the role's account that STS looks up for the issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    /// The provider is known.
    Known(String),
    /// Providers in the policy, of which one may be it. The role's account is not known.
    OneOf(Vec<String>),
}

/// A request, as far as the token shows it.
#[derive(Debug)]
pub(super) struct Request<'c> {
    /// The token's claims.
    pub(super) claims: &'c Claims,
    /// The issuer without its scheme.
    pub(super) host: &'c str,
    /// Its provider.
    pub(super) provider: &'c Provider,
    /// The session tags. A tag has no value here if it has several, or one that is not text.
    pub(super) tags: Vec<(String, Option<String>)>,
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The request does not have the key; the reason.
    Absent(String),
    /// The request has these values.
    Values(Vec<String>),
    /// The token does not show it; the reason.
    Unknown(String),
}

impl<'c> Request<'c> {
    /// The request with these claims.
    pub(super) fn new(claims: &'c Claims, provider: &'c Provider) -> Self {
        Self { claims, host: claims.issuer_host().unwrap_or_default(), provider, tags: tags(claims) }
    }

    /// Whether the token sets session tags.
    pub(super) fn is_tagged(&self) -> bool {
        !self.tags.is_empty()
    }

    /// The actions that the request requires.
    pub(super) fn actions(&self) -> Vec<&'static str> {
        let needed = [(ASSUME, true), (TAG, self.is_tagged()), (SET_IDENTITY, self.claims.has(SOURCE_IDENTITY))];
        needed.into_iter().filter_map(|(action, needed)| needed.then_some(action)).collect()
    }

    /// Whether the issuer's provider is built into AWS.
    pub(super) fn is_built_in(&self) -> bool {
        BUILT_IN.contains(&self.host)
    }

    /// The name of the claim for a key, in lower case, if the key starts with the issuer.
    pub(super) fn claim_of(&self, key: &str) -> Option<String> {
        let (host, claim) =
            key.to_lowercase().split_at_checked(self.host.len()).map(|(h, c)| (h.to_owned(), c.to_owned()))?;
        let claim = claim.strip_prefix(':')?;
        (!self.host.is_empty() && host == self.host.to_lowercase()).then(|| claim.to_owned())
    }

    /// The value of a key. Upper and lower case are equal.
    pub(super) fn shown(&self, key: &str) -> Shown {
        if let Some(claim) = self.claim_of(key) {
            return self.claim(&claim);
        }
        let key = key.to_lowercase();
        if let Some(tag) = key.strip_prefix("aws:requesttag/") {
            return match self.tags.iter().find(|(name, _)| name.to_lowercase() == tag) {
                Some((_, Some(value))) => Shown::Values(vec![value.clone()]),
                Some((_, None)) => Shown::Unknown("the token has no one text for this tag".into()),
                None if self.is_tagged() => Shown::Absent("the token has no such session tag".into()),
                None => Shown::Absent("the token carries no session tags".into()),
            };
        }
        let absent = |why: &str| Shown::Absent(why.to_owned());
        let unknown = |why: &str| Shown::Unknown(why.to_owned());
        let several = |values: Vec<String>| {
            if values.is_empty() { absent("the token carries no session tags") } else { Shown::Values(values) }
        };
        match key.as_str() {
            // The job calls STS itself, over TLS.
            "aws:securetransport" => Shown::Values(vec!["true".into()]),
            "aws:viaawsservice" => Shown::Values(vec!["false".into()]),
            "aws:tagkeys" => several(self.tags.iter().map(|(name, _)| name.clone()).collect()),
            "sts:transitivetagkeys" => several(transitive(self.claims)),
            "sts:sourceidentity" => match self.claims.get(SOURCE_IDENTITY) {
                Some(Value::String(text)) => Shown::Values(vec![text.clone()]),
                Some(_) => unknown("the token's source identity is not a text"),
                None => absent("the token sets no source identity"),
            },
            "sts:externalid" => absent("there is no external id in AssumeRoleWithWebIdentity, only in AssumeRole"),
            "sts:rolesessionname" => Shown::Unknown(format!(
                "the job chooses it; by default it is semaphore-job-{}",
                self.claims.text("job_id").unwrap_or("ID")
            )),
            "aws:federatedprovider" => {
                unknown("AWS documents it for a role's session, and not for the call that makes one")
            }
            global if global.starts_with("aws:") || global.starts_with("sts:") => unknown("the token does not show it"),
            _ => Shown::Absent(format!("a request with a token of {} does not have it", self.host)),
        }
    }

    fn claim(&self, name: &str) -> Shown {
        let texts = match (name, self.claims.get(name)) {
            ("aud" | "sub" | "amr", None) => return Shown::Absent(format!("the token has no `{name}`")),
            ("aud" | "sub" | "amr", Some(Value::String(text))) => vec![text.clone()],
            ("aud" | "amr", Some(Value::Array(all))) => {
                let texts: Vec<String> = all.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if texts.len() != all.len() {
                    return Shown::Unknown(format!("the token's `{name}` is not a list of texts"));
                }
                texts
            }
            ("aud" | "sub" | "amr", Some(_)) => return Shown::Unknown(format!("the token's `{name}` is not a text")),
            _ if self.is_known_better() => {
                return Shown::Unknown("AWS supports some other claims of this issuer".into());
            }
            _ => return Shown::Absent("of this issuer's claims AWS supports only aud, sub and amr".into()),
        };
        match self.claims.text("azp") {
            // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
            Some(azp) if name == "aud" && texts != [azp] => {
                Shown::Unknown("the token has an `azp`, which AWS uses in place of `aud` for some issuers".into())
            }
            _ => Shown::Values(texts),
        }
    }

    /// Whether AWS supports more claims for this issuer.
    pub(super) fn is_known_better(&self) -> bool {
        let name = self.host.split('/').next().unwrap_or_default();
        KNOWN_BETTER
            .iter()
            .any(|known| name.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    }
}

/// The session tags, either nested or in one claim each
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp>).
fn tags(claims: &Claims) -> Vec<(String, Option<String>)> {
    let nested = claims.get(SESSION_TAGS).and_then(|tags| tags.get("principal_tags")).and_then(Value::as_object);
    let prefix = format!("{SESSION_TAGS}/principal_tags/");
    let flat = claims.names().into_iter().filter_map(|name| Some((name.strip_prefix(&prefix)?, claims.get(name)?)));
    let nested = nested.into_iter().flatten().map(|(name, value)| (name.as_str(), value));
    nested.chain(flat).map(|(name, value)| (name.to_owned(), one_text(value))).collect()
}

fn one_text(value: &Value) -> Option<String> {
    let one = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    if let [Value::String(text)] = one { Some(text.clone()) } else { None }
}

fn transitive(claims: &Claims) -> Vec<String> {
    let nested = claims.get(SESSION_TAGS).and_then(|tags| tags.get("transitive_tag_keys"));
    let keys = nested.or_else(|| claims.get(&format!("{SESSION_TAGS}/transitive_tag_keys"))).and_then(Value::as_array);
    keys.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(payload: Value, key: &str) -> Shown {
        let claims = Claims::new(serde_json::from_value(payload).unwrap());
        let provider = Provider::OneOf(Vec::new());
        Request::new(&claims, &provider).shown(key)
    }

    fn values(values: &[&str]) -> Shown {
        Shown::Values(values.iter().map(|value| (*value).to_owned()).collect())
    }

    fn token() -> Value {
        json!({ "iss": "https://Acme.example/x", "aud": "a", "sub": "s", "amr": ["m", "n"], "branch": "main", "job_id": "1" })
    }

    #[test]
    fn the_issuers_own_keys_are_aud_sub_and_amr() {
        assert_eq!(shown(token(), "acme.example/x:AUD"), values(&["a"]));
        assert_eq!(shown(token(), "Acme.Example/X:sub"), values(&["s"]));
        assert_eq!(shown(token(), "acme.example/x:amr"), values(&["m", "n"]));
        for absent in
            ["acme.example/x:branch", "acme.example:sub", "acme.example/x", "sub", "s3:prefix", "saml:aud", ""]
        {
            assert!(matches!(shown(token(), absent), Shown::Absent(_)), "{absent}");
        }
        assert!(matches!(shown(json!({ "iss": "https://a.b" }), "a.b:sub"), Shown::Absent(_)));
        for sub in [json!(1), json!(["s"]), json!({}), json!(null)] {
            assert!(matches!(shown(json!({ "iss": "https://a.b", "sub": sub }), "a.b:sub"), Shown::Unknown(_)));
        }
        assert!(matches!(shown(json!({ "iss": "https://a.b", "aud": [1] }), "a.b:aud"), Shown::Unknown(_)));
        assert!(matches!(shown(json!({}), ":sub"), Shown::Absent(_)));
    }

    #[test]
    fn other_issuers_have_more() {
        let github = json!({ "iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com" });
        assert!(matches!(shown(github.clone(), "token.actions.githubusercontent.com:ref"), Shown::Unknown(_)));
        assert_eq!(shown(github, "token.actions.githubusercontent.com:aud"), values(&["sts.amazonaws.com"]));
        let circle = json!({ "iss": "https://oidc.circleci.com/org/1", "aud": "1", "azp": "2" });
        assert!(matches!(shown(circle.clone(), "oidc.circleci.com/org/1:vcs-ref"), Shown::Unknown(_)));
        assert!(matches!(shown(circle, "oidc.circleci.com/org/1:aud"), Shown::Unknown(_)));
        let alike = json!({ "iss": "https://notaccounts.google.com" });
        assert!(matches!(shown(alike, "notaccounts.google.com:hd"), Shown::Absent(_)));
    }

    #[test]
    fn session_tags_are_request_tags() {
        let mut token = token();
        token[SESSION_TAGS] = json!({ "principal_tags": { "Job_Type": ["pipeline_job"], "pr": [""], "two": ["a", "b"] }, "transitive_tag_keys": ["pr"] });
        assert_eq!(shown(token.clone(), "aws:RequestTag/job_type"), values(&["pipeline_job"]));
        assert_eq!(shown(token.clone(), "aws:requesttag/PR"), values(&[""]));
        assert!(matches!(shown(token.clone(), "aws:RequestTag/two"), Shown::Unknown(_)));
        assert!(matches!(shown(token.clone(), "aws:RequestTag/none"), Shown::Absent(_)));
        assert_eq!(shown(token.clone(), "aws:TagKeys"), values(&["Job_Type", "pr", "two"]));
        assert_eq!(shown(token, "sts:TransitiveTagKeys"), values(&["pr"]));
        let flat = json!({ "https://aws.amazon.com/tags/principal_tags/team": "web",
            "https://aws.amazon.com/tags/transitive_tag_keys": ["team"] });
        assert_eq!(shown(flat.clone(), "aws:RequestTag/team"), values(&["web"]));
        assert_eq!(shown(flat, "sts:TransitiveTagKeys"), values(&["team"]));
        assert!(matches!(shown(json!({ SESSION_TAGS: "x" }), "aws:TagKeys"), Shown::Absent(_)));
    }

    #[test]
    fn what_the_request_always_has_or_never_is_known() {
        assert_eq!(shown(token(), "AWS:SecureTransport"), values(&["true"]));
        assert_eq!(shown(token(), "aws:ViaAWSService"), values(&["false"]));
        assert!(matches!(shown(token(), "sts:ExternalId"), Shown::Absent(_)));
        assert!(matches!(shown(token(), "sts:SourceIdentity"), Shown::Absent(_)));
        let identity = json!({ SOURCE_IDENTITY: "me" });
        assert_eq!(shown(identity, "sts:SourceIdentity"), values(&["me"]));
        for key in
            ["aws:SourceIp", "aws:CurrentTime", "aws:PrincipalOrgID", "aws:FederatedProvider", "sts:DurationSeconds"]
        {
            assert!(matches!(shown(token(), key), Shown::Unknown(_)), "{key}");
        }
        let name = Shown::Unknown("the job chooses it; by default it is semaphore-job-1".into());
        assert_eq!(shown(token(), "sts:RoleSessionName"), name);
    }
}
