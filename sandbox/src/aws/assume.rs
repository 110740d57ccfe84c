//! The two ways to assume a role: with a web identity token, and with a session.

use std::time::Duration;

use serde_json::Value;

use super::account::{Issued, Session, account_of, partition_of};
use super::identity::Token;
use super::parameters::{Parameters, members};
use super::refusal::Refusal;
use super::trust::{Context, Kind};
use super::{Room, caller, xml};
use crate::server::{Request, Response};
use crate::sync::lock;

const AWS_TAGS: &str = "https://aws.amazon.com/tags";
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";
const CHAINED_LIMIT: Duration = Duration::from_hours(1);

/// A tag's key, its value, and whether it is transitive.
type Tag = (String, String, bool);

pub(super) async fn with_web_identity(room: &Room, request: &Request) -> Result<Response, Refusal> {
    let asked = Parameters::read(request)?;
    // AWS returns this error for an unexpected session token (aws-sdk-php#1725).
    if request.header("x-amz-security-token").is_some() {
        return Err(Refusal::no_verification_key());
    }
    let token = Token::parse(request.field("WebIdentityToken").unwrap_or_default())?;
    let issuer = token.claim("iss")?;
    let account = account_of(asked.role_arn).unwrap_or_default();
    let (known, roots) = {
        let accounts = lock(&room.accounts);
        (accounts.audiences(account, issuer), accounts.roots.clone())
    };
    let known = known.ok_or_else(|| {
        Refusal::invalid_token(format!("No OpenIDConnect provider found in your account for {issuer}"))
    })?;
    room.keys.check_signature(&token, issuer, &roots).await?;
    token.check_times()?;
    let subject = token.claim("sub")?;
    let audience = token.check_audience(&known)?;
    let tags = tags_of_token(&token)?;
    let source_identity = token.claims().get(SOURCE_IDENTITY).and_then(Value::as_str).map(str::to_owned);

    let host = issuer.split_once("://").map_or(issuer, |(_, host)| host);
    let provider = format!("arn:{}:iam::{account}:oidc-provider/{host}", partition_of(asked.role_arn));
    let mut context = session_context(&asked, &tags, source_identity.as_deref());
    context.push((format!("{host}:sub").to_lowercase(), subject.to_owned()));
    context.push((format!("{host}:aud").to_lowercase(), audience.clone()));
    let principals = [(Kind::Federated, provider.clone())];

    let mut accounts = lock(&room.accounts);
    let role = accounts.role(asked.role_arn).ok_or_else(Refusal::not_authorized)?;
    let allowed = needed("sts:AssumeRoleWithWebIdentity", &tags, source_identity.as_deref())
        .all(|action| role.trust.allows(action, &principals, &context));
    if !allowed {
        return Err(Refusal::not_authorized());
    }
    let session = Session { role: &role, name: asked.session_name, duration: asked.duration, tags, source_identity };
    let made = accounts.issue(session)?;
    let mut result = vec![
        xml::element("SubjectFromWebIdentityToken", subject),
        xml::element("Audience", &audience),
        xml::element("Provider", &provider),
    ];
    result.extend(describe(&made, &asked));
    Ok(xml::result("AssumeRoleWithWebIdentity", &result))
}

pub(super) fn with_session(room: &Room, request: &Request) -> Result<Response, Refusal> {
    let mut accounts = lock(&room.accounts);
    let caller = caller::identify(request, &accounts.issued)?;
    let asked = Parameters::read(request)?;
    if asked.duration > CHAINED_LIMIT {
        return Err(Refusal::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    let tags = tags_of_request(request, &caller);
    let source_identity = request.field("SourceIdentity").map(str::to_owned).or_else(|| caller.source_identity.clone());
    let mut context = session_context(&asked, &tags, source_identity.as_deref());
    if let Some(external_id) = request.field("ExternalId") {
        context.push(("sts:externalid".into(), external_id.to_owned()));
    }
    let account = caller.account().to_owned();
    let whole_account = format!("arn:{}:iam::{account}:root", partition_of(&caller.role_arn));
    let principals = [caller.arn(), caller.role_arn.clone(), account, whole_account].map(|name| (Kind::Aws, name));
    let refused = || {
        let (who, role) = (caller.arn(), asked.role_arn);
        Refusal::access_denied(format!("User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}"))
    };
    let role = accounts.role(asked.role_arn).ok_or_else(refused)?;
    let allowed = needed("sts:AssumeRole", &tags, source_identity.as_deref())
        .all(|action| role.trust.allows(action, &principals, &context));
    if !allowed {
        return Err(refused());
    }
    let session = Session { role: &role, name: asked.session_name, duration: asked.duration, tags, source_identity };
    let issued = accounts.issue(session)?;
    Ok(xml::result("AssumeRole", &describe(&issued, &asked)))
}

/// The actions that the trust policy must allow.
fn needed<'a>(assume: &'a str, tags: &[Tag], source_identity: Option<&str>) -> impl Iterator<Item = &'a str> {
    let tag = (!tags.is_empty()).then_some("sts:TagSession");
    let identity = source_identity.map(|_| "sts:SetSourceIdentity");
    [Some(assume), tag, identity].into_iter().flatten()
}

