//! Compares `explain vault` with the real server: the same result for random roles and tokens, and the same first
//! fault.

use std::collections::BTreeMap;

use fastrand::Rng;
use sandbox::{Job, now};
use serde_json::{Value, json};

use super::World;
use crate::support::oidc_exchange;

const ROLES: usize = 240;

/// Why the two may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Because {
    /// The token does not show the job's address, which the role binds.
    Address,
    /// OpenBao truncates a number's fraction; later versions of Vault do not.
    Fraction,
    /// OpenBao turns an audience that is a text into a list; Vault does not.
    AudienceAsText,
    /// A template language makes a policy from claims.
    Template,
    /// If several claims are wrong, the server names any of them, because it keeps them without order.
    AnyOfTheClaims,
}

/// A job, a role and a mount: usual ones, with up to three changes each.
struct Case {
    mount: &'static str,
    role: Value,
    job: Job,
}

fn pick<T: Clone>(rng: &mut Rng, of: &[T]) -> T {
    of[rng.usize(..of.len())].clone()
}

impl Case {
    fn new(rng: &mut Rng, issuer: &str) -> Self {
        let mount = pick(
            rng,
            &["jwt-ID", "jwt-ID", "jwt-ID", "jwt-ID", "jwt-ID", "any-ID", "any-ID", "any-ID", "other-ID", "es-ID"],
        );
        let mut role = json!({
            "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": [issuer], "token_policies": ["default"],
            "bound_claims": pick(rng, &[
                json!({ "prj_id": Job::PROJECT_ID, "ref_type": "branch", "ref": "refs/heads/main", "job_type": "pipeline_job" }),
                json!({ "repo": "web", "branch": "main" }),
                json!({ "prj_id": Job::PROJECT_ID }),
            ]),
        });
        let others = [
            Job::branch("release/1"),
            Job::tag("v1.0.0"),
            Job::pull_request(7, "feature"),
            Job::debug_of(&Job::branch("main")),
            Job::project_debug(),
        ];
        let mut job = if rng.u8(..10) < 7 { Job::branch("main") } else { pick(rng, &others) };
        for _ in 0..pick(rng, &[0, 1, 1, 2, 3]) {
            change_role(rng, &mut role, issuer);
        }
        for _ in 0..pick(rng, &[0, 0, 1, 1, 2]) {
            job = change_token(rng, job, issuer);
        }
        if rng.u8(..25) == 0 {
            role["bound_claims"]["x"] = 5.into();
            job = job.claim("x", 5.5);
        }
        Self { mount, role, job }
    }
}

fn change_role(rng: &mut Rng, role: &mut Value, issuer: &str) {
    match rng.u8(..20) {
        0 => role["user_claim"] = pick(rng, &["sub", "actor", "nope", "exp", "aud", "job_id", "x", "/m/k"]).into(),
        1 => role["user_claim_json_pointer"] = true.into(),
        2 => {
            role["bound_audiences"] = pick(
                rng,
                &[
                    json!(null),
                    json!([]),
                    json!(["https://x.test", issuer]),
                    json!("https://x.test"),
                    json!([format!("{issuer}/")]),
                ],
            );
        }
        3 => role["bound_subject"] = pick(rng, &[Job::branch("main").subject(), Job::tag("v1.0.0").subject()]).into(),
        4..=8 => {
            let (name, wanted) = bound_claim(rng, issuer);
            role["bound_claims"][name] = wanted;
        }
        9 => {
            role["bound_claims_type"] = "glob".into();
            let patterns =
                ["refs/heads/*", "*", "refs/*/main", "*main", "refs/heads/ma?n", "refs/tags/v*", "refs/heads/main*"];
            role["bound_claims"]["ref"] = json!([pick(rng, &patterns)]);
        }
        10 => {
            let mappings = [
                json!({ "job_id": "j", "nope": "n" }),
                json!({ "exp": "e" }),
                json!({ "aud": "a" }),
                json!({ "x": "y", "/m/k": "k" }),
            ];
            role["claim_mappings"] = pick(rng, &mappings);
        }
        11 => role["groups_claim"] = pick(rng, &["g", "x", "/m/g", "repo"]).into(),
        12 | 18 => {
            let name = pick(rng, &["clock_skew_leeway", "expiration_leeway", "not_before_leeway"]);
            role[name] = pick(rng, &[-1, 0, 300, 100_000]).into();
        }
        13..=15 => role["token_bound_cidrs"] = pick(rng, &["127.0.0.1/32", "10.0.0.0/8"]).into(),
        16 | 17 => {
            role["token_policies"] =
                pick(rng, &[json!(["root"]), json!([]), json!(["{{.nope}}"]), json!(["{{.prj_id}}"])]);
            role["token_policies_template_claims"] = rng.bool().into();
        }
        _ => {
            role["role_type"] = "oidc".into();
            role["allowed_redirect_uris"] = "http://localhost/cb".into();
        }
    }
}

