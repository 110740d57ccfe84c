//! Files that can be read only once: `<(command)` of a shell is a pipe.

use oidc_exchange::shell::posix;
use sandbox::{DEPLOY_ACCOUNT, PROVIDER, Sandbox, Tls};

use super::{FILE, mkfifo};
use crate::aws::deploy;
use crate::support::{Program, oidc_exchange};

/// Runs `program` with `text` in the pipe that it names; a run that reads it twice waits until the timeout.
#[track_caller]
fn fed(program: Program<'_>, text: &str) -> crate::support::Output {
    mkfifo(&program.scratch().path().join(FILE));
    let running = program.args(["--timeout", "20s"]).spawn();
    running.feed(FILE, text);
    running.wait()
}

fn good(program: Program<'_>, text: &str) {
    fed(program, text).exits(0);
}

#[test]
fn certificates() {
    let tls = Tls::new().unwrap();
    let sandbox = Sandbox::start_tls(&tls).unwrap();
    let ca = tls.ca_pem();
    let (sts, iam) = (sandbox.google.sts.url(), sandbox.google.iam.url());
    let google = ["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT, "--sts-endpoint", &sts];
    let google = || oidc_exchange(google).args(["--iamcredentials-endpoint", &iam]).job(&sandbox);
    let vault = || oidc_exchange(["vault", "--role", "ci", "A=secret/production/db#password"]).job(&sandbox);
    good(deploy(&["--ca-file", FILE]).job(&sandbox), &ca);
    good(deploy(&[]).job(&sandbox).env("AWS_CA_BUNDLE", FILE), &ca);
    good(deploy(&[]).job(&sandbox).env("SSL_CERT_FILE", FILE), &ca);
    good(google().args(["--ca-file", FILE]), &ca);
    good(google().env("SSL_CERT_FILE", FILE), &ca);
    good(vault().args(["--ca-file", FILE]), &ca);
    for variable in ["VAULT_CACERT", "VAULT_CAPATH", "SSL_CERT_FILE"] {
        good(vault().env(variable, FILE), &ca);
    }
}

#[test]
fn a_policy_and_a_list_of_secrets() {
    let sandbox = Sandbox::start().unwrap();
    good(deploy(&["--policy", "@named"]).job(&sandbox), r#"{"Version":"2012-10-17","Statement":[]}"#);
    let vault = oidc_exchange(["vault", "--role", "ci", "--secrets-file", FILE]).job(&sandbox);
    good(vault, "A=secret/production/db#password\n");
}

#[test]
fn the_files_that_aws_tools_share() {
    let sandbox = Sandbox::start().unwrap();
    good(deploy(&[]).job(&sandbox).env("AWS_CONFIG_FILE", FILE), "[default]\noutput = json\n");
    good(
        deploy(&[]).job(&sandbox).env("AWS_SHARED_CREDENTIALS_FILE", FILE),
        "[default]\naws_access_key_id = AKIAEXAMPLE\n",
    );
}

/// Files for a later renewal have a copy.
#[test]
fn a_profile_that_renews_keeps_the_certificates_themselves() {
    let tls = Tls::new().unwrap();
    let sandbox = Sandbox::start_tls(&tls).unwrap();
    let program = deploy(&["--profile", "p", "--refreshable", "--duration", "15m", "--ca-file", FILE]).job(&sandbox);
    let output = fed(program, &tls.ca_pem());
    output.exits(0).stdout_is("");
    let credentials = std::fs::read_to_string(output.scratch.home().join(".aws/credentials")).unwrap();
    let line = credentials.lines().find_map(|line| line.strip_prefix("credential_process = ")).unwrap();
    let copy = line.split_once("--ca-file ").unwrap().1.split(' ').next().unwrap();
    let pem = std::fs::read_to_string(copy).unwrap();
    assert_eq!(pem.replace('\n', ""), tls.ca_pem().replace(['\n', '\r'], ""));
    // Twice: the second time, the cache has no match, and STS gets a request.
    let asked = sandbox.aws.requests().len();
    let line = format!("{line} --allowed-account-id 123456789012");
    let renewal = Program::new("/bin/sh", ["-c", &line]).within(output.scratch).job(&sandbox).hands_over().run();
    renewal.exits(0);
    assert_eq!(sandbox.aws.requests().len(), asked + 1);
}

/// A failure removes the variables of the list, in every case.
#[test]
fn a_list_of_secrets_is_known_to_a_bad_end() {
    let sandbox = Sandbox::start().unwrap();
    let list = "A=secret/production/db#password\n\n# B is not there\nB=secret/production/db#nothing\n";
    let ended = |names: &str, code| format!("unset {names};\n{}\n", posix::status(code));
    let vault = |more: &[&str]| {
        let arguments = ["vault", "--role", "ci", "--on-error", "status", "--secrets-file", FILE];
        oidc_exchange(arguments).args(more).job(&sandbox)
    };
    fed(vault(&[]), list).exits(4).stdout_is(&ended("A B", 4));
    // Before anything is planned.
    fed(vault(&["--misspelt"]), list).exits(2).stdout_is(&ended("A B", 2));
    fed(vault(&[]), "A=secret/production/db#password\nnonsense\n").exits(2).stdout_is(&ended("A", 2));
    let file = vault(&["--misspelt"]);
    file.scratch().write(FILE, list);
    file.run().exits(2).stdout_is(&ended("A B", 2));
    // A list that does not end is not waited for.
    let endless = vault(&["--misspelt"]);
    mkfifo(&endless.scratch().path().join(FILE));
    let output = endless.run();
    output.exits(2).stdout_is(&ended("VAULT_TOKEN", 2));
    assert!(output.took < std::time::Duration::from_secs(10), "{:?}", output.took);
}
