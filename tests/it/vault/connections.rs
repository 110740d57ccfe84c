//! How many connections the reads take, as the server's audit has it, and what becomes of one that breaks.

use serde_json::json;

use super::World;
use crate::support::peers::openbao_name;
use crate::support::relay::Relay;
use crate::support::{Program, expect};

const SECRETS: usize = 100;

/// `vault` over TLS, for as many secrets of one mount, each with its number for a value.
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

/// The ports that the reads came from, one for each.
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
    // In clear there is no way to choose HTTP/2.
    let program = many(&world, world.bao.tls_port()).env("VAULT_ADDR", world.bao.url());
    program.run().exits(0).exports_are(&all()).stderr_is(expect![""]);
    let found = connections(ports(&world));
    // Eight reads at a time; a connection that is being made when another comes free is one more.
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