fn bound_claim(rng: &mut Rng, issuer: &str) -> (&'static str, Value) {
    pick(
        rng,
        &[
            ("ref", json!(["refs/heads/main", "refs/tags/v1.0.0"])),
            ("ref", json!("refs/heads/*")),
            ("ref", json!([])),
            ("ref_type", json!(["branch", "tag", "pull-request"])),
            ("ref_type", json!("")),
            ("job_type", json!("pipeline_job")),
            ("job_type", json!(["debug_job", "pipeline_job"])),
            ("repo_slug", json!("acme/web")),
            ("environment", json!("production")),
            ("actor", json!("")),
            ("tag", json!("v1.0.0")),
            ("aud", json!(issuer)),
            ("x", json!("a")),
            ("x", json!(["a", "b"])),
            ("x", json!(5)),
            ("x", json!([4, 5])),
            ("x", json!([5, true])),
            ("x", json!(true)),
            ("x", json!({ "a": 1 })),
            ("x", json!(null)),
            ("/m/k", json!("v")),
            ("/m/g/1", json!("b")),
            ("/sub", json!(Job::branch("main").subject())),
        ],
    )
}

fn change_token(rng: &mut Rng, job: Job, issuer: &str) -> Job {
    let at = now();
    match rng.u8(..14) {
        0 => job.project_id("00000000-0000-0000-0000-000000000000"),
        1 => job.expires_at(at + pick(rng, &[-30, -90, 90])),
        2 => job.not_before(at + pick(rng, &[30, 90, 400])),
        3 => job.claim("iat", at + pick(rng, &[30, 90, -200, -5000])),
        4 => job.without(pick(rng, &["exp", "iat", "nbf"])),
        5 => job.without("exp").without("nbf").without(pick(rng, &["iat", "jti"])),
        6 => job.audience(pick(
            rng,
            &[
                json!([issuer]),
                json!(["https://x.test", issuer]),
                json!("https://x.test"),
                json!([]),
                json!(5),
                json!(null),
            ],
        )),
        7 => job.without(pick(rng, &["aud", "prj_id", "ref", "actor", "job_type", "sub", "iss", "repo"])),
        8 | 9 => job.claim(
            "x",
            pick(
                rng,
                &[
                    json!("a"),
                    json!("b"),
                    json!(""),
                    json!(5),
                    json!("5"),
                    json!(5.5),
                    json!(5.5),
                    json!(true),
                    json!(["a", "c"]),
                    json!([5]),
                    json!({}),
                    json!(null),
                    json!([]),
                ],
            ),
        ),
        10 => job.claim("m", json!({ "k": "v", "g": ["a", "b"] })),
        11 => job.claim("g", pick(rng, &[json!(["a", ""]), json!("a"), json!(["a", 5]), json!({}), json!(true)])),
        12 => job.claim(
            pick(rng, &["iss", "sub", "jti"]),
            pick(rng, &[json!("https://x.test"), json!(5), json!(true), json!(null)]),
        ),
        _ => job.claim(
            pick(rng, &["exp", "nbf"]),
            pick(
                rng,
                &[json!("soon"), json!(null), json!(0), serde_json::from_str(&format!("{}.5", at + 99)).unwrap()],
            ),
        ),
    }
}

