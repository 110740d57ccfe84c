//! `--refreshable`: a private token file, and the variables with which SDKs renew credentials.

use rustix::process::Signal;
use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use super::deploy;
use crate::support::scratch::mode;
use crate::support::{Program, expect, stop, stopped};
use crate::support::{peers, shells};

fn refreshable<'s>(options: &[&str]) -> Program<'s> {
    deploy(&["--refreshable"]).args(options)
}

const UNSET: &str = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION \
                     AWS_ACCOUNT_ID AWS_SECURITY_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE AWS_CREDENTIAL_FILE \
                     AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI \
                     AWS_CONTAINER_AUTHORIZATION_TOKEN AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;\n";

#[test]
fn the_token_is_in_a_private_file_to_the_byte_and_no_key_is_printed() {
    let sandbox = Sandbox::start().unwrap();
    let job = Job::branch("main").with_id("job-1");
    let token = sandbox.issuer.token(&job);
    let output = refreshable(&["--region", "eu-west-1"]).job_of(&sandbox, &job).token(&token).run();
    let directory = output.scratch.home().join(".oidc-exchange/job-1");
    let file = output.scratch.files().into_iter().find(|file| !file.ends_with("manifest")).unwrap();
    output.exits(0).stderr_is(expect![[""]]).exports_are(&format!(
        "{UNSET}export AWS_WEB_IDENTITY_TOKEN_FILE='{}';\nexport AWS_ROLE_ARN='{DEPLOY_ROLE}';\n\
         export AWS_ROLE_SESSION_NAME='semaphore-job-job-1';\nexport AWS_REGION='eu-west-1';\n\
         export AWS_DEFAULT_REGION='eu-west-1';\n",
        file.display()
    ));
    assert!(file.starts_with(&directory) && std::fs::read_to_string(&file).unwrap() == token);
    assert_eq!((mode(&directory), mode(&file), sandbox.aws.requests().len()), (0o700, 0o600, 1));
}

const NO_REGION: &str = "warning: no region: some tools cannot renew without one: add --region or set AWS_REGION\n";

#[test]
fn a_region_that_is_missing_is_named() {
    let sandbox = Sandbox::start().unwrap();
    let said = |options: &[&str], variables: &[(&str, &str)]| {
        let program = refreshable(options).job_of(&sandbox, &Job::branch("main").with_id("job-1"));
        let output = variables.iter().fold(program, |program, (name, value)| program.env(name, value)).run();
        output.exits(0);
        output.stderr().clone()
    };
    for without in [&[][..], &["--sts-region", "eu-west-1"], &["--profile", "p"], &["--output", "file"]] {
        assert_eq!(said(without, &[]), NO_REGION, "{without:?}");
    }
    // A profile that this program renews has a region for STS.
    for with in [&["--region", "eu-west-1"][..], &["--profile", "p", "--duration", "20m"], &["-q"]] {
        assert_eq!(said(with, &[]), "", "{with:?}");
    }
    for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
        assert_eq!(said(&[], &[(variable, "eu-west-1")]), "", "{variable}");
    }
}

#[test]
fn a_role_that_refuses_is_known_now_and_leaves_no_file() {
    let sandbox = Sandbox::start().unwrap();
    let output = refreshable(&[]).job_of(&sandbox, &Job::branch("other")).run();
    let names = stopped(4).lines().next().unwrap().replace(';', " AWS_WEB_IDENTITY_TOKEN_FILE;");
    output.exits(4).stdout_is(&format!("{names}\n{}", stop(4)));
    assert!(output.scratch.files().is_empty());
}

