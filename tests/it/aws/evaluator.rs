//! Compares `explain aws` with MiniStack's independent evaluator, for the same policies and tokens.

use fastrand::Rng;
use oidc_exchange::aws::RoleArn;
use oidc_exchange::aws::trust::Rule;
use oidc_exchange::document::Document;
use oidc_exchange::explanation::Verdict;
use oidc_exchange::subject::Claims;
use serde_json::{Map, Value, json};

use super::ministack::administrator;
use crate::support::{Program, peers};

const ROLE: &str = "arn:aws:iam::000000000000:role/evaluated";
const PROVIDER: &str = "arn:aws:iam::000000000000:oidc-provider/acme.example";
const SUB: &str = "org:acme:project:p1:repo:web:ref_type:branch:ref:refs/heads/main";
const NOW: i64 = 1_786_400_000;
const CASES: usize = 360;

/// All cases in one test: each policy becomes the role's, and then the token is exchanged.
const SCRIPT: &str = r"
import base64, boto3, json, sys
from botocore import UNSIGNED
from botocore.config import Config
iam = boto3.client('iam')
sts = boto3.client('sts', config=Config(signature_version=UNSIGNED))
refused = sts.exceptions.ClientError
iam.create_role(RoleName='evaluated', AssumeRolePolicyDocument='{}')
part = lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b'=').decode()
answers = []
for case in json.load(sys.stdin):
    iam.update_assume_role_policy(RoleName='evaluated', PolicyDocument=json.dumps(case['policy']))
    token = part('{}') + '.' + part(json.dumps(case['claims'])) + '.c2ln'
    try:
        sts.assume_role_with_web_identity(RoleArn=sys.argv[1], RoleSessionName='me', WebIdentityToken=token)
        answers.append(True)
    except refused as error:
        assert error.response['Error']['Code'] == 'AccessDenied', error
        answers.append(False)
print(json.dumps(answers))
";

#[derive(Debug)]
struct Case {
    policy: Value,
    claims: Value,
}

impl Case {
    fn conditions(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let statements = self.policy["Statement"].as_array().unwrap();
        statements.iter().filter_map(|statement| statement["Condition"].as_object()).flatten().flat_map(
            |(operator, keys)| {
                keys.as_object().unwrap().iter().map(|(key, values)| (operator.as_str(), key.as_str(), values))
            },
        )
    }

    fn ours(&self) -> Verdict {
        let document = Document::from_text("case", self.policy.to_string().as_bytes()).unwrap();
        let role = RoleArn::parse("--role-arn", ROLE).unwrap();
        let claims = Claims::new(self.claims.as_object().unwrap().clone());
        Rule::new(&document, Some(("--role-arn", role)), None).unwrap().evaluate(&claims, NOW).verdict
    }
}

/// Whether a case, which MiniStack allows or denies, shows a known difference.
type Shows = fn(&Case, bool) -> bool;

/// Why MiniStack may differ from us. In each case, AWS's documentation agrees with us.
const DIFFERENCES: [(&str, Shows); 7] = [
    ("MiniStack fills no variable in", |case, _| {
        case.policy["Version"] == "2012-10-17"
            && case.conditions().any(|(.., values)| values.to_string().contains("${"))
    }),
    ("MiniStack reads no session tags from a token, and asks for no sts:TagSession", |case, _| {
        !case.claims["https://aws.amazon.com/tags"].is_null()
    }),
    ("MiniStack has an empty aws:TagKeys in a request without tags", |case, _| {
        case.conditions().any(|(_, key, _)| key == "aws:TagKeys")
    }),
    ("MiniStack takes a token that has expired", |case, lets_in| lets_in && case.claims["exp"].as_i64().unwrap() < NOW),
    ("MiniStack takes a token without a subject", |case, lets_in| lets_in && case.claims["sub"].is_null()),
    ("MiniStack was asked over http, and AWS never is", |case, _| {
        case.conditions().any(|(_, key, _)| key == "aws:SecureTransport")
    }),
    ("MiniStack looks at the first value of Null alone", |case, _| {
        case.conditions().any(|(operator, _, values)| operator == "Null" && values.is_array())
    }),
];

