//! How often a run waits for a server that is far away.

use std::time::Duration;

use serde_json::json;

use super::World;
use crate::support::relay::Relay;

/// Long against everything else that a run does.
const ROUND_TRIP: Duration = Duration::from_millis(400);

/// The waits of a run that reads this many secrets of one mount, over TLS.
#[track_caller]
fn waits(world: &World, secrets: usize) -> u128 {
    let relay = Relay::delaying(world.bao.tls_port(), ROUND_TRIP);
    let selections: Vec<String> = (0..secrets).map(|number| format!("N{number}=ID/kv2/ci/n{number}#v")).collect();
    let selections: Vec<&str> = selections.iter().map(String::as_str).collect();
    let program = world.vault(&selections).env("VAULT_ADDR", format!("https://127.0.0.1:{}", relay.port()));
    let output = program.env("VAULT_CACERT_BYTES", world.bao.tls.ca_pem()).run();
    output.exits(0);
    output.took.as_millis() / ROUND_TRIP.as_millis()
}

#[test]
fn for_one_for_ten_and_for_a_hundred_secrets() {
    let world = World::new();
    for number in 0..100 {
        world.must(&format!("ID/kv2/data/ci/n{number}"), &json!({ "data": { "v": number } }));
    }
    // The handshake, the login, the mount, the reads, the revocation. A busy machine adds a little to each.
    for (secrets, expected) in [(1, 5), (10, 5), (100, 5)] {
        let found = waits(&world, secrets);
        assert!(found <= expected, "{secrets} secrets: {found} waits in place of {expected}");
    }
}
