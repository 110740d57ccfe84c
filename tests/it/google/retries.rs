//! Temporary errors are retried, on both hosts; requested waits are made.

use std::time::Duration;

use sandbox::{DEPLOY_ACCOUNT, Fault, Issuer, Job, Outage, POOL, PROVIDER, Sandbox, Server};

use super::{deploy, direct, stopped};
use crate::support::expect;

fn faults() -> Vec<Fault> {
    let status = |status, body: &str| Fault::Status { status, headers: Vec::new(), body: body.into() };
    vec![
        status(429, r#"{"error":"quota_exceeded","error_description":"Please retry after a few seconds."}"#),
        status(429, r#"{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED"}}"#),
        status(500, r#"{"error":{"code":500,"message":"Internal error encountered.","status":"INTERNAL"}}"#),
        status(503, r#"{"error":{"code":503,"status":"UNAVAILABLE"}}"#),
        status(502, "<html>Bad gateway</html>"),
        Fault::status(408),
        Fault::ResetBeforeHeaders,
        Fault::ResetInHeaders,
        Fault::ResetInBody,
        Fault::TruncatedBody,
    ]
}

/// Each of them once, then normal service.
fn outlived(sandbox: &Sandbox, server: &Server) {
    for fault in faults() {
        let before = server.requests().len();
        server.script([fault.clone()]);
        let output = deploy(sandbox, &[]).run();
        output.exits(0);
        assert!(output.stderr().contains("; trying again for up to "), "{fault:?}: {}", output.describe());
        assert_eq!(server.requests().len(), before + 2, "{fault:?}");
    }
}

#[test]
fn sts_is_asked_again_after_what_heals() {
    let sandbox = Sandbox::start().unwrap();
    outlived(&sandbox, &sandbox.google.sts);
}

#[test]
fn iam_is_asked_again_after_what_heals_and_sts_is_not() {
    let sandbox = Sandbox::start().unwrap();
    outlived(&sandbox, &sandbox.google.iam);
    assert_eq!(sandbox.google.sts.requests().len(), faults().len());
}

#[test]
fn an_issuer_whose_keys_come_back_is_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.issuer.set_outage(Outage::Unreachable);
    let running = deploy(&sandbox, &[]).spawn();
    assert!(sandbox.google.sts.await_requests(2, Duration::from_secs(20)));
    sandbox.issuer.set_outage(None);
    running.wait().exits(0);
}

#[test]
fn an_outage_is_told_with_what_was_tried() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.iam.outage_for(Duration::from_mins(1));
    let output = deploy(&sandbox, &["--timeout", "5s"]).run();
    output.exits(5).stdout_is(&stopped(5)).stderr_is(expect![[r#"
        warning: Google IAM Credentials: UNAVAILABLE: The service is currentl…; trying again for up to T s
        error: Google IAM Credentials could not be reached or kept failing
          said       UNAVAILABLE: The service is currently unavailable.
          asked for  deploy@sandbox-project.iam.gserviceaccount.com
          tried      N attempts in T s

        hint: the service itself failed; its state is on https://status.cloud.google.com
    "#]]);
}

#[test]
fn a_pause_that_the_server_asks_for_is_kept_or_given_up_at_once() {
    let sandbox = Sandbox::start().unwrap();
    let pause = |seconds: &str| Fault::Status {
        status: 429,
        headers: vec![("retry-after".into(), seconds.into())],
        body: r#"{"error":"quota_exceeded","error_description":"Please retry."}"#.into(),
    };
    sandbox.google.sts.script([pause("1")]);
    let output = deploy(&sandbox, &[]).run();
    output.exits(0);
    assert!(output.took >= Duration::from_secs(1));
    sandbox.google.sts.script([pause("3600")]);
    let output = deploy(&sandbox, &[]).run();
    output.exits(5);
    assert!(output.took < Duration::from_secs(12));
}

#[test]
fn a_captive_portal_and_half_an_answer_are_no_answer_of_googles() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.sts.script([Fault::HtmlOk]);
    deploy(&sandbox, &[]).run().exits(5).stdout_is(&stopped(5)).stderr_is(expect![[r#"
        error: Google STS could not be reached or kept failing
          said       the answer with status 200 cannot be used: it is not JSON
          asked for  provider semaphore of pool sandbox-ci, project 123456

        hint: was this Google STS? a proxy, a captive portal or a wrong --sts-endpoint may have answered
    "#]]);
    let status = |body: &str| Fault::Status { status: 200, headers: Vec::new(), body: body.into() };
    for body in [
        "{}",
        r#"{"access_token":"","token_type":"Bearer"}"#,
        r#"{"access_token":"a b","token_type":"Bearer"}"#,
        r#"{"access_token":"hunter22hunter22","token_type":"MAC"}"#,
        "[",
        "null",
    ] {
        sandbox.google.sts.script([status(body)]);
        let output = deploy(&sandbox, &[]).secret("an unusable token", "hunter22hunter22").run();
        output.exits(5).stdout_is(&stopped(5));
    }
    for body in [r#"{"accessToken":"x"}"#, r#"{"accessToken":"x","expireTime":"soon"}"#] {
        sandbox.google.iam.script([status(body)]);
        deploy(&sandbox, &[]).run().exits(5).stdout_is(&stopped(5));
    }
    sandbox.google.iam.script([status(r#"{"accessToken":"x","expireTime":"2001-01-01T00:00:00Z"}"#)]);
    let output = deploy(&sandbox, &[]).run();
    output.exits(5).stdout_is(&stopped(5));
    let said = "cannot be used: it expired at 2001-01-01T00:00:00Z, and this machine's clock shows 20";
    assert!(output.stderr().contains(said), "{}", output.stderr());
}

#[test]
fn a_binding_made_a_moment_ago_is_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    let account = "young@sandbox-project.iam.gserviceaccount.com";
    sandbox.google.create_account(account);
    let options = ["--service-account", account, "--wait-for-iam", "30s", "--id-token-audience", "https://run.test"];
    let running = direct(&sandbox, &options).spawn();
    assert!(sandbox.google.iam.await_requests(2, Duration::from_secs(20)));
    let user = "roles/iam.workloadIdentityUser";
    sandbox.google.bind(account, user, &format!("principalSet://iam.googleapis.com/{POOL}/*"));
    let output = running.wait();
    output.exits(0);
    assert!(output.stderr().contains("; trying again for up to "), "the wait is said: {}", output.describe());
    assert_eq!(sandbox.google.sts.requests().len(), 1);
}

#[test]
fn a_provider_and_an_api_of_a_moment_ago_are_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.delete_provider(PROVIDER);
    sandbox.google.enable_api(false);
    let running = deploy(&sandbox, &["--wait-for-iam", "30s"]).spawn();
    assert!(sandbox.google.sts.await_requests(2, Duration::from_secs(20)));
    let (issuer, mapping) = (sandbox.issuer.url(), [("google.subject", "assertion.sub127")]);
    sandbox.google.create_provider(PROVIDER, &issuer, &[&issuer], &mapping, None).unwrap();
    assert!(sandbox.google.iam.await_requests(2, Duration::from_secs(20)));
    sandbox.google.enable_api(true);
    running.wait().exits(0);
}

#[test]
fn the_wait_ends_with_the_refusal_itself() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.create_account(DEPLOY_ACCOUNT);
    let output = deploy(&sandbox, &["--wait-for-iam", "1s"]).run();
    output.exits(4).stdout_is(&stopped(4));
    assert!(output.took < Duration::from_secs(15) && sandbox.google.iam.requests().len() > 1);
}

#[test]
fn what_no_wait_would_heal_is_not_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = Issuer::start().unwrap();
    let options = ["--wait-for-iam", "30s"];
    deploy(&sandbox, &options).token(&issuer.token(&Job::branch("main"))).run().exits(4);
    assert_eq!(sandbox.google.sts.requests().len(), 1);
}
