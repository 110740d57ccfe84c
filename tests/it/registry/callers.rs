//! The programs that use the passwords: docker, podman, buildah and skopeo.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use sandbox::server::{Answer, Response, Server, Service};
use sandbox::{Request, Sandbox};

use super::{HOST, register};
use crate::support::{Program, Scratch, expect, shells};

/// A caller in the job whose registries are behind the sandbox's.
fn caller<A: AsRef<std::ffi::OsStr>>(
    sandbox: &Sandbox,
    tool: std::path::PathBuf,
    arguments: impl IntoIterator<Item = A>,
    scratch: Scratch,
) -> Program<'_> {
    let proxy = sandbox.ecr.registry().url();
    let program = Program::new(tool, arguments).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1");
    let program = program.env("http_proxy", &proxy).env("https_proxy", &proxy).env("no_proxy", "");
    program.word(&format!("127.0.0.1:{}", sandbox.ecr.registry().port()), "REGISTRY").within(scratch)
}

const POLICY: &str = "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}";

fn skopeo(sandbox: &Sandbox, scratch: Scratch) -> Option<Program<'_>> {
    let tool = shells::tool("skopeo")?;
    let image = format!("docker://{HOST}/web");
    let policy = scratch.write("policy.json", POLICY);
    let arguments = ["--policy", policy.to_str().unwrap(), "list-tags", "--tls-verify=false", &image];
    Some(caller(sandbox, tool, arguments, scratch))
}

#[test]
fn skopeo_gets_the_password_and_stops_with_the_reason() {
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST]).run();
    let Some(program) = skopeo(&sandbox, output.scratch) else { return };
    let output = program.run();
    output.exits(0).stdout_reads(expect![[r#"
        {
            "Repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web",
            "Tags": [
                "1"
            ]
        }
    "#]]);
    // Before, it is refused.
    let output = skopeo(&sandbox, Scratch::new()).unwrap().run();
    assert_ne!(output.code, Some(0));

    sandbox.ecr.set_lifetime(Duration::from_secs(1));
    let output = register(&sandbox, &[HOST]).run();
    std::thread::sleep(Duration::from_secs(2));
    sandbox.ecr.deny(sandbox::DEPLOY_ROLE);
    let output = skopeo(&sandbox, output.scratch).unwrap().run();
    assert_ne!(output.code, Some(0));
    let told = output.stderr();
    assert!(told.contains("Amazon ECR refused to give a password: AccessDeniedException"), "{told}");
}

/// A daemon that refuses every request and records the users.
#[derive(Default)]
struct Daemon(Mutex<Vec<String>>);

impl Service for Daemon {
    fn answer<'a>(&'a self, request: &'a Request) -> Answer<'a> {
        let answer = if request.path.ends_with("/images/create") {
            let auth = request.header("x-registry-auth").unwrap_or_default().to_owned();
            self.0.lock().unwrap().push(auth);
            Response::new(200, "application/json", "{\"status\":\"Pulled\"}\n")
        } else {
            Response::new(200, "application/json", "{}")
                .with_header("api-version", "1.41")
                .with_header("ostype", "linux")
        };
        Box::pin(async move { answer })
    }

    fn throttled(&self) -> Response {
        Response::new(429, "text/plain", "")
    }

    fn unavailable(&self) -> Response {
        Response::new(503, "text/plain", "")
    }
}

#[test]
fn docker_gets_the_password_and_is_told_what_it_ignores() {
    let Some(docker) = shells::tool("docker") else { return };
    let sandbox = Sandbox::start().unwrap();
    let daemon = Arc::new(Daemon::default());
    let service: Arc<dyn Service> = daemon.clone();
    let server = Server::start(None, |_| service).unwrap();
    let pull = |scratch| {
        let program = Program::new(&docker, ["pull", &format!("{HOST}/web:1")]).job(&sandbox).within(scratch);
        let host = format!("tcp://127.0.0.1:{}", server.port());
        program.env("SEMAPHORE_JOB_ID", "job-1").env("DOCKER_HOST", host).run()
    };
    let sent = || {
        let auth = daemon.0.lock().unwrap().pop().unwrap();
        let bytes = URL_SAFE.decode(auth).unwrap();
        serde_json::from_slice::<serde_json::Value>(&bytes).unwrap_or_default()
    };
    let output = pull(register(&sandbox, &[HOST]).run().scratch);
    output.exits(0);
    let auth = sent();
    assert_eq!(auth["username"], "AWS");
    assert_eq!(auth["password"], sandbox.ecr.issued().pop().unwrap().as_str());

    sandbox.ecr.set_lifetime(Duration::from_secs(1));
    let output = register(&sandbox, &[HOST]).within(output.scratch).run();
    std::thread::sleep(Duration::from_secs(2));
    sandbox.ecr.deny(sandbox::DEPLOY_ROLE);
    let output = pull(output.scratch);
    // docker continues without credentials.
    output.exits(0).stderr_is(expect![[r#"
        error: Amazon ECR refused to give a password
          said       AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1 is not authorized to perform:  … thorizationToken action (request ID)
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com
          then       docker continues without credentials: its own next error is a consequence of this one

        hint: allow ecr:GetAuthorizationToken on the resource * in the role's policies (and in --policy and --policy-arn)
    "#]]);
    assert_eq!(sent()["password"], serde_json::Value::Null);
}
