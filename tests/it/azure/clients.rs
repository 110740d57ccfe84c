//! Microsoft's own clients for Python and Node, with the output of `azure`.
//!
//! They connect to the sandbox over TLS. A proxy refuses all other connections.

use sandbox::{CLIENT, Request, Sandbox, TENANT, Tls};

use crate::support::recorder::Recorder;
use crate::support::{Output, Program, peers};

/// The job's shell: `$PEER` is run with what the exchange has set.
const EXCHANGE: &str = "set -eu; eval \"$(oidc-exchange azure --ca-file ca.pem --access-token-env OURS)\"\n";

const PYTHON: &str = "import sys\n\
    from azure.identity import DefaultAzureCredential\n\
    for scope in sys.argv[1:]:\n\
    \x20   token = DefaultAzureCredential().get_token(scope)\n\
    \x20   print(token.token[-40:], token.expires_on > 0)\n";

/// Used directly, it reads the variables and the file.
const MSAL: &str = "import os, sys\n\
    from msal import ConfidentialClientApplication\n\
    def variable(name): return os.environ['AZURE_' + name]\n\
    def assertion(): return open(variable('FEDERATED_TOKEN_FILE')).read()\n\
    client = ConfidentialClientApplication(\n\
    \x20   variable('CLIENT_ID'), authority=variable('AUTHORITY_HOST') + '/' + variable('TENANT_ID'),\n\
    \x20   client_credential={'client_assertion': assertion}, instance_discovery=False)\n\
    for scope in sys.argv[1:]:\n\
    \x20   answer = client.acquire_token_for_client([scope])\n\
    \x20   print(answer['access_token'][-40:], answer['expires_in'] > 0)\n";

const NODE: &str = "const { DefaultAzureCredential } = require(process.env.PACKAGE);\n\
    const credential = new DefaultAzureCredential({ disableInstanceDiscovery: true });\n\
    (async () => { for (const scope of process.argv.slice(1)) {\n\
    \x20 const token = await credential.getToken(scope);\n\
    \x20 console.log(token.token.slice(-40), token.expiresOnTimestamp > 0);\n\
    } })().catch((error) => { console.error(String(error)); process.exit(1); });\n";

const SCOPES: &str = "https://management.azure.com/.default https://vault.azure.net/.default";

struct Job {
    sandbox: Sandbox,
    ca: String,
    proxy: Recorder,
}

impl Job {
    fn new() -> Self {
        let authority = Tls::new().unwrap();
        let sandbox = Sandbox::start_tls(&authority).unwrap();
        Self { ca: authority.ca_pem(), sandbox, proxy: Recorder::start() }
    }

    /// Runs `script`.
    fn run(&self, script: &str, more: &[(&str, &str)]) -> Output {
        let program = Program::new("/bin/sh", ["-c", script]).job(&self.sandbox);
        let ca = program.scratch().write("ca.pem", &self.ca);
        let program = program
            .env("AZURE_AUTHORITY_HOST", self.sandbox.azure.url_for("localhost"))
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", CLIENT)
            .env("REQUESTS_CA_BUNDLE", &ca)
            .env("NODE_EXTRA_CA_CERTS", &ca)
            .env("HTTPS_PROXY", self.proxy.url())
            .env("NO_PROXY", "localhost,127.0.0.1");
        let program = more.iter().fold(program, |program, (name, value)| program.env(name, value));
        program.hands_over().run()
    }

    /// The token requests: each with the assertion, none with a secret.
    fn tokens(&self) -> Vec<Request> {
        let mut requests = self.sandbox.azure.requests();
        requests.retain(|request| request.method == "POST");
        for request in &requests {
            assert!(request.field("client_assertion").is_some() && request.field("client_secret").is_none());
        }
        requests
    }

    /// The client got its tokens, after ours, with one call each, and called no other server.
    #[track_caller]
    fn gets_tokens(&self, output: &Output, resources: usize) {
        let tokens: Vec<String> = output.exits(0).stdout().lines().map(str::to_lowercase).collect();
        let issued = self.sandbox.azure.issued();
        let expected = issued[1..].iter().map(|token| format!("{} true", &token[token.len() - 40..].to_lowercase()));
        assert_eq!(tokens, expected.collect::<Vec<_>>());
        assert_eq!(self.tokens().len(), 1 + resources, "ours, and one for each resource");
        assert_eq!(self.proxy.seen(), [""; 0], "nobody else is asked: {}", output.describe());
    }
}

fn python(job: &Job, script: &str, more: &[(&str, &str)]) -> Output {
    let peer = peers::azure().python();
    let script = format!("{EXCHANGE}{script}\"$PEER\" -c \"$CODE\" {SCOPES}");
    job.run(&script, &[&[("PEER", peer.to_str().unwrap()), ("CODE", PYTHON)], more].concat())
}

fn node(job: &Job, script: &str, more: &[(&str, &str)]) -> Output {
    let package = peers::npm("@azure/identity", "4.13.1");
    let node = crate::support::shells::on_path("node").expect("node is not installed");
    let script = format!("{EXCHANGE}{script}\"$PEER\" -e \"$CODE\" -- {SCOPES}");
    let variables = [("PEER", node.to_str().unwrap()), ("CODE", NODE), ("PACKAGE", package.to_str().unwrap())];
    job.run(&script, &[&variables[..], more].concat())
}

#[test]
fn python_gets_tokens_for_every_resource() {
    let job = Job::new();
    job.gets_tokens(&python(&job, "", &[]), 2);
    assert_eq!(job.sandbox.azure.requests().len(), 3, "it asks for nothing else");
}

#[test]
fn node_gets_tokens_for_every_resource() {
    let job = Job::new();
    job.gets_tokens(&node(&job, "", &[]), 2);
}

/// The assertion is exactly the file's content.
#[test]
fn msal_gets_tokens_for_every_resource() {
    let job = Job::new();
    let peer = peers::azure().python();
    let script = format!("{EXCHANGE}\"$PEER\" -c \"$CODE\" {SCOPES}");
    let output = job.run(&script, &[("PEER", peer.to_str().unwrap()), ("CODE", MSAL)]);
    job.gets_tokens(&output, 2);
}

/// An old secret is removed, and a later one is not used.
#[test]
fn a_stale_secret_does_not_win() {
    for later in ["", "export AZURE_CLIENT_SECRET=later\n"] {
        let stale = [("AZURE_CLIENT_SECRET", "stale"), ("AZURE_USERNAME", "me"), ("AZURE_PASSWORD", "stale")];
        let job = Job::new();
        job.gets_tokens(&python(&job, later, &stale), 2);
        let job = Job::new();
        job.gets_tokens(&node(&job, later, &stale), 2);
    }
}

/// These changes are necessary: without them the client uses the stale secret, and never reads the file.
#[test]
fn without_what_is_set_and_unset_the_stale_secret_wins() {
    let job = Job::new();
    let output = python(&job, "unset AZURE_TOKEN_CREDENTIALS; export AZURE_CLIENT_SECRET=stale\n", &[]);
    let said = output.exits(1).stderr();
    assert!(said.contains("EnvironmentCredential: "), "{}", output.describe());
    assert!(!said.contains("WorkloadIdentityCredential"), "{}", output.describe());
    assert_eq!(job.tokens().len(), 1, "only ours");
}
