//! The names of variables that only a request determines: recorded before they are printed, and removed by `clean`.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use sandbox::{DEPLOY_ROLE, Sandbox, VAULT_PASSWORD, VAULT_ROLE};
use serde_json::{Value, json};

use crate::aws::deploy;
use crate::support::scratch::mode;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange, shells, stop};

const JOB: &str = "job-1";

fn vault<'s>(arguments: &[&str], sandbox: &'s Sandbox) -> Program<'s> {
    oidc_exchange(["vault", "--role", VAULT_ROLE]).args(arguments).job(sandbox).env("SEMAPHORE_JOB_ID", JOB)
}

fn clean<'s>(scratch: Scratch) -> Program<'s> {
    oidc_exchange(["clean"]).within(scratch).env("SEMAPHORE_JOB_ID", JOB)
}

fn directory(scratch: &Scratch) -> PathBuf {
    scratch.home().join(".oidc-exchange").join(JOB)
}

/// The lists of names in the manifest.
fn lists(scratch: &Scratch) -> Vec<Value> {
    let manifest = fs::read_to_string(directory(scratch).join("manifest")).unwrap_or_default();
    let lines = manifest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["made"] == "nothing").map(|line| line["note"]["value"].clone()).collect()
}

/// What `clean` removes besides the variables whose names are fixed.
fn listed(output: &Output) -> String {
    let stdout = output.stdout();
    let (fixed, listed) = stdout.split_once('\n').unwrap();
    assert!(fixed.starts_with("unset AWS_ACCESS_KEY_ID ") && fixed.ends_with(" VAULT_TOKEN;"), "{fixed}");
    listed.to_owned()
}

const TARGETS: &str = "version = 1
[target.staging]
aws.role-arn = 'ROLE'
aws.env-prefix = 'STAGING_'
[target.secrets]
vault.role = 'ci'
vault.secrets = ['DB_=secret/production/db#*']
";

/// Of each kind: a secret's own name, the names of its fields, a prefix, a file's, a token's.
const SCRIPT: &str = r#"
eval "$(oidc-exchange vault --role ci PASSWORD=secret/production/db#password 'FILE=secret/production/db?file#username')"
eval "$(oidc-exchange aws --role-arn ROLE --env-prefix OTHER_)"
eval "$(oidc-exchange azure --tenant-id TENANT --client-id CLIENT --access-token-env ARM_TOKEN)"
eval "$(oidc-exchange use staging secrets)"
names='PASSWORD FILE OTHER_AWS_ACCESS_KEY_ID OTHER_AWS_SECRET_ACCESS_KEY OTHER_AWS_SESSION_TOKEN ARM_TOKEN
 STAGING_AWS_SECRET_ACCESS_KEY STAGING_AWS_SESSION_TOKEN DB_USERNAME DB_PASSWORD'
for name in $names; do eval "test -n \"\${$name-}\"" || echo "$name is missing"; done
eval "$(oidc-exchange clean)"
for name in $names; do eval "test -z \"\${$name+set}\"" || echo "$name stays"; done
test -n "$PATH" && test -n "$HOME" && echo "$KEPT"
ls -A "$HOME/.oidc-exchange"
oidc-exchange clean | grep -c unset
"#;

fn script() -> String {
    let tenant = SCRIPT.replace("TENANT", sandbox::TENANT).replace("CLIENT", sandbox::CLIENT);
    // zsh splits no variable into words.
    format!("set -e; test -z \"${{ZSH_VERSION-}}\" || setopt sh_word_split\n{}", tenant.replace("ROLE", DEPLOY_ROLE))
}

#[test]
fn every_shell_forgets_them() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        let program = shell.runs(&script()).beside(&sandbox).job(&sandbox);
        program.scratch().write("oidc-exchange.toml", TARGETS.replace("ROLE", DEPLOY_ROLE));
        let program = program.env("SEMAPHORE_JOB_ID", JOB).env("KEPT", "kept").env("VAULT_ADDR", sandbox.vault.url());
        let output = program.run();
        output.exits(0).stdout_is("kept\n1\n");
    }
}

