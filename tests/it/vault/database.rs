//! Users of a database, created for one job: renewed while it runs, and dropped afterwards.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::World;
use crate::support::peers::{Postgres, postgres};
use crate::support::{Output, Program, expect};

/// A world with the engine, whose users have this lifetime; `None` if there is no `PostgreSQL`.
fn with_database(life: &str) -> Option<(World, Arc<Postgres>)> {
    let postgres = postgres()?;
    let world = World::new();
    let url = format!(
        "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/postgres?sslmode=disable",
        postgres.port()
    );
    let (user, password) = ("admin", crate::support::peers::POSTGRES_PASSWORD);
    world.must("sys/mounts/ID/db", &json!({ "type": "database" }));
    world.must(
        "ID/db/config/pg",
        &json!({ "plugin_name": "postgresql-database-plugin", "allowed_roles": "*", "connection_url": url,
                 "username": user, "password": password }),
    );
    let make = "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'";
    world.must(
        "ID/db/roles/ro",
        &json!({ "db_name": "pg", "creation_statements": make, "default_ttl": life, "max_ttl": "1h" }),
    );
    world.policy(&[("db/creds/ro", "read")]);
    Some((world, postgres))
}

/// `oidc-exchange vault` with the user, for a script in which `ask` logs in to the database as that user.
fn run<'w>(world: &'w World, postgres: &Postgres, script: &str) -> Program<'w> {
    let ask = format!(
        "ask() {{ PGPASSWORD=$DB_PASSWORD '{}' -X -A -t -h 127.0.0.1 -p {} -U \"$DB_USER\" -d postgres -c 'SELECT 1'; }}\n\
         printf %s \"$DB_USER\" >user\n",
        postgres.psql().display(),
        postgres.port()
    );
    let script = format!("{ask}{script}");
    world.vault(&["DB_USER=ID/db/creds/ro#username", "DB_PASSWORD=ID/db/creds/ro#password", "--", "sh", "-c", &script])
}

fn user(output: &Output) -> String {
    fs::read_to_string(output.scratch.path().join("user")).unwrap()
}

/// The server drops the user a moment after the lease has expired.
#[track_caller]
fn is_dropped(postgres: &Postgres, user: &str, within: Duration) {
    let end = Instant::now() + within;
    while postgres.has_role(user) {
        assert!(Instant::now() < end, "the user is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_command_that_outlives_the_users_first_life() {
    let Some((world, postgres)) = with_database("4s") else { return };
    world.role("ci", &json!({ "token_ttl": "4s" }));
    let output = run(&world, &postgres, "ask; sleep 10; ask; exit 9").run();
    output.exits(9).stdout_is("1\n1\n").stderr_is(expect![[""]]);
    is_dropped(&postgres, &user(&output), SOON);
    assert!(world.tokens().is_empty());
    let renewed = |path: &str| world.requests().iter().filter(|line| line.ends_with(path)).count();
    assert!(renewed("auth/token/renew-self") >= 2 && renewed("sys/leases/renew") >= 2, "{:?}", world.requests());
}

#[test]
fn a_command_that_is_killed() {
    let Some((world, postgres)) = with_database("1h") else { return };
    let running = run(&world, &postgres, "ask; exec sleep 60").spawn();
    running.await_name("sleep");
    running.signal(rustix::process::Signal::TERM);
    let output = running.wait();
    output.exits(143).stdout_is("1\n").stderr_is(expect![[""]]);
    is_dropped(&postgres, &user(&output), SOON);
}

#[test]
fn clean_drops_it() {
    let Some((world, postgres)) = with_database("1h") else { return };
    let script = format!(
        "set -eu; eval \"$(oidc-exchange vault --role ci --mount jwt-{0} DB_USER={0}/db/creds/ro#username)\"\n\
         printf %s \"$DB_USER\" >user; eval \"$(oidc-exchange clean)\"",
        world.id
    );
    let program = Program::new("/bin/sh", ["-c", &script]).job(&world.sandbox);
    let output = world.named(program).env("VAULT_ADDR", world.bao.url()).run();
    output.exits(0).stderr_is(expect![[r#"
        warning: the lease of ID/db/creds/ro is for 3600 s, but is revoked with its client token, in 900 s: raise token_ttl on the role, or run the command after `--`
    "#]]);
    is_dropped(&postgres, &user(&output), SOON);
}

/// Its leases expire with it, and it can be neither renewed nor revoked.
#[test]
fn a_batch_token() {
    let Some((world, postgres)) = with_database("1h") else { return };
    world.role("ci", &json!({ "token_type": "batch", "token_ttl": "6s" }));
    let output = run(&world, &postgres, "ask; sleep 1").run();
    output.exits(0).stdout_is("1\n").stderr_is(expect![[r#"
        warning: a batch token cannot be revoked: it expires within 6 s, and with it what it leased
    "#]]);
    is_dropped(&postgres, &user(&output), Duration::from_secs(15));
    let output = run(&world, &postgres, "ask; sleep 8").run();
    output.exits(0).stdout_is("1\n").stderr_is(expect![[r#"
        warning: the lease of ID/db/creds/ro cannot be renewed again: it expires in T s
        warning: the client token has ended after 6 s, and with it what it leased: this kind is not renewed
    "#]]);
    is_dropped(&postgres, &user(&output), Duration::from_secs(15));
}

#[test]
fn a_token_without_the_default_policy() {
    let Some((world, postgres)) = with_database("1h") else { return };
    world.role("ci", &json!({ "token_no_default_policy": true, "token_ttl": "6s" }));
    let output = run(&world, &postgres, "ask; sleep 5").run();
    output.exits(0).stdout_is("1\n").stderr_is(expect![[r#"
        warning: the client token was not renewed, and ends in T s: permission denied
        warning: the client token may not revoke itself (token_no_default_policy on the role): it expires within 6 s, and with it what it leased
    "#]]);
    is_dropped(&postgres, &user(&output), Duration::from_secs(15));
}

/// A renewal counts as a use, so the token is not renewed. The last use is reserved for its revocation.
#[test]
fn a_token_of_few_uses() {
    let Some((world, postgres)) = with_database("5s") else { return };
    world.role("ci", &json!({ "token_num_uses": 2 }));
    let output = run(&world, &postgres, "ask; sleep 6").run();
    output.exits(0).stdout_is("1\n").stderr_is(expect![[r#"
        warning: the lease of ID/db/creds/ro has ended after 5 s: it is not renewed
    "#]]);
    is_dropped(&postgres, &user(&output), SOON);
    assert!(world.tokens().is_empty());
    world.role("ci", &json!({ "token_num_uses": 1 }));
    let output = run(&world, &postgres, "ask").run();
    output.exits(4).stdout_is("").stderr_is(expect![[r#"
        error: Vault refused ID/db/creds/ro
          said       400 Secret cannot be returned; token had one use left, so leased credentials were immediately revoked.
          asked for  GET ID/db/creds/ro of http://BAO
          presented  role ci, policies default, ID

        hint: raise token_num_uses on the role, or set it to 0
    "#]]);
    world.must("ID/kv1/ci/db", &json!({ "user": "old" }));
    world.policy(&[("db/creds/ro", "read"), ("kv1/ci/db", "read")]);
    world.role("ci", &json!({ "token_num_uses": 2 }));
    let output = world.vault(&["DB_USER=ID/db/creds/ro#username", "A=kv1:ID/kv1/ci/db#user"]).run();
    // The later one of the two.
    let said = output.exits(4).stderr();
    assert!(said.contains("hint: raise token_num_uses on the role, or set it to 0"), "{said}");
    assert!(world.tokens().is_empty());
}
