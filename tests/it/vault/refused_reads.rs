//! Reads that a real server refuses, and secrets that cannot become variables.

use serde_json::json;

use super::World;
use crate::support::{Output, Program, expect, stop};

/// Reads a secret that cannot be read. The client token is revoked anyway.
#[track_caller]
fn refused(world: &World, selection: &str) -> Output {
    let output = world.vault(&[selection]).run();
    let name = selection.split_once('=').unwrap().0;
    let unset = if selection.ends_with("#*") { String::new() } else { format!("unset {name};\n") };
    let code = output.code.unwrap();
    assert!(code == 4 || code == 6, "{}", output.describe());
    output.stdout_is(&format!("{unset}{}", stop(u8::try_from(code).unwrap())));
    assert_eq!(world.requests().last().unwrap(), "update auth/token/revoke-self");
    output
}

#[test]
fn absent_deleted_and_destroyed() {
    let world = World::new();
    refused(&world, "A=ID/kv2/ci/absent#a").exits(4).stderr_is(expect![[r#"
        error: Vault has no secret at ID/kv2/data/ci/absent
          said       404
          asked for  GET ID/kv2/data/ci/absent of http://BAO
          presented  role ci, policies default, ID

        hint: check the exact path and the version; `?optional` and `?default=` are for secrets that may be absent
    "#]]);
    refused(&world, "A=ID/kv2/ci/db?version=9#user").stderr_is(expect![[r#"
        error: Vault has no secret at ID/kv2/data/ci/db
          said       404
          asked for  GET ID/kv2/data/ci/db of http://BAO
          presented  role ci, policies default, ID

        hint: check the exact path and the version; `?optional` and `?default=` are for secrets that may be absent
    "#]]);
    refused(&world, "A=ID/kv1/ci/absent#a").stderr_is(expect![[r#"
        error: Vault has no secret at ID/kv1/ci/absent
          said       404
          asked for  GET ID/kv1/ci/absent of http://BAO
          presented  role ci, policies default, ID

        hint: check the exact path and the version; `?optional` and `?default=` are for secrets that may be absent
    "#]]);
    for value in ["one", "two"] {
        world.must("ID/kv2/data/ci/gone", &json!({ "data": { "a": value } }));
    }
    world.must("ID/kv2/delete/ci/gone", &json!({ "versions": [2] }));
    refused(&world, "A=ID/kv2/ci/gone#a").stderr_is(expect![[r#"
        error: version 2 of ID/kv2/data/ci/gone is deleted
          said       404
          asked for  GET ID/kv2/data/ci/gone of http://BAO
          presented  role ci, policies default, ID

        hint: it was deleted TIME: ask for another with `?version=`, or restore it: vault kv undelete -versions=2 …
    "#]]);
    world.must("ID/kv2/destroy/ci/gone", &json!({ "versions": [1] }));
    refused(&world, "A=ID/kv2/ci/gone?version=1#a").stderr_is(expect![[r#"
        error: version 1 of ID/kv2/data/ci/gone is destroyed
          said       404
          asked for  GET ID/kv2/data/ci/gone of http://BAO
          presented  role ci, policies default, ID

        hint: it cannot be restored: write a new version, or ask for another with `?version=`
    "#]]);
    world.vault(&["A=ID/kv2/ci/gone?default=none#a"]).run().exits(0).exports_are("export A='none';\n");
}

#[test]
fn a_policy_that_covers_the_other_spelling() {
    let world = World::new();
    world.policy(&[("kv2/ci/*", "read")]);
    refused(&world, "A=ID/kv2/ci/db#user").exits(4).stderr_is(expect![[r#"
        error: Vault refused ID/kv2/data/ci/db
          said       403 1 error occurred: * permission denied
          asked for  GET ID/kv2/data/ci/db of http://BAO
          presented  role ci, policies default, ID

        hint: the policies cover ID/kv2/ci/db, but KV version 2 is read at ID/kv2/data/ci/db
        hint: path "ID/kv2/data/ci/db" { capabilities = ["read"] } in one of its policies allows it
    "#]]);
    world.policy(&[("kv2/data/ci/*", "read")]);
    refused(&world, "A=kv1:ID/kv2/ci/db#user").stderr_is(expect![[r#"
        error: Vault refused ID/kv2/ci/db
          said       403 1 error occurred: * permission denied
          asked for  GET ID/kv2/ci/db of http://BAO
          presented  role ci, policies default, ID

        hint: the policies cover ID/kv2/data/ci/db, where KV version 2 is read: leave `kv1:` out, or name that path
        hint: path "ID/kv2/ci/db" { capabilities = ["read"] } in one of its policies allows it
    "#]]);
}

#[test]
fn a_policy_that_covers_neither_or_not_enough() {
    let world = World::new();
    refused(&world, "A=ID/kv2/other/db#user").exits(4).stderr_is(expect![[r#"
        error: Vault refused ID/kv2/data/other/db
          said       403 1 error occurred: * permission denied
          asked for  GET ID/kv2/data/other/db of http://BAO
          presented  role ci, policies default, ID

        hint: the token's policies allow neither spelling of the path
        hint: path "ID/kv2/data/other/db" { capabilities = ["read"] } in one of its policies allows it
    "#]]);
    world.policy(&[("kv2/data/ci/*", "list")]);
    refused(&world, "A=ID/kv2/ci/db#user").stderr_is(expect![[r#"
        error: Vault refused ID/kv2/data/ci/db
          said       403 1 error occurred: * permission denied
          asked for  GET ID/kv2/data/ci/db of http://BAO
          presented  role ci, policies default, ID

        hint: the policies let this token list there, but not read
        hint: path "ID/kv2/data/ci/db" { capabilities = ["read"] } in one of its policies allows it
    "#]]);
    world.role("ci", &json!({ "token_no_default_policy": true }));
    let output = world.vault(&["A=ID/kv2/ci/db#user"]).run();
    output.exits(4).stderr_is(expect![[r#"
        error: Vault refused ID/kv2/data/ci/db
          said       403 1 error occurred: * permission denied
          asked for  GET ID/kv2/data/ci/db of http://BAO
          presented  role ci, policies ID

        hint: path "ID/kv2/data/ci/db" { capabilities = ["read"] } in one of its policies allows it
    "#]]);
    let asked = world.requests().iter().filter(|line| line.ends_with("sys/capabilities-self")).count();
    assert_eq!(asked, 3, "once for each refused read");
}

#[test]
fn a_versioned_path_taken_for_a_plain_one() {
    let world = World::new();
    world.policy(&[("kv2/*", "read")]);
    refused(&world, "A=kv1:ID/kv2/ci/db#user").exits(4).stderr_is(expect![[r#"
        error: Vault refused ID/kv2/ci/db
          said       404 (warning: Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the OpenBao CLI, use 'bao kv get' for this operation.)
          asked for  GET ID/kv2/ci/db of http://BAO
          presented  role ci, policies default, ID

        hint: this is a KV version 2 secret: leave `kv1:` out, or put `data/` after the mount in its path
    "#]]);
}

#[test]
fn no_such_mount() {
    let world = World::new();
    refused(&world, "A=nomount/x#y").exits(4).stderr_is(expect![[r#"
        error: Vault has no secrets engine for nomount/x, or none that this token may use
          said       403 preflight capability check returned 403, please ensure client's policies grant access to path "nomount/x/"
          asked for  GET nomount/x of http://BAO
          presented  role ci, policies default, ID

        hint: a policy must allow something below the mount; --namespace names another namespace; list the mounts with: vault secrets list
    "#]]);
}

#[test]
fn no_such_field_and_no_base64() {
    let world = World::new();
    refused(&world, "A=ID/kv2/ci/db#pasword").exits(4).stderr_is(expect![[r#"
        error: the secret at ID/kv2/data/ci/db has no field `pasword`
          said       a secret with dotted.key, nested, none, on, password, pem, port, user
          asked for  field `pasword` of ID/kv2/data/ci/db
          presented  role ci, policies default, ID

        hint: check the exact name of the field; `?optional` and `?default=` are for fields that may be absent
    "#]]);
    refused(&world, "A=ID/kv2/ci/db?base64#dotted.key").exits(4).stderr_is(expect![[r#"
        error: the field `dotted.key` of ID/kv2/data/ci/db is not base64
          said       a secret with dotted.key, nested, none, on, password, pem, port, user
          asked for  field `dotted.key` of ID/kv2/data/ci/db
          presented  role ci, policies default, ID

        hint: leave `?base64` out to have it as it is
    "#]]);
    refused(&world, "A=ID/kv2/ci/db#none").exits(4);
}

/// The policy allows the path, but not this request. Another rule for the path would not help.
#[test]
fn a_rule_on_parameters() {
    for rule in ["required_parameters = [\"version\"]", "min_wrapping_ttl = \"1m\""] {
        let world = World::new();
        let path = format!("path \"{}/kv2/data/ci/*\" {{ capabilities = [\"read\"] {rule} }}", world.id);
        world.must("sys/policies/acl/ID", &json!({ "policy": path }));
        let output = refused(&world, "A=ID/kv2/ci/db#user");
        let said = output.exits(4).stderr();
        assert!(said.contains("hint: the policies let this token read there; remove the rule"), "{said}");
        assert!(!said.contains("capabilities = ["), "{said}");
    }
}

/// The server does not count the uses of a batch token.
#[test]
fn a_batch_token_has_any_number_of_uses() {
    let world = World::new();
    world.must("sys/auth/jwt-ID/tune", &json!({ "token_type": "batch" }));
    world.role("ci", &json!({ "token_num_uses": 1, "token_type": "default" }));
    let output = world.vault(&["A=ID/kv2/ci/db#user", "B=ID/kv1/ci/db#user"]).run();
    output.exits(0).exports_are("export A='app';\nexport B='old';\n");
}

#[test]
fn a_locked_namespace() {
    let world = World::new();
    world.namespace();
    world.must("sys/namespaces/api-lock/lock/ns-ID", &json!({}));
    let output = world.vault(&["--namespace", "ns-ID", "A=secret/x#v"]).run();
    output.exits(4).stderr_is(expect![[r#"
        error: Vault refused the login
          said       503 API access to this namespace has been locked by an administrator - "ns-ID/" must be unlocked to gain access.
          asked for  role ci at auth/jwt-ID/login of http://BAO, namespace ns-ID

        hint: an administrator has locked this namespace, and can unlock it with the command `namespace unlock`
    "#]]);
}

#[test]
fn too_few_uses() {
    let world = World::new();
    world.role("ci", &json!({ "token_num_uses": 1 }));
    let output = world.vault(&["A=ID/kv2/ci/db#user", "B=ID/kv1/ci/db#user"]).run();
    output.exits(4).stderr_is(expect![[r#"
        error: the client token allows too few requests
          said       token_num_uses is 1, and 2 reads are wanted
          asked for  ID/kv2/ci/db
                     ID/kv1/ci/db
          presented  role ci, policies default, ID

        hint: raise token_num_uses on the role, or set it to 0; put fields that belong together into one secret
    "#]]);
    let output = world.vault(&["A=ID/kv2/ci/db#user", "--export-token"]).run();
    output.exits(4).stderr_is(expect![[r#"
        error: the client token allows too few requests
          said       token_num_uses is 1, and the reads take all of them: none is left to the job
          asked for  ID/kv2/ci/db
          presented  role ci, policies default, ID

        hint: raise token_num_uses on the role, or set it to 0; put fields that belong together into one secret
    "#]]);
    assert!(world.requests().iter().all(|line| !line.starts_with("read ID/")), "{:?}", world.requests());
    world
        .vault(&["A=ID/kv2/ci/db#user", "B=ID/kv2/ci/db#port"])
        .run()
        .exits(0)
        .exports_are("export A='app';\nexport B='5432';\n");
}

#[test]
fn versions_of_what_has_none() {
    let world = World::new();
    refused(&world, "A=ID/kv1/ci/db?version=2#user").exits(4).stderr_is(expect![[r#"
        error: ID/kv1/ci/db has no versions
          said       its mount is not KV version 2
          asked for  version 2 of ID/kv1/ci/db

        hint: leave `version=` out
    "#]]);
}

#[test]
fn what_no_variable_can_be() {
    let world = World::new();
    world.must("ID/kv2/data/ci/nul", &json!({ "data": { "v": "a\u{0}b" } }));
    refused(&world, "A=ID/kv2/ci/nul#v").exits(6).stderr_is(expect![[r#"
        error: the value for A holds a NUL byte, which no environment can carry
    "#]]);
    world.must("ID/kv2/data/ci/long", &json!({ "data": { "v": "x".repeat(128 << 10) } }));
    refused(&world, "A=ID/kv2/ci/long#v").exits(6).stderr_is(expect![[r#"
        error: the value for A is longer than 128 KiB, which no command could be started with

        hint: write it to a private file: A=path?file#field sets A to the file's path
    "#]]);
    world.must("ID/kv2/data/ci/bytes", &json!({ "data": { "v": "/w==" } }));
    refused(&world, "A=ID/kv2/ci/bytes?base64#v").exits(6).stderr_is(expect![[r#"
        error: the value for A is not text, which no environment can carry

        hint: write it to a private file: A=path?base64&file#field sets A to the file's path
    "#]]);
    world.vault(&["A=ID/kv2/ci/long#v", "--format", "raw"]).run().exits(0).stdout_is(&"x".repeat(128 << 10));
}

/// Each value by itself would fit.
#[test]
fn what_no_command_could_be_started_with_all_together() {
    let world = World::new();
    world.must("ID/kv2/data/ci/part", &json!({ "data": { "v": "x".repeat(100_000) } }));
    let names: Vec<String> =
        (0..30).map(|index| format!("V{index}=ID/kv2/ci/part#v").replace("ID", &world.id)).collect();
    let job = |script: &str, count: usize| {
        let vault = format!("oidc-exchange vault --role ci --mount jwt-{} {}", world.id, names[..count].join(" "));
        let script = format!("ulimit -S -s 8192; vault() {{ {vault} \"$@\"; }}; {script}");
        world.named(Program::new("/bin/sh", ["-c", &script]).job(&world.sandbox)).env("VAULT_ADDR", world.bao.url())
    };
    let eval = r#"eval "$(vault)"; exec env true"#;
    let refused = "error: the variables have 2930 KiB together, and no command could be started with them: its arguments and \
                   environment may have 2048 KiB\n\n\
                   hint: write the longest to private files: V29=path?file#field sets V29 to the file's path\n";
    for script in [
        eval,
        r#"eval "$(vault --format source)""#,
        "vault -- true",
        "vault --output file; code=$?; test ! -e file; exit $code",
    ] {
        let output = job(script, 30).run();
        assert_eq!(output.exits(6).stdout_is("").stderr(), refused, "{script}");
    }
    assert!(world.tokens().is_empty(), "no client token is alive");
    // Values that fit are exported, and commands start. JSON starts no command.
    job(eval, 20).run().exits(0).stdout_is("").stderr_is(expect![[""]]);
    job("vault -- true", 20).run().exits(0);
    job("vault --format json >/dev/null", 30).run().exits(0);
}

#[test]
fn a_secrets_keys_do_not_choose_what_the_shell_runs() {
    let world = World::new();
    for (key, reader) in [
        ("path", "a shell"),
        ("BASH_ENV", "a shell"),
        ("uid", "a shell"),
        ("PS0", "a shell"),
        ("home", "a shell"),
        ("ld_preload", "the dynamic linker or the C library"),
        ("PYTHONSTARTUP", "an interpreter"),
        ("node.options", "an interpreter"),
        ("MAKEFLAGS", "a compiler or a package manager"),
        ("git-ssh-command", "git, ssh or what they start"),
        ("ssl_cert_file", "a TLS library"),
        ("https_proxy", "a client of proxies"),
        ("aws_endpoint_url", "a cloud's tools"),
        ("oidc_exchange_dir", "this program or the job's runner"),
        ("9", "it is not a variable's name"),
        ("\u{fb01}", "a shell reads `_`, which it would become, and"),
        ("ps4", "a shell"),
    ] {
        world.must("ID/kv2/data/ci/steer", &json!({ "data": { key: "x" } }));
        let output = refused(&world, "=ID/kv2/ci/steer#*");
        assert!(output.exits(6).stderr().contains(&format!(": {reader}")), "{key}: {}", output.stderr());
    }
    refused(&world, "=ID/kv2/ci/steer#*").stderr_is(expect![[r#"
        error: no variable can be named ps4: a shell reads it, and a secret's key may not choose what that does (from `#*` of ID/kv2/data/ci/steer)

        hint: name the fields that are wanted one by one, or give a prefix
    "#]]);
    // Variables that the printed text uses, from a key and from a prefix with a key, if the case is kept.
    for (key, line) in [
        ("_oidc_intact", "ID/kv2/data/ci/own **"),
        ("_oidc052", "ID/kv2/data/ci/own **"),
        ("intact", "ID/kv2/data/ci/own ** | _oidc_"),
    ] {
        world.must("ID/kv2/data/ci/own", &json!({ "data": { key: "/bin/true" } }));
        let output = world.vault(&[line]).run();
        output.exits(6).stdout_is(&stop(6));
        assert!(output.stderr().contains(": oidc-exchange reads it"), "{key}: {}", output.stderr());
    }
    // A prefix that completes such a name, and one with which no program reads the name.
    world.must("ID/kv2/data/ci/steer", &json!({ "data": { "ssh_command": "x" } }));
    refused(&world, "GIT_=ID/kv2/ci/steer#*").exits(6);
    world.vault(&["APP_=ID/kv2/ci/steer#*"]).run().exits(0).exports_are("export APP_SSH_COMMAND='x';\n");
    world.must("ID/kv2/data/ci/collide", &json!({ "data": { "a-b": "1", "a.b": "2" } }));
    refused(&world, "X_=ID/kv2/ci/collide#*").exits(6).stderr_is(expect![[r#"
        error: no variable can be named X_A_B: two secrets would be put into it

        hint: give one of them another name or prefix
    "#]]);
}

/// The user may choose any name, unless a shell would run its value.
#[test]
fn a_secret_is_not_put_where_a_shell_runs_it() {
    let world = World::new();
    for name in ["PS1", "PROMPT_COMMAND", "BASH_ENV"] {
        world.vault(&[&format!("{name}=ID/kv2/ci/db#user")]).run().exits(2);
    }
    world.vault(&["PS0=ID/kv2/ci/db#user"]).run().exits(2).stderr_is(expect![[r#"
        error: PS0 is a variable whose value shells run

        hint: choose another name
    "#]]);
    world.vault(&["PYTHONPATH=ID/kv2/ci/db#user"]).run().exits(0).exports_are("export PYTHONPATH='app';\n");
}

#[test]
fn nothing_is_printed_when_one_of_many_fails() {
    let world = World::new();
    let output = world.vault(&["A=ID/kv2/ci/db#user", "B=ID/kv2/ci/absent#a", "C=ID/kv2/ci/db#port"]).run();
    output.exits(4).stdout_is(&format!("unset A B C;\n{}", stop(4)));
}
