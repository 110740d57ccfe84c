//! Azure's registries: an access token of Entra is exchanged for the password. The registry is behind a proxy that
//! maps its name to the sandbox and refuses all others.

mod bad_input;
mod callers;
mod hostile;
mod refusals;

use std::time::Duration;

use sandbox::{CLIENT, Job, REGISTRY, Sandbox, TENANT, Tls};

use super::{config, config_text};
use crate::support::recorder::Recorder;
use crate::support::scratch::mode;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange};

const GOVERNMENT: &str = "contoso.azurecr.us";

/// A sandbox over TLS, and the proxy.
pub(crate) struct Cloud {
    pub(crate) sandbox: Sandbox,
    ca: String,
    proxy: Recorder,
}

impl Cloud {
    pub(crate) fn new() -> Self {
        let authority = Tls::new().unwrap();
        let sandbox = Sandbox::start_tls(&authority).unwrap();
        let (registry, entra) = (sandbox.acr.port(), sandbox.azure.port());
        let proxy = Recorder::proxy_to(move |host| match host {
            REGISTRY | GOVERNMENT => registry,
            "login.microsoftonline.us" => entra,
            _ => 1,
        });
        Self { ca: authority.ca_pem(), sandbox, proxy }
    }

    /// In a job that uses the proxy.
    pub(crate) fn job<'s>(&'s self, program: Program<'s>) -> Program<'s> {
        program.scratch().write("ca.pem", &self.ca);
        program.job(&self.sandbox).env("SEMAPHORE_JOB_ID", "job-1").env("HTTPS_PROXY", self.proxy.url())
    }

