//! Files that are wrong, and results that cannot be written.

use sandbox::{DEPLOY_ROLE, Sandbox};

use super::Runs;
use crate::support::{Program, oidc_exchange};

#[test]
fn of_input_files() {
    let sandbox = Sandbox::start().unwrap();
    let mut runs = Runs::default();
    let mut one = |kind: &str, words: &[&str], name: &str, text: &str| {
        let program: Program<'_> = oidc_exchange(words).job(&sandbox);
        program.scratch().write(name, text);
        runs.add(kind, 2, &program.run());
    };
    let aws = |words: &[&'static str]| [&["aws", "--role-arn", DEPLOY_ROLE], words].concat();
    one("certificates that are none", &aws(&["--ca-file", "ca"]), "ca", "hello");
    one(
        "a certificate in one line",
        &aws(&["--ca-file", "ca"]),
        "ca",
        "-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n",
    );
    one(
        "a key as a certificate",
        &aws(&["--ca-file", "ca"]),
        "ca",
        "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
    );
    one("a policy's file", &aws(&["--policy", "@p"]), "p", "{\"Version\": ");
    one(
        "a trust policy as text",
        &["explain", "aws", "--trust-policy", "p"],
        "p",
        "ROLE\tarn:aws:iam::123456789012:role/deploy\n",
    );
    one("a trust policy that is empty", &["explain", "aws", "--trust-policy", "p"], "p", "");
    one("a key twice", &["explain", "aws", "--trust-policy", "p"], "p", "{\"Version\": \"1\", \"Version\": \"2\"}");
    one("a role's file of another command", &["explain", "vault", "--role-config", "r"], "r", "Key Value\n--- -----\n");
    let vault = ["vault", "--role", "ci", "--secrets-file", "s"];
    one("a quoted secret", &vault, "s", "A=\"secret/cfg#user\"\n");
    one("a comment behind a secret", &vault, "s", "A=secret/cfg#user # note\n");
    one("an exported secret", &vault, "s", "export A=secret/cfg#user\n");
    one("no secret", &vault, "s", "# none\n");
    let file = "oidc-exchange.toml";
    one(
        "targets with a key that does not exist",
        &["use", "a"],
        file,
        "version = 1\n[target.a]\naws.rol-arn = \"x\"\n",
    );
    one("targets with a forbidden key", &["use", "a"], file, "version = 1\n[target.a]\naws.ca-file = \"x\"\n");
    one("targets without a version", &["use", "a"], file, "[target.a]\naws.role-arn = \"x\"\n");
    one("targets that are not TOML", &["use", "a"], file, "target: a\n");
    one(
        "a target that is missing",
        &["use", "b"],
        file,
        "version = 1\n[target.a]\naws.role-arn = \"arn:aws:iam::123456789012:role/deploy\"\n",
    );
    one("a target with a wrong value", &["use", "a"], file, "version = 1\n[target.a]\naws.role-arn = \"deploy\"\n");
    one(
        "two targets with one variable",
        &["use", "a", "b"],
        file,
        "version = 1\n[target.a]\naws.role-arn = \"arn:aws:iam::123456789012:role/a\"\n[target.b]\naws.role-arn = \"arn:aws:iam::123456789012:role/b\"\n",
    );
    one(
        "a profile that is not ours",
        &aws(&["--profile", "ci"]),
        "home/.aws/credentials",
        "[ci]\naws_access_key_id = x\n",
    );
    one("a configuration that AWS cannot read", &aws(&["--profile", "ci"]), "home/.aws/config", "[ci\n");
    runs.are_short(21);
}

#[test]
fn of_the_output() {
    let sandbox = Sandbox::start().unwrap();
    let mut runs = Runs::default();
    let aws = |words: &[&str]| oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE]).args(words).job(&sandbox);
    runs.add("a directory that is missing", 6, &aws(&["--output", "no/such/directory/env.sh"]).run());
    runs.add("a directory in place of a file", 6, &aws(&["--output", "/tmp"]).run());
    runs.add("a device", 2, &aws(&["--output", "/dev/null"]).run());
    runs.add(
        "a full disk",
        6,
        &aws(&[]).stdout_to(std::fs::File::options().write(true).open("/dev/full").unwrap()).run(),
    );
    runs.add("a home that is none", 6, &aws(&["--profile", "ci"]).env("HOME", "/proc").run());
    let private = ["--registry", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"];
    runs.add("a directory of everybody's", 6, &aws(&private).env("OIDC_EXCHANGE_DIR", "/tmp").run());
    runs.add("a terminal", 2, &aws(&[]).on_a_terminal().run());
    runs.add("a COMMAND that does not exist", 127, &aws(&["--", "terafrom", "apply"]).run());
    runs.are_short(8);
}