fn pick<T: Clone>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())].clone()
}

fn claims(rng: &mut Rng) -> Value {
    let sub = pick(
        rng,
        &[
            SUB,
            SUB,
            "org:acme:project:p1:repo:web:ref_type:tag:ref:refs/tags/v1",
            "org:acme:project:p1:repo:web:ref_type:pull-request:ref:refs/semaphoreci/5c84",
            "org:acme:project:p2:repo:Web:ref_type:branch:ref:refs/heads/main",
        ],
    );
    let aud = pick(rng, &["https://acme.example", "https://acme.example", "https://acme.example", "sts.amazonaws.com"]);
    let mut claims =
        json!({ "iss": "https://acme.example", "aud": aud, "sub": sub, "exp": NOW + 3600, "branch": "main" });
    match rng.u8(..24) {
        0..=5 => claims["amr"] = json!(["mfa", "pwd"]),
        6 => claims["amr"] = json!("mfa"),
        7 => claims["exp"] = json!(NOW - 3600),
        8 => drop(claims.as_object_mut().unwrap().remove("sub")),
        9 | 10 => {
            claims["https://aws.amazon.com/tags"] = json!({ "principal_tags": { "job_type": ["pipeline_job"] } });
        }
        _ => {}
    }
    claims
}

/// An operator, a key, and values that often fit.
fn condition(rng: &mut Rng) -> (String, String, Value) {
    let key = pick(
        rng,
        &[
            "acme.example:sub",
            "acme.example:sub",
            "acme.example:sub",
            "ACME.example:Sub",
            "acme.example:aud",
            "acme.example:aud",
            "acme.example:amr",
            "acme.example:branch",
            "other.example:sub",
            "sts:ExternalId",
            "aws:RequestTag/job_type",
            "aws:TagKeys",
            "aws:SecureTransport",
        ],
    );
    let base = pick(
        rng,
        &[
            "StringEquals",
            "StringEquals",
            "StringLike",
            "StringLike",
            "StringNotEquals",
            "StringNotLike",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "Bool",
            "Null",
            "Null",
            "NumericLessThan",
            "DateNotEquals",
            "ArnNotLike",
            "IpAddress",
        ],
    );
    let sets = if key.ends_with(":amr") || key == "aws:TagKeys" { 2 } else { 10 };
    let (mut before, mut after) = ("", "");
    if base != "Null" {
        before = if rng.usize(..sets) == 0 { pick(rng, &["ForAnyValue:", "ForAllValues:"]) } else { "" };
        after = if rng.u8(..8) == 0 { "IfExists" } else { "" };
    }
    let values: &[&str] = match key {
        _ if base == "Null" || base == "Bool" => &["true", "false"],
        "acme.example:aud" => {
            &["https://acme.example", "https://acme.example", "https://acme.example/", "*", "HTTPS://*"]
        }
        "acme.example:amr" => &["mfa", "pwd", "m*", "MFA", "otp"],
        "aws:SecureTransport" => &["true", "false"],
        "aws:RequestTag/job_type" => &["pipeline_job", "debug_job"],
        "aws:TagKeys" => &["job_type", "branch"],
        "acme.example:branch" => &["main", "*"],
        _ => &[
            SUB,
            SUB,
            "org:acme:*",
            "org:acme:project:p?:repo:web:ref_type:branch:ref:refs/heads/*",
            "org:acme:project:*:ref_type:pull-request:*",
            "ORG:ACME:PROJECT:P1:REPO:WEB:REF_TYPE:BRANCH:REF:REFS/HEADS/MAIN",
            "*:refs/tags/v?",
            "${acme.example:sub}",
            "*",
        ],
    };
    let one = |rng: &mut Rng| json!(pick(rng, values));
    let several = if base == "Null" { 2 } else { 3 };
    let values = if rng.u8(..several) == 0 { json!([one(rng), one(rng)]) } else { one(rng) };
    (format!("{before}{base}{after}"), key.to_owned(), values)
}

