//! `--az`: az is logged in by files in its own directory.
//!
//! az connects to the sandbox over TLS. A proxy maps two hosts of the public cloud to it and refuses all others.

use std::fs;

use sandbox::{CLIENT, Sandbox, TENANT, Tls};
use serde_json::{Value, json};

use super::deploy;
use crate::support::recorder::Recorder;
use crate::support::scratch::mode;
use crate::support::{Output, Program, expect, oidc_exchange, peers};

const FIRST: &str = "11112222-bbbb-3333-cccc-4444dddd5555";
const SECOND: &str = "66667777-bbbb-3333-cccc-4444dddd5555";

struct Cloud {
    sandbox: Sandbox,
    ca: String,
    proxy: Recorder,
}

impl Cloud {
    fn new() -> Self {
        let authority = Tls::new().unwrap();
        let sandbox = Sandbox::start_tls(&authority).unwrap();
        let port = sandbox.azure.port();
        let proxy = Recorder::proxy_to(move |host| {
            let known = ["login.microsoftonline.com", "management.azure.com"].contains(&host);
            if known { port } else { 1 }
        });
        Self { ca: authority.ca_pem(), sandbox, proxy }
    }

    fn with(&self, program: Program<'static>) -> Program<'_> {
        let program = program.token(&self.sandbox.issuer.token(&sandbox::Job::branch("main")));
        let ca = program.scratch().write("ca.pem", &self.ca);
        let program = program.env("SEMAPHORE_JOB_ID", "job-1");
        program.env("HTTPS_PROXY", self.proxy.url()).env("REQUESTS_CA_BUNDLE", ca)
    }

    fn run(&self, more: &[&str]) -> Output {
        let program =
            oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--ca-file", "ca.pem", "--az"]);
        self.with(program.args(more)).run()
    }

    /// Runs `script` after the exchange, with `az` in `$AZ`.
    fn az(&self, script: &str) -> Output {
        let az = peers::az().program("az");
        let exchange = format!(
            "set -eu; eval \"$(oidc-exchange azure --tenant-id {TENANT} --client-id {CLIENT} --ca-file ca.pem --az)\"\n"
        );
        let program = self.with(Program::new("/bin/sh", ["-c".to_owned(), format!("{exchange}{script}")]));
        program.env("AZ", az.to_str().unwrap()).env("AZURE_CORE_COLLECT_TELEMETRY", "false").hands_over().run()
    }
}

/// The value that standard output exports.
fn exported(output: &Output, name: &str) -> Option<String> {
    let text = output.stdout();
    let (_, rest) = text.split_once(&format!("export {name}='"))?;
    rest.split_once("';").map(|(value, _)| value.to_owned())
}

fn accounts(output: &Output) -> Value {
    let directory = exported(output, "AZURE_CONFIG_DIR").unwrap();
    let text = fs::read_to_string(format!("{directory}/azureProfile.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["subscriptions"].clone()
}

#[test]
fn az_is_logged_in_and_gets_tokens_by_itself() {
    let cloud = Cloud::new();
    cloud.sandbox.azure.add_subscription(FIRST, "production");
    cloud.sandbox.azure.add_subscription(SECOND, "staging");
    let output = cloud.az(
        "\"$AZ\" account list --query '[].[name, isDefault, user.name, user.type, tenantId]' -o tsv\n\
         \"$AZ\" account get-access-token --query accessToken -o tsv\n\
         \"$AZ\" account set --subscription staging; \"$AZ\" account show --query id -o tsv\n\
         eval \"$(oidc-exchange clean)\"; echo \"${AZURE_CONFIG_DIR-gone} ${AZURE_CLOUD_NAME-gone}\"; ls -A ~/.oidc-exchange",
    );
    let issued = cloud.sandbox.azure.issued();
    output.exits(0).stdout_is(&format!(
        "production\tTrue\t{CLIENT}\tservicePrincipal\t{TENANT}\n\
         staging\tFalse\t{CLIENT}\tservicePrincipal\t{TENANT}\n{}\n{SECOND}\ngone gone\n",
        issued[1]
    ));
    assert_eq!(issued.len(), 2, "ours, and az's");
    let hosts: Vec<String> = cloud.proxy.seen().iter().map(|head| head.lines().next().unwrap().to_owned()).collect();
    // az requests its own latest version from the last one, without a token.
    let known = ["login.microsoftonline.com", "management.azure.com", "azcliprod.blob.core.windows.net"];
    let is_known = |line: &String| known.iter().any(|host| line.starts_with(&format!("CONNECT {host}:443 ")));
    assert!(hosts.iter().all(is_known), "nobody else is asked: {hosts:?}");
}

#[test]
fn the_files_are_private_and_hold_what_az_writes() {
    let cloud = Cloud::new();
    cloud.sandbox.azure.add_subscription(FIRST, "production");
    let output = cloud.run(&[]);
    output.exits(0).stderr_is(expect![[""]]);
    let directory = exported(&output, "AZURE_CONFIG_DIR").unwrap();
    assert_eq!(mode(directory.as_ref()), 0o700);
    assert_eq!(exported(&output, "AZURE_CLOUD_NAME").as_deref(), Some("AzureCloud"));
    let file = |name: &str| {
        let path = format!("{directory}/{name}");
        assert_eq!(mode(path.as_ref()), 0o600, "{name}");
        serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let token = fs::read_to_string(exported(&output, "AZURE_FEDERATED_TOKEN_FILE").unwrap()).unwrap();
    let entries = json!([{ "client_id": CLIENT, "tenant": TENANT, "client_assertion": token }]);
    assert!(file("service_principal_entries.json") == entries);
    let account = json!({
        "id": FIRST, "name": "production", "state": "Enabled", "isDefault": true, "environmentName": "AzureCloud",
        "user": { "name": CLIENT, "type": "servicePrincipal" }, "managedByTenants": [],
        "tenantId": TENANT, "homeTenantId": "72f988bf-86f1-41af-91ab-2d7cd011db47",
    });
    assert_eq!(file("azureProfile.json"), json!({ "subscriptions": [account] }));
}

#[test]
fn a_subscription_that_is_named_is_not_looked_up() {
    let cloud = Cloud::new();
    let output = cloud.run(&["--subscription-id", SECOND]);
    output.exits(0);
    let accounts = accounts(&output);
    assert_eq!((&accounts[0]["id"], &accounts[0]["isDefault"]), (&json!(SECOND), &json!(true)));
    assert_eq!(cloud.sandbox.azure.requests().len(), 1);
}

#[test]
fn without_a_subscription_the_account_is_the_tenants() {
    let cloud = Cloud::new();
    let output = cloud.run(&[]);
    output.exits(0);
    let accounts = accounts(&output);
    assert_eq!((&accounts[0]["id"], &accounts[0]["name"]), (&json!(TENANT), &json!("N/A(tenant level account)")));
}

/// The job's defaults and clouds stay; its old login is not copied.
#[test]
fn the_old_settings_go_with_it_and_the_old_login_does_not() {
    let cloud = Cloud::new();
    let program = oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--ca-file", "ca.pem", "--az"]);
    let program = cloud.with(program.args(["--subscription-id", FIRST]));
    let scratch = program.scratch();
    scratch.write("home/.azure/config", "[defaults]\ngroup = web\n");
    scratch.write("home/.azure/clouds.config", "[Other]\n");
    scratch.write("home/.azure/msal_token_cache.json", "{}");
    scratch.write("home/.azure/cliextensions/aks-preview/x", "");
    let output = program.run();
    output.exits(0);
    let directory = exported(&output, "AZURE_CONFIG_DIR").unwrap();
    let mut names: Vec<String> =
        fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["azureProfile.json", "clouds.config", "config", "service_principal_entries.json"]);
    assert_eq!(fs::read_to_string(format!("{directory}/config")).unwrap(), "[defaults]\ngroup = web\n");
    let extensions = output.scratch.home().join(".azure/cliextensions");
    assert_eq!(exported(&output, "AZURE_EXTENSION_DIR").as_deref(), extensions.to_str());
}

#[test]
fn settings_that_cannot_be_read_are_an_error() {
    let cloud = Cloud::new();
    let program = oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--ca-file", "ca.pem", "--az"]);
    let program = cloud.with(program.args(["--subscription-id", FIRST]));
    program.scratch().write("home/.azure/config/x", "");
    let output = program.run();
    output.exits(6).stderr_is(expect![[r#"
        error: cannot copy az's configuration: cannot read SCRATCH/home/.azure/config: it is a directory

        hint: name a directory that can be read with AZURE_CONFIG_DIR
    "#]]);
    assert!(output.stdout().contains("unset AZURE_FEDERATED_TOKEN_FILE ARM_OIDC_TOKEN_FILE_PATH AZURE_CONFIG_DIR;"));
}

#[test]
fn a_refused_list_hands_nothing_over() {
    let cloud = Cloud::new();
    let body = json!({ "error": { "code": "AuthorizationFailed", "message": "The client has no access." } });
    let fault = sandbox::Fault::Status { status: 403, headers: Vec::new(), body: body.to_string() };
    cloud.sandbox.azure.script([sandbox::Fault::Delay(std::time::Duration::ZERO), fault]);
    cloud.run(&[]).exits(4).stderr_is(expect![[r#"
        error: Azure Resource Manager refused to list the subscriptions
          said       AuthorizationFailed: The client has no access.
          asked for  the subscriptions of the application, for az

        hint: name the subscription with --subscription-id: then nothing is asked for
    "#]]);
    cloud.sandbox.azure.script([sandbox::Fault::Delay(std::time::Duration::ZERO), sandbox::Fault::status(503)]);
    cloud.run(&[]).exits(0);
}

#[test]
fn what_az_cannot_be_told() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&sandbox, &["--az"]).run().exits(2).stderr_is(expect![[r#"
        error: az needs the name of the cloud that --authority-host belongs to

        hint: register the cloud with `az cloud register`, and put its name into AZURE_CLOUD_NAME
    "#]]);
    let vault = ["--az", "--authority-host", "AzureCloud", "--scope", "https://vault.azure.net/.default"];
    deploy(&sandbox, &vault).run().exits(2).stderr_is(expect![[r#"
        error: --az lists the subscriptions, which an access token for --scope does not open

        hint: name the subscription with --subscription-id
    "#]]);
    let output = deploy(&sandbox, &["--az"]).env("AZURE_CLOUD_NAME", "Stack").run();
    assert_eq!(accounts(output.exits(0))[0]["environmentName"], "Stack");
    assert!(sandbox.azure.requests().len() == 1, "no list where the address is not known");
}
