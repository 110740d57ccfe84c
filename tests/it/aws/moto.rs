//! Tests with moto, an independent implementation: the output works in the AWS CLI.

use sandbox::{Job, Sandbox};

use crate::support::{Program, peers, shells};

/// moto accepts any token and any role, and records whose keys it has issued.
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

/// boto prefers a stale `AWS_SECURITY_TOKEN` to the session token, and a profile to both. So both are removed.
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

/// The opposite: for keys that moto has not issued, it returns another identity.
#[test]
fn keys_of_nobody_are_told_apart() {
    let (moto, aws) = (peers::moto(), peers::aws().program("aws"));
    let arguments = ["sts", "get-caller-identity", "--query", "Arn", "--output", "text", "--region", "us-east-1"];
    let program = Program::new(aws, arguments).env("AWS_ENDPOINT_URL_STS", moto.url());
    let program = program.env("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "nobody's");
    program.env("AWS_SESSION_TOKEN", "nobody's").run().exits(0).stdout_is("arn:aws:sts::123456789012:user/moto\n");
}