    fn register(&self, hosts: &[&str]) -> Program<'_> {
        let program = oidc_exchange(["azure", "--tenant-id", TENANT, "--client-id", CLIENT, "--ca-file", "ca.pem"]);
        hosts.iter().fold(self.job(program), |program, host| program.args(["--registry", host]))
    }

    fn helper(&self, verb: &str, input: &str, scratch: Scratch) -> Program<'_> {
        let program = scratch.path().join("bin/docker-credential-oidc-exchange");
        self.job(Program::new(program, [verb]).within(scratch)).stdin(input)
    }

    fn clean(&self, scratch: Scratch) -> Output {
        self.job(oidc_exchange(["clean"]).within(scratch)).run()
    }

    /// The helper's answer with the last password.
    fn answer(&self, host: &str) -> String {
        let password = self.sandbox.acr.issued().pop().unwrap();
        format!(
            "{{\"Secret\":\"{password}\",\"ServerURL\":\"{host}\",\"Username\":\"00000000-0000-0000-0000-000000000000\"}}\n"
        )
    }

    /// The requests that the registry got: method and path.
    fn asked(&self) -> Vec<String> {
        let requests = self.sandbox.acr.requests();
        requests.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

const BOTH: [&str; 2] = ["GET /v2/", "POST /oauth2/exchange"];

#[test]
fn a_registry_gets_its_password_from_the_job_and_loses_it_with_clean() {
    let cloud = Cloud::new();
    let output = cloud.register(&[REGISTRY]).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    assert_eq!(
        config_text(&output.scratch),
        format!("{{\n\t\"credHelpers\": {{\n\t\t\"{REGISTRY}\": \"oidc-exchange\"\n\t}}\n}}\n")
    );
    let private = output.scratch.home().join(".oidc-exchange/job-1").join(format!("registry-{REGISTRY}"));
    assert_eq!((mode(&config(&output.scratch)), mode(&private)), (0o600, 0o600));

    let entra = cloud.sandbox.azure.requests();
    assert_eq!(entra.len(), 1);
    assert_eq!(entra[0].field("scope"), Some("https://containerregistry.azure.net/.default"));
    assert_eq!(cloud.asked(), BOTH);
    let [challenged, exchanged] = &cloud.sandbox.acr.requests()[..] else { panic!("two requests") };
    assert!(challenged.body.is_empty());
    for header in ["authorization", "cookie"] {
        assert_eq!((challenged.header(header), exchanged.header(header)), (None, None), "{header}");
    }
    assert_eq!(exchanged.header("content-type"), Some("application/x-www-form-urlencoded"));
    let token = cloud.sandbox.azure.issued().pop().unwrap();
    let form = [("grant_type", "access_token"), ("service", REGISTRY), ("tenant", TENANT), ("access_token", &token)];
    let fields: Vec<_> = exchanged.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(fields == form, "the form is another one");

    let output = cloud.helper("get", REGISTRY, output.scratch).run();
    output.exits(0).stdout_is(&cloud.answer(REGISTRY)).stderr_is(expect![[""]]);
    assert_eq!(cloud.asked().len(), 2, "it is kept");
    let output = cloud.helper("list", "unused", output.scratch).run();
    output.exits(0).stdout_is(&format!("{{\"https://{REGISTRY}\":\"00000000-0000-0000-0000-000000000000\"}}\n"));

    let output = cloud.clean(output.scratch);
    output.exits(0).stderr_is(expect![[""]]);
    assert!(!config(&output.scratch).exists() && !private.exists());
    let left: Vec<_> = output.scratch.files().into_iter().filter(|path| !path.ends_with("ca.pem")).collect();
    assert_eq!(left.len(), 0, "{left:?}");
    let output = cloud.helper("get", REGISTRY, output.scratch).run();
    output.exits(1).stdout_is("credentials not found in native keychain\n").stderr_is(expect![[""]]);
}

/// One access token serves all registries; each has a password of its own.
#[test]
fn several_registries_are_one_call_to_entra() {
    let cloud = Cloud::new();
    let output = cloud.register(&[REGISTRY, GOVERNMENT, REGISTRY]).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    assert_eq!(cloud.asked(), [BOTH, BOTH].concat());
    assert_eq!(cloud.sandbox.azure.requests().len(), 1);
    let output = cloud.helper("get", GOVERNMENT, output.scratch).run();
    output.exits(0).stdout_is(&cloud.answer(GOVERNMENT));
}

#[test]
fn a_sovereign_clouds_registry_is_for_its_own_authority() {
    let cloud = Cloud::new();
    let output = cloud.register(&[GOVERNMENT]).args(["--authority-host", "AzureUSGovernment"]).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    let hosts: Vec<String> = cloud.proxy.seen().iter().map(|head| head.lines().next().unwrap().to_owned()).collect();
    assert_eq!(hosts, ["CONNECT login.microsoftonline.us:443 HTTP/1.1", "CONNECT contoso.azurecr.us:443 HTTP/1.1"]);
}

/// A password that has less than five minutes left is replaced, for any later values of the variables.
#[test]
fn a_password_is_renewed_shortly_before_it_expires() {
    let cloud = Cloud::new();
    cloud.sandbox.acr.set_lifetime(Duration::from_mins(4));
    let output = cloud.register(&[REGISTRY]).run();
    output.exits(0);
    cloud.sandbox.acr.set_lifetime(Duration::from_hours(3));
    let other = "99998888-aaaa-2222-bbbb-3333cccc4444";
    let names = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "ARM_TENANT_ID", "ARM_CLIENT_ID"];
    let program =
        cloud.helper("get", REGISTRY, output.scratch).env("AZURE_AUTHORITY_HOST", "https://login.example.com");
    let output = names.into_iter().fold(program, |program, name| program.env(name, other)).run();
    output.exits(0).stdout_is(&cloud.answer(REGISTRY)).stderr_is(expect![[""]]);
    let output = cloud.helper("get", REGISTRY, output.scratch).run();
    output.exits(0).stdout_is(&cloud.answer(REGISTRY));
    assert_eq!(cloud.asked(), [BOTH, BOTH].concat());
    assert_eq!(cloud.sandbox.azure.requests().len(), 2);
}

#[test]
fn a_password_that_still_lives_serves_while_the_registry_is_down() {
    let cloud = Cloud::new();
    cloud.sandbox.acr.set_lifetime(Duration::from_mins(4));
    let output = cloud.register(&[REGISTRY]).run();
    let program = cloud.helper("get", REGISTRY, output.scratch).env("HTTPS_PROXY", "http://127.0.0.1:9");
    let output = program.patient(Duration::from_mins(2)).run();
    output.exits(0).stdout_is(&cloud.answer(REGISTRY));
    assert!(output.stderr().contains("the earlier password is still valid"), "{}", output.stderr());
}

