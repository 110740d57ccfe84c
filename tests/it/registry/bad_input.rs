//! Invalid options: exit code 2, and nothing is sent.

use sandbox::Sandbox;

use super::{HOST, register};
use crate::support::{Scratch, expect};

#[test]
fn a_host_is_exactly_a_registry_of_the_cloud() {
    let sandbox = Sandbox::start().unwrap();
    let mut told = String::new();
    for host in [
        "",
        "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web",
        "*.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com:443",
        "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.DKR.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "api.ecr.eu-west-1.amazonaws.com",
        "europe-docker.pkg.dev",
        "https://gcr.io",
        "us.gcr.io:443/project/web:1",
        "https://k8s.gcr.io/pause",
        "acme.azurecr.io",
        "docker.io",
        "ghcr.io",
        "localhost",
        "AWS:hunter2hunter2hunter2@123456789012.dkr.ecr.eu-west-1.amazonaws.com",
    ] {
        let output = register(&sandbox, &[host]).secret("a password", "hunter2hunter2hunter2").run();
        output.exits(2);
        if !host.is_empty() {
            output.stdout_is("");
        }
        told.push_str(&output.told());
    }
    expect![[r#"
        error: --registry: `` is empty

        hint: write only the host's name: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: --registry: `https://123456789012.dkr.ecr.eu-west-1.amazonaws.com` has a scheme

        hint: write only the host's name: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: --registry: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/web` has a path

        hint: write only the host's name: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: --registry: `*.dkr.ecr.eu-west-1.amazonaws.com` has a wildcard, which Docker does not support

        hint: name each registry: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com; the option may be repeated
        error: --registry: `123456789012.dkr.ecr.eu-west-1.amazonaws.com:443` has a port, or the tag of an image

        hint: write only the host's name: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: --registry: `12345678901.dkr.ecr.eu-west-1.amazonaws.com` is not the name of an Amazon ECR registry: the account is twelve digits

        hint: write it like 123456789012.dkr.ecr.eu-west-1.amazonaws.com: aws ecr describe-repositories shows it in repositoryUri
        error: --registry: `123456789012.DKR.ecr.eu-west-1.amazonaws.com` has capital letters

        hint: write only the host's name: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: --registry: `123456789012.dkr.ecr.cn-north-1.amazonaws.com` is not the name of an Amazon ECR registry: in the region cn-north-1 its domain is amazonaws.com.cn

        hint: write it like 123456789012.dkr.ecr.eu-west-1.amazonaws.com: aws ecr describe-repositories shows it in repositoryUri
        error: --registry: `123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example` is not the name of an Amazon ECR registry: in the region eu-west-1 its domain is amazonaws.com

        hint: write it like 123456789012.dkr.ecr.eu-west-1.amazonaws.com: aws ecr describe-repositories shows it in repositoryUri
        error: --registry: `123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn` is in the partition aws-cn, and the role is in aws

        hint: no session reaches from one partition into another: name a role of the registry's partition
        error: --registry: `api.ecr.eu-west-1.amazonaws.com` is not the name of an Amazon ECR registry: after the account comes .dkr.ecr or .dkr-ecr

        hint: write it like 123456789012.dkr.ecr.eu-west-1.amazonaws.com: aws ecr describe-repositories shows it in repositoryUri
        error: --registry: `europe-docker.pkg.dev` is a registry of Google

        hint: for this registry, use oidc-exchange gcp --registry europe-docker.pkg.dev
        error: --registry: `gcr.io` is a registry of Google

        hint: for this registry, use oidc-exchange gcp --registry gcr.io
        error: --registry: `us.gcr.io` is a registry of Google

        hint: for this registry, use oidc-exchange gcp --registry us.gcr.io
        error: --registry: `https://k8s.gcr.io/pause` has a scheme

        hint: write only the host's name: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        error: --registry: `acme.azurecr.io` is a registry of Azure

        hint: for this registry, use oidc-exchange azure --registry acme.azurecr.io
        error: --registry: `docker.io` is a registry of Docker Hub

        hint: oidc-exchange has no passwords for Docker Hub: use docker login
        error: --registry: `ghcr.io` is a registry of GitHub

        hint: oidc-exchange has no passwords for GitHub: use docker login
        error: --registry: `localhost` is not the name of an Amazon ECR registry: it has one part only

        hint: write it like 123456789012.dkr.ecr.eu-west-1.amazonaws.com: aws ecr describe-repositories shows it in repositoryUri
        error: --registry: the value has a user name or a digest in it

        hint: write only the host's name: --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    "#]].assert_eq(&told);
    assert_eq!(sandbox.aws.requests().len() + sandbox.ecr.requests().len(), 0);
}

#[test]
fn the_helper_must_be_on_path() {
    let sandbox = Sandbox::start().unwrap();
    let program = register(&sandbox, &[HOST]);
    let helper = program.scratch().path().join("bin/docker-credential-oidc-exchange");
    std::fs::remove_file(&helper).unwrap();
    program.run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --registry: docker-credential-oidc-exchange is not on PATH: docker looks for it there

        hint: link it to this program: own=$(command -v oidc-exchange) && ln -s "$own" "$(dirname "$own")/docker-credential-oidc-exchange"
        hint: install.sh of this version makes the link
    "#]]);
    // Neither a directory nor a file that is not a program is one.
    let program = register(&sandbox, &[HOST]);
    let helper = program.scratch().path().join("bin/docker-credential-oidc-exchange");
    std::fs::remove_file(&helper).unwrap();
    std::fs::create_dir(&helper).unwrap();
    program.run().exits(2).stdout_is("");
    let program = register(&sandbox, &[HOST]);
    program.scratch().write("bin/docker-credential-oidc-exchange", "");
    program.run().exits(2).stdout_is("");
    assert_eq!(sandbox.aws.requests().len(), 0);
}

#[test]
fn the_job_must_have_a_directory_that_the_helper_finds() {
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST]).env_remove("SEMAPHORE_JOB_ID").run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --registry: docker's later calls would not find the password's file

        hint: set OIDC_EXCHANGE_DIR to a private directory: in a CI job, SEMAPHORE_JOB_ID names one
    "#]]);
    let output = register(&sandbox, &[HOST]).env_remove("SEMAPHORE_JOB_ID").env("OIDC_EXCHANGE_DIR", "private").run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: OIDC_EXCHANGE_DIR is not an absolute path

        hint: every command of the job must find the same directory: export OIDC_EXCHANGE_DIR="$PWD/NAME"
    "#]]);
    let output = register(&sandbox, &[HOST]).env("HOME", "").run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --registry: docker's later calls would not find the password's file

        hint: set OIDC_EXCHANGE_DIR to a private directory: in a CI job, SEMAPHORE_JOB_ID names one
    "#]]);
}

