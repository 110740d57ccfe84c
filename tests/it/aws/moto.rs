//! Against moto, which others wrote: what is printed works in the AWS CLI.

use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use crate::support::peers;
use crate::support::shells;
use crate::support::{Program, oidc_exchange};

/// moto takes any token and any role, and knows whose keys it has given out.
#[test]
fn what_is_printed_works_in_the_aws_cli() {
    let sandbox = Sandbox::start().unwrap();
    let moto = peers::moto();
    let aws = peers::aws().program("aws");
    let job = Job::branch("main").with_id("c117e453-1189-4eaf-b03a-dd6538eb49b2");
    for shell in shells::posix() {
        let script = format!(
            "set -eu; eval \"$(oidc-exchange aws --role-arn arn:aws:iam::111122223333:role/ci/deploy)\"\n\
             '{}' sts get-caller-identity --query Arn --output text --region us-east-1",
            aws.display()
        );
        shell.runs(&script).job_of(&sandbox, &job).env("AWS_ENDPOINT_URL_STS", moto.url()).run().exits(0).stdout_is(
            "arn:aws:sts::111122223333:assumed-role/deploy/semaphore-job-c117e453-1189-4eaf-b03a-dd6538eb49b2\n",
        );
    }
    assert!(sandbox.aws.requests().is_empty());
}

/// boto prefers a stale `AWS_SECURITY_TOKEN` to the session token, and a profile to both: neither is left.
#[test]
fn what_is_printed_works_in_boto_whatever_was_there_before() {
    let sandbox = Sandbox::start().unwrap();
    let (moto, python) = (peers::moto(), peers::aws().python());
    let ask = "import boto3; s = boto3.Session(); c = s.get_credentials(); \
               print(s.client('sts').get_caller_identity()['Arn'], s.region_name, c.token == __import__('os').environ['AWS_SESSION_TOKEN'])";
    let script = format!(
        "set -eu; eval \"$(oidc-exchange aws --role-arn arn:aws:iam::111122223333:role/boto --region eu-central-1)\"\n'{}' -c \"{ask}\"",
        python.display()
    );
    let shell = shells::posix().remove(0);
    let program =
        shell.runs(&script).job(&sandbox).env("AWS_ENDPOINT_URL_STS", moto.url()).env("AWS_PROFILE", "absent");
    let stale = program.env("AWS_SECURITY_TOKEN", "stale").env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    let output = stale.env("AWS_ROLE_SESSION_NAME", "ci").env("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent").run();
    output.exits(0).stdout_is("arn:aws:sts::111122223333:assumed-role/boto/ci eu-central-1 True\n");
}

/// The commands that hints give are commands: the AWS CLI takes them, issuer addresses and all.
#[test]
fn what_a_hint_says_to_run_can_be_run() {
    let (server, sandbox) = (peers::moto(), Sandbox::start().unwrap());
    let cli = peers::aws().program("aws");
    let run = |hint: &str| {
        let command = hint.split_once("aws iam ").unwrap().1.to_owned();
        let shell = ["-c".to_owned(), format!("'{}' iam {command}", cli.display())];
        let program = Program::new("/bin/sh", shell).env("AWS_ENDPOINT_URL", server.url());
        let program = program.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        program.env("AWS_DEFAULT_REGION", "us-east-1").run().exits(0);
    };
    let hint = |code: i32, job: &Job, role: &str| {
        let output = oidc_exchange(["aws", "--role-arn", role]).job_of(&sandbox, job).run();
        output.exits(code);
        output.stderr().lines().find(|line| line.contains("aws iam ")).unwrap().to_owned()
    };
    let main = Job::branch("main");
    let create = hint(4, &main, "arn:aws:iam::999999999999:role/deploy");
    assert!(create.contains("create-open-id-connect-provider"));
    run(&create);
    let add = hint(4, &main.audience("https://another.example"), DEPLOY_ROLE);
    assert!(add.contains("add-client-id-to-open-id-connect-provider"));
    run(&add);
}
