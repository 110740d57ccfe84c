//! A failure is kept for some seconds: a second run at once fails in the same way.

use std::time::Duration;

use sandbox::{Fault, Sandbox};

use super::{again, answered, eks, job};
use crate::support::scratch::mode;
use crate::support::{Output, Scratch, expect};

fn calls(sandbox: &Sandbox) -> usize {
    sandbox.aws.requests().len()
}

fn marker(output: &Output) -> std::path::PathBuf {
    let found = output.scratch.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "failed"));
    found.expect("a failure is kept")
}

#[test]
fn a_refusal_is_remembered_for_ten_seconds() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let program = || eks(&[]).env("KUBERNETES_EXEC_INFO", "");
    sandbox.aws.delete_role(sandbox::DEPLOY_ROLE);
    let first = program().job_of(&sandbox, &job()).token(&subject).run();
    let said = first.exits(4).stdout_is("").stderr();
    assert!(said.starts_with("error: AWS STS refused the token\n") && said.contains("\nhint: "), "{said}");
    assert_eq!(mode(&marker(&first)), 0o600);
    let second = again(program(), &sandbox, &subject, first).run();
    second.exits(4).stdout_is("").stderr_is(expect![[r#"
        error: AWS STS refused the token (N seconds ago; oidc-exchange does not ask again for 10 seconds)
          said       AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity (request ID)
    "#]]);
    assert_eq!(calls(&sandbox), 1);
    // Another request is sent.
    let other = again(eks(&["--duration", "20m"]), &sandbox, &subject, second).run();
    other.exits(4);
    assert_eq!(calls(&sandbox), 2);
    // `process` has no client that runs it six times.
    let process = crate::aws::deploy(&["--region", "eu-west-1", "--format", "process"]);
    let process = again(process, &sandbox, &subject, other).run();
    let process =
        again(crate::aws::deploy(&["--region", "eu-west-1", "--format", "process"]), &sandbox, &subject, process);
    process.run().exits(4);
    assert_eq!(calls(&sandbox), 4);
}

#[test]
fn it_is_asked_again_after_that() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    sandbox.aws.script([Fault::aws_error(403, "AccessDenied", "not yet")]);
    let first = eks(&[]).job_of(&sandbox, &job()).token(&subject).run();
    first.exits(4);
    let kept = marker(&first);
    let text = std::fs::read_to_string(&kept).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    for (end, remembered) in [(3, true), (-1, false), (3600, false)] {
        let end = std::time::UNIX_EPOCH + Duration::from_secs((sandbox::now() + end).cast_unsigned());
        std::fs::write(&kept, format!("{}\n{rest}", humantime::format_rfc3339_seconds(end))).unwrap();
        let scratch = Scratch::new();
        let place = scratch.path().join("private");
        copy(kept.parent().unwrap(), &place);
        let output = eks(&[]).job_of(&sandbox, &job()).token(&subject).env("OIDC_EXCHANGE_DIR", &place).run();
        assert_eq!(output.code, Some(if remembered { 4 } else { 0 }), "{}", output.describe());
    }
}

/// A private directory of its own, with the same files.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o700).create(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten().filter(|entry| entry.file_name() != "manifest") {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn an_outage_is_remembered_too() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    sandbox.aws.always(Some(Fault::status(503)));
    let first = eks(&["--timeout", "4s"]).job_of(&sandbox, &job()).token(&subject).run();
    first.exits(5).stdout_is("");
    let before = calls(&sandbox);
    let second = again(eks(&[]), &sandbox, &subject, first).run();
    second.exits(5).stdout_is("").stderr_is(expect![[r#"
        error: AWS STS could not be reached or kept failing (N seconds ago; oidc-exchange does not ask again for 10 seconds)
          said       status 503, without an error code of STS
    "#]]);
    assert!(second.took < Duration::from_secs(10));
    assert_eq!(calls(&sandbox), before);
}

/// Runs during the request wait for its answer, and send none.
#[test]
fn two_at_once_are_refused_by_one_exchange() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    let scratch = Scratch::new();
    let place = scratch.path().join("private");
    sandbox.aws.delete_role(sandbox::DEPLOY_ROLE);
    sandbox.aws.script([Fault::Delay(Duration::from_millis(700))]);
    let start = || eks(&[]).job_of(&sandbox, &job()).token(&subject).env("OIDC_EXCHANGE_DIR", &place).spawn();
    let running: Vec<_> = (0..8).map(|_| start()).collect();
    let outputs: Vec<_> = running.into_iter().map(|one| one.wait()).collect();
    assert!(outputs.iter().all(|one| one.code == Some(4) && one.stdout.is_empty()));
    let whole = outputs.iter().filter(|one| one.stderr().starts_with("error: AWS STS refused the token\n"));
    assert_eq!((whole.count(), calls(&sandbox)), (1, 1));
}

/// An error without a request is not kept, because it costs nothing.
#[test]
fn what_is_wrong_here_is_not_remembered() {
    let sandbox = Sandbox::start().unwrap();
    let output = eks(&[]).job_of(&sandbox, &job()).token("no token").run();
    output.exits(3).stdout_is("");
    let output = eks(&["--allowed-account-id", "1"]).job_of(&sandbox, &job()).within(output.scratch).run();
    output.exits(2).stdout_is("");
    assert!(output.scratch.files().iter().all(|file| file.extension().is_none_or(|end| end != "failed")));
}

#[test]
fn what_is_no_failure_is_not_taken_for_one() {
    let sandbox = Sandbox::start().unwrap();
    let subject = sandbox.issuer.token(&job());
    sandbox.aws.script([Fault::aws_error(403, "AccessDenied", "not yet")]);
    let first = eks(&[]).job_of(&sandbox, &job()).token(&subject).run();
    let kept = marker(&first);
    let name = kept.file_name().unwrap().to_owned();
    let end = humantime::format_rfc3339_seconds(std::time::SystemTime::now() + Duration::from_secs(8)).to_string();
    for broken in ["", "{}", "4", &format!("{end}\n"), &format!("{end}\n0\nx"), &format!("{end}\n999\nx"), "\u{0}"] {
        let scratch = Scratch::new();
        let place = scratch.path().join("private");
        copy(kept.parent().unwrap(), &place);
        std::fs::write(place.join(&name), broken).unwrap();
        answered(&eks(&[]).job_of(&sandbox, &job()).token(&subject).env("OIDC_EXCHANGE_DIR", &place).run());
    }
    // Nor is one that leads elsewhere.
    let scratch = Scratch::new();
    let place = scratch.path().join("private");
    copy(kept.parent().unwrap(), &place);
    std::fs::remove_file(place.join(&name)).unwrap();
    std::os::unix::fs::symlink(&kept, place.join(&name)).unwrap();
    answered(&eks(&[]).job_of(&sandbox, &job()).token(&subject).env("OIDC_EXCHANGE_DIR", &place).run());
}
