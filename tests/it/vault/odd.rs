//! Unusual inputs, and unusual content of secrets.

use std::io::Write as _;

use serde_json::json;

use super::World;
use crate::support::expect;

/// The mount's own path has `data` as its second segment.
#[test]
fn a_mount_called_data() {
    let world = World::new();
    world.must("sys/mounts/ID/data", &json!({ "type": "kv", "options": { "version": "2" } }));
    world.must("ID/data/data/app", &json!({ "data": { "x": "1" } }));
    for (may, path) in [("data/data/*", "data"), ("data/*", "data")] {
        world.policy(&[(may, "read")]);
        for secret in
            [format!("A=ID/{path}/app#x"), format!("A=ID/{path}/data/app#x"), format!("A=kv2:ID/{path}/app#x")]
        {
            world.vault(&[&secret]).run().exits(0).exports_are("export A='1';\n").stderr_is(expect![[""]]);
        }
    }
    world.vault(&["A=ID/data/nope?optional#x"]).run().exits(0).stdout_is("unset A;\n");
    world.vault(&["A=ID/data/nope#x", "--on-error", "none"]).run().exits(4).stderr_is(expect![[r#"
        error: Vault has no secret at ID/data/data/nope
          said       404
          asked for  GET ID/data/data/nope of http://BAO
          presented  role ci, policies default, ID

        hint: check the exact path and the version; `?optional` and `?default=` are for secrets that may be absent
    "#]]);
}

/// `kv2:` in both spellings, as for `setup vault --secret`.
#[test]
fn the_data_of_a_path_is_not_doubled() {
    let world = World::new();
    let kv2 = format!("kv2-{}", world.id);
    world.must(&format!("sys/mounts/{kv2}"), &json!({ "type": "kv", "options": { "version": "2" } }));
    world.must(&format!("{kv2}/data/x"), &json!({ "data": { "y": "1" } }));
    world.must(
        "sys/policies/acl/ID",
        &json!({ "policy": format!("path \"{kv2}/data/*\" {{ capabilities = [\"read\"] }}") }),
    );
    for path in ["x", "data/x"] {
        world.vault(&[&format!("A=kv2:{kv2}/{path}#y")]).run().exits(0).exports_are("export A='1';\n");
    }
}

/// The author of a KV version 1 secret chooses the number.
#[test]
fn a_ttl_of_a_secrets_own() {
    let world = World::new();
    for ttl in
        [json!(-1), json!("-1"), json!(0), json!(1.5), json!("soon"), json!(1e300), json!("99999999h"), json!(null)]
    {
        world.must("ID/kv1/ci/ttl", &json!({ "host": "h", "ttl": ttl, "lease": ttl }));
        world.vault(&["A=ID/kv1/ci/ttl#host"]).run().exits(0).exports_are("export A='h';\n").stderr_is(expect![[""]]);
    }
}

#[test]
fn a_field_that_is_null() {
    let world = World::new();
    world.vault(&["A=ID/kv2/ci/db#none", "--on-error", "none"]).run().exits(4).stderr_is(expect![[r#"
        error: the field `none` of the secret at ID/kv2/data/ci/db is null
          said       a secret with dotted.key, nested, none, on, password, pem, port, user
          asked for  field `none` of ID/kv2/data/ci/db
          presented  role ci, policies default, ID

        hint: write a value there; `?optional` and `?default=` are for fields that may be absent or null
    "#]]);
    world.vault(&["A=ID/kv2/ci/db?default=x#none"]).run().exits(0).exports_are("export A='x';\n");
}

#[test]
fn what_belongs_to_another_tools_file_is_told_before_anything_is_sent() {
    let world = World::new();
    let refused = |line: &str| {
        let program = world.vault(&["--secrets-file", "secrets", "--on-error", "none"]);
        let path = program.scratch().write("secrets", "");
        writeln!(std::fs::File::create(path).unwrap(), "B=ID/kv2/ci/db#user\n{line}").unwrap();
        let output = program.run();
        output.exits(2).stdout_is("");
        assert!(world.requests().is_empty(), "nothing was sent");
        output
    };
    refused("A=secret/cfg#user # note").stderr_is(expect![[r#"
        error: --secrets-file, line 2: `# note` would be a part of the field: a comment has a line of its own

        hint: put the comment on the line before; a key that has ` #` in it is written as a pointer, path#/KEY
    "#]]);
    refused("A=\"secret/cfg#user\"").stderr_is(expect![[r#"
        error: --secrets-file, line 2: A: the path begins with a quotation mark

        hint: remove the quotation marks: nothing here reads them, and a path or a key may have blanks
    "#]]);
    refused("export A=secret/cfg#user").stderr_is(expect![[r#"
        error: --secrets-file, line 2: `export` is the shell's: a secret begins with its variable's name

        hint: remove `export`: DB_PASSWORD=secret/production/db#password
    "#]]);
    for line in ["A = secret/cfg#user", "A =secret/cfg#user"] {
        let output = refused(line);
        assert!(
            output.told().contains("there is a space before `=`\n\nhint: write it as A=secret/cfg#user\n"),
            "{}",
            output.told()
        );
    }
    for line in ["A: secret/cfg#user", "- A=secret/cfg#user", "set A=secret/cfg#user", "A: vault:secret/data/cfg#user"]
    {
        let output = refused(line);
        let words = "the first word is not a path\n\nhint: write it like DB_PASSWORD=secret/production/db#password\n";
        assert!(output.told().ends_with(words), "{}", output.told());
    }
}

/// A file of variables with the secrets themselves, in place of one with paths: no value is shown or sent.
#[test]
fn a_file_with_the_secrets_themselves() {
    let world = World::new();
    for line in
        ["PASSWORD=hunter2", "password: hunter2", "{\"password\": \"hunter2\"}", "hunter2", "export P='hunter2#x'"]
    {
        let program = world.vault(&["--secrets-file", "secrets", "--on-error", "none"]).secret("a password", "hunter2");
        program.scratch().write("secrets", format!("{line}\n"));
        program.run().exits(2).stdout_is("").stderr_is(expect![[r#"
            error: --secrets-file, line 1: there is no path of a secret: every path has a slash

            hint: write it like DB_PASSWORD=secret/production/db#password, and no secret itself
        "#]]);
    }
    // `#`, `?` and `{` end a path, and may be in the password of an address.
    for password in ["hunter2#x", "hunter2?x", "hunter2{x", "x#hunter2"] {
        let program = world.vault(&["--secrets-file", "secrets", "--on-error", "none"]).secret("a password", "hunter2");
        program.scratch().write("secrets", format!("DATABASE_URL=postgres://u:{password}@127.0.0.1/db\n"));
        program.run().exits(2).stdout_is("").stderr_is(expect![[r#"
            error: --secrets-file, line 1: DATABASE_URL: an address is not a path: it holds `://`

            hint: write it like DB_PASSWORD=secret/production/db#password
        "#]]);
    }
    assert!(world.requests().is_empty(), "nothing was sent");
}

/// An invisible character would be missing in the error, whose name then looks right.
#[test]
fn invisible_characters_are_named() {
    let world = World::new();
    let run = |text: &str| {
        let program = world.vault(&["--secrets-file", "secrets", "--on-error", "none"]);
        program.scratch().write("secrets", text.replace("ID", &world.id));
        program.run()
    };
    run("A=ID/kv2/ci/db#user\rB=ID/kv2/ci/db#password\r").exits(0);
    run("\u{200b}A=ID/kv2/ci/db#user").exits(2).stderr_is(expect![[r#"
        error: --secrets-file, line 1: `A` is not a variable's name: it holds the invisible character U+200B
    "#]]);
    run("A=ID/kv2/ci\u{200b}/db#user").exits(2).stderr_is(expect![[r#"
        error: --secrets-file, line 1: A: `ID/kv2/ci/db` is not a path: it holds the invisible character U+200B
    "#]]);
    run("A=ID/kv2/ci/db#user\u{200b}").exits(4).stderr_is(expect![[r#"
        error: the secret at ID/kv2/data/ci/db has no field `user`
          said       a secret with dotted.key, nested, none, on, password, pem, port, user
          asked for  field `user` of ID/kv2/data/ci/db
          presented  role ci, policies default, ID

        hint: remove the invisible character U+200B from the field, or write it as a pointer
    "#]]);
    run("A=ID/kv2/ci/db#user\u{1a}").exits(4);
}

/// `#*` of it sets nothing, and a warning is printed, because the variables of an earlier secret are still set.
#[test]
fn a_secret_without_fields() {
    let world = World::new();
    world.must("ID/kv2/data/ci/none", &json!({ "data": {} }));
    for word in ["P_=ID/kv2/ci/none#*", "P_=ID/kv2/ci/none?optional#*"] {
        world.vault(&[word]).run().exits(0).stdout_is("").stderr_is(expect![[r#"
            warning: the secret at ID/kv2/data/ci/none has no fields: it sets no variable
        "#]]);
    }
    // A missing one is optional, and the name was written like this.
    world.vault(&["P_=ID/kv2/ci/absent?optional#*"]).run().exits(0).stdout_is("").stderr_is(expect![[""]]);
    world.vault(&["P_=ID/kv2/ci/db#*"]).run().exits(0).stderr_is(expect![[""]]);
}

/// `--format raw` prints one text.
#[test]
fn a_value_that_raw_cannot_print() {
    let world = World::new();
    world.must("ID/kv2/data/ci/raw", &json!({ "data": { "bytes": "/w==", "nul": "a\u{0}b", "text": "YQ==" } }));
    let raw = |word: &str| world.vault(&[word, "--format", "raw"]).run();
    raw("A=ID/kv2/ci/raw?base64#text").exits(0).stdout_is("a");
    raw("A=ID/kv2/ci/raw?base64#bytes").exits(6).stdout_is("").stderr_is(expect![[r#"
        error: the value for A is binary, and --format raw prints only text

        hint: write it to a private file: without --format raw, A=path?base64&file#field sets A to the file's path
    "#]]);
    raw("A=ID/kv2/ci/raw#nul").exits(6).stdout_is("").stderr_is(expect![[r#"
        error: the value for A holds a NUL byte, and --format raw prints only text

        hint: write it to a private file: without --format raw, A=path?base64&file#field sets A to the file's path
    "#]]);
}

/// A policy can require that answers are wrapped.
#[test]
fn an_answer_that_is_wrapped() {
    let sandbox = &sandbox::Sandbox::start().unwrap();
    let wrapped = r#"{"request_id":"r","data":null,"auth":null,"wrap_info":{"token":"hvs.WRAPPED","ttl":60}}"#;
    sandbox.vault.always(sandbox::Fault::Status { status: 200, headers: Vec::new(), body: wrapped.into() });
    let program = crate::support::oidc_exchange(["vault", "--role", "ci", "A=kv2:secret/x#y", "--on-error", "none"]);
    let output = program.job(sandbox).env("VAULT_ADDR", sandbox.vault.url()).run();
    output.exits(5).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       the answer with status 200 cannot be used: it is wrapped (response wrapping), which oidc-exchange does not request
          asked for  role ci at auth/jwt/login of http://VAULT

        hint: remove min_wrapping_ttl from the policies for this path, or the header X-Vault-Wrap-TTL that a proxy adds
    "#]]);
}