/// The result of `explain`: its verdict, the titles of open checks, and the text of each fault. A fault is marked if
/// the server may report several in any order.
struct Explained {
    verdict: String,
    unknown: Vec<String>,
    faults: Vec<(String, bool)>,
}

impl Explained {
    fn read(output: &str) -> Self {
        let all: Value = serde_json::from_str(output).unwrap();
        let mut explained =
            Self { verdict: all["verdict"].as_str().unwrap().to_owned(), unknown: Vec::new(), faults: Vec::new() };
        explained.collect(&all["checks"], false);
        explained
    }

    fn collect(&mut self, checks: &Value, in_no_order: bool) {
        for check in checks.as_array().unwrap() {
            let title = check["check"].as_str().unwrap();
            let in_no_order = in_no_order || title == "bound_claims" || title.starts_with("claim_mappings: ");
            if check["parts"].as_array().unwrap().is_empty() {
                if check["result"] == "cannot tell" {
                    self.unknown.push(title.to_owned());
                }
                let said = check["facts"].as_array().unwrap().iter().find_map(|fact| fact["answer"].as_str());
                self.faults.extend(said.map(|said| (said.to_owned(), in_no_order)));
            }
            self.collect(&check["parts"], in_no_order);
        }
    }

    /// Whether the server does the same, and the known difference if it does not.
    fn agrees(&self, status: u16, said: &str) -> Result<Option<Because>, String> {
        let server = format!("{status} {said}");
        let is = |fault: &str| fault.strip_suffix('…').map_or(fault == server, |start| server.starts_with(start));
        let allowed = self.unknown.iter().find_map(|title| Self::allowed(title, &server));
        match (self.verdict.as_str(), self.faults.first()) {
            ("accepted", None) if status == 200 => Ok(None),
            ("cannot tell", None) if status == 200 => allowed_or(self.unknown.first().and_then(|title| reason(title))),
            ("cannot tell", None) => allowed_or(allowed),
            ("refused", Some((first, _))) if is(first) => Ok(None),
            ("refused", Some((_, true))) if self.faults.iter().any(|(fault, any)| *any && is(fault)) => {
                Ok(Some(Because::AnyOfTheClaims))
            }
            // An open check may be the server's first fault.
            ("refused", Some(_)) if status != 200 => allowed_or(allowed),
            _ => Err(format!("{}: {:?}", self.verdict, self.faults)),
        }
    }

    fn allowed(title: &str, server: &str) -> Option<Because> {
        let because = reason(title)?;
        let fits = match because {
            Because::Address => server == "403 permission denied",
            Because::Fraction => server.ends_with("does not match any associated bound claim values"),
            Because::AudienceAsText => server.ends_with("to string"),
            Because::Template => server.starts_with("500 failed to template policy"),
            Because::AnyOfTheClaims => false,
        };
        fits.then_some(because)
    }
}

fn allowed_or(because: Option<Because>) -> Result<Option<Because>, String> {
    because.map(Some).ok_or_else(|| "nothing explains it".into())
}

/// The subject of an open check.
fn reason(title: &str) -> Option<Because> {
    match title {
        "token_bound_cidrs" => Some(Because::Address),
        "x" => Some(Because::Fraction),
        "user_claim aud" | "claim_mappings: aud" => Some(Because::AudienceAsText),
        title if title.starts_with("token_policies: {{") => Some(Because::Template),
        _ => None,
    }
}

