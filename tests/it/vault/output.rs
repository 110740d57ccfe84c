//! The output formats.

use serde_json::json;

use super::World;
use crate::support::scratch::mode;
use crate::support::{exported, stop};

#[test]
fn every_form() {
    let world = World::new();
    let read = |format: &str| {
        let output = world.vault(&["A=ID/kv2/ci/db#user", "B=ID/kv2/ci/db#port", "--format", format]).run();
        output.exits(0);
        output.stdout()
    };
    assert_eq!(read("env"), exported("export A='app';\nexport B='5432';\n"));
    assert_eq!(read("env-no-export"), "A=app\nB=5432\n");
    assert_eq!(read("json"), "{\n  \"A\": \"app\",\n  \"B\": \"5432\"\n}\n");
    assert!(read("source").contains("; . '"));
}

#[test]
fn raw_is_one_value_as_it_is() {
    let world = World::new();
    world.must("ID/kv2/data/ci/raw", &json!({ "data": { "v": " a\nb" } }));
    world.vault(&["A=ID/kv2/ci/raw#v", "--format", "raw"]).run().exits(0).stdout_is(" a\nb");
    for arguments in [
        &["A=ID/kv2/ci/raw#v", "B=ID/kv2/ci/db#user", "--format", "raw"][..],
        &["A_=ID/kv2/ci/raw#*", "--format", "raw"],
        &["--format", "raw"],
    ] {
        let output = world.vault(arguments).run();
        output.exits(2).stdout_is("");
        assert_eq!(output.stderr(), "error: --format raw is for exactly one secret's value\n");
    }
}

#[test]
fn a_file_is_private_and_clean_takes_it() {
    let world = World::new();
    let output = world.vault(&["CONFIG=ID/kv2/ci/db?file#pem", "--format", "raw"]).run();
    output.exits(0);
    let path = std::path::PathBuf::from(output.stdout());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "-----BEGIN-----\nabc\n");
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let clean = crate::support::oidc_exchange(["clean"]).job(&world.sandbox).within(output.scratch);
    clean.env("SEMAPHORE_JOB_ID", job_of(&path)).run().exits(0);
    assert!(!path.exists());
}

fn job_of(path: &std::path::Path) -> String {
    path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned()
}

#[test]
fn no_file_stays_when_another_secret_fails() {
    let world = World::new();
    let output = world.vault(&["A=ID/kv2/ci/db?file#pem", "B=ID/kv2/ci/absent#a"]).run();
    output.exits(4);
    let left: Vec<_> =
        output.scratch.files().into_iter().filter(|file| file.starts_with(output.scratch.home())).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_file_that_cannot_be_made_is_no_half_result() {
    let world = World::new();
    let program = world.vault(&["A=ID/kv2/ci/db#user", "B=ID/kv2/ci/db?file#pem"]);
    program.env("OIDC_EXCHANGE_DIR", "/dev/null/x").run().exits(6).stdout_is(&format!("unset A B;\n{}", stop(6)));
    assert_eq!(world.requests().last().unwrap(), "update auth/token/revoke-self");
}

#[test]
fn a_command_gets_the_secrets_and_nothing_is_printed() {
    let world = World::new();
    let program =
        world.vault(&["A=ID/kv2/ci/db#user", "--", "sh", "-c", "printf %s \"$A${SEMAPHORE_OIDC_TOKEN-}\"; exit 3"]);
    program.run().exits(3).stdout_is("app");
    assert_eq!(world.requests().last().unwrap(), "update auth/token/revoke-self");
}

#[test]
fn usage_errors_send_nothing() {
    let world = World::new();
    for arguments in [
        &["A=secret/../x#y"][..],
        &["A=secret//x#y"],
        &["A=secret/x#y", "A=secret/z#y"],
        &["VAULT_TOKEN=secret/x#y", "--export-token"],
        &["SHLVL=secret/x#y"],
        &["--mount", "auth/jwt", "A=secret/x#y"],
        &["--addr", "ftp://x", "A=secret/x#y"],
        &["--secrets-file", "absent", "A=secret/x#y"],
        &["secret/x#y"],
    ] {
        let output = world.vault(arguments).run();
        output.exits(2);
        assert!(output.stdout().ends_with(&stop(2)), "{arguments:?}");
    }
    assert!(world.requests().is_empty());
}