/// COMMAND gets Azure's variables, and the registry while it runs.
#[test]
fn a_command_has_the_registry_and_the_variables() {
    let cloud = Cloud::new();
    let script = format!(
        "printf '%s %s\\n' \"$AZURE_CLIENT_ID\" \"${{SEMAPHORE_OIDC_TOKEN-none}}\"\n\
         file=$(echo \"$HOME\"/.oidc-exchange/job-1/registry-*); umask 077\n\
         sed 's/\"expires\":[0-9]*/\"expires\":1700000000/' \"$file\" >copy; cat copy >\"$file\"\n\
         printf %s {REGISTRY} | docker-credential-oidc-exchange get"
    );
    let program = cloud.register(&[REGISTRY]).args(["--", "sh", "-c", &script]).hands_over();
    let output = program.patient(Duration::from_mins(2)).run();
    output.exits(0).stdout_is(&format!("{CLIENT} none\n{}", cloud.answer(REGISTRY))).stderr_is(expect![[""]]);
    let scopes: Vec<_> =
        cloud.sandbox.azure.requests().iter().map(|request| request.field("scope").unwrap().to_owned()).collect();
    let registry = "https://containerregistry.azure.net/.default";
    assert_eq!(scopes, ["https://management.azure.com/.default", registry, registry]);
    assert!(!config(&output.scratch).exists());
}

/// In a targets file, a registry comes in addition to the variables.
#[test]
fn a_target_has_registries() {
    let cloud = Cloud::new();
    let file = format!(
        "version = 1\n[target.azure]\nazure.tenant-id = \"{TENANT}\"\nazure.client-id = \"{CLIENT}\"\n\
         azure.registry = [\"{REGISTRY}\"]\n"
    );
    let program = cloud.job(oidc_exchange(["use", "azure", "--ca-file", "ca.pem"]));
    program.scratch().write("oidc-exchange.toml", &file);
    let output = program.run();
    output.exits(0).stderr_is(expect![[""]]);
    assert!(output.stdout().contains("export AZURE_FEDERATED_TOKEN_FILE="), "{}", output.stdout());
    let output = cloud.helper("get", REGISTRY, output.scratch).run();
    output.exits(0).stdout_is(&cloud.answer(REGISTRY));
    let output = cloud.job(oidc_exchange(["use", "--check"]).within(output.scratch)).run();
    output.exits(0).stderr_is(expect![[""]]);
    let other = file.replace(REGISTRY, "https://gcr.io");
    output.scratch.write("oidc-exchange.toml", other);
    let output = cloud.job(oidc_exchange(["use", "--check"]).within(output.scratch)).run();
    output.exits(2);
    assert!(output.stderr().contains("use oidc-exchange gcp --registry gcr.io"), "{}", output.stderr());
}

/// Messages about requests contain no secret. The harness searches for every token.
#[test]
fn each_call_is_told() {
    let cloud = Cloud::new();
    let output = cloud.register(&[REGISTRY]).args(["-v"]).run();
    output.exits(0).stdout_is("").stderr_is(expect![[r#"
        oidc-exchange: POST ENTRA: 200 in T ms
        oidc-exchange: GET contoso.azurecr.io: 401 in T ms
        oidc-exchange: POST contoso.azurecr.io: 200 in T ms
    "#]]);
}

/// A claim of the job's own: the token of another branch gets nothing.
#[test]
fn a_job_that_entra_refuses_registers_nothing() {
    let cloud = Cloud::new();
    let token = cloud.sandbox.issuer.token(&Job::branch("feature"));
    let output = cloud.register(&[REGISTRY]).token(&token).run();
    output.exits(4).stdout_is("");
    assert!(output.stderr().contains("AADSTS700213"), "{}", output.stderr());
    assert!(!config(&output.scratch).exists() && cloud.asked().is_empty());
}
