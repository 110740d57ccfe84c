//! The exported variables and the file, each with its purpose.

use std::fs;

use sandbox::{CLIENT, Sandbox, TENANT, Tls};
use serde_json::Value;

use super::deploy;
use crate::support::recorder::Recorder;
use crate::support::scratch::mode;
use crate::support::{Output, Program, expect, oidc_exchange};

const UNSET: &str = "unset AZURE_CLIENT_SECRET AZURE_CLIENT_CERTIFICATE_PATH AZURE_CLIENT_CERTIFICATE_PASSWORD \
                     AZURE_USERNAME AZURE_PASSWORD ARM_CLIENT_SECRET ARM_CLIENT_CERTIFICATE \
                     ARM_CLIENT_CERTIFICATE_PATH ARM_OIDC_TOKEN ARM_OIDC_REQUEST_TOKEN ARM_OIDC_REQUEST_URL";

/// The value that standard output exports.
fn exported(output: &Output, name: &str) -> Option<String> {
    let text = output.stdout();
    let (_, rest) = text.split_once(&format!("export {name}='"))?;
    rest.split_once("';").map(|(value, _)| value.to_owned())
}

#[test]
fn a_private_file_and_what_leads_to_it() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&sandbox::Job::branch("main"));
    let output = deploy(&sandbox, &[]).token(&token).run();
    output.exits(0).stderr_is(expect![""]);
    let file = exported(&output, "AZURE_FEDERATED_TOKEN_FILE").unwrap();
    let authority = sandbox.azure.url();
    output.exports_are(&format!(
        "{UNSET};\nexport AZURE_TENANT_ID='{TENANT}';\nexport AZURE_CLIENT_ID='{CLIENT}';\n\
         export AZURE_FEDERATED_TOKEN_FILE='{file}';\nexport AZURE_AUTHORITY_HOST='{authority}';\n\
         export AZURE_TOKEN_CREDENTIALS='WorkloadIdentityCredential';\nexport ARM_USE_OIDC='true';\n\
         export ARM_TENANT_ID='{TENANT}';\nexport ARM_CLIENT_ID='{CLIENT}';\n\
         export ARM_OIDC_TOKEN_FILE_PATH='{file}';\n"
    ));
    assert!(fs::read_to_string(&file).unwrap() == token, "the token, without a line feed");
    let home = output.scratch.home().join(".oidc-exchange");
    assert_eq!((mode(file.as_ref()), mode(&home)), (0o600, 0o700));
    assert!(file.starts_with(home.to_str().unwrap()));
}

