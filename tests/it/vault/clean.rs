//! `clean` revokes the client tokens that were kept for the job, with their leases.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use sandbox::server::Response;
use sandbox::{Fault, Sandbox, VAULT_ROLE};
use serde_json::{Value, json};

use super::World;
use crate::support::recorder::closed_port;
use crate::support::scratch::mode;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange, shells};

/// A secret with a lease.
const LEASED: &str = r#"SERIAL=POST:ID/pki/issue/web{"common_name":"ci.example.com"}#serial_number"#;

const JOB: &str = "job-1";

/// An exchange of the job [`JOB`], for [`clean`] to undo.
fn left(world: &World, arguments: &[&str]) -> Output {
    let output = world.vault(arguments).env("SEMAPHORE_JOB_ID", JOB).run();
    output.exits(0).stderr_is(expect![[""]]);
    output
}

fn clean(world: &World, scratch: Scratch) -> Program<'_> {
    world.named(oidc_exchange(["clean"]).within(scratch).env("SEMAPHORE_JOB_ID", JOB))
}

fn directory(scratch: &Scratch) -> PathBuf {
    scratch.home().join(".oidc-exchange").join(JOB)
}

/// The files with client tokens.
fn token_files(scratch: &Scratch) -> Vec<PathBuf> {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with("vault-token-");
    scratch.files().into_iter().filter(|path| name(path)).collect()
}

/// The accessor of the only token that is alive.
fn accessor(world: &World) -> String {
    let tokens = world.tokens();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    tokens[0]["accessor"].as_str().unwrap().to_owned()
}

#[test]
fn a_lease_ends_at_once_in_every_shell() {
    let world = World::with_pki();
    let secret = LEASED.replace("ID", &world.id);
    for shell in shells::posix() {
        let script = format!(
            "set -eu; eval \"$(oidc-exchange vault --role ci --mount jwt-{} '{secret}')\"\n\
             printf %s \"$SERIAL\" >serial; eval \"$(oidc-exchange clean)\"; echo after; ls -A \"$HOME/.oidc-exchange\"",
            world.id
        );
        let program = world.named(shell.runs(&script).job(&world.sandbox)).env("VAULT_ADDR", world.bao.url());
        let output = program.run();
        output.exits(0).stdout_is("after\n").stderr_is(expect![[""]]);
        assert!(world.tokens().is_empty(), "{}", shell.name);
        assert!(world.is_revoked(&fs::read_to_string(output.scratch.path().join("serial")).unwrap()));
    }
}

