//! The STS endpoint that is called, recorded by a proxy that refuses every connection.

use rustix::process::Signal;
use sandbox::{Job, Sandbox};

use crate::support::recorder::Recorder;
use crate::support::{expect, oidc_exchange};

/// The requested host.
#[track_caller]
fn asked(role: &str, options: &[&str], variables: &[(&str, &str)]) -> String {
    let (sandbox, proxy) = (Sandbox::start().unwrap(), Recorder::start());
    let program = oidc_exchange(["aws", "-q", "--role-arn", role]).args(options);
    let program = program.token(&sandbox.issuer.token(&Job::branch("main"))).env("HTTPS_PROXY", proxy.url());
    let running = variables.iter().fold(program, |program, (name, value)| program.env(name, value)).spawn();
    let head = proxy.await_first();
    running.signal(Signal::TERM);
    running.wait().exits(5);
    let host = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(" HTTP/1.1").next());
    host.expect("a tunnel is asked for").to_owned()
}

const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

#[test]
fn by_the_roles_partition_where_no_region_is_given() {
    for (partition, host) in [
        ("aws", "sts.us-east-1.amazonaws.com:443"),
        ("aws-cn", "sts.cn-north-1.amazonaws.com.cn:443"),
        ("aws-us-gov", "sts.us-gov-west-1.amazonaws.com:443"),
        ("aws-iso", "sts.us-iso-east-1.c2s.ic.gov:443"),
        ("aws-iso-b", "sts.us-isob-east-1.sc2s.sgov.gov:443"),
        ("aws-eusc", "sts.eusc-de-east-1.amazonaws.eu:443"),
    ] {
        assert_eq!(asked(&format!("arn:{partition}:iam::123456789012:role/deploy"), &[], &[]), host);
    }
}

#[test]
fn by_the_region() {
    let frankfurt = "sts.eu-central-1.amazonaws.com:443";
    assert_eq!(asked(ROLE, &["--region", "eu-central-1"], &[("AWS_REGION", "eu-west-1")]), frankfurt);
    assert_eq!(asked(ROLE, &[], &[("AWS_REGION", "eu-central-1")]), frankfurt);
    assert_eq!(asked(ROLE, &[], &[("AWS_DEFAULT_REGION", "eu-central-1")]), frankfurt);
    let options = ["--region", "eu-west-1", "--sts-region", "eu-central-1"];
    assert_eq!(asked(ROLE, &options, &[]), frankfurt);
}

#[test]
fn as_the_sdk_reads_fips_and_dual_stack() {
    let region = ["--region", "us-west-2"];
    assert_eq!(asked(ROLE, &region, &[("AWS_USE_FIPS_ENDPOINT", "true")]), "sts-fips.us-west-2.amazonaws.com:443");
    assert_eq!(asked(ROLE, &region, &[("AWS_USE_DUALSTACK_ENDPOINT", "true")]), "sts.us-west-2.api.aws:443");
    let both = [("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_USE_DUALSTACK_ENDPOINT", "true")];
    assert_eq!(asked(ROLE, &region, &both), "sts-fips.us-west-2.api.aws:443");
}

#[test]
fn as_the_sdk_reads_the_shared_files() {
    let region = ["--region", "us-west-2"];
    let (fips, usual) = ("sts-fips.us-west-2.amazonaws.com:443", "sts.us-west-2.amazonaws.com:443");
    let home = tempfile::tempdir().unwrap();
    let aws = home.path().join(".aws");
    std::fs::create_dir(&aws).unwrap();
    std::fs::write(aws.join("config"), "[default]\nuse_fips_endpoint = true\n[profile plain]\n").unwrap();
    std::fs::write(aws.join("credentials"), "[mine]\nuse_fips_endpoint = true\n").unwrap();
    std::fs::write(aws.join("latin"), b"[default]\nuse_fips_endpoint = true\n# caf\xe9\n").unwrap();
    let (text, latin) = (home.path().to_str().unwrap(), aws.join("latin"));
    let in_home = |variables: &[(&str, &str)]| asked(ROLE, &region, &[&[("HOME", text)], variables].concat());
    assert_eq!(in_home(&[]), fips);
    assert_eq!(in_home(&[("AWS_PROFILE", "plain")]), usual);
    assert_eq!(in_home(&[("AWS_PROFILE", "mine")]), fips);
    for nothing in ["/dev/null", "/nonexistent/config", "/", "", latin.to_str().unwrap()] {
        assert_eq!(in_home(&[("AWS_CONFIG_FILE", nothing)]), usual, "{nothing}");
    }
    assert_eq!(in_home(&[("AWS_CONFIG_FILE", "~/.aws/credentials"), ("AWS_PROFILE", "mine")]), fips);
    assert_eq!(asked(ROLE, &region, &[("AWS_CONFIG_FILE", aws.join("config").to_str().unwrap())]), fips);
}

/// The STS of another partition would get the token, and does not know the role.
#[test]
fn none_in_another_partition() {
    let (sandbox, proxy) = (Sandbox::start().unwrap(), Recorder::start());
    let run = |options: &[&str], variables: &[(&str, &str)]| {
        let program = oidc_exchange(["aws", "-q", "--role-arn", ROLE]).args(options);
        let program = program.token(&sandbox.issuer.token(&Job::branch("main"))).env("HTTPS_PROXY", proxy.url());
        variables.iter().fold(program, |program, (name, value)| program.env(name, value)).run()
    };
    run(&["--region", "cn-north-1"], &[]).exits(2).stderr_is(expect![[r#"
        error: cn-north-1 is a region of the partition aws-cn, and the role is in aws

        hint: name a region of the role's partition; --sts-region names it for STS alone
    "#]]);
    for (options, variables) in
        [(&["--sts-region", "us-gov-west-1"][..], &[][..]), (&[], &[("AWS_REGION", "eusc-de-east-1")])]
    {
        let output = run(options, variables);
        assert!(output.exits(2).stderr().contains(" is a region of the partition aws-"), "{}", output.describe());
    }
    assert!(proxy.seen().is_empty());
}
