//! Against moto, which others wrote: what is printed works in the AWS CLI.

use sandbox::{Job, Sandbox};

use crate::support::peers;
use crate::support::shells;

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

/// A moto that checks who calls, and so takes no call that is not signed: the refusal is seen, and told.
#[test]
fn a_peer_that_refuses_is_seen_to_refuse() {
    let sandbox = Sandbox::start().unwrap();
    let server = peers::moto_that_checks_signatures();
    let output = deploy(&[]).job(&sandbox).env("AWS_ENDPOINT_URL_STS", server.url()).run();
    output.exits(4).stdout_is(&stopped(4)).stderr_is(expect![""]);
}
