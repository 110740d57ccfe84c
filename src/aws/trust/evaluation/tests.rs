//! Tests of every operator, and of combined statements.

use Mark::{Fails, Holds, Unknown};
use serde_json::{Value, json};

use super::*;
use crate::document::Document;
use crate::subject::Claims;

const PROVIDER: &str = "arn:aws:iam::123456789012:oidc-provider/a.example";

fn claims() -> Value {
    json!({ "iss": "https://a.example", "aud": "aud", "sub": "org:Main/x", "amr": ["m", "n"] })
}

fn mark_of(policy: &Value, claims: Value) -> Mark {
    let document = Document::from_text("f", policy.to_string().as_bytes()).unwrap();
    let (policy, _) = Policy::read(&document).unwrap();
    let claims = Claims::new(serde_json::from_value(claims).unwrap());
    let provider = Provider::Known(PROVIDER.into());
    evaluate(&policy, &Request::new(&claims, &provider)).mark()
}

fn statement(effect: &str, condition: &Value) -> Value {
    json!({ "Effect": effect, "Principal": { "Federated": PROVIDER }, "Action": ASSUME, "Condition": condition })
}

const ASSUME: &str = super::super::request::ASSUME;

fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// The result of an Allow with one condition, for the token above.
fn holds(operator: &str, key: &str, values: &Value) -> Mark {
    mark_of(&policy(&[statement("Allow", &json!({ operator: { key: values } }))]), claims())
}

#[track_caller]
fn each(cases: &[(&str, &str, Value, Mark)]) {
    for (operator, key, values, mark) in cases {
        assert_eq!(holds(operator, key, values), *mark, "{operator} {key} {values}");
    }
}

#[test]
fn texts_are_compared_to_the_letter_without_case_or_with_wildcards() {
    let sub = "a.example:sub";
    each(&[
        ("StringEquals", sub, json!("org:Main/x"), Holds),
        ("StringEquals", sub, json!("org:main/x"), Fails),
        ("StringEquals", sub, json!("org:*"), Fails),
        ("StringEquals", sub, json!(["x", "org:Main/x"]), Holds),
        ("StringEquals", sub, json!([]), Fails),
        ("stringequals", "A.Example:SUB", json!("org:Main/x"), Holds),
        ("StringNotEquals", sub, json!("x"), Holds),
        ("StringNotEquals", sub, json!(["x", "org:Main/x"]), Fails),
        ("StringNotEquals", sub, json!([]), Holds),
        ("StringEqualsIgnoreCase", sub, json!("ORG:MAIN/X"), Holds),
        ("StringEqualsIgnoreCase", sub, json!("org:*"), Fails),
        ("StringNotEqualsIgnoreCase", sub, json!("ORG:MAIN/X"), Fails),
        ("StringLike", sub, json!("org:*/?"), Holds),
        ("StringLike", sub, json!("org:main*"), Fails),
        ("StringNotLike", sub, json!("org:*"), Fails),
        ("StringNotLike", sub, json!(["a*", "b*"]), Holds),
    ]);
}

#[test]
fn truth_values_are_compared_as_such() {
    each(&[
        ("Bool", "aws:SecureTransport", json!("true"), Holds),
        ("Bool", "aws:SecureTransport", json!(true), Holds),
        ("Bool", "aws:SecureTransport", json!("False"), Fails),
        ("Bool", "aws:ViaAWSService", json!("FALSE"), Holds),
        ("Bool", "aws:MultiFactorAuthPresent", json!(true), Unknown),
        ("Bool", "a.example:sub", json!(true), Fails),
        ("BoolIfExists", "a.example:no", json!(true), Holds),
    ]);
}

#[test]
fn null_asks_whether_the_key_is_missing() {
    each(&[
        ("Null", "a.example:sub", json!("false"), Holds),
        ("Null", "a.example:sub", json!(true), Fails),
        ("Null", "a.example:branch", json!("true"), Holds),
        ("Null", "a.example:branch", json!("FALSE"), Fails),
        ("Null", "a.example:branch", json!(["false", "true"]), Holds),
        ("Null", "aws:SourceIp", json!("false"), Unknown),
        ("Null", "sts:ExternalId", json!("true"), Holds),
    ]);
}