fn statement(rng: &mut Rng, denies: bool) -> Value {
    let principal = match rng.u8(..16) {
        0 => json!("*"),
        1 => json!({ "AWS": "arn:aws:iam::000000000000:root", "Service": ["ec2.amazonaws.com"] }),
        2 => json!({ "Federated": [PROVIDER, "arn:aws:iam::000000000000:oidc-provider/other.example"] }),
        3 => json!({ "Federated": format!("{PROVIDER}/") }),
        _ => json!({ "Federated": PROVIDER }),
    };
    let mut statement = json!({ "Effect": if denies { "Deny" } else { "Allow" }, "Principal": principal });
    match rng.u8(..12) {
        0 => statement["Action"] = json!("sts:AssumeRole"),
        1 => statement["NotAction"] = json!(["sts:AssumeRole", "sts:TagSession"]),
        2 => statement["NotAction"] = json!("STS:*"),
        3 => statement["Action"] = json!("sts:assumerole*identity"),
        4 => statement["Action"] = json!("*"),
        5 => statement["Action"] = json!(["sts:TagSession", "sts:AssumeRoleWithWebIdentit?"]),
        _ => statement["Action"] = json!("sts:AssumeRoleWithWebIdentity"),
    }
    let mut conditions = Map::new();
    for _ in 0..rng.usize(if denies { 1..3 } else { 0..3 }) {
        let (operator, key, values) = condition(rng);
        let keys = conditions.entry(operator).or_insert_with(|| json!({}));
        keys[key] = values;
    }
    if !conditions.is_empty() {
        statement["Condition"] = conditions.into();
    }
    statement
}

fn case(rng: &mut Rng) -> Case {
    let mut statements = Vec::new();
    for index in 0..rng.usize(1..4) {
        let denies = index > 0 && rng.u8(..3) == 0;
        statements.push(statement(rng, denies));
    }
    let version = pick(rng, &["2012-10-17", "2012-10-17", "2008-10-17"]);
    Case { policy: json!({ "Version": version, "Statement": statements }), claims: claims(rng) }
}

#[test]
fn both_evaluators_agree_but_where_ministack_is_known_to_differ() {
    let mut rng = Rng::with_seed(0x0019_0017);
    let cases: Vec<Case> = (0..CASES).map(|_| case(&mut rng)).collect();
    let input: Vec<Value> = cases.iter().map(|case| json!({ "policy": case.policy, "claims": case.claims })).collect();
    let server = peers::ministack();
    let program = Program::new(peers::aws().python(), ["-c", SCRIPT, ROLE]).stdin(json!(input).to_string());
    let output = administrator(&server, program).run();
    output.exits(0);
    let theirs: Vec<bool> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(theirs.len(), CASES);
    let (mut agreed, mut untold) = ([0, 0], 0);
    let mut explained = [0; DIFFERENCES.len()];
    for (case, theirs) in cases.iter().zip(theirs) {
        let ours = match case.ours() {
            Verdict::Accepted => true,
            Verdict::Refused => false,
            Verdict::CannotTell => {
                untold += 1;
                continue;
            }
        };
        if ours == theirs {
            agreed[usize::from(ours)] += 1;
            continue;
        }
        let known = DIFFERENCES.iter().position(|(_, applies)| applies(case, theirs));
        let known =
            known.unwrap_or_else(|| panic!("we say {ours}, MiniStack says {theirs}: {} {}", case.policy, case.claims));
        explained[known] += 1;
    }
    let described = format!("{agreed:?} alike, {explained:?} explained, {untold} not told");
    eprintln!("{described}");
    assert!(agreed.iter().all(|count| *count >= 80), "{described}");
    assert!(agreed.iter().sum::<usize>() >= CASES * 2 / 3, "{described}");
    for ((difference, _), count) in DIFFERENCES.iter().zip(explained) {
        assert!(count > 0, "{difference}: nothing shows it any more; {described}");
    }
}
