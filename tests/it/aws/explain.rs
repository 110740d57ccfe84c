//! `explain aws`: the exact output for trust policies.

use sandbox::{Issuer, Job};
use serde_json::{Value, json};

use super::chain::admits;
use crate::support::recorder::Recorder;
use crate::support::{Output, Program, expect, oidc_exchange};

/// A real organization's address: AWS accepts only https, and no port.
pub(super) const ORG: &str = "https://acme.semaphoreci.com";
pub(super) const PROVIDER: &str = "arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com";
pub(super) const MAIN: &str =
    "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main";
const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

/// The same job in that organization.
pub(super) fn of_org(job: Job) -> Job {
    job.claim("iss", ORG).audience(ORG).with_id("c117e453-1189-4eaf-b03a-dd6538eb49b2")
}

fn statement(action: &Value, conditions: &Value) -> Value {
    json!({ "Effect": "Allow", "Principal": { "Federated": PROVIDER }, "Action": action, "Condition": conditions })
}

fn policy(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn assume(conditions: &Value) -> Value {
    policy(&[statement(&json!("sts:AssumeRoleWithWebIdentity"), conditions)])
}

fn bound(operator: &str, sub: &str) -> Value {
    let mut conditions = json!({ "StringEquals": { "acme.semaphoreci.com:aud": ORG } });
    conditions[operator]["acme.semaphoreci.com:sub"] = json!(sub);
    conditions
}

/// `explain aws` of this policy, in a file, for a job of the organization.
pub(super) fn explain<'s>(policy: &Value, job: Job) -> Program<'s> {
    let program = oidc_exchange(["explain", "aws", "--trust-policy", "policy.json"]);
    program.scratch().write("policy.json", policy.to_string());
    program.token(&Issuer::start().unwrap().token(&of_org(job)))
}

fn main_explained(policy: &Value) -> Output {
    explain(policy, Job::branch("main")).env("AWS_ROLE_ARN", ROLE).run()
}

#[test]
fn accepted() {
    let output = main_explained(&assume(&bound("StringEquals", MAIN)));
    output.exits(0).stderr_is(expect![""]).stdout_reads(expect![[r#"
        accepted: the trust policy allows this token to assume arn:aws:iam::123456789012:role/deploy

        ✓ the token
          ✓ it is valid until TIME
          ✓ it names its issuer, its audience and its subject
        ✓ the issuer's provider is arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
        ✓ Statement[0], Allow: applies
          ✓ Principal names the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
          ✓ Action covers sts:AssumeRoleWithWebIdentity
          ✓ StringEquals acme.semaphoreci.com:aud
              wanted     https://acme.semaphoreci.com
              presented  https://acme.semaphoreci.com
          ✓ StringEquals acme.semaphoreci.com:sub
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
        ✓ sts:AssumeRoleWithWebIdentity is allowed by Statement[0]

        note: a debug session of such a job has the same `sub` and is allowed as well: only session tags, which this token does not carry, could tell them apart
        note: only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny
    "#]]);
}

#[test]
fn a_pull_request_is_not_a_push() {
    let policy = assume(&bound("StringLike", &MAIN.replace("main", "*")));
    let output = explain(&policy, Job::pull_request(7, "fix")).args(["--role-arn", ROLE]).run();
    output.exits(4).stderr_is(expect![""]).stdout_reads(expect![[r#"
        refused: no statement allows this token to assume arn:aws:iam::123456789012:role/deploy

        ✓ the token
          ✓ it is valid until TIME
          ✓ it names its issuer, its audience and its subject
        ✓ the issuer's provider is arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
        ✗ Statement[0], Allow: does not apply
          ✓ Principal names the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
          ✓ Action covers sts:AssumeRoleWithWebIdentity
          ✓ StringEquals acme.semaphoreci.com:aud
              wanted     https://acme.semaphoreci.com
              presented  https://acme.semaphoreci.com
          ✗ StringLike acme.semaphoreci.com:sub
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/*
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:pull-request:ref:refs/semaphoreci/5c84719708b9b649b9ef3b56af214f38cee6acde
                                                                                                 ^ differs from here
        ✗ sts:AssumeRoleWithWebIdentity is allowed by no statement

        note: this is a pull-request job: its `ref` changes with every push, and its `ref_type` is pull-request
        note: only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny
    "#]]);
}

#[test]
fn a_star_is_a_star_in_string_equals() {
    let output = main_explained(&assume(&bound("StringEquals", &MAIN.replace("main", "*"))));
    output.exits(4).stdout_reads(expect![[r#"
        refused: no statement allows this token to assume arn:aws:iam::123456789012:role/deploy

        ✓ the token
          ✓ it is valid until TIME
          ✓ it names its issuer, its audience and its subject
        ✓ the issuer's provider is arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
        ✗ Statement[0], Allow: does not apply
          ✓ Principal names the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
          ✓ Action covers sts:AssumeRoleWithWebIdentity
          ✓ StringEquals acme.semaphoreci.com:aud
              wanted     https://acme.semaphoreci.com
              presented  https://acme.semaphoreci.com
          ✗ StringEquals acme.semaphoreci.com:sub
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/*
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
                                                                                                                       ^ differs from here
              because    `*` is a literal character in StringEquals; use StringLike for a wildcard
        ✗ sts:AssumeRoleWithWebIdentity is allowed by no statement

        lint: Statement[0]: StringEquals acme.semaphoreci.com:sub: `*` is a literal character there; use StringLike for a wildcard

        note: only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny
    "#]]);
}

#[test]
fn session_tags_take_an_action_of_their_own() {
    let policy = assume(&bound("StringEquals", MAIN));
    let output = explain(&policy, Job::branch("main").aws_tags(true)).args(["--role-arn", ROLE]).run();
    output.exits(4).stdout_reads(expect![[r#"
        refused: no statement allows sts:TagSession, which the token's session tags need

        ✓ the token
          ✓ it is valid until TIME
          ✓ it names its issuer, its audience and its subject
          ✓ it carries session tags, in the form that STS accepts
        ✓ the issuer's provider is arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
        ✓ Statement[0], Allow: applies
          ✓ Principal names the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
          ✓ Action covers sts:AssumeRoleWithWebIdentity, and does not cover sts:TagSession
              it lists   sts:AssumeRoleWithWebIdentity
          ✓ StringEquals acme.semaphoreci.com:aud
              wanted     https://acme.semaphoreci.com
              presented  https://acme.semaphoreci.com
          ✓ StringEquals acme.semaphoreci.com:sub
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
        ✓ sts:AssumeRoleWithWebIdentity is allowed by Statement[0]
        ✗ sts:TagSession is allowed by no statement
            because    the token carries session tags

        lint: the token carries session tags, and no statement allows sts:TagSession: name it beside sts:AssumeRoleWithWebIdentity

        note: only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny
    "#]]);
}

/// The first line distinguishes values that the token does not show from unknown comparisons of AWS.
#[test]
fn the_headline_names_what_the_answer_turns_on() {
    let (aud, sub) = ("acme.semaphoreci.com:aud", "acme.semaphoreci.com:sub");
    let headline = |conditions: Value| {
        let output = main_explained(&assume(&conditions));
        output.exits(7);
        output.stdout().lines().next().unwrap().strip_prefix("cannot tell: it turns on ").unwrap().to_owned()
    };
    assert_eq!(
        headline(json!({ "ArnLike": { sub: "org:*" } })),
        format!("how AWS compares {sub} (ArnLike compares ARNs)")
    );
    assert_eq!(
        headline(json!({ "ArnLike": { sub: "org:*" }, "NumericLessThan": { aud: "1" } })),
        format!(
            "how AWS compares {aud} (NumericLessThan compares numbers) and how AWS compares {sub} (ArnLike compares ARNs)"
        )
    );
    assert_eq!(
        headline(json!({ "ArnLike": { sub: "org:*" }, "IpAddress": { "aws:SourceIp": "203.0.113.0/24" } })),
        format!("aws:SourceIp, which the token does not show, and on how AWS compares {sub} (ArnLike compares ARNs)")
    );
    assert_eq!(
        headline(json!({ "StringLike": { sub: "org:${aws:username}:*" } })),
        format!("how AWS compares {sub} (the value of `${{aws:username}}` is not known: the token does not show it)")
    );
    let mut everybody = statement(&json!("sts:AssumeRoleWithWebIdentity"), &bound("StringEquals", MAIN));
    everybody["Principal"] = json!({ "Federated": "*" });
    let output = main_explained(&policy(&[everybody]));
    output.exits(7);
    assert_eq!(
        output.stdout().lines().next(),
        Some("cannot tell: it turns on how AWS reads the principal of Statement[0]")
    );
}

#[test]
fn an_address_is_not_in_the_token() {
    let mut conditions = bound("StringEquals", MAIN);
    conditions["IpAddress"] = json!({ "aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"] });
    main_explained(&assume(&conditions)).exits(7).stdout_reads(expect![[r#"
        cannot tell: it turns on aws:SourceIp, which the token does not show

        ✓ the token
          ✓ it is valid until TIME
          ✓ it names its issuer, its audience and its subject
        ✓ the issuer's provider is arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
        ? Statement[0], Allow: may apply
          ✓ Principal names the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
          ✓ Action covers sts:AssumeRoleWithWebIdentity
          ? IpAddress aws:SourceIp
              wanted     203.0.113.0/24
              or         2001:db8::/32
              because    the token does not show it
          ✓ StringEquals acme.semaphoreci.com:aud
              wanted     https://acme.semaphoreci.com
              presented  https://acme.semaphoreci.com
          ✓ StringEquals acme.semaphoreci.com:sub
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
        ? sts:AssumeRoleWithWebIdentity may be allowed by Statement[0]

        note: a debug session of such a job has the same `sub` and may be allowed as well: only session tags, which this token does not carry, could tell them apart
        note: only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny
    "#]]);
    let mut denies = statement(&json!("*"), &json!({ "NotIpAddress": { "aws:SourceIp": "203.0.113.0/24" } }));
    denies["Effect"] = json!("Deny");
    denies["Sid"] = json!("OfficeOnly");
    let allows = statement(&json!("sts:AssumeRoleWithWebIdentity"), &bound("StringEquals", MAIN));
    main_explained(&policy(&[allows, denies.clone()])).exits(7).stdout_reads(expect![[r#"
        cannot tell: it turns on aws:SourceIp, which the token does not show

        ✓ the token
          ✓ it is valid until TIME
          ✓ it names its issuer, its audience and its subject
        ✓ the issuer's provider is arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
        ✓ Statement[0], Allow: applies
          ✓ Principal names the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
          ✓ Action covers sts:AssumeRoleWithWebIdentity
          ✓ StringEquals acme.semaphoreci.com:aud
              wanted     https://acme.semaphoreci.com
              presented  https://acme.semaphoreci.com
          ✓ StringEquals acme.semaphoreci.com:sub
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
        ? Statement[1] `OfficeOnly`, Deny: may apply
          ✓ Principal names the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
          ✓ Action covers sts:AssumeRoleWithWebIdentity
          ? NotIpAddress aws:SourceIp
              not wanted 203.0.113.0/24
              because    the token does not show it
        ? sts:AssumeRoleWithWebIdentity may be denied by Statement[1]

        note: a debug session of such a job has the same `sub` and may be allowed as well: only session tags, which this token does not carry, could tell them apart
        note: only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny
    "#]]);
    let other = statement(&json!("sts:AssumeRoleWithWebIdentity"), &bound("StringEquals", "x"));
    main_explained(&policy(&[other, denies])).exits(4);
}

#[test]
fn json_for_a_program() {
    let policy = assume(&bound("StringEquals", "org:acme"));
    let output = explain(&policy, Job::branch("main")).args(["--role-arn", ROLE, "--format", "json"]).run();
    output.exits(4).stdout_reads(expect![[r#"
        {
          "checks": [
            {
              "check": "the token",
              "facts": [],
              "parts": [
                {
                  "check": "it is valid until TIME",
                  "facts": [],
                  "parts": [],
                  "result": "holds"
                },
                {
                  "check": "it names its issuer, its audience and its subject",
                  "facts": [],
                  "parts": [],
                  "result": "holds"
                }
              ],
              "result": "holds"
            },
            {
              "check": "the issuer's provider is arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com",
              "facts": [],
              "parts": [],
              "result": "holds"
            },
            {
              "check": "Statement[0], Allow: does not apply",
              "facts": [],
              "parts": [
                {
                  "check": "Principal names the token's provider",
                  "facts": [
                    {
                      "wanted": "arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com"
                    }
                  ],
                  "parts": [],
                  "result": "holds"
                },
                {
                  "check": "Action covers sts:AssumeRoleWithWebIdentity",
                  "facts": [],
                  "parts": [],
                  "result": "holds"
                },
                {
                  "check": "StringEquals acme.semaphoreci.com:aud",
                  "facts": [
                    {
                      "wanted": "https://acme.semaphoreci.com"
                    },
                    {
                      "presented": "https://acme.semaphoreci.com"
                    }
                  ],
                  "parts": [],
                  "result": "holds"
                },
                {
                  "check": "StringEquals acme.semaphoreci.com:sub",
                  "facts": [
                    {
                      "wanted": "org:acme"
                    },
                    {
                      "presented": "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main"
                    }
                  ],
                  "parts": [],
                  "result": "fails"
                }
              ],
              "result": "fails"
            },
            {
              "check": "sts:AssumeRoleWithWebIdentity is allowed by no statement",
              "facts": [],
              "parts": [],
              "result": "fails"
            }
          ],
          "lints": [],
          "notes": [
            "only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny"
          ],
          "title": "no statement allows this token to assume arn:aws:iam::123456789012:role/deploy",
          "verdict": "refused"
        }
    "#]]);
    assert!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["checks"].is_array());
}

#[test]
fn what_is_no_trust_policy_is_told_where() {
    let mut effect = assume(&json!({}));
    effect["Statement"][0]["Effect"] = json!("allow");
    let mut resource = assume(&json!({}));
    resource["Statement"][0]["Resource"] = json!("*");
    let operator = assume(&json!({ "StringMatches": { "acme.semaphoreci.com:sub": "x" } }));
    let role = json!({ "Role": { "Arn": "arn:aws:iam::123456789012:role/other", "AssumeRolePolicyDocument": assume(&json!({})) } });
    let said: Vec<String> = [effect, resource, operator, json!({ "Role": { "RoleName": "deploy" } }), role]
        .iter()
        .map(|policy| {
            let output = main_explained(policy);
            output.exits(2).stdout_is("");
            output.stderr()
        })
        .collect();
    expect![[r#"
        error: --trust-policy policy.json: Statement[0].Effect: it is exactly `Allow` or `Deny`

        error: --trust-policy policy.json: Statement[0].Resource: a trust policy has none: the role that it belongs to is meant

        error: --trust-policy policy.json: Statement[0].Condition.StringMatches: IAM has no condition operator of this name

        error: --trust-policy policy.json: Role: not a trust policy: it has no Statement

        hint: give the policy document, or the output of `aws iam get-role --role-name NAME`

        error: AWS_ROLE_ARN names arn:aws:iam::123456789012:role/deploy, and --trust-policy policy.json is of the role arn:aws:iam::123456789012:role/other

        hint: use the file of that role: aws iam get-role prints it
    "#]].assert_eq(&said.join("\n"));
    let output = oidc_exchange(["explain", "aws", "--trust-policy", "-"]).stdin("{\n  \"a\": 1,,\n}").run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --trust-policy -: not JSON: key must be a string at line 2 column 10
    "#]]);
    let output = oidc_exchange(["explain", "aws", "--trust-policy", "-", "--token-file", "-"]).stdin("{}").run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: standard input is named twice by `-`, and holds one file
    "#]]);
    let output = oidc_exchange(["explain", "aws", "--trust-policy", "nowhere.json"]).run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --trust-policy nowhere.json: No such file or directory (os error 2)

        hint: write the file with: aws iam get-role … --output json
    "#]]);
    let output =
        explain(&assume(&json!({})), Job::branch("main")).args(["--provider-arn", "acme.semaphoreci.com"]).run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --provider-arn: `acme.semaphoreci.com` is not the ARN of an OpenID Connect provider: it does not read arn:…:iam::…

        hint: write it as arn:aws:iam::ACCOUNT:oidc-provider/HOST, without https://
    "#]]);
}

#[test]
fn it_is_read_as_awss_own_tools_and_api_write_it() {
    let document = assume(&bound("StringEquals", MAIN));
    let encoded: String = document
        .to_string()
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    for written in [
        json!({ "Role": { "RoleName": "deploy", "Arn": ROLE, "AssumeRolePolicyDocument": document } }).to_string(),
        json!({ "Role": { "Arn": ROLE, "AssumeRolePolicyDocument": encoded } }).to_string(),
        json!({ "RoleName": "deploy", "Path": "/", "AssumeRolePolicyDocument": document.to_string() }).to_string(),
        json!(encoded).to_string(),
        encoded,
    ] {
        let program = explain(&document, Job::branch("main")).stdin(written.clone());
        program.scratch().write("policy.json", &written);
        let output = program.run();
        output.exits(0);
        let role = if written.contains(ROLE) { ROLE } else { "the role" };
        let first = format!("accepted: the trust policy allows this token to assume {role}\n");
        assert!(output.stdout().starts_with(&first), "{}", output.describe());
    }
}

/// Without the role's ARN, the policy's own provider is assumed to be right, and the output shows that.
#[test]
fn without_a_role_it_says_what_it_takes_for_granted() {
    let conditions = bound("StringEquals", MAIN);
    let output = explain(&assume(&conditions), Job::branch("main")).run();
    output.exits(0);
    assert!(
        output.stdout().contains(&format!("✓ the issuer's provider is {PROVIDER}\n    assumed    the policy names it"))
    );
    let mut both = assume(&conditions);
    both["Statement"][0]["Principal"]["Federated"] =
        json!([PROVIDER, PROVIDER.replace("123456789012", "210987654321")]);
    let output = explain(&both, Job::branch("main")).run();
    output.exits(7).stdout_reads(expect![[r#"
        cannot tell: it turns on the role's account, which the token does not show

        ✓ the token
          ✓ it is valid until TIME
          ✓ it names its issuer, its audience and its subject
        ? the issuer's provider is the one in the role's account
            because    the policy names it in several accounts: name the role with --role-arn
        ? Statement[0], Allow: may apply
          ? Principal may name the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com, arn:aws:iam::210987654321:oidc-provider/acme.semaphoreci.com
              because    the role's account is not known
          ✓ Action covers sts:AssumeRoleWithWebIdentity
          ✓ StringEquals acme.semaphoreci.com:aud
              wanted     https://acme.semaphoreci.com
              presented  https://acme.semaphoreci.com
          ✓ StringEquals acme.semaphoreci.com:sub
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
        ? sts:AssumeRoleWithWebIdentity may be allowed by Statement[0]

        note: a debug session of such a job has the same `sub` and may be allowed as well: only session tags, which this token does not carry, could tell them apart
        note: only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny
    "#]]);
    explain(&both, Job::branch("main")).args(["--role-arn", ROLE]).run().exits(0);
    let elsewhere = explain(&assume(&conditions), Job::branch("main"))
        .args(["--role-arn", "arn:aws:iam::210987654321:role/deploy"])
        .run();
    elsewhere.exits(4).stdout_reads(expect![[r#"
        refused: no statement allows this token to assume arn:aws:iam::210987654321:role/deploy

        ✓ the token
          ✓ it is valid until TIME
          ✓ it names its issuer, its audience and its subject
        ✓ the issuer's provider is arn:aws:iam::210987654321:oidc-provider/acme.semaphoreci.com
        ✗ Statement[0], Allow: does not apply
          ✗ Principal does not name the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
              presented  arn:aws:iam::210987654321:oidc-provider/acme.semaphoreci.com
                                      ^ differs from here
          ✓ Action covers sts:AssumeRoleWithWebIdentity
          ✓ StringEquals acme.semaphoreci.com:aud
              wanted     https://acme.semaphoreci.com
              presented  https://acme.semaphoreci.com
          ✓ StringEquals acme.semaphoreci.com:sub
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
        ✗ sts:AssumeRoleWithWebIdentity is allowed by no statement

        lint: Statement[0]: the provider is of account 123456789012, and the role of 210987654321: STS uses only the role's own account

        note: only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny
    "#]]);
    let named = explain(&assume(&conditions), Job::branch("main")).args(["--role-arn", ROLE, "--provider-arn"]);
    let named = named.arg("arn:aws:iam::123456789012:oidc-provider/other.semaphoreci.com").run();
    assert!(named.exits(4).stdout().starts_with("refused: STS finds no provider for this token's issuer\n"));
}

#[test]
fn a_token_that_sts_does_not_take_is_explained_all_the_same() {
    let policy = assume(&bound("StringEquals", MAIN));
    let run = |job: Job| explain(&policy, job).args(["--role-arn", ROLE]).run();
    let expired = run(Job::branch("main").expires_at(1_700_000_000));
    expired.exits(4).stdout_reads(expect![[r#"
        refused: STS does not take this token: it expired TIME

        ✗ the token
          ✗ it expired TIME
              clock      TIME, by this machine's clock
          ✓ it names its issuer, its audience and its subject
        ✓ the issuer's provider is arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
        ✓ Statement[0], Allow: applies
          ✓ Principal names the token's provider
              wanted     arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com
          ✓ Action covers sts:AssumeRoleWithWebIdentity
          ✓ StringEquals acme.semaphoreci.com:aud
              wanted     https://acme.semaphoreci.com
              presented  https://acme.semaphoreci.com
          ✓ StringEquals acme.semaphoreci.com:sub
              wanted     org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
              presented  org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:ref_type:branch:ref:refs/heads/main
        ✓ sts:AssumeRoleWithWebIdentity is allowed by Statement[0]

        note: only the trust policy is checked: the provider must exist with the audience https://acme.semaphoreci.com, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny
    "#]]);
    let first = |output: Output| output.exits(4).stdout().lines().next().unwrap().to_owned();
    assert_eq!(
        first(run(Job::branch("main").without("sub"))),
        "refused: STS does not take this token: it has no `sub` that is a text, and STS accepts no token without"
    );
    assert_eq!(
        first(run(Job::branch("fix#1").aws_tags(true))),
        "refused: STS does not take this token: its session tag `branch` is one that STS does not take"
    );
}

#[test]
fn lints_are_of_the_policy_whatever_the_token() {
    let mut open = statement(
        &json!("sts:AssumeRoleWithWebIdentity"),
        &json!({
            "ForAllValues:StringEquals": { "acme.semaphoreci.com:branch": "main" },
            "StringLike": { "other.semaphoreci.com:sub": "org:*", "acme.semaphoreci.com:aud": "https://acme.semaphoreci.com/" },
        }),
    );
    open["Principal"] = json!("*");
    let project = bound("StringLike", "org:acme:project:*:repo:web:ref_type:branch:ref:refs/heads/main");
    let whatever = bound("StringLike", "org:acme:project:936a5312-a3b8-4921-8b3f-2cec8baac574:repo:web:*");
    let any = json!({ "StringEquals": { "acme.semaphoreci.com:aud": ORG } });
    let variable =
        json!({ "StringEquals": { "acme.semaphoreci.com:sub": "${aws:username}", "acme.semaphoreci.com:aud": ORG } });
    let mut old = assume(&variable);
    old["Version"] = json!("2008-10-17");
    let mut slash = assume(&bound("StringEquals", MAIN));
    slash["Statement"][0]["Principal"]["Federated"] = json!(format!("{PROVIDER}/"));
    let lints = |policy: &Value| {
        let stdout = explain(policy, Job::branch("main")).args(["--role-arn", ROLE]).run().stdout();
        let lints: Vec<&str> = stdout.lines().filter_map(|line| line.strip_prefix("lint: ")).collect();
        lints.join("\n")
    };
    let said =
        [policy(&[open]), assume(&project), assume(&whatever), assume(&any), old, slash].map(|policy| lints(&policy));
    expect![[r#"
        Statement[0]: its principal is everybody, with a token of any provider or without one
        Statement[0]: without a condition on `acme.semaphoreci.com:sub` every project and every ref is allowed
        Statement[0]: ForAllValues:StringEquals acme.semaphoreci.com:branch: ForAllValues is also true if the key is missing, so it allows more than it names
        Statement[0]: ForAllValues:StringEquals acme.semaphoreci.com:branch: AWS has no such key; of this issuer's claims it supports aud, sub and amr, and never `branch`
        Statement[0]: StringLike acme.semaphoreci.com:aud: the audience ends with a slash there, and the token's does not
        Statement[0]: StringLike other.semaphoreci.com:sub: this is another issuer's key; the token's issuer is acme.semaphoreci.com

        it allows every project of the organization

        it allows pull requests, including those from forks
        it allows every branch and every tag

        Statement[0]: without a condition on `acme.semaphoreci.com:sub` every project and every ref is allowed
        it allows every project of the organization
        it allows pull requests, including those from forks
        it allows every branch and every tag

        Statement[0]: StringEquals acme.semaphoreci.com:sub: `${…}` is not a variable without "Version": "2012-10-17"

        Statement[0]: the provider's name ends with a slash, and the token's issuer does not
    "#]].assert_eq(&format!("{}\n", said.join("\n\n")));
    let mut elsewhere = assume(&bound("StringEquals", MAIN));
    elsewhere["Statement"][0]["Principal"] = json!({
        "Federated": [PROVIDER.replace("arn:aws:", "arn:aws-cn:"), PROVIDER.replace("123456789012", "210987654321"), "*"],
        "AWS": [PROVIDER, "arn:aws:iam::123456789012:role/*"],
    });
    let mut odd = statement(&json!("sts:*"), &json!({ "StringEquals": { "sub": MAIN, "semaphore:aud": ORG } }));
    odd["Sid"] = json!("x".repeat(2000));
    let mut denies = statement(&json!("sts:*"), &json!({}));
    denies["Effect"] = json!("Deny");
    denies.as_object_mut().unwrap().remove("Principal");
    denies["NotPrincipal"] = json!({ "Federated": PROVIDER });
    let said = [elsewhere, policy(&[odd, denies])].map(|policy| lints(&policy));
    expect![[r#"
        Statement[0]: arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com is a provider, which belongs under Federated
        Statement[0]: a `*` in a principal's name matches only itself: arn:aws:iam::123456789012:role/*
        Statement[0]: the provider is in the partition aws-cn, and the role in aws
        Statement[0]: the provider is of account 210987654321, and the role of 123456789012: STS uses only the role's own account
        Statement[0]: its principal is a wildcard: name the provider's ARN

        Statement[0]: without a condition on `acme.semaphoreci.com:sub` every project and every ref is allowed
        Statement[0]: without a condition on `acme.semaphoreci.com:aud`, a token for another audience is accepted
        Statement[0]: StringEquals semaphore:aud: no request for a role has such a key; write it as `acme.semaphoreci.com:aud`
        Statement[0]: StringEquals sub: no request for a role has such a key; write it as `acme.semaphoreci.com:sub`
        Statement[1]: AWS no longer accepts NotPrincipal in a trust policy
        it has 2499 characters without spaces; an account allows 2048 unless its quota was raised
    "#]].assert_eq(&format!("{}\n", said.join("\n\n")));
    let clear =
        Issuer::start().unwrap().token(&of_org(Job::branch("main")).claim("iss", "http://acme.semaphoreci.com"));
    let http = explain(&assume(&bound("StringEquals", MAIN)), Job::branch("main")).token(&clear);
    assert!(
        http.run()
            .stdout()
            .contains("\nlint: the token's issuer is http://acme.semaphoreci.com, and AWS accepts only issuers")
    );
    assert_eq!(lints(&assume(&bound("StringEquals", MAIN))), "");
    assert_eq!(lints(&admits("arn:aws:iam::123456789012:role/hub", &json!("sts:AssumeRole"), &json!({}))), "");
}

/// The claims are untrusted text: they cannot start a line or move the cursor.
#[test]
fn claims_cannot_forge_lines() {
    let sub = "org:acme\n✓ Statement[0], Allow: applies\n\u{1b}[2Jaccepted: \u{202e}";
    let job = Job::branch("main").claim("sub", sub).claim("job_id", "a\nb");
    let output = explain(&assume(&bound("StringLike", MAIN)), job).args(["--role-arn", ROLE]).run();
    output.exits(4);
    let stdout = output.stdout();
    assert_eq!(stdout.matches("\n✓ Statement").count(), 0, "{stdout}");
    assert!(!stdout.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{stdout:?}");
    for sub in [json!(1), json!(["a"]), json!({ "a": 1 }), json!(null), json!("")] {
        let output = explain(&assume(&bound("StringLike", "*")), Job::branch("main").claim("sub", sub)).run();
        assert!(output.exits(4).stdout().starts_with("refused: STS does not take this token: it has no `sub`"));
    }
}

#[test]
fn nothing_is_sent() {
    let (recorder, issuer) = (Recorder::start(), Issuer::start().unwrap());
    let program = oidc_exchange(["explain", "aws", "--trust-policy", "policy.json"]);
    program.scratch().write("policy.json", assume(&bound("StringEquals", MAIN)).to_string());
    let address = recorder.url();
    let program = program.token(&issuer.token(&Job::branch("main"))).env("AWS_ENDPOINT_URL", &address);
    program.env("HTTPS_PROXY", &address).env("https_proxy", &address).env("ALL_PROXY", &address).run().exits(4);
    assert!(recorder.seen().is_empty() && issuer.requests().is_empty());
}