#[test]
fn fish_forgets_them() {
    let Some(fish) = shells::find("fish", "fish", &[]) else { return };
    let sandbox = Sandbox::start().unwrap();
    let script = format!(
        "eval (oidc-exchange vault --role ci PASSWORD=secret/production/db#password --format fish | string collect)
        eval (oidc-exchange aws --role-arn {DEPLOY_ROLE} --env-prefix OTHER_ --format fish | string collect)
        set -q PASSWORD; and set -q OTHER_AWS_SECRET_ACCESS_KEY; and echo there
        eval (oidc-exchange clean --format fish | string collect)
        set -q PASSWORD; or set -q OTHER_AWS_SECRET_ACCESS_KEY; or echo gone"
    );
    let program = fish.with(["--no-config", "-c", &script]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB);
    program.run().exits(0).stdout_is("there\ngone\n").stderr_is(expect![[""]]);
}

#[test]
fn names_are_recorded_and_no_value() {
    let sandbox = Sandbox::start().unwrap();
    let secrets = ["B=secret/production/db#password", "A_=secret/production/db#*"];
    let output = vault(&secrets, &sandbox).run();
    output.exits(0).stderr_is(expect![[""]]);
    let manifest = directory(&output.scratch).join("manifest");
    assert_eq!((mode(&manifest), mode(&directory(&output.scratch))), (0o600, 0o700));
    assert_eq!(lists(&output.scratch), [json!(["B", "A_PASSWORD", "A_USERNAME"])]);
    assert!(!fs::read_to_string(&manifest).unwrap().contains(VAULT_PASSWORD));
    let cleaned = clean(output.scratch).arg("-v").run();
    cleaned.exits(0).stderr_is(expect![[""]]);
    assert_eq!(listed(&cleaned), "unset B A_PASSWORD A_USERNAME;\n");
    assert!(!directory(&cleaned.scratch).exists());
    // Only the variables that are always removed are left.
    assert_eq!(listed(clean(cleaned.scratch).run().exits(0)), "");
}

/// A sourced file, or one for another program, may have set them in the environment too.
#[test]
fn every_format_and_a_file_are_recorded() {
    let sandbox = Sandbox::start().unwrap();
    for format in ["env", "env-no-export", "dotenv", "fish", "json", "source"] {
        for place in [&[][..], &["--output", "file"]] {
            let arguments = [&["A=secret/production/db#password", "--format", format][..], place].concat();
            let output = vault(&arguments, &sandbox).run();
            output.exits(0);
            assert_eq!(lists(&output.scratch), [json!(["A"])], "{arguments:?}");
        }
    }
}

#[test]
fn where_no_variable_is_set_nothing_is_recorded() {
    let sandbox = Sandbox::start().unwrap();
    let secret = "A=secret/production/db#password";
    let nothing = |program: Program<'_>, code: i32| {
        let output = program.run();
        output.exits(code);
        assert!(
            !directory(&output.scratch).exists() && output.scratch.files().is_empty(),
            "{:?}",
            output.scratch.files()
        );
    };
    nothing(vault(&[secret, "--", "true"], &sandbox), 0);
    nothing(vault(&[secret, "--format", "raw"], &sandbox), 0);
    nothing(vault(&["A=secret/production/db#absent"], &sandbox), 4);
    nothing(vault(&["A=secret/production/db?optional#absent"], &sandbox), 0);
    // The names are fixed.
    nothing(deploy(&[]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB), 0);
    // `clean` would not find it.
    nothing(vault(&[secret], &sandbox).env("SEMAPHORE_JOB_ID", ""), 0);
    // A failure after the record.
    let full = format!("oidc-exchange vault --role {VAULT_ROLE} '{secret}' >/dev/full");
    nothing(Program::new("/bin/sh", ["-c", &full]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB), 6);
}

