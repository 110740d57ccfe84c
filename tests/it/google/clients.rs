//! Google's own Python client, with the unchanged file.

use std::time::Duration;

use sandbox::google::BUCKET;
use sandbox::{DEPLOY_ACCOUNT, Sandbox};

use super::{deploy, deploy_script, direct};
use crate::support::{Program, expect, peers, shells};

/// Finds the credentials by itself, like any program of the job, and prints the result of the bucket's list.
const WHO: &str = "import sys, time, google.auth, google.auth.transport.requests as transport\n\
    credentials, project = google.auth.default(scopes=['https://www.googleapis.com/auth/cloud-platform'])\n\
    session = transport.AuthorizedSession(credentials)\n\
    for pause in [float(pause) for pause in sys.argv[2:]] or [0]:\n\
    \x20   time.sleep(pause)\n\
    \x20   answer = session.get(sys.argv[1])\n\
    \x20   print(project, answer.status_code, answer.json()['items'][0]['name'])\n";

fn who<'s>(sandbox: &'s Sandbox, program: Program<'s>, pauses: &[&str]) -> Program<'s> {
    let python = peers::google().python();
    let url = format!("{}/storage/v1/b/{BUCKET}/o", sandbox.google.iam.url());
    program.args([python.as_os_str(), "-c".as_ref(), WHO.as_ref(), url.as_ref()]).args(pauses)
}

#[test]
fn it_works_with_a_service_account() {
    let sandbox = Sandbox::start().unwrap();
    let output = who(&sandbox, deploy(&sandbox, &["--lifetime", "30m", "--"]), &[]).run();
    output.exits(0).stdout_is(&format!("sandbox-project 200 seen-by-{DEPLOY_ACCOUNT}\n")).stderr_is(expect![""]);
    let lifetimes: Vec<bool> = sandbox
        .google
        .iam
        .requests()
        .iter()
        .map(|request| request.body.windows(5).any(|part| part == b"1800s"))
        .collect();
    assert_eq!(lifetimes, [true, true, false], "ours, the client's own, and the list");
}

#[test]
fn it_works_without_a_service_account() {
    let sandbox = Sandbox::start().unwrap();
    let output = who(&sandbox, direct(&sandbox, &["--project", "named", "--"]), &[]).run();
    let subject = sandbox::Job::branch("main").short_subject();
    output.exits(0).stdout_is(&format!("named 200 seen-by-{subject}\n"));
}

#[test]
fn it_works_in_every_shell() {
    let sandbox = Sandbox::start().unwrap();
    let url = format!("{}/storage/v1/b/{BUCKET}/o", sandbox.google.iam.url());
    let python = peers::google().python();
    for shell in shells::posix() {
        let script = deploy_script("\"$PEER\" -c \"$WHO\" \"$URL\"");
        let program = shell.runs(&script).job(&sandbox).env("PEER", &python).env("WHO", WHO).env("URL", &url);
        program.run().exits(0).stdout_is(&format!("sandbox-project 200 seen-by-{DEPLOY_ACCOUNT}\n"));
    }
}

/// A job that takes longer than an access token's lifetime. The client gets the next one with the file.
#[test]
fn it_outlives_its_access_token() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.shorten_tokens(Duration::from_secs(2));
    let output = who(&sandbox, deploy(&sandbox, &["--"]), &["0", "2.5"]).run();
    let line = format!("sandbox-project 200 seen-by-{DEPLOY_ACCOUNT}\n");
    output.exits(0).stdout_is(&line.repeat(2));
    let used: Vec<Option<String>> = sandbox
        .google
        .iam
        .requests()
        .iter()
        .filter(|request| request.method == "GET")
        .map(|request| request.header("authorization").map(str::to_owned))
        .collect();
    assert!(used.len() == 2 && used[0] != used[1], "another token for the second call");
}

/// Without `GOOGLE_CLOUD_PROJECT`, the client requests the project from another service, which jobs often may not use.
#[test]
fn the_projects_variable_saves_a_call() {
    let sandbox = Sandbox::start().unwrap();
    let proxy = crate::support::recorder::Recorder::start();
    let with = who(&sandbox, deploy(&sandbox, &["--"]), &[]).env("HTTPS_PROXY", proxy.url());
    with.run().exits(0);
    let asked = || proxy.seen().iter().any(|call| call.starts_with("CONNECT cloudresourcemanager.googleapis.com:443"));
    assert!(!asked());
    let script = "unset GOOGLE_CLOUD_PROJECT GCLOUD_PROJECT; exec \"$@\"";
    let without = deploy(&sandbox, &["--", "sh", "-c", script, "sh"]);
    who(&sandbox, without, &[]).env("HTTPS_PROXY", proxy.url()).run().exits(1);
    assert!(asked());
}

/// The client gets no ID token with an external account. `--id-token-audience` is for that.
#[test]
fn the_client_makes_no_id_token_from_the_file() {
    let sandbox = Sandbox::start().unwrap();
    let script = "import google.oauth2.id_token as i, google.auth.transport.requests as t\n\
                  try: i.fetch_id_token(t.Request(), 'https://run.test')\n\
                  except Exception as error: print(type(error).__name__)\n";
    let python = peers::google().python();
    // No other server may answer: no metadata server gets a request.
    let output = deploy(&sandbox, &["--"])
        .args([python.as_os_str(), "-c".as_ref(), script.as_ref()])
        .env("NO_GCE_CHECK", "true")
        .run();
    output.exits(0).stdout_is("DefaultCredentialsError\n");
}
