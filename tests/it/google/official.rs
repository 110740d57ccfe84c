//! Google's exact addresses: every call goes through a proxy to a server with a certificate for them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sandbox::google::BUCKET;
use sandbox::{DEPLOY_ACCOUNT, Fault, PROVIDER, Sandbox, Tls};

use super::gcloud::{found, quiet};
use crate::support::recorder::Recorder;
use crate::support::{Program, oidc_exchange, peers};

struct Google {
    sandbox: Sandbox,
    proxy: Recorder,
    ca: String,
}

impl Google {
    fn start() -> Self {
        let tls = Tls::new().unwrap();
        let sandbox = Sandbox::start_tls(&tls).unwrap();
        let (sts, iam) = (sandbox.google.sts.port(), sandbox.google.iam.port());
        let proxy = Recorder::proxy_to(move |host| if host.starts_with("iamcredentials.") { iam } else { sts });
        Self { sandbox, proxy, ca: tls.ca_pem() }
    }

    /// The exchange without endpoint options, and the variables with which Python trusts the authority.
    fn deploy(&self, more: &[&str]) -> Program<'_> {
        let program = oidc_exchange(["gcp", "--provider", PROVIDER, "--service-account", DEPLOY_ACCOUNT]);
        let ca = program.scratch().write("ca.pem", &self.ca);
        program
            .arg("--ca-file")
            .arg(&ca)
            .args(more)
            .job(&self.sandbox)
            .env("HTTPS_PROXY", self.proxy.url())
            .env("REQUESTS_CA_BUNDLE", &ca)
    }

    /// The requested hosts, each once.
    fn hosts(&self) -> Vec<String> {
        let seen = self.proxy.seen();
        let host = |call: &String| call.strip_prefix("CONNECT ")?.split(' ').next().map(str::to_owned);
        let mut hosts: Vec<String> = seen.iter().filter_map(host).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}

#[test]
fn two_hosts_are_asked_and_the_file_names_them() {
    let google = Google::start();
    let output = google.deploy(&["--credentials-file", "here.json"]).run();
    output.exits(0);
    assert_eq!(google.hosts(), ["iamcredentials.googleapis.com:443", "sts.googleapis.com:443"]);
    let text = fs::read_to_string(output.scratch.path().join("here.json")).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(file["token_url"], "https://sts.googleapis.com/v1/token");
    let url = format!(
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{DEPLOY_ACCOUNT}:generateAccessToken"
    );
    assert_eq!(file["service_account_impersonation_url"], url.as_str());
}

/// The early request has no secret, and is not made if it saves nothing.
#[test]
fn the_second_hosts_connection_is_opened_while_the_first_answers() {
    let google = Google::start();
    google.sandbox.google.sts.script([Fault::Delay(Duration::from_millis(300))]);
    let output = google.deploy(&["-v"]).run();
    output.exits(0);
    let calls: Vec<String> =
        output.stderr().lines().map(|line| line.split(" in ").next().unwrap().to_owned()).collect();
    assert_eq!(
        calls,
        [
            "oidc-exchange: HEAD iamcredentials.googleapis.com: 404",
            "oidc-exchange: POST sts.googleapis.com: 200",
            "oidc-exchange: POST iamcredentials.googleapis.com: 200",
        ]
    );
    let connections = google.proxy.seen().iter().filter(|call| call.contains("iamcredentials")).count();
    assert_eq!(connections, 1, "the call that follows takes the connection that is there");
    let [ahead, call] = &google.sandbox.google.iam.requests()[..] else { panic!("two requests") };
    assert!(ahead.path == "/" && ahead.header("authorization").is_none() && ahead.body.is_empty());
    assert_eq!(ahead.connection, call.connection);

    // Without a second host there is nothing to open.
    let output = google.deploy(&["-v", "--iamcredentials-endpoint", "https://sts.googleapis.com"]).run();
    output.exits(0);
    assert!(!output.stderr().contains("HEAD"), "{}", output.describe());
}

#[test]
fn another_universe_has_other_hosts() {
    let google = Google::start();
    // The certificate is only for googleapis.com, because the test is about names.
    google.deploy(&["--universe-domain", "apis-s3ns.fr"]).run().exits(5);
    assert_eq!(google.hosts(), ["iamcredentials.apis-s3ns.fr:443", "sts.apis-s3ns.fr:443"]);
}

/// The same list with a present client, and with one that still checks the file's hosts.
#[test]
fn googles_python_client_works_with_the_file() {
    let google = Google::start();
    let script = format!(
        "import google.auth, google.auth.transport.requests as t\n\
         c, p = google.auth.default(scopes=['https://www.googleapis.com/auth/cloud-platform'])\n\
         a = t.AuthorizedSession(c).get('https://storage.googleapis.com/storage/v1/b/{BUCKET}/o')\n\
         print(p, a.json()['items'][0]['name'])\n"
    );
    for peer in [peers::google(), peers::google_of_2023()] {
        let program = google.deploy(&["--"]).arg(peer.python()).args(["-c", &script]);
        program.run().exits(0).stdout_is(&format!("sandbox-project seen-by-{DEPLOY_ACCOUNT}\n"));
    }
}

#[test]
fn gcloud_works_with_the_file() {
    let Some(gcloud) = found("gcloud") else { return };
    let google = Google::start();
    let ask = |words: &[&str]| quiet(google.deploy(&["--"]).arg(&gcloud).args(words)).run();
    ask(&["projects", "list", "--format=value(projectId)"]).exits(0).stdout_is("sandbox-project\n");
    let listed = ask(&["storage", "ls", &format!("gs://{BUCKET}")]);
    listed.exits(0).stdout_is(&format!("gs://{BUCKET}/seen-by-{DEPLOY_ACCOUNT}\n"));
}

/// gsutil does not read gcloud's variable. Without the boto file, it sends anonymous requests without a warning.
#[test]
fn gsutil_is_somebody_by_the_boto_file() {
    let Some(gsutil) = found("gsutil") else { return };
    let google = Google::start();
    let list = |before: &str| {
        let script = format!("{before}exec \"$@\"");
        let program = google.deploy(&["--", "sh", "-c", &script, "sh"]);
        let ca: PathBuf = program.scratch().path().join("ca.pem");
        let own = format!("[Boto]\nca_certificates_file = {}\nnum_retries = 0\n", ca.display());
        let own = program.scratch().write("own.boto", own);
        quiet(program.arg(&gsutil).args(["ls", &format!("gs://{BUCKET}")]).env("BOTO_CONFIG", own)).run()
    };
    let listed = list("");
    listed.exits(0).stdout_is(&format!("gs://{BUCKET}/seen-by-{DEPLOY_ACCOUNT}\n"));
    let home = listed.scratch.home();
    assert!(!home.join(".gsutil").exists(), "the tokens that it keeps are not where others can read them");
    let asked = google.sandbox.google.sts.requests().len();
    assert_ne!(list("export BOTO_PATH=\"${BOTO_PATH%:*}\"; ").code, Some(0));
    let requests = google.sandbox.google.sts.requests();
    let anonymous = |request: &&sandbox::Request| request.method == "GET" && request.header("authorization").is_none();
    assert!(requests[asked..].iter().any(|request| anonymous(&request)));
}