#[test]
fn its_verdict_is_the_servers() {
    let world = World::new();
    let mut line = world.bao.line();
    let issuer = world.sandbox.issuer.url();
    let named = |path: &str| path.replace("ID", &world.id);
    let configurations = [
        ("jwt-ID", json!({ "bound_issuer": issuer })),
        ("other-ID", json!({ "bound_issuer": "https://x.test" })),
        ("any-ID", json!({})),
        ("es-ID", json!({ "bound_issuer": issuer, "jwt_supported_algs": ["ES256", "EdDSA"] })),
    ];
    let mut mounts = BTreeMap::new();
    for (mount, mut configuration) in configurations {
        configuration["oidc_discovery_url"] = issuer.clone().into();
        if mount != "jwt-ID" {
            world.must(&format!("sys/auth/{mount}"), &json!({ "type": "jwt" }));
        }
        world.must(&format!("auth/{mount}/config"), &configuration);
        mounts.insert(mount, world.bao.must("GET", &named(&format!("auth/{mount}/config")), &Value::Null));
    }
    let mut rng = Rng::with_seed(8);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut differences: BTreeMap<Because, usize> = BTreeMap::new();
    let mut asked = 0;
    while asked < ROLES {
        let Case { mount, role, job } = Case::new(&mut rng, &issuer);
        let path = named(&format!("auth/{mount}/role/r{asked}"));
        let (written, answer) = line.ask("root", "POST", &path, &role);
        // The server refuses some roles, for example a pattern for a claim that cannot have one.
        if written != 204 {
            assert_eq!(written, 400, "{role} {answer}");
            *seen.entry("no role".into()).or_default() += 1;
            continue;
        }
        let (_, role) = line.ask("root", "GET", &path, &Value::Null);
        let token = world.sandbox.issuer.token(&job);
        let login = json!({ "role": format!("r{asked}"), "jwt": token });
        let (status, answer) = line.ask("", "POST", &named(&format!("auth/{mount}/login")), &login);
        let said = answer["errors"][0].as_str().unwrap_or_default();
        let program = oidc_exchange(["explain", "vault", "--format", "json", "--role-config", "role.json"]);
        let program = program.args(["--mount-config", "mount.json"]).token(&token);
        program.scratch().write("role.json", role.to_string());
        program.scratch().write("mount.json", mounts[mount].to_string());
        let output = program.run();
        let explained = Explained::read(&output.stdout());
        let code = match explained.verdict.as_str() {
            "accepted" => 0,
            "refused" => 4,
            _ => 7,
        };
        output.exits(code);
        match explained.agrees(status, said) {
            Ok(because) => because.into_iter().for_each(|because| *differences.entry(because).or_default() += 1),
            Err(why) => panic!("the server says {status} {said}; {why}\n{role:#}\n{}", output.describe()),
        }
        *seen.entry(explained.verdict).or_default() += 1;
        asked += 1;
    }
    eprintln!("{seen:?} {differences:?}");
    assert!(seen["accepted"] >= 40 && seen["refused"] >= 100 && seen["cannot tell"] >= 10, "{seen:?}");
    assert!(seen.get("no role").is_none_or(|count| *count < ROLES / 8), "{seen:?}");
    // Known differences are rare, and each of them occurs. The claim that the server names is random.
    for because in [Because::Address, Because::Fraction, Because::AudienceAsText, Because::Template] {
        assert!(differences.contains_key(&because), "{because:?} in {differences:?}");
    }
    assert!(differences.values().sum::<usize>() < ROLES / 5, "{differences:?}");
}