#[test]
fn a_missing_key_matches_nothing() {
    for key in ["a.example:branch", "b.example:sub", "sts:ExternalId", "aws:RequestTag/x"] {
        each(&[
            ("StringEquals", key, json!("x"), Fails),
            ("StringLike", key, json!("*"), Fails),
            ("StringNotEquals", key, json!("x"), Holds),
            ("StringNotLike", key, json!("*"), Holds),
            ("StringEqualsIfExists", key, json!("x"), Holds),
            ("StringNotLikeIfExists", key, json!("*"), Holds),
            ("ForAllValues:StringEquals", key, json!("x"), Holds),
            ("ForAnyValue:StringEquals", key, json!("x"), Fails),
            ("ForAnyValue:StringNotEquals", key, json!("x"), Fails),
            ("ForAnyValue:StringEqualsIfExists", key, json!("x"), Holds),
            ("Bool", key, json!("true"), Fails),
            ("NumericLessThan", key, json!(3), Fails),
            ("NumericNotEquals", key, json!(3), Holds),
            ("DateLessThanIfExists", key, json!("2030-01-01"), Holds),
            ("NotIpAddress", key, json!("10.0.0.0/8"), Holds),
            ("ArnLike", key, json!("arn:*"), Fails),
        ]);
    }
}

#[test]
fn what_a_token_does_not_show_cannot_be_told() {
    each(&[
        ("IpAddress", "aws:SourceIp", json!("10.0.0.0/8"), Unknown),
        ("NotIpAddress", "aws:SourceIp", json!("10.0.0.0/8"), Unknown),
        ("DateGreaterThan", "aws:CurrentTime", json!("2020-01-01T00:00:00Z"), Unknown),
        ("NumericLessThan", "sts:DurationSeconds", json!("3600"), Unknown),
        ("ArnEquals", "aws:PrincipalArn", json!("*"), Unknown),
        ("BinaryEquals", "a.example:sub", json!("eA=="), Unknown),
        ("ArnLike", "a.example:sub", json!("*"), Unknown),
        ("StringLike", "sts:RoleSessionName", json!("semaphore-job-*"), Unknown),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", json!("o-1"), Unknown),
    ]);
}

#[test]
fn several_values_are_a_set() {
    let amr = "a.example:amr";
    each(&[
        ("ForAnyValue:StringEquals", amr, json!("m"), Holds),
        ("ForAnyValue:StringEquals", amr, json!("o"), Fails),
        ("ForAnyValue:StringNotEquals", amr, json!("m"), Holds),
        ("ForAnyValue:StringNotEquals", amr, json!(["m", "n"]), Fails),
        ("ForAllValues:StringEquals", amr, json!(["m", "n", "o"]), Holds),
        ("ForAllValues:StringLike", amr, json!("m*"), Fails),
        ("ForAllValues:StringNotEquals", amr, json!("m"), Fails),
        ("ForAllValues:StringNotEquals", amr, json!("o"), Holds),
        ("StringEquals", amr, json!("m"), Unknown),
        ("ForAllValues:StringEquals", "a.example:sub", json!("x"), Fails),
        ("ForAnyValue:StringLike", "a.example:sub", json!("org:*"), Holds),
    ]);
}

