//! Dynamic secrets, and what happens to them and to the client token.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::World;
use crate::support::{expect, shells};

const ISSUE: &str = r#"POST:ID/pki/issue/web{"common_name":"ci.example.com"}"#;

fn openssl(arguments: &[&str], input: &Path) -> String {
    let output = Command::new("openssl").args(arguments).arg("-in").arg(input).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn certificate_and_key_come_from_one_answer() {
    let world = World::with_pki();
    let (certificate, key) = (format!("CERT={ISSUE}?file#certificate"), format!("KEY={ISSUE}?file#private_key"));
    let serial = format!("SERIAL={ISSUE}#serial_number");
    let output = world.vault(&[&certificate, &key, &serial, "--format", "json"]).run();
    output.exits(0).stderr_is(expect![[""]]);
    let found: Value = serde_json::from_str(&output.stdout()).unwrap();
    let file = |name: &str| Path::new(found[name].as_str().unwrap()).to_owned();
    assert_eq!(file("KEY").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let of_certificate = openssl(&["x509", "-noout", "-pubkey"], &file("CERT"));
    assert_eq!(of_certificate, openssl(&["pkey", "-pubout"], &file("KEY")));
    let issued = world.requests().iter().filter(|line| line.ends_with("pki/issue/web")).count();
    assert_eq!(issued, 1);
    // The job uses it, so the token with its lease is not revoked.
    assert!(!world.requests().iter().any(|line| line.ends_with("revoke-self")));
    assert!(!world.is_revoked(found["SERIAL"].as_str().unwrap()));
}

#[test]
fn a_lease_that_dies_with_its_token_is_said() {
    let world = World::with_pki();
    world.role("ci", &json!({ "token_ttl": "5m" }));
    let serial = format!("SERIAL={ISSUE}#serial_number");
    let output = world.vault(&[&serial]).run();
    let said = output.exits(0).stderr();
    // A second may have passed since the certificate was made for ten minutes.
    assert!(said.starts_with("warning: the lease of ") && said.contains(" is revoked with its client token"), "{said}");
    assert!(said.contains("in 300 s: raise token_ttl on the role"), "{said}");
}

#[test]
fn a_command_keeps_its_lease_beyond_the_tokens_first_life() {
    let world = World::with_pki();
    world.role("ci", &json!({ "token_ttl": "3s" }));
    let serial = format!("SERIAL={ISSUE}#serial_number");
    let key = format!("KEY={ISSUE}?file#private_key");
    let script = r#"printf %s "$SERIAL" >serial; printf %s "$KEY" >key; sleep 6; test -f "$KEY" && exit 7"#;
    let running = world.vault(&[&serial, &key, "-v", "--", "sh", "-c", script]).spawn();
    std::thread::sleep(Duration::from_millis(5200));
    let serial = std::fs::read_to_string(running.scratch().path().join("serial")).unwrap();
    assert!(!world.is_revoked(&serial), "two lives of the token later");
    let output = running.wait();
    output.exits(7).stdout_is("");
    assert!(world.is_revoked(&serial), "it ended with the command");
    let key = std::fs::read_to_string(output.scratch.path().join("key")).unwrap();
    assert!(!Path::new(&key).exists(), "the file went with the command");
}

#[test]
fn a_command_that_is_ended_from_outside_ends_its_token_too() {
    let world = World::new();
    let running = world.vault(&["--export-token", "A=ID/kv2/ci/db#user", "--", "sleep", "30"]).spawn();
    running.await_name("sleep");
    running.signal(rustix::process::Signal::TERM);
    running.wait().exits(143).stdout_is("").stderr_is(expect![[""]]);
    assert_eq!(world.requests().last().unwrap(), "update auth/token/revoke-self");
}

#[test]
fn a_token_that_cannot_be_renewed_is_said() {
    let world = World::with_pki();
    world.role("ci", &json!({ "token_type": "batch", "token_ttl": "2s" }));
    let output = world.vault(&["A=ID/kv2/ci/db#user", "--export-token", "--", "sleep", "3"]).run();
    output.exits(0).stderr_is(expect![[r#"
        warning: the client token has ended after 2 s: this kind is not renewed
    "#]]);
}

#[test]
fn tokens_of_every_kind_end_in_silence() {
    for role in [
        json!({ "token_type": "batch" }),
        json!({ "token_no_default_policy": true }),
        json!({ "token_num_uses": 1 }),
        json!({ "token_num_uses": 5 }),
        json!({ "token_period": "1h" }),
    ] {
        let world = World::new();
        world.role("ci", &role);
        let output = world.vault(&["A=ID/kv2/ci/db#user"]).run();
        output.exits(0).exports_are("export A='app';\n");
        assert_eq!(output.stderr(), "", "{role}");
        let revocations = world.requests().iter().filter(|line| line.ends_with("revoke-self")).count();
        let expected = usize::from(role.get("token_type").is_none() && role["token_num_uses"] != 1);
        assert_eq!(revocations, expected, "{role}");
    }
}

#[test]
fn no_revoke_leaves_the_token() {
    let world = World::new();
    world.vault(&["--no-revoke", "A=ID/kv2/ci/db#user"]).run().exits(0);
    assert!(!world.requests().iter().any(|line| line.ends_with("revoke-self")));
}

#[test]
fn the_token_itself_works_in_openbaos_client_and_ends_with_the_command() {
    let world = World::new();
    for shell in shells::posix() {
        let script = format!(
            "set -eu; export BAO_TOKEN= BAO_ADDR=http://127.0.0.1:1\n\
             eval \"$(oidc-exchange vault --role ci --mount jwt-{0} --addr {1})\"\n\
             env | grep -E '^(BAO|VAULT)_' | sed 's/TOKEN=.*/TOKEN=…/' | sort",
            world.id,
            world.bao.url()
        );
        let output = world.named(shell.runs(&script).job(&world.sandbox).env_remove("VAULT_ADDR")).hands_over().run();
        output.exits(0).stdout_is(&format!("VAULT_ADDR={}\nVAULT_TOKEN=…\n", world.bao.url()));
    }
    let output = world.vault(&["--format", "json"]).run();
    output.exits(0);
    let found: Value = serde_json::from_str(&output.stdout()).unwrap();
    let token = found["VAULT_TOKEN"].as_str().unwrap();
    let (status, read) = world.bao.ask(token, "", "GET", &format!("{}/kv2/data/ci/db", world.id), &Value::Null);
    assert_eq!((status, &read["data"]["data"]["user"]), (200, &json!("app")));

    let kept = world.vault(&["--", "sh", "-c", "printf %s \"$VAULT_TOKEN\" >token; printf %s \"${BAO_TOKEN-unset}\""]);
    let output = kept.env("BAO_TOKEN", "").hands_over().run();
    output.exits(0).stdout_is("unset");
    let token = std::fs::read_to_string(output.scratch.path().join("token")).unwrap();
    let (status, _) = world.bao.ask(&token, "", "GET", "auth/token/lookup-self", &Value::Null);
    assert_eq!(status, 403, "it ended with the command");
}

#[test]
fn ssh_transit_and_totp() {
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJRiG6kSJ4bC8gsKNXXbIjzcMVqxzmYmDSRbAkTO3e6r";
    let world = World::new();
    world.must("sys/mounts/ID/ssh", &json!({ "type": "ssh" }));
    world.must("ID/ssh/config/ca", &json!({ "generate_signing_key": true, "key_type": "ed25519" }));
    world.must(
        "ID/ssh/roles/ci",
        &json!({ "key_type": "ca", "allow_user_certificates": true, "allowed_users": "*", "default_user": "ci", "ttl": "5m" }),
    );
    world.must("sys/mounts/ID/transit", &json!({ "type": "transit" }));
    world.must("ID/transit/keys/k", &json!({}));
    world.must("sys/mounts/ID/totp", &json!({ "type": "totp" }));
    world.must("ID/totp/keys/k", &json!({ "generate": true, "issuer": "acme", "account_name": "ci" }));
    world.policy(&[("ssh/sign/ci", "update"), ("transit/+/k", "update"), ("totp/code/k", "read")]);
    let ssh = format!(r#"CERT=POST:ID/ssh/sign/ci{{"public_key":"{KEY}"}}#signed_key"#);
    let output = world
        .vault(&[
            &ssh,
            r#"SEALED=POST:ID/transit/encrypt/k{"plaintext":"aGVsbG8="}#ciphertext"#,
            "CODE=ID/totp/code/k#code",
            "--format",
            "json",
        ])
        .run();
    output.exits(0);
    let found: Value = serde_json::from_str(&output.stdout()).unwrap();
    assert!(found["CERT"].as_str().unwrap().starts_with("ssh-ed25519-cert-v01@openssh.com "));
    assert!(found["CODE"].as_str().unwrap().parse::<u32>().is_ok());
    let sealed = found["SEALED"].as_str().unwrap();
    assert!(sealed.starts_with("vault:v1:"));
    let open = format!(r#"PLAIN=POST:ID/transit/decrypt/k{{"ciphertext":"{sealed}"}}?base64#plaintext"#);
    world.vault(&[&open]).run().exits(0).exports_are("export PLAIN='hello';\n");
}

#[test]
fn what_an_engine_refuses() {
    let world = World::with_pki();
    world.must(
        "ID/pki/roles/web",
        &json!({ "allow_any_name": false, "allowed_domains": "example.com", "allow_subdomains": true }),
    );
    let output = world.vault(&[r#"A=POST:ID/pki/issue/web{"common_name":"ci.example.org"}#certificate"#]).run();
    output.exits(4).stderr_is(expect![[r#"
        error: Vault refused ID/pki/issue/web
          said       400 common name ci.example.org not allowed by this role
          asked for  POST ID/pki/issue/web of http://BAO
          presented  role ci, policies default, ID

        hint: the engine does not accept these parameters; `vault path-help` shows what it accepts
    "#]]);
    world.policy(&[("pki/issue/web", "read"), ("kv2/data/ci/*", "update")]);
    world.vault(&["A=ID/pki/issue/web#certificate"]).run().exits(4).stderr_is(expect![[r#"
        error: Vault refused ID/pki/issue/web
          said       405 1 error occurred: * unsupported operation
          asked for  GET ID/pki/issue/web of http://BAO
          presented  role ci, policies default, ID

        hint: this path is written, not read: NAME=POST:path{…}#field
    "#]]);
    world.vault(&["A=POST:ID/pki/issue/web{}#certificate"]).run().exits(4).stderr_is(expect![[r#"
        error: Vault refused ID/pki/issue/web
          said       403 1 error occurred: * permission denied
          asked for  POST ID/pki/issue/web of http://BAO
          presented  role ci, policies default, ID

        hint: the policies let this token read there, but not update
        hint: path "ID/pki/issue/web" { capabilities = ["update"] } in one of its policies allows it
    "#]]);
}