/// Numbers, pointers and lists that its library reads in its own way. Each is tested on the server too.
#[test]
fn what_the_server_reads_in_its_own_way() {
    let world = World::new();
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let soon = now() + 100;
    let job = || {
        Job::branch("main")
            .claim("exp", soon)
            .claim("l", json!(["a", "b", "c"]))
            .claim("m", json!({ "01": "z", "~": { "/": "t" } }))
            .claim("lists", json!([["a"], "s"]))
            .claim("late", json!(["s", ["a"]]))
            .claim("objects", json!([{ "a": 1 }, "s"]))
    };
    let mut cases: Vec<(Value, Job)> = Vec::new();
    for index in
        ["1", "01", "0x1", "0b1", "0o1", "0_1", "+1", "-0", "00", "", "08", "1_0", "-1", "3", " 1", "1.0", "x", "1/x"]
    {
        cases.push((json!({ "bound_claims": { format!("/l/{index}"): ["a", "b"] } }), job()));
    }
    for pointer in ["/m/01", "/m/1", "/m/~0/~1", "/m/~01", "/l", "/", "/ref/0", "/lists/0/0", "/lists/00"] {
        cases.push((json!({ "bound_claims": { pointer: ["a", "z", "t"] } }), job()));
    }
    cases.push((json!({ "user_claim": "/l/01", "user_claim_json_pointer": true }), job()));
    cases.push((json!({ "groups_claim": "/l/0x2" }), job()));
    cases.push((json!({ "claim_mappings": { "/l/02": "k" } }), job()));
    for (claim, bound) in [
        ("l", json!([["a"]])),
        ("l", json!([["a"], "c"])),
        ("l", json!([{ "a": 1 }])),
        ("lists", json!([["a"]])),
        ("lists", json!(["s", ["x"]])),
        ("lists", json!([["x"], "s"])),
        ("lists", json!([{ "a": 1 }, "t"])),
        ("late", json!(["s", ["x"]])),
        ("late", json!(["t", ["x"]])),
        ("objects", json!([{ "a": 1 }, "s"])),
        ("objects", json!([["x"], "s"])),
        ("ref", json!([["refs/heads/main"]])),
        ("ref", json!([["x"], "refs/heads/main"])),
    ] {
        cases.push((json!({ "bound_claims": { claim: bound } }), job()));
    }
    for text in
        ["1e30", "-1e30", "1e18", "9.3e18", "9223372036854775807", "9223371974719179000", "1e-400", "1e400", "0.5"]
    {
        for name in ["exp", "nbf", "iat", "x"] {
            cases.push((json!({}), job().claim(name, number(text))));
        }
        cases.push((json!({}), job().without("exp").without("nbf").claim("iat", number(text))));
        cases.push((json!({}), job().without("exp").without("iat").claim("nbf", number(text))));
        cases.push((json!({}), job().without("nbf").without("iat").claim("exp", number(text))));
    }
    cases.push((json!({}), job().claim("x", json!({ "deep": [number("-1e309")] }))));
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for (index, (over, job)) in cases.into_iter().enumerate() {
        let mut role = json!({
            "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": world.sandbox.issuer.url(),
            "token_policies": "default",
        });
        role.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
        world.must(&format!("auth/jwt-ID/role/r{index}"), &role);
        let role = world.bao.must("GET", &format!("auth/jwt-{}/role/r{index}", world.id), &Value::Null);
        let token = world.sandbox.issuer.token(&job);
        let login = json!({ "role": format!("r{index}"), "jwt": token });
        let (status, answer) = world.bao.ask("", "", "POST", &format!("auth/jwt-{}/login", world.id), &login);
        let said = answer["errors"][0].as_str().unwrap_or_default();
        let program =
            oidc_exchange(["explain", "vault", "--format", "json", "--role-config", "role.json"]).token(&token);
        program.scratch().write("role.json", role.to_string());
        let output = program.run();
        let explained = Explained::read(&output.stdout());
        let server = if status == 0 {
            "nothing: it ends the connection without an answer".into()
        } else {
            format!("{status} {said}")
        };
        let first = explained.faults.first().map(|(fault, _)| fault.as_str());
        let agrees = match first {
            None => status == 200 && explained.verdict == "accepted",
            Some(fault) => fault.strip_suffix('…').map_or(fault == server, |start| server.starts_with(start)),
        };
        assert!(agrees, "the server says {server}\n{over}\n{}", output.describe());
        *verdicts.entry(explained.verdict).or_default() += 1;
    }
    eprintln!("{verdicts:?}");
    assert!(verdicts["accepted"] >= 30 && verdicts["refused"] >= 40, "{verdicts:?}");
}
