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
