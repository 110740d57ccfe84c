//! The bytes of requests, and what they never contain.

use sandbox::{DEPLOY_ROLE, Job, Sandbox, Server};

use super::deploy;
use crate::support::recorder::Recorder;
use crate::support::{expect, oidc_exchange};

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

/// The form of the only request, in order, without the token.
#[track_caller]
fn form(server: &Server) -> Vec<(String, String)> {
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!((request.method.as_str(), request.path.as_str(), request.query.as_str()), ("POST", "/", ""));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    for header in ["authorization", "x-amz-security-token", "cookie"] {
        assert_eq!(request.header(header), None);
    }
    request.form.iter().filter(|(name, _)| name != "WebIdentityToken").cloned().collect()
}

fn fields<const N: usize>(expected: [(&str, &str); N]) -> Vec<(String, String)> {
    expected.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

#[test]
fn one_unsigned_post_with_the_token_and_little_else() {
    let sandbox = Sandbox::start().unwrap();
    let job = Job::branch("main").with_id("c117e453-1189-4eaf-b03a-dd6538eb49b2");
    deploy(&[]).job_of(&sandbox, &job).run().exits(0).stderr_is(expect![""]);
    let expected = fields([
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", DEPLOY_ROLE),
        ("RoleSessionName", "semaphore-job-c117e453-1189-4eaf-b03a-dd6538eb49b2"),
    ]);
    assert_eq!(form(&sandbox.aws), expected);
}

#[test]
fn the_token_arrives_as_it_is() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    deploy(&[]).job(&sandbox).token(&token).run().exits(0);
    assert!(sandbox.aws.requests()[0].field("WebIdentityToken") == Some(token.as_str()));
}

#[test]
fn every_option_has_its_field() {
    let sandbox = Sandbox::start().unwrap();
    let options = [
        "--role-session-name",
        "a=b,c.d@e_f-g+h",
        "--duration",
        "45m",
        "--policy",
        POLICY,
        "--policy-arn",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "--policy-arn",
        "arn:aws:iam::123456789012:policy/ci/narrow",
    ];
    deploy(&options).job(&sandbox).run().exits(0).stderr_is(expect![""]);
    let expected = fields([
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", DEPLOY_ROLE),
        ("RoleSessionName", "a=b,c.d@e_f-g+h"),
        ("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("PolicyArns.member.2.arn", "arn:aws:iam::123456789012:policy/ci/narrow"),
        ("Policy", POLICY),
        ("DurationSeconds", "2700"),
    ]);
    assert_eq!(form(&sandbox.aws), expected);
}

#[test]
fn a_policy_may_come_from_a_file() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&["--policy", "@policy.json"]).job(&sandbox);
    program.scratch().write("policy.json", format!("{POLICY}\n"));
    program.run().exits(0).stderr_is(expect![""]);
    assert_eq!(sandbox.aws.requests()[0].field("Policy"), Some(POLICY));
}

#[test]
fn the_environment_names_role_and_session_and_the_options_win() {
    let sandbox = Sandbox::start().unwrap();
    let named = |arguments: &[&str]| {
        oidc_exchange(["aws"])
            .args(arguments)
            .job(&sandbox)
            .env("AWS_ROLE_ARN", DEPLOY_ROLE)
            .env("AWS_ROLE_SESSION_NAME", "nightly")
    };
    named(&[]).run().exits(0);
    let other = "arn:aws:iam::123456789012:role/other";
    named(&["--role-arn", other, "--role-session-name", "by-option"]).run().exits(4);
    named(&[]).env_remove("SEMAPHORE_JOB_ID").env("AWS_ROLE_SESSION_NAME", "").run().exits(0);
    let sent = sandbox.aws.requests();
    let sent: Vec<_> = sent.iter().map(|one| (one.field("RoleArn"), one.field("RoleSessionName"))).collect();
    let expected = [(DEPLOY_ROLE, "nightly"), (other, "by-option"), (DEPLOY_ROLE, "oidc-exchange")];
    assert_eq!(sent, expected.map(|(role, name)| (Some(role), Some(name))));
}

/// Credentials and profiles of the machine must not sign or change the call. The metadata service receives no request
/// for a region.
#[test]
fn nothing_ambient_signs_or_bends_the_call() {
    let sandbox = Sandbox::start().unwrap();
    let metadata = Recorder::start();
    let ambient = [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "stale-session-token-of-another-time"),
        ("AWS_SECURITY_TOKEN", "stale-security-token-of-another-time"),
        ("AWS_PROFILE", "other"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/token"),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &metadata.url()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.url()),
    ];
    let program =
        deploy(&[]).job(&sandbox).secret("an ambient key", ambient[1].1).secret("an ambient token", ambient[2].1);
    let program = ambient.iter().fold(program, |program, (name, value)| program.env(name, value));
    let files = "[other]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\n";
    program.scratch().write("home/.aws/credentials", files);
    program.scratch().write(
        "home/.aws/config",
        "[profile other]\nregion = ap-south-1\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = other\n",
    );
    program.run().exits(0).stderr_is(expect![""]);
    assert_eq!(form(&sandbox.aws).len(), 4);
    assert_eq!(metadata.seen(), [""; 0]);
}

#[test]
fn verbose_is_a_line_per_call() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&["-v"]).job(&sandbox).run().exits(0).stderr_is(expect![[r#"
        oidc-exchange: POST STS: 200 in T ms (request ID)
    "#]]);
    deploy(&["-vv"]).job(&sandbox).run().exits(0).stderr_is(expect![[r#"
        oidc-exchange: POST STS: 200 in T ms (request ID)
    "#]]);
}

/// A library's log of a request is never printed, for any setting of the environment.
#[test]
fn no_library_logs_anything() {
    let sandbox = Sandbox::start().unwrap();
    for job in [Job::branch("main"), Job::branch("other")] {
        let quiet = deploy(&[]).job_of(&sandbox, &job).run();
        let program = deploy(&[]).job_of(&sandbox, &job).env("RUST_LOG", "trace").env("AWS_LOG", "trace");
        let loud = program.env("RUST_BACKTRACE", "full").run();
        assert_eq!((loud.code, loud.stderr().lines().count()), (quiet.code, quiet.stderr().lines().count()));
    }
}

/// A machine's own configuration may be invalid, or name a missing profile. This call does not need it.
#[test]
fn a_broken_configuration_of_the_machine_is_no_obstacle() {
    let sandbox = Sandbox::start().unwrap();
    let broken: [(&str, &[u8]); 4] = [
        ("home/.aws/config", b"[profile\nregion eu-west-1\n  = = \n"),
        ("home/.aws/config", b"\xff\xfe\x00binary"),
        ("home/.aws/credentials", b"[default\n[]]\nkey"),
        ("home/.aws/credentials/is/a/directory", b""),
    ];
    for (name, content) in broken {
        let program = deploy(&[]).job(&sandbox).env("AWS_PROFILE", "absent");
        program.scratch().write(name, content);
        program.run().exits(0).stderr_is(expect![""]);
    }
}