#[test]
fn what_sdks_would_drop_in_silence_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    for (options, message) in [
        (
            &["--duration", "30m"][..],
            expect![[r#"
            error: --refreshable: an SDK that renews the credentials would ignore --duration

            hint: a profile can carry it: add --profile NAME, and use it with AWS_PROFILE=NAME
        "#]],
        ),
        (
            &["--policy", "{}"],
            expect![[r#"
            error: --refreshable: an SDK that renews the credentials would ignore --policy

            hint: a profile can carry it: add --profile NAME, and use it with AWS_PROFILE=NAME
        "#]],
        ),
        (
            &["--policy-arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"],
            expect![[r#"
            error: --refreshable: an SDK that renews the credentials would ignore --policy-arn

            hint: a profile can carry it: add --profile NAME, and use it with AWS_PROFILE=NAME
        "#]],
        ),
        (
            &["--chain-role-arn", "arn:aws:iam::123456789012:role/x"],
            expect![[r#"
            error: --refreshable: an SDK that renews the credentials would ignore --chain-role-arn

            hint: a profile can carry it: add --profile NAME, and use it with AWS_PROFILE=NAME
        "#]],
        ),
        (
            &["--env-prefix", "A_"],
            expect![[r#"
            error: the argument '--refreshable' cannot be used with '--env-prefix <PREFIX>'

            Usage: oidc-exchange aws --role-arn <ARN> --refreshable [-- <COMMAND>...]

            For more information, try '--help'.
        "#]],
        ),
    ] {
        refreshable(options).job(&sandbox).run().exits(2).stderr_is(message);
    }
    assert!(sandbox.aws.requests().is_empty());
}

/// The environment of a command, and what is left after it.
#[test]
fn a_command_has_the_file_for_as_long_as_it_runs() {
    let sandbox = Sandbox::start().unwrap();
    let script = "test -s \"$AWS_WEB_IDENTITY_TOKEN_FILE\" && echo there; echo \"${AWS_ACCESS_KEY_ID-none} \
                  ${SEMAPHORE_OIDC_TOKEN-none}\"; exit 7";
    let program = refreshable(&["--region", "eu-west-1", "--", "sh", "-c", script])
        .job(&sandbox)
        .env("AWS_ACCESS_KEY_ID", "AKIASTALE");
    let output = program.run();
    output.exits(7).stdout_is("there\nnone none\n").stderr_is(expect![[""]]);
    assert!(output.scratch.files().iter().all(|file| file.ends_with("manifest")), "the token's file is gone");
}

#[test]
fn a_signal_reaches_the_command_and_the_file_goes_all_the_same() {
    let sandbox = Sandbox::start().unwrap();
    let running =
        refreshable(&["--", "sh", "-c", "trap 'kill $!; exit 9' TERM; sleep 30 & wait"]).job(&sandbox).spawn();
    running.await_name("sleep");
    running.signal(Signal::TERM);
    let output = running.wait();
    output.exits(9);
    assert!(output.scratch.files().iter().all(|file| file.ends_with("manifest")));
}

#[test]
fn clean_deletes_the_file() {
    let sandbox = Sandbox::start().unwrap();
    let script = format!(
        "eval \"$(oidc-exchange aws --role-arn {DEPLOY_ROLE} --refreshable)\"; test -s \"$AWS_WEB_IDENTITY_TOKEN_FILE\" || exit 1\n\
         file=$AWS_WEB_IDENTITY_TOKEN_FILE; eval \"$(oidc-exchange clean)\"; test ! -e \"$file\" || exit 1\n\
         echo \"${{AWS_WEB_IDENTITY_TOKEN_FILE-unset}}\""
    );
    let output = shells::posix().remove(0).runs(&script).job(&sandbox).run();
    output.exits(0).stdout_is("unset\n");
    assert!(output.scratch.files().is_empty());
}

/// The AWS CLI exchanges the token itself.
#[test]
fn the_aws_cli_renews_by_itself() {
    let sandbox = Sandbox::start().unwrap();
    let aws = peers::aws().program("aws").display().to_string();
    let arguments =
        ["--region", "eu-west-1", "--", &aws, "sts", "get-caller-identity", "--query", "Arn", "--output", "text"];
    let output = refreshable(&arguments).job_of(&sandbox, &Job::branch("main").with_id("job-1")).run();
    output.exits(0).stdout_is("arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1\n");
    let issued = sandbox.aws.issued();
    assert_eq!(issued.len(), 2, "ours, to see that the role lets the job in, and the CLI's own");
}

/// `clean` deletes only our own files, so the AWS CLI's cache stays.
#[test]
fn the_aws_cli_keeps_a_session_of_its_own() {
    let sandbox = Sandbox::start().unwrap();
    let aws = peers::aws().program("aws").display().to_string();
    let script = format!(
        "eval \"$(oidc-exchange aws --role-arn {DEPLOY_ROLE} --refreshable --region eu-west-1)\"\n\
         '{aws}' sts get-caller-identity --query Account --output text || exit 1\n\
         eval \"$(oidc-exchange clean)\"; ls \"$HOME/.aws/cli/cache\" | wc -l"
    );
    let output = shells::posix().remove(0).runs(&script).job(&sandbox).run();
    output.exits(0).stdout_is("123456789012\n1\n");
    let cache = std::fs::read_dir(output.scratch.home().join(".aws/cli/cache")).unwrap().next().unwrap().unwrap();
    let kept = std::fs::read_to_string(cache.path()).unwrap();
    assert!(kept.contains(&sandbox.aws.issued().last().unwrap().session_token), "the CLI's own session");
}
