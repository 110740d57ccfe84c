//! Targets that succeed: the output, and the number of requests.

use std::fs;

use sandbox::{Sandbox, Tls};
use serde_json::{Map, Value};

use super::{file, requests, run_of, with};
use crate::support::{Output, expect, oidc_exchange};

fn variables(output: &Output) -> Map<String, Value> {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_target_of_each_cloud_in_one_run() {
    let sandbox = Sandbox::start().unwrap();
    let output = run_of(&["deploy", "staging", "web", "terraform", "secrets", "--format", "json"], &sandbox).run();
    output.exits(0).stderr_is(expect![""]);
    let variables = variables(&output);
    for name in [
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "STAGING_AWS_SECRET_ACCESS_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUDSDK_CORE_PROJECT",
        "AZURE_FEDERATED_TOKEN_FILE",
        "DB_PASSWORD",
    ] {
        assert!(variables.contains_key(name), "{name}: {:?}", variables.keys().collect::<Vec<_>>());
    }
    assert!(!variables.contains_key("STAGING_AWS_REGION"));
    assert!(fs::exists(variables["GOOGLE_APPLICATION_CREDENTIALS"].as_str().unwrap()).unwrap());
    assert_eq!(sandbox.aws.requests().len(), 2);
}

#[test]
fn in_a_shell_they_are_removed_and_set_in_the_order_of_the_command_line() {
    let sandbox = Sandbox::start().unwrap();
    let output = run_of(&["secrets", "deploy"], &sandbox).run();
    output.exits(0).stderr_is(expect![""]);
    let text = output.stdout();
    let names = text.lines().filter_map(|line| line.strip_prefix("export ")?.split('=').next()).collect::<Vec<_>>();
    assert_eq!(
        names,
        [
            "DB_PASSWORD",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_CREDENTIAL_EXPIRATION",
            "AWS_ACCOUNT_ID",
            "AWS_REGION",
            "AWS_DEFAULT_REGION"
        ]
    );
    assert!(text.lines().any(|line| line.starts_with("unset AWS_SECURITY_TOKEN ")), "{text}");
}

/// Two targets of one Vault and one role: one login, and the secrets of both.
#[test]
fn targets_of_one_vault_share_a_login() {
    let sandbox = Sandbox::start().unwrap();
    let output = run_of(&["secrets", "token", "--format", "json"], &sandbox).run();
    output.exits(0).stderr_is(expect![""]);
    let variables = variables(&output);
    assert!(variables.contains_key("DB_PASSWORD") && variables.contains_key("VAULT_TOKEN"));
    let logins = sandbox.vault.requests().iter().filter(|request| request.path.ends_with("/login")).count();
    assert_eq!(logins, 1);
    assert_eq!(sandbox.vault.issued().len(), 1);
}

#[test]
fn a_command_gets_all_of_them_and_nothing_remains() {
    let sandbox = Sandbox::start().unwrap();
    let words = ["deploy", "terraform", "token", "--", "sh", "-c"];
    let script = "test -n \"$AWS_SECRET_ACCESS_KEY$AZURE_TENANT_ID\" && test -f \"$AZURE_FEDERATED_TOKEN_FILE\" &&
        test -n \"$VAULT_TOKEN\" && test -z \"$SEMAPHORE_OIDC_TOKEN\" && exit 7";
    let output = run_of(&words, &sandbox).arg(script).run();
    output.exits(7).stdout_is("").stderr_is(expect![""]);
    let issued = sandbox.vault.issued();
    assert!(issued.len() == 1 && issued.iter().all(|token| !sandbox.vault.is_good(token)));
    assert!(output.scratch.files().iter().all(|path| !path.to_string_lossy().contains("azure-token")));
}

#[test]
fn a_profile_is_written_beside_variables() {
    let sandbox = Sandbox::start().unwrap();
    let output = run_of(&["deploy", "gov"], &sandbox).run();
    output.exits(0).stderr_is(expect![""]);
    let credentials = fs::read_to_string(output.scratch.home().join(".aws/credentials")).unwrap();
    assert!(credentials.contains("[gov]"), "no profile");
    // Only a profile: nothing is printed.
    run_of(&["gov"], &sandbox).run().exits(0).stdout_is("").stderr_is(expect![""]);
}

/// The address is from the file, so it is printed. Every https call uses one trust store.
#[test]
fn a_vault_of_the_file_is_said() {
    let tls = Tls::new().unwrap();
    let sandbox = Sandbox::start_tls(&tls).unwrap();
    let file = format!("{}\n[target.named]\nvault.addr = \"{}\"\nvault.role = \"ci\"\n", file(), sandbox.vault.url());
    let run = |pins: &str, words: &[&str]| {
        let program =
            with(words, &file, &sandbox).env("OIDC_EXCHANGE_VAULT_ADDRS", pins).env("SSL_CERT_FILE", "ca.pem");
        program.scratch().write("ca.pem", tls.ca_pem());
        program.env_remove("VAULT_ADDR").run()
    };
    run("", &["named", "deploy"]).exits(0).stderr_is(expect![[r#"
        warning: target named: the token goes to https://VAULT, which oidc-exchange.toml names
    "#]]);
    run(&format!("https://other.test {}/", sandbox.vault.url()), &["named"]).exits(0);
    let before = requests(&sandbox);
    run("https://other.test", &["named", "deploy"]).exits(2).stderr_is(expect![[r#"
        error: oidc-exchange.toml:37:7: target named: vault.addr: this Vault is not allowed

        hint: allow it with --vault-addr-allowed URL or OIDC_EXCHANGE_VAULT_ADDRS
    "#]]);
    run("", &["named", "--vault-addr-allowed", "https://other.test"]).exits(2);
    assert_eq!(requests(&sandbox), before, "nothing is sent");
}

/// A variable is used for a missing key, and replaces no key.
#[test]
fn a_variable_only_fills_what_the_target_leaves_out() {
    let sandbox = Sandbox::start().unwrap();
    let session = |sandbox: &Sandbox| {
        let request = sandbox.aws.requests().pop().unwrap();
        String::from_utf8_lossy(&request.body).into_owned()
    };
    let role = "arn:aws:iam::123456789012:role/other";
    run_of(&["deploy"], &sandbox).env("AWS_ROLE_ARN", role).env("AWS_ROLE_SESSION_NAME", "mine").run().exits(0);
    let sent = session(&sandbox);
    assert!(sent.contains("role%2Fdeploy") && sent.contains("RoleSessionName=mine"), "{}", sent.len());
    let file = "version = 1\n[target.x]\naws.region = 'eu-central-1'\n";
    with(&["x"], file, &sandbox).env("AWS_ROLE_ARN", sandbox::DEPLOY_ROLE).run().exits(0);
    assert!(session(&sandbox).contains("role%2Fdeploy"));
}

#[test]
fn twenty_targets() {
    let sandbox = Sandbox::start().unwrap();
    let target = |number: u32| {
        let role = sandbox::DEPLOY_ROLE;
        format!(
            "[target.n{number}]
aws.role-arn = '{role}'
aws.env-prefix = 'N{number}_'
"
        )
    };
    let file = "version = 1
"
    .to_owned()
        + &(1..=20).map(target).collect::<Vec<_>>().concat();
    let names: Vec<String> = (1..=20).map(|number| format!("n{number}")).collect();
    let mut words: Vec<&str> = names.iter().map(String::as_str).collect();
    words.extend(["--format", "json"]);
    let output = with(&words, &file, &sandbox).run();
    output.exits(0).stderr_is(expect![""]);
    assert_eq!(variables(&output).len(), 100);
    oidc_exchange(["use", "--list"]).within(output.scratch).run().exits(0);
}
