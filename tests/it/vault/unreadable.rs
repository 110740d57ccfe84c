//! Invalid answers, and secrets that exist and cannot be read: they do not count as missing.

use std::time::{Duration, Instant};

use sandbox::{Fault, Sandbox, VAULT_ROLE};
use serde_json::{Value, json};

use super::World;
use crate::support::{Output, oidc_exchange};

fn answer(status: u16, body: &str) -> Fault {
    Fault::Status { status, headers: Vec::new(), body: body.to_owned() }
}

/// `vault` with these answers, one after the other; none is normal service.
fn run(answers: &[Option<Fault>], selection: &str) -> (Sandbox, Output) {
    let sandbox = Sandbox::start().unwrap();
    let faults = answers.iter().map(|fault| fault.clone().unwrap_or(Fault::Delay(Duration::ZERO)));
    sandbox.vault.script(faults);
    let output = oidc_exchange(["vault", "--role", VAULT_ROLE, "--format", "json", selection]).job(&sandbox).run();
    let revoked = sandbox.vault.issued().iter().all(|token| !sandbox.vault.is_good(token));
    assert!(revoked, "{}", output.describe());
    (sandbox, output)
}

#[test]
fn a_secret_that_is_there_is_never_taken_for_an_absent_one() {
    let world = World::new();
    let deep = (0..140).fold(json!("x"), |inner, _| json!([inner]));
    world.must("ID/kv2/data/ci/deep", &json!({ "data": { "k": "hello", "z": deep } }));
    world.vault(&["K=ID/kv2/ci/deep#k"]).run().exits(0).exports_are("export K='hello';\n");
    for selection in [
        "K=ID/kv2/ci/deep#z",
        "K=ID/kv2/ci/deep?default=x#z",
        "K=ID/kv2/ci/deep?optional#z",
        "P_=ID/kv2/ci/deep?optional#*",
    ] {
        let output = world.vault(&[selection, "--format", "json"]).run();
        output.exits(5).stdout_is("");
        let said = "said       the answer with status 200 cannot be used: a field of the secret is nested too deeply, or holds half a surrogate pair\n";
        assert!(output.stderr().contains(said), "{}", output.describe());
    }
}

#[test]
fn a_secret_has_the_members_that_it_has() {
    let world = World::new();
    let odd = json!({ "$serde_json::private::Number": "12" });
    world.must("ID/kv2/data/ci/odd", &json!({ "data": { "k": odd, "n": 1.5 } }));
    let output = world.vault(&["K=ID/kv2/ci/odd#k", "N=ID/kv2/ci/odd#n"]).run();
    output.exits(0).exports_are("export K='{\"$serde_json::private::Number\":\"12\"}';\nexport N='1.5';\n");
}