fn session_context(asked: &Parameters<'_>, tags: &[Tag], source_identity: Option<&str>) -> Context {
    let mut context: Context =
        tags.iter().map(|(key, value, _)| (format!("aws:requesttag/{}", key.to_lowercase()), value.clone())).collect();
    context.push(("sts:rolesessionname".into(), asked.session_name.to_owned()));
    context.extend(source_identity.map(|identity| ("sts:sourceidentity".into(), identity.to_owned())));
    context
}

fn tags_of_token(token: &Token) -> Result<Vec<Tag>, Refusal> {
    let Some(claim) = token.claims().get(AWS_TAGS) else { return Ok(Vec::new()) };
    let transitive = claim["transitive_tag_keys"].as_array();
    let goes_on = |key: &str| transitive.is_some_and(|keys| keys.iter().any(|one| one == key));
    let principal = claim["principal_tags"].as_object().ok_or_else(Refusal::not_a_jwt)?;
    let tags = principal.iter().map(|(key, values)| {
        let value = values.as_array().and_then(|values| values.first()).unwrap_or(values);
        let value = value.as_str().ok_or_else(Refusal::not_a_jwt)?;
        if !is_tag_value(value) {
            return Err(Refusal::validation(format!(
                "1 validation error detected: Value '{value}' at 'tags.{key}.value' failed to satisfy constraint: \
                 Member must satisfy regular expression pattern: [\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]*"
            )));
        }
        Ok((key.clone(), value.to_owned(), goes_on(key)))
    });
    tags.collect()
}

fn is_tag_value(value: &str) -> bool {
    let allowed = |letter: char| letter.is_alphanumeric() || letter == ' ' || "_.:/=+-@".contains(letter);
    value.chars().count() <= 256 && value.chars().all(allowed)
}

/// The tags of the request, and the transitive ones of the caller's session.
fn tags_of_request(request: &Request, caller: &Issued) -> Vec<Tag> {
    let transitive: Vec<&str> =
        (1..).map_while(|index| request.field(&format!("TransitiveTagKeys.member.{index}"))).collect();
    let keys = members(request, "Tags", "Key");
    let values = members(request, "Tags", "Value");
    let mut tags: Vec<Tag> = keys
        .iter()
        .zip(values)
        .map(|(key, value)| ((*key).to_owned(), value.to_owned(), transitive.contains(key)))
        .collect();
    tags.extend(caller.tags.iter().filter(|(key, _, goes_on)| *goes_on && !keys.contains(&key.as_str())).cloned());
    tags
}

fn describe(issued: &Issued, asked: &Parameters<'_>) -> Vec<String> {
    let expiration = humantime::format_rfc3339_seconds(issued.expiration).to_string();
    let mut elements = vec![
        xml::group(
            "AssumedRoleUser",
            &[xml::element("Arn", &issued.arn()), xml::element("AssumedRoleId", &issued.user_id())],
        ),
        xml::group(
            "Credentials",
            &[
                xml::element("AccessKeyId", &issued.access_key_id),
                xml::element("SecretAccessKey", &issued.secret_access_key),
                xml::element("SessionToken", &issued.session_token),
                xml::element("Expiration", &expiration),
            ],
        ),
    ];
    elements.extend(asked.packed.map(|percent| xml::element("PackedPolicySize", &percent.to_string())));
    elements.extend(issued.source_identity.as_ref().map(|identity| xml::element("SourceIdentity", identity)));
    elements
}
