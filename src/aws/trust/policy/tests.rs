use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(value: &Value) -> Result<(Policy, Option<RoleArn>), String> {
    let document = Document::from_text("f", value.to_string().as_bytes()).unwrap();
    Policy::read(&document).map_err(|wrong| wrong.to_string())
}

fn statement(change: &Value) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Principal": { "Federated": "p" }, "Action": "sts:*" });
    for (name, value) in change.as_object().unwrap() {
        if value.is_null() {
            statement.as_object_mut().unwrap().remove(name);
        } else {
            statement[name] = value.clone();
        }
    }
    statement
}

fn policy(change: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [statement(&json!({})), statement(change)] })
}

#[test]
fn it_is_read_wherever_it_stands() {
    let alone = json!({ "Statement": statement(&json!({})) });
    let arn = "arn:aws:iam::123456789012:role/deploy";
    let encoded = alone.to_string().replace('{', "%7B").replace('"', "%22").replace('}', "%7D");
    for (value, role) in [
        (alone.clone(), None),
        (json!({ "AssumeRolePolicyDocument": alone }), None),
        (json!({ "Role": { "Arn": arn, "AssumeRolePolicyDocument": alone, "Path": "/" } }), Some(arn)),
        (json!({ "Role": { "Arn": arn, "AssumeRolePolicyDocument": encoded } }), Some(arn)),
        (json!({ "RoleName": "deploy", "AssumeRolePolicyDocument": alone.to_string() }), None),
        (json!(encoded), None),
        (json!(alone.to_string()), None),
    ] {
        let (policy, of) = read(&value).unwrap();
        assert_eq!(policy.statements[0].place, "Statement", "{value}");
        assert_eq!(of.as_ref().map(RoleArn::as_str), role, "{value}");
    }
    assert_eq!(decoded(format!(" {encoded}\n").into_bytes()), alone.to_string().into_bytes());
}

#[test]
fn what_is_no_policy_is_told_where() {
    let federated = "it is \"*\", or an object such as {\"Federated\": ARN}";
    for (value, wrong) in [
        (json!([]), "f: a trust policy is a JSON object"),
        (json!({}), "f: not a trust policy: it has no Statement"),
        (json!({ "Statement": [] }), "f: Statement: it has no statement"),
        (json!({ "Statement": [[]] }), "f: Statement[0]: a statement is a JSON object"),
        (json!({ "Statement": [], "Versoin": "x" }), "f: Versoin: IAM has no element of this name here"),
        (
            json!({ "Version": "2012-10-18", "Statement": {} }),
            "f: Version: it is 2012-10-17, or 2008-10-17 as if none stood there",
        ),
        (policy(&json!({ "Effect": "allow" })), "f: Statement[1].Effect: it is exactly `Allow` or `Deny`"),
        (policy(&json!({ "Effect": null })), "f: Statement[1]: it has no Effect"),
        (policy(&json!({ "effect": "Allow" })), "f: Statement[1].effect: IAM has no element of this name here"),
        (
            policy(&json!({ "Resource": "*" })),
            "f: Statement[1].Resource: a trust policy has none: the role that it belongs to is meant",
        ),
        (policy(&json!({ "NotAction": "sts:*" })), "f: Statement[1]: both Action and NotAction are in it"),
        (policy(&json!({ "Action": null })), "f: Statement[1]: neither Action nor NotAction is in it"),
        (policy(&json!({ "Principal": null })), "f: Statement[1]: neither Principal nor NotPrincipal is in it"),
        (policy(&json!({ "Principal": "p" })), &format!("f: Statement[1].Principal: {federated}")),
        (
            policy(&json!({ "Principal": { "federated": "p" } })),
            "f: Statement[1].Principal.federated: a principal is Federated, AWS, Service or CanonicalUser",
        ),
        (policy(&json!({ "Action": ["sts:*", 1] })), "f: Statement[1].Action: it is a text, or a list of texts"),
        (
            policy(&json!({ "Action": ["sts:*", "Assume"] })),
            "f: Statement[1].Action: entry 1, `Assume`, is not an action: write it as sts:NAME",
        ),
        (
            policy(&json!({ "Condition": { "StringMatches": {} } })),
            "f: Statement[1].Condition.StringMatches: IAM has no condition operator of this name",
        ),
        (
            policy(&json!({ "Condition": { "StringLike": "a" } })),
            "f: Statement[1].Condition.StringLike: what is under an operator is a JSON object",
        ),
        (
            policy(&json!({ "Condition": { "StringLike": { "a:b": [null] } } })),
            "f: Statement[1].Condition.StringLike.a:b: a value is a text, a number, true or false, or a list of them",
        ),
        (
            policy(&json!({ "Condition": { "StringLike": { "a:b": "${x" } } })),
            "f: Statement[1].Condition.StringLike.a:b: a variable that `${` begins has no `}`",
        ),
        (policy(&json!({ "Sid": 1 })), "f: Statement[1].Sid: it is a text, or a list of texts"),
        (
            json!({ "Role": { "AssumeRolePolicyDocument": { "Statement": {} } } }),
            "f: Role.AssumeRolePolicyDocument.Statement: it has no Effect",
        ),
        (
            json!({ "Role": { "AssumeRolePolicyDocument": "{\"Statement\":1}" } }),
            "f: Role.AssumeRolePolicyDocument: Statement: a statement is a JSON object",
        ),
        (
            json!({ "Role": { "AssumeRolePolicyDocument": 1 } }),
            "f: Role.AssumeRolePolicyDocument: a trust policy is a JSON object",
        ),
        (json!({ "Role": { "RoleName": "x" } }), "f: Role: not a trust policy: it has no Statement"),
        (json!({ "Arn": 1, "AssumeRolePolicyDocument": {} }), "f: Arn: a role's ARN is a text"),
    ] {
        assert_eq!(read(&value).map(drop), Err(wrong.to_owned()), "{value}");
    }
    let long = read(&policy(&json!({ "Sid": "x".repeat(LONGEST) }))).unwrap_err();
    assert!(long.ends_with("characters without spaces, more than IAM accepts for any policy"), "{long}");
}

#[test]
fn variables_stand_for_something_in_the_version_that_has_them() {
    let condition = json!({ "Condition": { "StringEquals": { "a:b": "${a:c}" }, "Bool": { "a:b": ["${", true] } } });
    let mut value = policy(&condition);
    let varies = |value: &Value| read(value).unwrap().0.statements[1].conditions.iter().any(|c| c.values[0].varies());
    assert!(varies(&value));
    value["Version"] = json!("2008-10-17");
    assert!(!varies(&value));
}

fn json_value() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        proptest::sample::select(vec![
            "Role",
            "AssumeRolePolicyDocument",
            "Arn",
            "Version",
            "Statement",
            "Effect",
            "Principal",
            "Action",
            "Condition",
            "StringLike",
            "Federated",
            "Sid",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| json!(number)),
        proptest::sample::select(vec!["Allow", "Deny", "*", "sts:*", "${a:b}", "%7B%22", "{\"Statement\":{}}"])
            .prop_map(|text| json!(text)),
        ".{0,8}".prop_map(Value::String),
    ];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            proptest::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_makes_the_reader_panic(value in json_value()) {
        let _ = read(&value);
        let _ = read(&json!({ "Statement": value }));
        let _ = read(&policy(&json!({ "Condition": { "StringLike": value } })));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(text in "(%7[Bb])?.{0,20}(%[0-9A-Fa-f]{0,2}){0,4}") {
        let _ = decoded(text.into_bytes());
    }
}
