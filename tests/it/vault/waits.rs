//! The number of round trips to a distant server.

use std::time::Duration;

use serde_json::json;

use super::World;
use crate::support::relay::Relay;

/// Much longer than a run needs to send its parallel requests.
const ROUND_TRIP: Duration = Duration::from_millis(400);

/// The round trips of a run that reads this many secrets of one mount, over TLS.
#[track_caller]
fn waits(world: &World, secrets: usize) -> usize {
    let relay = Relay::delaying(world.bao.tls_port(), ROUND_TRIP);
    let selections: Vec<String> = (0..secrets).map(|number| format!("N{number}=ID/kv2/ci/n{number}#v")).collect();
    let selections: Vec<&str> = selections.iter().map(String::as_str).collect();
    let program = world.vault(&selections).env("VAULT_ADDR", format!("https://127.0.0.1:{}", relay.port()));
    program.env("VAULT_CACERT_BYTES", world.bao.tls.ca_pem()).run().exits(0);
    relay.round_trips()
}

#[test]
fn for_one_for_ten_and_for_a_hundred_secrets() {
    let world = World::new();
    for number in 0..100 {
        world.must(&format!("ID/kv2/data/ci/n{number}"), &json!({ "data": { "v": number } }));
    }
    for secrets in [1, 10, 100] {
        assert_eq!(waits(&world, secrets), 5, "the handshake, the login, the mount, {secrets} reads, the revocation");
    }
}
