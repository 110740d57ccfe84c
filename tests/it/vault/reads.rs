//! The reads, their number, and their results.

use std::fmt::Write;

use serde_json::json;

use super::World;
use super::world::PASSWORD;
use crate::support::shells;

#[test]
fn both_engines_and_both_spellings() {
    let world = World::new();
    for path in ["ID/kv2/ci/db", "ID/kv2/data/ci/db", "ID/kv1/ci/db", "kv1:ID/kv1/ci/db"] {
        let selection = format!("DB_PASSWORD={path}#password");
        world.vault(&[&selection]).run().exits(0).exports_are(&format!("export DB_PASSWORD='{PASSWORD}';\n"));
    }
    world.vault(&["A=ID/kv1/ci/db#data"]).run().exits(0).exports_are("export A='field';\n");
}

#[test]
fn each_path_is_read_once_and_each_mount_is_asked_about_once() {
    let world = World::new();
    world.must("ID/kv2/data/ci/other", &json!({ "data": { "a": "1" } }));
    let secrets =
        ["C=ID/kv2/ci/other#a", "A=ID/kv2/ci/db#user", "B=ID/kv2/data/ci/db#port", "D=ID/kv2/ci/db#/nested/list/1"];
    world
        .vault(&secrets)
        .run()
        .exits(0)
        .exports_are("export C='1';\nexport A='app';\nexport B='5432';\nexport D='two';\n");
    let mut requests = world.requests();
    requests.sort();
    assert_eq!(
        requests,
        [
            "read ID/kv2/data/ci/db",
            "read ID/kv2/data/ci/other",
            "read sys/internal/ui/mounts/ID/kv2/ci/other",
            "update auth/jwt-ID/login",
            "update auth/token/revoke-self",
        ]
    );
}

#[test]
fn values_are_what_the_server_wrote() {
    let world = World::new();
    let read = |selection: &str| {
        let output = world.vault(&[selection, "--format", "raw"]).run();
        output.exits(0);
        output.stdout()
    };
    assert_eq!(read("A=ID/kv2/ci/db#port"), "5432");
    assert_eq!(read("A=ID/kv2/ci/db#on"), "true");
    assert_eq!(read("A=ID/kv2/ci/db#dotted.key"), "dot");
    assert_eq!(read("A=ID/kv2/ci/db#nested"), r#"{"list":[1,"two"]}"#);
    assert_eq!(read("A=ID/kv2/ci/db#pem"), "-----BEGIN-----\nabc\n");
    assert_eq!(read("A=ID/kv2/ci/db?default=x#absent"), "x");
    assert_eq!(read("A=ID/kv2/ci/db?default=x#none"), "x");
    assert_eq!(read("A=ID/kv2/ci/absent?default=x#a"), "x");
    let whole: serde_json::Value = serde_json::from_str(&read("A=ID/kv2/ci/db")).unwrap();
    assert_eq!(whole["password"], PASSWORD);
    world.must("ID/kv1/ci/number", &json!({ "big": 12_345_678_901_234_567_890_u64, "text": "aGk=" }));
    assert_eq!(read("A=ID/kv1/ci/number#big"), "12345678901234567890");
    assert_eq!(read("A=ID/kv1/ci/number?base64#text"), "hi");
}

#[test]
fn every_field_gets_a_variable() {
    let world = World::new();
    world.must("ID/kv2/data/ci/all", &json!({ "data": { "user-name": "a", "Pass.Word": "b c", "none": null } }));
    world
        .vault(&["DB_=ID/kv2/ci/all#*", "--format", "json"])
        .run()
        .exits(0)
        .stdout_is("{\n  \"DB_PASS_WORD\": \"b c\",\n  \"DB_USER_NAME\": \"a\"\n}\n");
    world
        .vault(&["=ID/kv2/ci/all#*", "NONE_=ID/kv2/ci/absent?optional#*", "--format", "json"])
        .run()
        .exits(0)
        .stdout_is("{\n  \"PASS_WORD\": \"b c\",\n  \"USER_NAME\": \"a\"\n}\n");
}

#[test]
fn versions_are_read_by_number() {
    let world = World::new();
    for value in ["one", "two", "three"] {
        world.must("ID/kv2/data/ci/versions", &json!({ "data": { "a": value } }));
    }
    world
        .vault(&["A=ID/kv2/ci/versions?version=1#a", "B=ID/kv2/ci/versions#a", "C=ID/kv2/ci/versions?version=1#a"])
        .run()
        .exits(0)
        .exports_are("export A='one';\nexport B='three';\nexport C='one';\n");
}

#[test]
fn an_absent_optional_secret_leaves_no_stale_value() {
    let world = World::new();
    world
        .vault(&["A=ID/kv2/ci/absent?optional#a", "B=ID/kv2/ci/db?optional#absent", "C=ID/kv2/ci/db#user"])
        .run()
        .exits(0)
        .exports_are("unset A B;\nexport C='app';\n");
}

#[test]
fn a_hundred_secrets_are_all_read_and_in_order() {
    let world = World::new();
    let mut selections = Vec::new();
    let mut expected = String::new();
    for number in 0..100 {
        world.must(&format!("ID/kv2/data/ci/n{number}"), &json!({ "data": { "v": number } }));
        selections.push(format!("N{number}=ID/kv2/ci/n{number}#v"));
        writeln!(expected, "export N{number}='{number}';").unwrap();
    }
    let selections: Vec<&str> = selections.iter().map(String::as_str).collect();
    world.vault(&selections).run().exits(0).exports_are(&expected);
    assert_eq!(world.requests().len(), 103, "a login, a mount, a hundred reads, a revocation");
}

#[test]
fn what_is_read_works_in_every_shell() {
    let world = World::new();
    world.must("ID/kv2/data/ci/odd", &json!({ "data": { "v": "a'b\"c $(false) `x` \\ \n\n" } }));
    for shell in shells::posix() {
        let script = format!(
            "set -eu; eval \"$(oidc-exchange vault --role ci --mount jwt-{0} ODD={0}/kv2/ci/odd#v)\"; printf %s \"$ODD\"",
            world.id
        );
        let program = world.named(shell.runs(&script).job(&world.sandbox)).env("VAULT_ADDR", world.bao.url());
        program.run().exits(0).stdout_is("a'b\"c $(false) `x` \\ \n\n");
    }
}

#[test]
fn a_secrets_file_and_the_actions_lines() {
    let world = World::new();
    let text = format!("# database\nUSER_NAME={0}/kv2/ci/db#user\n\n{0}/kv2/data/ci/db port | PORT ;\n", world.id);
    let program = world.vault(&["--secrets-file", "secrets.txt", "ID/kv2/data/ci/db \"dotted.key\" | DOT"]);
    program.scratch().write("secrets.txt", text);
    program.run().exits(0).exports_are("export USER_NAME='app';\nexport PORT='5432';\nexport DOT='dot';\n");
}
