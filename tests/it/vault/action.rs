//! The syntax of HashiCorp's GitHub action: the variables are the same as with the action.

use serde_json::json;

use super::World;
use crate::support::expect;

/// The names that a line exports, in order.
#[track_caller]
fn names(world: &World, line: &str) -> Vec<String> {
    let output = world.vault(&[line, "--format", "env-no-export"]).run();
    output.exits(0);
    output.stdout().lines().map(|line| line.split('=').next().unwrap().to_owned()).collect()
}

#[test]
fn the_names_are_the_actions() {
    let world = World::new();
    let secret = json!({
        "user": "u", "Password": "P", "db.host": "h", "dash-key": "d", "nested": { "key": "nv" }, "a b": "s",
    });
    world.must("ID/kv2/data/ci/cfg", &json!({ "data": secret }));
    for (line, expected) in [
        ("ID/kv2/data/ci/cfg *", &["PASSWORD", "AB", "DASHKEY", "DB__HOST", "NESTED", "USER"][..]),
        ("ID/kv2/data/ci/cfg **", &["Password", "ab", "dashkey", "db__host", "nested", "user"]),
        (
            "ID/kv2/data/ci/cfg ** | app_ ;",
            &["app_Password", "app_ab", "app_dashkey", "app_db__host", "app_nested", "app_user"],
        ),
        (
            "ID/kv2/data/ci/cfg * | app_",
            &["APP_PASSWORD", "APP_AB", "APP_DASHKEY", "APP_DB__HOST", "APP_NESTED", "APP_USER"],
        ),
        ("ID/kv2/data/ci/cfg nested.key", &["NESTED__KEY"]),
        ("ID/kv2/data/ci/cfg Password", &["PASSWORD"]),
        ("ID/kv2/data/ci/cfg \"dash-key\"", &["DASHKEY"]),
        ("ID/kv2/data/ci/cfg `db.host`", &["DB__HOST"]),
        ("ID/kv2/data/ci/cfg user | Db_User; ID/kv2/data/ci/cfg Password", &["Db_User", "PASSWORD"]),
    ] {
        let mut found = names(&world, line);
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{line}");
    }
    assert_eq!(world.vault(&["ID/kv2/data/ci/cfg nested.key | N", "--format", "raw"]).run().exits(0).stdout(), "nv");
}

#[test]
fn a_name_that_no_shell_has_is_told_before_anything_is_sent() {
    let world = World::new();
    let refused = |line: &str| {
        let output = world.vault(&[line, "--on-error", "none"]).run();
        output.exits(2).stdout_is("");
        assert!(world.requests().is_empty(), "nothing was sent");
        output
    };
    refused("secret/data/cfg ünï").stderr_is(expect![[r#"
        error: `secret/data/cfg ünï` is not a valid secret argument: no shell has a variable of the name that the action gives this key

        hint: name the variable: `secret/data/cfg ünï | NAME`
    "#]]);
    refused("secret/data/cfg dash-key").stderr_is(expect![[r#"
        error: `secret/data/cfg dash-key` is not a valid secret argument: the action requires this key in quotation marks, or with a name

        hint: write it as `secret/data/cfg "dash-key"`, or `secret/data/cfg dash-key | NAME`
    "#]]);
    refused("secret/data/cfg a.b.c").stderr_is(expect![[r#"
        error: `secret/data/cfg a.b.c` is not a valid secret argument: versions of the action name a key with several dots differently

        hint: name the variable: `secret/data/cfg a.b.c | NAME`
    "#]]);
    refused("secret/data/cfg * | 9_").stderr_is(expect![[r#"
        error: `secret/data/cfg * | 9_` is not a valid secret argument: no shell has variables of this prefix

        hint: it has letters, digits and _, and no digit first
    "#]]);
    refused("secret/data/cfg key | my-name").stderr_is(expect![[r#"
        error: `secret/data/cfg key | my-name` is not a valid secret argument: no shell has a variable of this name

        hint: it has letters, digits and _, and no digit first
    "#]]);
}

/// A key that is only known after the read.
#[test]
fn a_key_of_the_secret_that_makes_no_name_ends_the_run() {
    let world = World::new();
    world.must("ID/kv2/data/ci/odd", &json!({ "data": { "ünï": "x" } }));
    let output = world.vault(&["ID/kv2/data/ci/odd **", "--on-error", "none"]).run();
    output.exits(6).stdout_is("").stderr_is(expect![[r#"
        error: no variable can be named ünï: it is not a variable's name (from `#*` of ID/kv2/data/ci/odd)

        hint: name the fields that are wanted one by one, or give a prefix
    "#]]);
}