/// Selected by the answer to the read.
#[test]
fn a_read_whose_answer_is_none() {
    for body in [
        r#"{"data":{"data":{"username":"a\ud800b"},"metadata":{}}}"#,
        r#"{"data":{"data":{"username":"first","username":"second"},"metadata":{}}}"#,
        r#"{"data":{"data":{"username":{"a":1,"a":2}},"metadata":{}}}"#,
        r#"{"data":{"data":["username"],"metadata":{}}}"#,
        r#"{"data":{"data":"username","metadata":{}}}"#,
        r#"["","0",false,{"data":{"username":"x"}}]"#,
        r#"{"wrap_info":{"token":"hvs.x","ttl":60},"data":null}"#,
        r#"{"data":{"data":{"username":"x"}}} trailing"#,
        "",
    ] {
        for selection in ["A=kv2:secret/production/db#username", "A=kv2:secret/production/db?default=x#username"] {
            let (_, output) = run(&[None, Some(answer(200, body))], selection);
            // An empty answer has no secret.
            if body.is_empty() && selection.contains("default") {
                output.exits(0).stdout_is("{\n  \"A\": \"x\"\n}\n");
            } else {
                assert_eq!(output.code, Some(if body.is_empty() { 4 } else { 5 }), "{body}: {}", output.describe());
            }
        }
    }
    let (_, part) =
        run(&[None, Some(answer(206, r#"{"data":{"data":{"username":"x"}}}"#))], "A=kv2:secret/production/db#username");
    part.exits(5);
}

#[test]
fn a_login_whose_answer_is_odd_is_taken_if_its_token_is_there() {
    let login = |change: fn(&mut Value)| {
        let mut body = json!({ "auth": { "client_token": "hvs.abc", "accessor": "a", "policies": ["p"], "renewable": true,
                                         "lease_duration": 60, "token_type": "service", "num_uses": 0 }, "warnings": null });
        change(&mut body);
        // The sandbox does not have this token, so the test answers the read and the revocation.
        let read = answer(200, r#"{"data":{"data":{"username":"x"},"metadata":{}}}"#);
        let (_, output) = run(
            &[Some(answer(200, &body.to_string())), Some(read), Some(answer(204, ""))],
            "A=kv2:secret/production/db#username",
        );
        output
    };
    let odd: [fn(&mut Value); 8] = [
        |_| {},
        |body| body["auth"]["renewable"] = Value::Null,
        |body| body["auth"]["accessor"] = Value::Null,
        |body| body["auth"]["token_type"] = json!(1),
        |body| body["auth"]["policies"] = json!("default"),
        |body| body["auth"]["policies"] = json!([1]),
        |body| body["lease_id"] = Value::Null,
        |body| body["warnings"] = json!("w"),
    ];
    for change in odd {
        login(change).exits(0).stdout_is("{\n  \"A\": \"x\"\n}\n");
    }
    let none: [fn(&mut Value); 4] = [
        |body| body["auth"] = json!(["hvs.abc"]),
        |body| body["auth"]["client_token"] = json!("hvs.a\nb"),
        |body| body["auth"]["client_token"] = json!(1),
        |body| body["wrap_info"] = json!({ "token": "hvs.x" }),
    ];
    for change in none {
        login(change).exits(5);
    }
}

/// The request may have been executed before the proxy's answer.
#[test]
fn a_write_is_not_repeated_after_a_proxys_answer() {
    let proxys = "upstream connect error or disconnect/reset before headers. reset reason: connection termination";
    for status in [429, 501, 502, 503, 504] {
        let (sandbox, output) = run(&[None, Some(answer(status, proxys))], "A=POST:pki/issue/web#certificate");
        output.exits(5);
        let writes = sandbox.vault.requests().iter().filter(|request| request.path == "/v1/pki/issue/web").count();
        assert_eq!(writes, 1, "{status}: {}", output.describe());
    }
    let sealed = answer(503, r#"{"errors":["Vault is sealed"]}"#);
    let made = answer(200, r#"{"data":{"certificate":"x"}}"#);
    run(&[None, Some(sealed), Some(made)], "A=POST:pki/issue/web#certificate").1.exits(0);
}

/// The revocation ends at the run's timeout.
#[test]
fn a_good_run_ends_with_its_time() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.vault.script([
        Fault::Delay(Duration::ZERO),
        Fault::Delay(Duration::ZERO),
        Fault::Delay(Duration::from_secs(20)),
    ]);
    let arguments = ["vault", "--role", VAULT_ROLE, "--timeout", "2s", "A=kv2:secret/production/db#username"];
    let started = Instant::now();
    let output = oidc_exchange(arguments).job(&sandbox).run();
    output.exits(0).exports_are("export A='app';\n");
    assert!(output.stderr().contains("the client token was not revoked"), "{}", output.describe());
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

/// The first login may have created a token that nobody has.
#[test]
fn a_login_that_is_lost_is_said() {
    let (_, output) = run(&[Some(Fault::ResetBeforeHeaders)], "A=kv2:secret/production/db#username");
    output.exits(0);
    assert!(output.stderr().contains("an answer to the login is lost"), "{}", output.describe());
    let (_, refused) =
        run(&[Some(answer(503, r#"{"errors":["Vault is sealed"]}"#))], "A=kv2:secret/production/db#username");
    assert!(!refused.stderr().contains("lost"), "{}", refused.describe());
}

#[test]
fn base64_is_of_a_text() {
    let world = World::new();
    let output = world.vault(&["A=ID/kv2/ci/db?base64#on", "--on-error", "none"]).run();
    output.exits(4).stdout_is("");
    for version in ["+3", "03", "0", "1.0", ""] {
        world.vault(&[&format!("A=ID/kv2/ci/db?version={version}#on"), "--on-error", "none"]).run().exits(2);
    }
}