#[test]
fn what_is_kept_for_it_is_private() {
    let world = World::new();
    let output = left(&world, &["--format", "json", "--namespace", "", "--allow-http", "vault.test"]);
    let token = serde_json::from_str::<Value>(&output.stdout()).unwrap()["VAULT_TOKEN"].as_str().unwrap().to_owned();
    let files = token_files(&output.scratch);
    assert_eq!(files.len(), 1);
    assert_eq!((mode(&files[0]), mode(&directory(&output.scratch))), (0o600, 0o700));
    assert_eq!(fs::read_to_string(&files[0]).unwrap(), token);
    let manifest = fs::read_to_string(directory(&output.scratch).join("manifest")).unwrap();
    assert!(!manifest.contains(&token));
    let line: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(line["note"]["value"]["accessor"], *accessor(&world));
    assert_eq!(line["note"]["value"]["address"], format!("{}/", world.bao.url()));
    assert_eq!(line["note"]["value"]["server_options"], json!({ "allow_http": "vault.test" }));

    // If the variable has a user's own token, it stays.
    let own = world.must("auth/token/create", &json!({ "policies": [world.id], "ttl": "5m" }));
    let own = own["auth"]["client_token"].as_str().unwrap();
    let program = clean(&world, output.scratch).arg("-v").env("VAULT_TOKEN", own).secret("the client token", &token);
    let name = files[0].file_name().unwrap().to_string_lossy().into_owned();
    let program = program.word(&accessor(&world), "ACCESSOR").word(&name, "vault-token-NAME");
    let output = program.run();
    output.exits(0).stderr_is(expect![[r#"
        oidc-exchange: POST BAO: 204 in T ms
        oidc-exchange: ended the client token with the accessor ACCESSOR
        oidc-exchange: cleaned SCRATCH/home/.oidc-exchange/job-1/vault-token-NAME
    "#]]);
    assert!(world.tokens().is_empty() && !directory(&output.scratch).exists());
    let (status, _) = world.bao.ask(own, "", "GET", "auth/token/lookup-self", &Value::Null);
    assert_eq!(status, 200);
}

/// The job does not have these tokens, but each is alive after its run.
#[test]
fn no_revoke_leaves_a_token_to_it() {
    let world = World::new();
    let output = left(&world, &["--no-revoke", "A=ID/kv2/ci/db#user"]);
    accessor(&world);
    clean(&world, output.scratch).run().exits(0);
    assert!(world.tokens().is_empty());

    // A command's environment has no token of the job, and no file has one with which it could log in.
    let script = "ls -A \"$HOME\"; exit 3";
    let command = world.vault(&["--no-revoke", "A=ID/kv2/ci/db#user", "--", "sh", "-c", script]);
    let output = command.env("SEMAPHORE_JOB_ID", JOB).run();
    output.exits(3).stdout_is("").stderr_is(expect![[""]]);
    accessor(&world);
    clean(&world, output.scratch).run().exits(0);
    assert!(world.tokens().is_empty());
}

#[test]
fn several_at_once_with_a_file_of_a_secret() {
    let world = World::with_pki();
    let mut output = left(&world, &[LEASED]);
    for arguments in [&["--export-token"][..], &["PEM=ID/kv2/ci/db?file#pem", "--no-revoke"]] {
        let program = world.vault(arguments).env("SEMAPHORE_JOB_ID", JOB).within(output.scratch);
        output = program.run();
        output.exits(0);
    }
    assert_eq!((world.tokens().len(), token_files(&output.scratch).len()), (3, 3));
    let output = clean(&world, output.scratch).run();
    output.exits(0).stderr_is(expect![[""]]);
    assert!(world.tokens().is_empty() && !directory(&output.scratch).exists());
}

#[test]
fn a_server_that_is_down_fails_no_job_and_is_asked_again() {
    let world = World::with_pki();
    let output = left(&world, &[LEASED, "FILE=ID/kv2/ci/db?file#pem"]);
    let manifest = directory(&output.scratch).join("manifest");
    let good = fs::read_to_string(&manifest).unwrap();
    let (there, nobody) = (format!("127.0.0.1:{}", world.bao.port()), format!("127.0.0.1:{}", closed_port()));
    fs::write(&manifest, good.replace(&there, &nobody)).unwrap();
    let program = clean(&world, output.scratch).word(&nobody, "NOBODY").word(&accessor(&world), "ACCESSOR");
    let output = program.run();
    output.exits(5).stderr_is(expect![[r#"
        warning: NOBODY refused the connection; trying again for up to T s
        error: the client token was not revoked
          said       NOBODY refused the connection
          asked for  the end of accessor ACCESSOR at http://NOBODY

        hint: it expires in T s, unless the job has renewed it
        hint: `oidc-exchange clean` tries again
    "#]]);
    assert!(output.stdout().starts_with("unset ") && output.stdout().ends_with("VAULT_TOKEN;\nunset SERIAL FILE;\n"));
    assert_eq!(output.scratch.files().iter().filter(|file| file.starts_with(directory(&output.scratch))).count(), 2);

    let kept = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, kept.replace(&nobody, &there)).unwrap();
    let output = clean(&world, output.scratch).run();
    output.exits(0).stderr_is(expect![[""]]);
    assert!(world.tokens().is_empty() && !directory(&output.scratch).exists());
}

#[test]
fn a_server_that_hangs_is_waited_for_no_longer_than_five_seconds() {
    let sandbox = Sandbox::start().unwrap();
    let arguments = ["vault", "--role", VAULT_ROLE];
    let mut output = oidc_exchange(arguments).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB).run();
    output = oidc_exchange(arguments).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB).within(output.scratch).run();
    output.exits(0);
    sandbox.vault.always(Fault::Hang);
    let again =
        |scratch: Scratch| oidc_exchange(["clean"]).beside(&sandbox).env("SEMAPHORE_JOB_ID", JOB).within(scratch);
    // Files are deleted before the wait for a server. A token stays listed unless it is known to be revoked.
    let running = again(output.scratch).spawn();
    assert!(sandbox.vault.await_requests(4, std::time::Duration::from_secs(20)));
    running.signal(Signal::TERM);
    output = running.wait();
    output.exits(5).stderr_is(expect![[r#"
        error: interrupted by SIGTERM; the Vault tokens of this job may be alive

        hint: `oidc-exchange clean` tries again
    "#]]);
    assert!(output.stdout().ends_with("VAULT_TOKEN;\n"));
    assert_eq!(token_files(&output.scratch).len(), 2);

    output = again(output.scratch).run();
    output.exits(5);
    assert!(output.took.as_secs() < 9, "{:?}", output.took);
    assert_eq!(output.stderr().matches("error: the client token was not revoked").count(), 2, "{}", output.stderr());

    sandbox.vault.always(None);
    let output = again(output.scratch).run();
    output.exits(0);
    assert!(sandbox.vault.issued().iter().all(|token| !sandbox.vault.is_good(token)));
    assert!(!directory(&output.scratch).exists());
}

#[test]
fn a_token_that_has_ended_before_is_no_failure() {
    let world = World::new();
    let output = left(&world, &["--export-token"]);
    world.must("auth/token/revoke-accessor", &json!({ "accessor": accessor(&world) }));
    let output = clean(&world, output.scratch).run();
    output.exits(0).stderr_is(expect![[""]]);
    assert!(!directory(&output.scratch).exists());
}

#[test]
fn a_token_that_may_not_end_itself_is_said_once() {
    let world = World::new();
    world.role("ci", &json!({ "token_no_default_policy": true }));
    let output = left(&world, &["--export-token"]);
    let output = clean(&world, output.scratch).word(&accessor(&world), "ACCESSOR").run();
    output.exits(4).stderr_is(expect![[r#"
        error: Vault refused to revoke the client token
          said       403 1 error occurred: * permission denied
          asked for  the end of accessor ACCESSOR at http://BAO

        hint: an administrator can revoke it now: bao token revoke -accessor ACCESSOR
        hint: it expires in T s, unless the job has renewed it
    "#]]);
    assert!(output.stdout().ends_with("VAULT_TOKEN;\n"));
    assert!(!directory(&output.scratch).exists(), "it is no use to anybody there");
    clean(&world, output.scratch).run().exits(0).stderr_is(expect![[""]]);
}

/// The server knows the job's token, and `clean` does not.
#[test]
fn a_server_cannot_show_what_an_earlier_run_has_sent_it() {
    for status in [403, 500] {
        let sandbox = Sandbox::start().unwrap();
        let program = oidc_exchange(["vault", "--role", VAULT_ROLE, "--export-token"]).job(&sandbox);
        let output = program.env("SEMAPHORE_JOB_ID", JOB).run();
        output.exits(0);
        let login = sandbox.vault.requests().into_iter().find(|request| request.path.ends_with("/login")).unwrap();
        let token = serde_json::from_slice::<Value>(&login.body).unwrap()["jwt"].as_str().unwrap().to_owned();
        let signature = token.rsplit('.').next().unwrap();
        let words = json!({ "errors": [format!("login {signature}")] });
        sandbox.vault.always(Fault::forged(move |_, _| Response::json(status, &words).bytes()));
        let output =
            oidc_exchange(["clean"]).beside(&sandbox).within(output.scratch).env("SEMAPHORE_JOB_ID", JOB).run();
        let said = output.exits(if status == 403 { 4 } else { 5 }).stderr();
        assert!(said.contains(&format!("{status} [redacted]")), "{said}");
        assert!(!said.contains(&signature[..16]) && !said.contains(&signature[signature.len() - 16..]), "{said}");
    }
}

/// The token itself, a part of it, or of the job's token.
#[test]
fn an_accessor_that_is_a_secret_is_not_kept() {
    for secret in ["token", "job"] {
        let sandbox = Sandbox::start().unwrap();
        let forged = Fault::forged(move |sent, answer| {
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
            let sent: Value = serde_json::from_slice(&sent.last().unwrap().body).unwrap();
            let text = if secret == "job" { &sent["jwt"] } else { &body["auth"]["client_token"] };
            let text = text.as_str().unwrap().to_owned();
            body["auth"]["accessor"] = json!(text[text.len().saturating_sub(60)..]);
            Response::json(200, &body).bytes()
        });
        sandbox.vault.aim(|request| request.path.ends_with("/login"), forged, None);
        let program = oidc_exchange(["vault", "--role", VAULT_ROLE, "--export-token"]).job(&sandbox);
        let output = program.env("SEMAPHORE_JOB_ID", JOB).run();
        output.exits(0);
        let denied = json!({ "errors": ["1 error occurred:\n\t* permission denied\n\n"] });
        sandbox.vault.always(Fault::forged(move |_, _| Response::json(403, &denied).bytes()));
        let output =
            oidc_exchange(["clean"]).beside(&sandbox).within(output.scratch).env("SEMAPHORE_JOB_ID", JOB).run();
        let said = output.exits(4).stderr();
        assert!(said.contains("* permission denied\n  asked for  the end of the client token at "), "{said}");
    }
}

#[test]
fn a_file_that_is_gone_or_another_is_not_read() {
    let world = World::new();
    let output = left(&world, &["--export-token"]);
    let other = world.must("auth/token/create", &json!({ "policies": ["default"], "ttl": "5m" }));
    let other = other["auth"]["client_token"].as_str().unwrap();
    let file = token_files(&output.scratch).remove(0);
    let precious = output.scratch.write("precious", other);
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&precious, &file).unwrap();
    let output = clean(&world, output.scratch).word(&accessor(&world), "ACCESSOR").run();
    output.exits(4).stderr_is(expect![[r#"
        error: the client token cannot be revoked any more
          said       the file that held it is gone
          asked for  the end of accessor ACCESSOR at http://BAO

        hint: an administrator can revoke it now: bao token revoke -accessor ACCESSOR
        hint: it expires in T s, unless the job has renewed it
    "#]]);
    let (status, _) = world.bao.ask(other, "", "GET", "auth/token/lookup-self", &Value::Null);
    assert_eq!(status, 200);
    assert!(precious.exists() && file.symlink_metadata().is_ok(), "they are somebody else's");
}

#[test]
fn within_a_namespace_and_over_tls() {
    let world = World::new();
    world.namespace();
    let alive = |token: &str| {
        let namespace = format!("ns-{}", world.id);
        world.bao.ask(token, &namespace, "GET", "auth/token/lookup-self", &Value::Null).0 == 200
    };
    let program = world.vault(&["--namespace", "ns-ID", "--format", "json", "--ca-file", "ca.pem"]);
    program.scratch().write("ca.pem", world.bao.tls.ca_pem());
    let output = program.env("VAULT_ADDR", world.bao.tls_url()).env("SEMAPHORE_JOB_ID", JOB).run();
    output.exits(0);
    let found: Value = serde_json::from_str(&output.stdout()).unwrap();
    let token = found["VAULT_TOKEN"].as_str().unwrap();
    assert!(alive(token));
    // The variables have another address and another namespace now.
    let program = clean(&world, output.scratch).env("VAULT_ADDR", "http://127.0.0.1:1").env("VAULT_NAMESPACE", "other");
    let output = program.run();
    output.exits(0).stderr_is(expect![[""]]);
    assert!(!alive(token) && !directory(&output.scratch).exists());

    // The certificates are still those of the variables: without them the server is not trusted.
    let program = world.vault(&["--format", "json"]).env("VAULT_ADDR", world.bao.tls_url());
    let program = program.env("VAULT_CACERT_BYTES", world.bao.tls.ca_pem()).env("SEMAPHORE_JOB_ID", JOB);
    let output = program.run();
    output.exits(0);
    let output = clean(&world, output.scratch).run();
    let said = output.exits(5).stderr();
    assert!(said.contains("is not trusted: no trusted authority signed it"), "{said}");
    let output = clean(&world, output.scratch).env("VAULT_SKIP_VERIFY", "true").run();
    let said = output.exits(5).stderr();
    assert!(said.contains("VAULT_SKIP_VERIFY is set, which is not done here"), "{said}");
    clean(&world, output.scratch).env("VAULT_CACERT_BYTES", world.bao.tls.ca_pem()).run().exits(0);
    assert!(world.tokens().is_empty());
}

/// A token is not written to a file if `clean` could not revoke or find it.
#[test]
fn what_is_not_for_it_leaves_no_file() {
    let world = World::new();
    for (role, arguments) in [
        (json!({ "token_type": "batch" }), &["--export-token"][..]),
        (json!({ "token_type": "service", "token_num_uses": 1 }), &["--no-revoke", "A=ID/kv2/ci/db#user"]),
    ] {
        world.role("ci", &role);
        let output = left(&world, arguments);
        assert!(token_files(&output.scratch).is_empty(), "{role}");
    }
    world.role("ci", &json!({ "token_num_uses": 0 }));
    let without_job = world.vault(&["--export-token", "-v"]).env_remove("SEMAPHORE_JOB_ID").run();
    let said = without_job.exits(0).stderr();
    assert!(said.contains("`oidc-exchange clean` will not end the client token"), "{said}");
    let command = world.vault(&["--export-token", "--", "sh", "-c", "ls -A \"$HOME\""]).run();
    command.exits(0).stdout_is("");
    let revoked = world.vault(&["A=ID/kv2/ci/db#user"]).run();
    for output in [without_job, command, revoked] {
        assert!(token_files(&output.scratch).is_empty());
    }
}

#[test]
fn a_place_that_takes_no_file_is_said_and_no_failure() {
    let world = World::new();
    let output = world.vault(&["--export-token"]).env("OIDC_EXCHANGE_DIR", "/dev/null/x").run();
    output.exits(0).stderr_is(expect![[r#"
        warning: cannot write /dev/null/x: Not a directory (os error 20); `oidc-exchange clean` will not end the client token
    "#]]);
    assert!(output.stdout().contains("export VAULT_TOKEN="));
}

/// The token's last use is reserved for its revocation.
#[test]
fn a_token_of_few_uses() {
    let world = World::new();
    world.role("ci", &json!({ "token_num_uses": 2 }));
    let output = left(&world, &["--export-token", "A=ID/kv2/ci/db#user"]);
    accessor(&world);
    clean(&world, output.scratch).run().exits(0).stderr_is(expect![[""]]);
    assert!(world.tokens().is_empty());
}
