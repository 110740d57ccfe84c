//! The commands in hints.

use sandbox::{DEPLOY_ROLE, Fault, Job, Sandbox};

use crate::support::peers;
use crate::support::{Program, oidc_exchange};

/// The AWS CLI sends exactly the intended request, including the issuer's address.
#[test]
fn what_a_hint_says_to_run_can_be_run() {
    let (sandbox, iam) = (Sandbox::start().unwrap(), Sandbox::start().unwrap());
    let cli = peers::aws().program("aws");
    let run = |role: &str, job: &Job| {
        let output = oidc_exchange(["aws", "--role-arn", role]).job_of(&sandbox, job).run();
        let stderr = output.exits(4).stderr();
        let command = stderr.lines().find_map(|line| Some(line.split_once(": aws iam ")?.1)).unwrap();
        let shell = ["-c".to_owned(), format!("'{}' iam {command}", cli.display())];
        let body = "<Response><CreateOpenIDConnectProviderResult/><ResponseMetadata/></Response>".to_owned();
        iam.aws.script([Fault::Status { status: 200, headers: Vec::new(), body }]);
        let program = Program::new("/bin/sh", shell).env("AWS_ENDPOINT_URL", iam.aws.url());
        let program = program.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        program.env("AWS_DEFAULT_REGION", "us-east-1").run().exits(0);
        iam.aws.requests().pop().unwrap()
    };
    let issuer = sandbox.issuer.url();
    let sent = run("arn:aws:iam::999999999999:role/deploy", &Job::branch("main"));
    assert_eq!(sent.field("Action"), Some("CreateOpenIDConnectProvider"));
    assert_eq!((sent.field("Url"), sent.field("ClientIDList.member.1")), (Some(&*issuer), Some(&*issuer)));
    let sent = run(DEPLOY_ROLE, &Job::branch("main").audience("https://another.example"));
    let provider = format!("arn:aws:iam::123456789012:oidc-provider/127.0.0.1:{}", sandbox.issuer.port());
    assert_eq!(sent.field("Action"), Some("AddClientIDToOpenIDConnectProvider"));
    assert_eq!(sent.field("OpenIDConnectProviderArn"), Some(&*provider));
    assert_eq!(sent.field("ClientID"), Some("https://another.example"));
}