#[test]
fn a_subscription_and_an_access_token_if_they_are_asked_for() {
    let sandbox = Sandbox::start().unwrap();
    let subscription = "11112222-bbbb-3333-cccc-4444dddd5555";
    let output = deploy(&sandbox, &["--subscription-id", subscription, "--access-token-env", "TOKEN"]).run();
    output.exits(0).stderr_is(expect![[r#"
        warning: TOKEN is valid until TIME; nothing renews it
    "#]]);
    assert_eq!(exported(&output, "ARM_SUBSCRIPTION_ID").as_deref(), Some(subscription));
    assert!(exported(&output, "TOKEN").as_ref() == Some(&sandbox.azure.issued()[0]));
    let output = deploy(&sandbox, &[]).env("ARM_SUBSCRIPTION_ID", subscription).run();
    assert_eq!(exported(output.exits(0), "ARM_SUBSCRIPTION_ID").as_deref(), Some(subscription));
    assert_eq!(exported(&output, "TOKEN"), None);
}

/// No client uses the environment's cloud instead of the requested one.
#[test]
fn the_public_cloud_needs_no_authority_and_takes_away_another() {
    let authority = Tls::new().unwrap();
    let sandbox = Sandbox::start_tls(&authority).unwrap();
    let port = sandbox.azure.port();
    let proxy = Recorder::proxy_to(move |_| port);
    let program = deploy(&sandbox, &["--ca-file", "ca.pem", "--authority-host", "AzureCloud"]);
    program.scratch().write("ca.pem", authority.ca_pem());
    let program = program.env("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us");
    let output = program.env("HTTPS_PROXY", proxy.url()).run();
    let file = exported(output.exits(0), "AZURE_FEDERATED_TOKEN_FILE").unwrap();
    output.exports_are(&format!(
        "{UNSET} AZURE_AUTHORITY_HOST;\nexport AZURE_TENANT_ID='{TENANT}';\nexport AZURE_CLIENT_ID='{CLIENT}';\n\
         export AZURE_FEDERATED_TOKEN_FILE='{file}';\n\
         export AZURE_TOKEN_CREDENTIALS='WorkloadIdentityCredential';\nexport ARM_USE_OIDC='true';\n\
         export ARM_TENANT_ID='{TENANT}';\nexport ARM_CLIENT_ID='{CLIENT}';\n\
         export ARM_OIDC_TOKEN_FILE_PATH='{file}';\n"
    ));
    let asked = proxy.seen();
    assert!(asked.iter().any(|call| call.starts_with("CONNECT login.microsoftonline.com:443")), "{asked:?}");
}

#[test]
fn other_forms_carry_the_same() {
    let sandbox = Sandbox::start().unwrap();
    let expected = [
        "AZURE_TENANT_ID",
        "AZURE_CLIENT_ID",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_AUTHORITY_HOST",
        "AZURE_TOKEN_CREDENTIALS",
        "ARM_USE_OIDC",
        "ARM_TENANT_ID",
        "ARM_CLIENT_ID",
        "ARM_OIDC_TOKEN_FILE_PATH",
    ];
    for format in ["env-no-export", "dotenv"] {
        let output = deploy(&sandbox, &["--format", format]).run();
        let text = output.exits(0).stdout();
        let names: Vec<&str> = text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
        assert_eq!(names, expected, "{format}");
    }
    let json: Value = serde_json::from_str(&deploy(&sandbox, &["--format", "json"]).run().exits(0).stdout()).unwrap();
    assert!(json.as_object().unwrap().len() == expected.len() && expected.iter().all(|name| json[name].is_string()));
    let fish = deploy(&sandbox, &["--format", "fish"]).run();
    assert!(fish.exits(0).stdout().contains("AZURE_TOKEN_CREDENTIALS"));
}

#[test]
fn a_command_has_the_variables_and_not_the_stale_secret() {
    let sandbox = Sandbox::start().unwrap();
    let show = "echo ${AZURE_CLIENT_SECRET-none} ${ARM_OIDC_TOKEN-none} ${SEMAPHORE_OIDC_TOKEN-none} $ARM_USE_OIDC; test -s \"$AZURE_FEDERATED_TOKEN_FILE\" && echo file; echo \"$AZURE_FEDERATED_TOKEN_FILE\" >path";
    let output = deploy(&sandbox, &["--", "sh", "-c", show])
        .env("AZURE_CLIENT_SECRET", "stale")
        .env("ARM_OIDC_TOKEN", "stale")
        .run();
    output.exits(0).stdout_is("none none none true\nfile\n");
    let path = fs::read_to_string(output.scratch.path().join("path")).unwrap();
    assert!(!std::path::Path::new(path.trim_end()).exists(), "the file goes after its last use");
}

#[test]
fn clean_removes_the_file_and_the_variables_that_lead_to_it() {
    let sandbox = Sandbox::start().unwrap();
    let script = format!(
        "set -eu; eval \"$(oidc-exchange azure --tenant-id {TENANT} --client-id {CLIENT})\"\n\
         file=$AZURE_FEDERATED_TOKEN_FILE; test -s \"$file\"\n\
         eval \"$(oidc-exchange clean)\"; test ! -e \"$file\"\n\
         echo \"${{AZURE_FEDERATED_TOKEN_FILE-}}${{ARM_OIDC_TOKEN_FILE_PATH-}}${{AZURE_TOKEN_CREDENTIALS-}}${{ARM_USE_OIDC-}}gone\""
    );
    Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run().exits(0).stdout_is("gone\n");
}

#[test]
fn a_failure_stops_the_caller_and_leaves_no_way_to_old_credentials() {
    let sandbox = Sandbox::start().unwrap();
    let script = format!(
        "export AZURE_FEDERATED_TOKEN_FILE=old; trap 'echo ${{AZURE_FEDERATED_TOKEN_FILE-none}}' EXIT\n\
         eval \"$(oidc-exchange azure --tenant-id {TENANT} --client-id {TENANT})\"; echo reached"
    );
    Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run().exits(4).stdout_is("none\n");
    let output = oidc_exchange(["azure", "--access-token-env", "MINE", "--nonsense"]).run();
    let unset = "unset AZURE_FEDERATED_TOKEN_FILE ARM_OIDC_TOKEN_FILE_PATH MINE;\n";
    output.exits(2).stdout_is(&format!("{unset}{}", crate::support::stop(2)));
}
