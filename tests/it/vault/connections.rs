//! The number of connections for reads, from the server's audit log, and the result if one is closed.

use serde_json::json;

use super::World;
use crate::support::peers::openbao_name;
use crate::support::relay::Relay;
use crate::support::{Program, expect};

const SECRETS: usize = 100;

/// `vault` over TLS, for this number of secrets in one mount. The value of each is its number.
fn many(world: &World, port: u16) -> Program<'_> {
    let mut selections = Vec::new();
    for number in 0..SECRETS {
        world.must(&format!("ID/kv2/data/ci/n{number}"), &json!({ "data": { "v": number } }));
        selections.push(format!("N{number}=ID/kv2/ci/n{number}#v"));
    }
    let selections: Vec<&str> = selections.iter().map(String::as_str).collect();
    let program = world.vault(&selections).env("VAULT_ADDR", format!("https://127.0.0.1:{port}"));
    program.env("VAULT_CACERT_BYTES", world.bao.tls.ca_pem())
}

fn all() -> String {
    let lines: Vec<String> = (0..SECRETS).map(|number| format!("export N{number}='{number}';\n")).collect();
    lines.concat()
}

/// The client port of each read.
fn ports(world: &World) -> Vec<i64> {
    let below = format!("{}/kv2/data/ci/n", world.id);
    let entries = world.bao.audit();
    let ours = entries.iter().map(|entry| &entry["request"]).filter(|request| {
        request["operation"] == "read" && request["path"].as_str().is_some_and(|path| path.starts_with(&below))
    });
    ours.map(|request| request["remote_port"].as_i64().unwrap()).collect()
}

fn connections(mut ports: Vec<i64>) -> usize {
    assert_eq!(ports.len(), SECRETS, "each is read once");
    ports.sort_unstable();
    ports.dedup();
    ports.len()
}

#[test]
fn one_with_http2() {
    let world = World::new();
    many(&world, world.bao.tls_port()).run().exits(0).exports_are(&all()).stderr_is(expect![""]);
    assert_eq!(connections(ports(&world)), 1);
    let world = World::new();
    let named = many(&world, world.bao.tls_port()).env("VAULT_TLS_SERVER_NAME", openbao_name());
    named.run().exits(0).exports_are(&all()).stderr_is(expect![""]);
    assert_eq!(connections(ports(&world)), 1);
}

#[test]
fn a_few_without_it() {
    let world = World::new();
    // Without TLS, HTTP/2 cannot be negotiated.
    let program = many(&world, world.bao.tls_port()).env("VAULT_ADDR", world.bao.url());
    program.run().exits(0).exports_are(&all()).stderr_is(expect![""]);
    let found = connections(ports(&world));
    // Eight reads at a time. One more connection is possible, if another one becomes free during its handshake.
    assert!((2..=12).contains(&found), "{found}");
}

#[test]
fn one_that_breaks_is_said_once_and_made_again() {
    let world = World::new();
    let relay = Relay::breaking_once(world.bao.tls_port(), 8 << 10);
    let output = many(&world, relay.port()).run();
    output.exits(0).exports_are(&all());
    let said = output.stderr();
    assert!(said.starts_with("warning: ") && said.lines().count() == 1, "{said}");
}

/// A world with the mounts `v2-ID` and `v1-ID`, of one segment each, and two secrets in each.
fn with_short_mounts() -> World {
    let world = World::new();
    world.must("sys/mounts/v2-ID", &json!({ "type": "kv", "options": { "version": "2" } }));
    world.must("sys/mounts/v1-ID", &json!({ "type": "kv" }));
    for name in ["a", "b"] {
        world.must(&format!("v2-ID/data/{name}"), &json!({ "data": { "v": format!("two {name}") } }));
        world.must(&format!("v1-ID/{name}"), &json!({ "v": format!("one {name}") }));
    }
    let rules =
        ["v2-ID/data/*", "v1-ID/*", "ID/*"].map(|path| format!("path \"{path}\" {{ capabilities = [\"read\"] }}"));
    world.must("sys/policies/acl/ID", &json!({ "policy": rules.join("\n").replace("ID", &world.id) }));
    world
}

/// The requests of a run over HTTP/2 between its login and its revocation, sorted.
fn asked(world: &World, role: &str, selections: &[&str], exports: &str) -> Vec<String> {
    let before = world.requests().len();
    let program = world.vault_as(role, selections).env("VAULT_ADDR", world.bao.tls_url());
    let output = program.env("VAULT_CACERT_BYTES", world.bao.tls.ca_pem()).run();
    output.exits(0).exports_are(exports).stderr_is(expect![""]);
    let mut requests = world.requests().split_off(before);
    requests.retain(|request| !request.starts_with("update auth/"));
    requests.sort();
    requests
}

#[test]
fn a_secret_alone_in_its_mount_is_read_beside_the_question_for_its_kind() {
    let world = with_short_mounts();
    let question = |path: &str| format!("read sys/internal/ui/mounts/{path}");
    let read = |path: &str| format!("read {path}");

    let found = asked(&world, "ci", &["A=v2-ID/a#v"], "export A='two a';\n");
    assert_eq!(found, [question("v2-ID/a"), read("v2-ID/data/a")]);
    // One unnecessary request for version 1, and for a mount of two segments: never more per mount.
    let found = asked(&world, "ci", &["A=v1-ID/a#v"], "export A='one a';\n");
    assert_eq!(found, [question("v1-ID/a"), read("v1-ID/a"), read("v1-ID/data/a")]);
    let found = asked(&world, "ci", &["A=ID/kv2/ci/db#user"], "export A='app';\n");
    assert_eq!(found, [read("ID/data/kv2/ci/db"), read("ID/kv2/data/ci/db"), question("ID/kv2/ci/db")]);
    // Two secrets of one mount wait for the answer. Secrets with a prefix need no request for the mount.
    let found = asked(&world, "ci", &["A=v1-ID/a#v", "B=v1-ID/b#v"], "export A='one a';\nexport B='one b';\n");
    assert_eq!(found, [question("v1-ID/a"), read("v1-ID/a"), read("v1-ID/b")]);
    let found = asked(&world, "ci", &["A=kv1:v1-ID/a#v", "B=kv2:v2-ID/a#v"], "export A='one a';\nexport B='two a';\n");
    assert_eq!(found, [read("v1-ID/a"), read("v2-ID/data/a")]);
    let found = asked(&world, "ci", &["A=v2-ID/data/a#v"], "export A='two a';\n");
    assert_eq!(found, [read("v2-ID/data/a")]);
    // One secret of each of two mounts. Two fields of one secret are one read.
    let found = asked(
        &world,
        "ci",
        &["A=v1-ID/a#v", "B=v2-ID/b#v", "C=v2-ID/b#v"],
        "export A='one a';\nexport B='two b';\nexport C='two b';\n",
    );
    let both = [question("v1-ID/a"), question("v2-ID/b"), read("v1-ID/a"), read("v1-ID/data/a"), read("v2-ID/data/b")];
    assert_eq!(found, both);
}

#[test]
fn a_token_that_is_good_for_few_requests_reads_nothing_in_vain() {
    let world = with_short_mounts();
    world.role("few", &json!({ "token_num_uses": 3 }));
    let found = asked(&world, "few", &["A=v1-ID/a#v"], "export A='one a';\n");
    assert_eq!(found, ["read sys/internal/ui/mounts/v1-ID/a", "read v1-ID/a"]);
}
