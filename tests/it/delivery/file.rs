//! `--output`: a private file, put in place completely or not at all.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use sandbox::{Job, Sandbox};

use crate::aws::deploy;
use crate::support::scratch::mode;
use crate::support::{Program, expect};

/// Everything in the directory where the file should be.
fn listed(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn prepared<'s>(sandbox: &'s Sandbox, job: &Job, prepare: impl FnOnce(&Path)) -> (Program<'s>, PathBuf) {
    let program = deploy(&["--output", "out/file"]).job_of(sandbox, job);
    let out = program.scratch().path().join("out");
    fs::create_dir(&out).unwrap();
    prepare(&out);
    (program, out)
}

#[test]
fn it_replaces_an_old_file_whatever_that_allowed() {
    let sandbox = Sandbox::start().unwrap();
    let mut before = 0;
    let (program, out) = prepared(&sandbox, &Job::branch("main"), |out| {
        fs::write(out.join("file"), "old").unwrap();
        fs::set_permissions(out.join("file"), fs::Permissions::from_mode(0o666)).unwrap();
        before = out.join("file").metadata().unwrap().ino();
    });
    let output = program.run();
    output.exits(0).stdout_is("").stderr_is(expect![""]);
    assert_eq!(mode(&out.join("file")), 0o600);
    assert_ne!(out.join("file").metadata().unwrap().ino(), before, "a reader of the old file sees nothing new");
    assert!(fs::read_to_string(out.join("file")).unwrap().starts_with("unset AWS_SECURITY_TOKEN"));
    assert_eq!(listed(&out), ["file"]);
}

/// For any umask.
#[test]
fn it_is_private_from_birth() {
    let sandbox = Sandbox::start().unwrap();
    let script = "umask 000; oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --output file; \
                  umask 777; oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --output other";
    let output = Program::new("/bin/sh", ["-c", script]).job(&sandbox).run();
    output.exits(0);
    assert_eq!(mode(&output.scratch.path().join("file")), 0o600);
    assert_eq!(mode(&output.scratch.path().join("other")) & 0o077, 0);
}

#[test]
fn after_a_failure_the_old_file_stays_and_nothing_else_is_there() {
    let sandbox = Sandbox::start().unwrap();
    let (program, out) = prepared(&sandbox, &Job::branch("other"), |out| fs::write(out.join("file"), "old").unwrap());
    let output = program.run();
    output.exits(4).stdout_is("");
    assert_eq!(fs::read_to_string(out.join("file")).unwrap(), "old");
    assert_eq!(listed(&out), ["file"]);
}

/// If it is interrupted during the wait, it leaves no partial file.
#[test]
fn after_a_signal_too() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([sandbox::Fault::Hang]);
    let (program, out) = prepared(&sandbox, &Job::branch("main"), |out| fs::write(out.join("file"), "old").unwrap());
    let running = program.spawn();
    assert!(sandbox.aws.await_requests(1, std::time::Duration::from_secs(20)));
    running.signal(rustix::process::Signal::TERM);
    let output = running.wait();
    output.exits(5).stdout_is("");
    assert_eq!(fs::read_to_string(out.join("file")).unwrap(), "old");
    assert_eq!(listed(&out), ["file"]);
}

/// Each is refused before any request is sent.
#[track_caller]
fn refused(prepare: impl FnOnce(&Path), message: expect_test::Expect) {
    let sandbox = Sandbox::start().unwrap();
    let (program, _out) = prepared(&sandbox, &Job::branch("main"), prepare);
    program.run().exits(6).stdout_is("").stderr_is(message);
    assert!(sandbox.aws.requests().is_empty());
}

#[test]
fn a_link_is_not_followed() {
    refused(
        |out| symlink("elsewhere", out.join("file")).unwrap(),
        expect![[r#"
        error: cannot write out/file: it is a symbolic link
    "#]],
    );
}

#[test]
fn a_directory_is_no_file() {
    refused(
        |out| fs::create_dir(out.join("file")).unwrap(),
        expect![[r#"
        error: cannot write out/file: it is a directory
    "#]],
    );
}

#[test]
fn a_pipe_is_no_file() {
    refused(
        |out| {
            let made = std::process::Command::new("mkfifo").arg(out.join("file")).status().unwrap();
            assert!(made.success());
        },
        expect![[r#"
            error: cannot write out/file: it is not an ordinary file
        "#]],
    );
}

#[test]
fn a_directory_that_is_not_there() {
    refused(
        |out| fs::remove_dir(out).unwrap(),
        expect![[r#"
            error: cannot write out/file: No such file or directory (os error 2)
        "#]],
    );
}

/// Root may write anywhere, so the test has no effect then.
#[test]
fn a_directory_that_takes_no_file() {
    if rustix::process::geteuid().is_root() {
        // A path below /proc, through another name.
        let sandbox = Sandbox::start().unwrap();
        let program = deploy(&["--output", "out/file"]).job(&sandbox);
        std::os::unix::fs::symlink("/proc", program.scratch().path().join("out")).unwrap();
        let output = program.run();
        output.exits(6).stdout_is("");
        assert!(output.stderr().starts_with("error: cannot write out/file: "), "{}", output.stderr());
        assert!(sandbox.aws.requests().is_empty());
    } else {
        refused(
            |out| fs::set_permissions(out, fs::Permissions::from_mode(0o500)).unwrap(),
            expect![[r#"
            error: cannot write out/file: Permission denied (os error 13)
        "#]],
        );
    }
}

#[test]
fn standard_output_that_takes_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let script = "oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy >/dev/full";
    let output = Program::new("/bin/sh", ["-c", script]).job(&sandbox).run();
    output.exits(6).stderr_is(expect![[r#"
        error: cannot write to standard output: No space left on device (os error 28)
    "#]]);
    let script = "mkfifo pipe wait; { (: <pipe); : >gone; } & oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy \
                  --token-file wait >pipe";
    let program = Program::new("/bin/sh", ["-c", script]).job(&sandbox);
    let running = program.spawn();
    // Its reader ends before the token arrives.
    running.await_file("gone");
    running.feed("wait", &sandbox.issuer.token(&Job::branch("main")));
    running.wait().exits(6).stderr_is(expect![[r#"
        error: cannot write to standard output: Broken pipe (os error 32)
    "#]]);
}