#[test]
fn options_that_leave_no_output_to_shape_are_refused() {
    let sandbox = Sandbox::start().unwrap();
    for more in [
        ["--format", "env"],
        ["--format", "process"],
        ["--output", "x"],
        ["--on-error", "none"],
        ["--env-prefix", "A_"],
        ["--profile", "ci"],
        ["--print-secrets", "--verbose"],
        ["--refreshable", "--verbose"],
    ] {
        let output = register(&sandbox, &[HOST]).args(more).run();
        output.exits(2);
        assert!(output.stderr().contains("cannot be used with"), "{}", output.stderr());
    }
    let _ = Scratch::new();
    assert_eq!(sandbox.aws.requests().len(), 0);
}

#[test]
fn an_address_is_checked_before_anything_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    for (host, variable) in [(HOST, "AWS_ENDPOINT_URL_ECR"), ("public.ecr.aws", "AWS_ENDPOINT_URL_ECR_PUBLIC")] {
        for bad in ["ecr.example", "ftp://ecr.example", "https://", "/x", "mailto:a@b"] {
            let output = register(&sandbox, &[host]).env(variable, bad).run();
            output.exits(2).stdout_is("");
            assert!(output.stderr().contains(&format!("{variable} is not an https address")), "{}", output.stderr());
        }
    }
    assert_eq!(sandbox.aws.requests().len(), 0);
    // Plain http to another machine: the session's token is not sent.
    let output = register(&sandbox, &[HOST]).env("AWS_ENDPOINT_URL_ECR", "http://ecr.example").run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: cannot ask Amazon ECR
          said       http://ecr.example is not https
          asked for  the password of 123456789012.dkr.ecr.eu-west-1.amazonaws.com

        hint: use an https address; plain http is for loopback, and for one host that --allow-http names
    "#]]);
}