#[test]
fn variables_are_filled_in() {
    let sub = "a.example:sub";
    each(&[
        ("StringEquals", sub, json!("org:${aws:SecureTransport}"), Fails),
        ("StringLike", sub, json!("${a.example:sub}"), Holds),
        ("StringEquals", "a.example:aud", json!("${A.EXAMPLE:aud}"), Holds),
        ("StringLike", sub, json!("org:${*}"), Fails),
        ("StringEquals", sub, json!("${a.example:no, 'org:Main/x'}"), Holds),
        ("StringLike", sub, json!("${a.example:aud, 'org:Main/x'}"), Fails),
        ("StringEquals", sub, json!("${a.example:no}"), Fails),
        ("StringNotEquals", sub, json!("${a.example:no}"), Unknown),
        ("StringEquals", sub, json!(["${a.example:no}", "org:Main/x"]), Holds),
        ("StringEquals", sub, json!("${aws:username}"), Unknown),
        ("StringEquals", sub, json!("${a.example:amr}"), Unknown),
        ("StringEqualsIfExists", "a.example:no", json!("${aws:username}"), Holds),
    ]);
    let wild = json!({ "iss": "https://a.example", "aud": "a*", "sub": "abc" });
    let with =
        |operator: &str, wanted: &str| policy(&[statement("Allow", &json!({ operator: { "a.example:sub": wanted } }))]);
    assert_eq!(mark_of(&with("StringLike", "${a.example:aud}"), wild.clone()), Unknown);
    assert_eq!(mark_of(&with("StringEquals", "${a.example:aud}"), wild), Fails);
    let mut literal = with("StringEquals", "${a:b}");
    literal["Version"] = json!("2008-10-17");
    assert_eq!(mark_of(&literal, json!({ "iss": "https://a.example", "sub": "${a:b}" })), Holds);
}

#[test]
fn all_conditions_must_hold() {
    let aud = json!({ "a.example:aud": "aud" });
    let both = |other: Value| {
        let mut condition = json!({ "StringEquals": aud });
        condition.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        mark_of(&policy(&[statement("Allow", &condition)]), claims())
    };
    assert_eq!(both(json!({ "StringLike": { "a.example:sub": "org:*" } })), Holds);
    assert_eq!(both(json!({ "StringLike": { "a.example:aud": "x" } })), Fails);
    assert_eq!(both(json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } })), Unknown);
    assert_eq!(
        both(json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" }, "StringLike": { "a.example:sub": "x" } })),
        Fails
    );
}

#[test]
fn a_deny_that_applies_beats_every_allow() {
    let (allow, nothing) = (statement("Allow", &json!({})), json!({ "StringEquals": { "a.example:sub": "x" } }));
    let ip = json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
    for (statements, mark) in [
        (vec![allow.clone()], Holds),
        (vec![statement("Allow", &nothing), allow.clone()], Holds),
        (vec![allow.clone(), statement("Deny", &json!({}))], Fails),
        (vec![statement("Deny", &json!({})), allow.clone()], Fails),
        (vec![statement("Deny", &nothing), allow.clone()], Holds),
        (vec![statement("Deny", &ip), allow.clone()], Unknown),
        (vec![statement("Deny", &ip), statement("Allow", &nothing)], Fails),
        (vec![statement("Allow", &ip), allow.clone()], Holds),
        (vec![statement("Allow", &ip), statement("Deny", &json!({}))], Fails),
    ] {
        assert_eq!(mark_of(&policy(&statements), claims()), mark, "{statements:?}");
    }
}

#[test]
fn principals_and_actions_are_named_or_all_but_those() {
    let with = |name: &str, value: Value| {
        let mut statement = statement("Allow", &json!({}));
        let elements = statement.as_object_mut().unwrap();
        elements.remove(name.trim_start_matches("Not"));
        elements.insert(name.into(), value);
        mark_of(&policy(&[statement]), claims())
    };
    for (name, value, mark) in [
        ("Principal", json!("*"), Holds),
        ("Principal", json!({ "Federated": [PROVIDER, "x"] }), Holds),
        ("Principal", json!({ "Federated": "arn:aws:iam::123456789012:oidc-provider/a.example/" }), Fails),
        ("Principal", json!({ "Federated": "arn:aws:iam::123456789012:oidc-provider/*" }), Fails),
        ("Principal", json!({ "Federated": "*" }), Unknown),
        ("Principal", json!({ "AWS": "*" }), Unknown),
        ("Principal", json!({ "AWS": PROVIDER, "Service": "ec2.amazonaws.com" }), Fails),
        ("Principal", json!({ "AWS": "123456789012", "Federated": PROVIDER }), Holds),
        ("Principal", json!({}), Fails),
        ("NotPrincipal", json!({ "Federated": PROVIDER }), Fails),
        ("NotPrincipal", json!({ "Federated": "x" }), Holds),
        ("NotPrincipal", json!("*"), Fails),
        ("Action", json!("*"), Holds),
        ("Action", json!("STS:assume*"), Holds),
        ("Action", json!(["sts:AssumeRole", "sts:AssumeRoleWithWebIdentit?"]), Holds),
        ("Action", json!("sts:AssumeRole"), Fails),
        ("Action", json!([]), Fails),
        ("NotAction", json!("sts:AssumeRole"), Holds),
        ("NotAction", json!("sts:*"), Fails),
    ] {
        assert_eq!(with(name, value.clone()), mark, "{name} {value}");
    }
}