/// A job that reads its secrets every minute does not fill the manifest.
#[test]
fn the_same_names_are_recorded_once() {
    let sandbox = Sandbox::start().unwrap();
    let mut scratch = Scratch::new();
    for secret in
        ["A=secret/production/db#password", "A=secret/production/db#username", "B=secret/production/db#username"]
    {
        let output = vault(&[secret], &sandbox).within(scratch).run();
        output.exits(0);
        scratch = output.scratch;
    }
    assert_eq!(lists(&scratch), [json!(["A"]), json!(["B"])]);
    let both = vault(&["A=secret/production/db#password", "C=secret/production/db#username"], &sandbox);
    let output = both.within(scratch).run();
    assert_eq!(listed(clean(output.scratch).run().exits(0)), "unset A B C;\n");
}

/// Another process of the job can write to the manifest. What it writes is not run, and removes nothing that a shell needs.
#[test]
fn a_hostile_list_removes_only_names_that_may_go() {
    let scratch = Scratch::new();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory(&scratch)).unwrap();
    let hostile = [
        "$(touch owned)",
        "`touch owned`",
        "A;touch owned",
        "A\ntouch owned",
        "A B",
        "-f",
        "-v",
        "",
        "1A",
        "Ä",
        "A=1",
        "A[0]",
        "*",
        "'",
        "\"",
        "\\",
        "PATH",
        "path",
        "Path",
        "HOME",
        "IFS",
        "PS4",
        "ENV",
        "BASH_ENV",
        "PROMPT_COMMAND",
        "UID",
        "PPID",
        "_",
        "LINENO",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "TMPDIR",
        "LANG",
        "_oidc_intact",
        "status",
        "GOOD",
        "GOOD",
    ];
    let line = |value: Value| {
        let note = json!({ "kind": "exported-names", "value": value });
        format!("{}\n", json!({ "id": "", "path": "/", "made": "nothing", "note": note }))
    };
    let lines = [
        line(json!(hostile.as_slice())),
        line(json!("OTHER")),
        line(json!([1])),
        line(json!({ "OTHER": "OTHER" })),
        line(json!([["OTHER"]])),
        line(json!(["ALSO_GOOD"])),
        "{\"id\":\"\",\"path\":\"/\",\"made\":\"nothing\"}\n".to_owned(),
    ];
    scratch.write("home/.oidc-exchange/job-1/manifest", lines.concat());
    let output = clean(scratch).run();
    output.exits(0);
    assert_eq!(listed(&output), "unset GOOD ALSO_GOOD;\n");
    assert_eq!(output.stderr().lines().count(), 4, "{}", output.stderr());
    assert!(output.stderr().lines().all(|line| line.ends_with("manifest: a line that cannot be read is dropped")));
    assert!(!directory(&output.scratch).exists());
}

/// A name that the user has chosen is set anyway, and stays: the shell needs it to continue.
#[test]
fn a_variable_that_the_shell_needs_is_not_recorded() {
    let sandbox = Sandbox::start().unwrap();
    let output = vault(&["TZ=secret/production/db#username", "A=secret/production/db#username"], &sandbox).run();
    output.exits(0);
    assert_eq!(lists(&output.scratch), [json!(["A"])]);
}

#[test]
fn without_a_manifest_the_variables_come_with_a_warning() {
    let sandbox = Sandbox::start().unwrap();
    let program = vault(&["A=secret/production/db#username"], &sandbox).env("OIDC_EXCHANGE_DIR", "/dev/null/x");
    let output = program.run();
    output.exits(0).stderr_is(expect![[r#"
        warning: cannot write /dev/null/x: Not a directory (os error 20); `oidc-exchange clean` will not remove the variables of this run
    "#]]);
    assert!(output.stdout().contains("\nexport A='app';\n"), "{}", output.stdout());
}

/// The fixed names are removed, even if the others are not.
#[test]
fn a_manifest_that_cannot_be_read_hides_only_its_own_names() {
    let scratch = Scratch::new();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory(&scratch).join("manifest")).unwrap();
    let output = clean(scratch).run();
    output.exits(6);
    assert_eq!(listed(&output), stop(6));
}