#[test]
fn session_tags_take_an_action_of_their_own() {
    let mut token = claims();
    token["https://aws.amazon.com/tags"] = json!({ "principal_tags": { "job_type": ["pipeline_job"], "pr": [""] } });
    let with = |actions: Value, condition: Value| {
        let mut statement = statement("Allow", &condition);
        statement["Action"] = actions;
        statement
    };
    let tag = |job_type: &str| json!({ "StringEquals": { "aws:RequestTag/job_type": job_type } });
    let judge = |statements: &[Value]| mark_of(&policy(statements), token.clone());
    assert_eq!(judge(&[with(json!(ASSUME), json!({}))]), Fails);
    assert_eq!(judge(&[with(json!([ASSUME, "sts:TagSession"]), json!({}))]), Holds);
    assert_eq!(judge(&[with(json!("sts:*"), tag("pipeline_job"))]), Holds);
    assert_eq!(judge(&[with(json!("sts:*"), tag("debug_job"))]), Fails);
    let apart = [with(json!(ASSUME), json!({})), with(json!("sts:TagSession"), tag("pipeline_job"))];
    assert_eq!(judge(&apart), Holds);
    assert_eq!(judge(&[apart[0].clone(), with(json!("sts:TagSession"), tag("x"))]), Fails);
    let mut denied = with(json!("sts:TagSession"), json!({}));
    denied["Effect"] = json!("Deny");
    assert_eq!(judge(&[apart[0].clone(), apart[1].clone(), denied]), Fails);
    // An empty text is a value, except for set operators. AWS does not document it for Null.
    let empty = |operator: &str, wanted: &str| {
        judge(&[with(json!("sts:*"), json!({ operator: { "aws:RequestTag/pr": wanted } }))])
    };
    assert_eq!(empty("StringEquals", ""), Holds);
    assert_eq!(empty("StringLike", "?*"), Fails);
    assert_eq!(empty("ForAllValues:StringEquals", "x"), Holds);
    assert_eq!(empty("ForAnyValue:StringEquals", ""), Fails);
    assert_eq!(empty("Null", "false"), Unknown);
    let keys = json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["job_type", "pr"] } });
    assert_eq!(judge(&[with(json!("sts:*"), keys)]), Holds);
    let mut identified = claims();
    identified["https://aws.amazon.com/source_identity"] = json!("me");
    assert_eq!(mark_of(&policy(&[with(json!(ASSUME), json!({}))]), identified.clone()), Fails);
    assert_eq!(mark_of(&policy(&[with(json!("sts:*"), json!({}))]), identified), Holds);
}

#[test]
fn a_built_in_provider_has_no_arn() {
    let google = json!({ "iss": "https://accounts.google.com", "aud": "a", "sub": "1" });
    let mut statement = statement("Allow", &json!({ "StringEquals": { "accounts.google.com:sub": "1" } }));
    assert_eq!(mark_of(&policy(&[statement.clone()]), google.clone()), Fails);
    statement["Principal"]["Federated"] = json!("accounts.google.com");
    assert_eq!(mark_of(&policy(&[statement.clone()]), google), Holds);
    assert_eq!(mark_of(&policy(&[statement]), claims()), Fails);
}
