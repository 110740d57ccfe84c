//! Something else in place of the manifest or a lock, or a process that holds it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use sandbox::Sandbox;

use crate::aws::{self, deploy};
use crate::support::{Program, Scratch, expect, oidc_exchange, stopped};

const JOB: &str = "job-1";
/// A wait that does not end by itself takes at least five seconds.
const SOON: Duration = Duration::from_secs(15);

fn source(sandbox: &Sandbox) -> Program<'_> {
    deploy(&["--format", "source"]).job(sandbox).env("SEMAPHORE_JOB_ID", JOB)
}

fn manifest(scratch: &Scratch) -> PathBuf {
    let directory = scratch.home().join(".oidc-exchange").join(JOB);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).unwrap();
    directory.join("manifest")
}

fn make(path: &Path, command: &str) {
    let made = std::process::Command::new("/bin/sh").args(["-c", command, "sh"]).arg(path).status().unwrap();
    assert!(made.success(), "{command}");
}

/// The object that a command creates in the place of a file, and the error about it.
const OTHERS: [(&str, &str); 6] = [
    ("ln -s elsewhere \"$1\"", "it is a symbolic link"),
    ("echo '{}' >\"$1.target\"; ln -s \"$1.target\" \"$1\"", "it is a symbolic link"),
    ("ln -s \"$1\" \"$1\"", "it is a symbolic link"),
    ("mkfifo \"$1\"", "it is not an ordinary file"),
    ("mkdir \"$1\"", "it is a directory"),
    ("truncate -s 1T \"$1\"", "it is larger than any manifest"),
];

#[test]
fn a_manifest_that_is_none() {
    let sandbox = Sandbox::start().unwrap();
    for (command, why) in OTHERS {
        let program = source(&sandbox);
        let path = manifest(program.scratch());
        make(&path, command);
        let error = format!(
            "error: cannot write SCRATCH/home/.oidc-exchange/job-1/manifest: {why}\n\n\
             hint: remove it, or name another directory with OIDC_EXCHANGE_DIR\n"
        );
        let output = program.run();
        output.exits(6).stdout_is(&stopped(6));
        assert_eq!(output.told(), error, "{command}");
        assert!(output.took < SOON && !path.with_file_name("elsewhere").exists());
        let cleaned = oidc_exchange(["clean"]).within(output.scratch).env("SEMAPHORE_JOB_ID", JOB).run();
        cleaned.exits(6);
        assert_eq!(cleaned.told(), error, "{command}");
        assert!(cleaned.took < SOON && path.symlink_metadata().is_ok() && !path.with_file_name("elsewhere").exists());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1 + usize::from(command.contains("target")));
    }
}

/// Devices are not opened, and another user's file is not used. Only root can create them.
#[test]
fn a_manifest_that_is_a_device_or_anothers() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: not root");
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    for (command, why) in [
        ("mknod \"$1\" c 1 5", "it is not an ordinary file"),
        ("mknod \"$1\" c 1 7", "it is not an ordinary file"),
        ("touch \"$1\"; chown 65534 \"$1\"", "it belongs to another user"),
    ] {
        let program = source(&sandbox);
        make(&manifest(program.scratch()), command);
        let output = program.run();
        output.exits(6).stdout_is(&stopped(6));
        assert!(output.stderr().contains(&format!("manifest: {why}\n")) && output.took < SOON, "{}", output.stderr());
    }
}

/// A killed process can leave a part of a line: on a full disk, it writes one.
#[test]
fn a_part_of_a_line_does_not_hide_the_next_one() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&["--output", "out"]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB);
    fs::write(manifest(program.scratch()), "{\"id\":\"x\",\"path\":\"/tm").unwrap();
    let output = program.run();
    output.exits(0).stderr_is(expect![""]);
    let out = output.scratch.path().join("out");
    assert!(out.is_file());
    let cleaned = oidc_exchange(["clean"]).within(output.scratch).env("SEMAPHORE_JOB_ID", JOB).run();
    cleaned.exits(0).stderr_is(expect![[r#"
        warning: SCRATCH/home/.oidc-exchange/job-1/manifest: a line that cannot be read is dropped
    "#]]);
    assert!(!out.exists());
}

/// If the file is for another place, it is written anyway, with an early warning.
#[test]
fn a_file_elsewhere_does_not_need_a_manifest() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&["--output", "out"]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB);
    make(&manifest(program.scratch()), "ln -s elsewhere \"$1\"");
    let output = program.run();
    output.exits(0).stderr_is(expect![[r#"
        warning: cannot write SCRATCH/home/.oidc-exchange/job-1/manifest: it is a symbolic link; `oidc-exchange clean` will not remove out
    "#]]);
    assert!(output.took < SOON && output.scratch.path().join("out").is_file());
}

/// The manifest, locked by a process that hangs.
fn held(scratch: &Scratch) -> fs::File {
    let path = manifest(scratch);
    let file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn a_manifest_that_is_kept_is_waited_for_no_longer_than_the_run_may_take() {
    let sandbox = Sandbox::start().unwrap();
    let program = source(&sandbox).args(["--timeout", "1s"]);
    let _held = held(program.scratch());
    let output = program.run();
    output.exits(6).stdout_is(&stopped(6)).stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.oidc-exchange/job-1/manifest: another process holds its lock
    "#]]);
    assert!(output.took < SOON, "{:?}", output.took);
    let cleaned = oidc_exchange(["clean"]).within(output.scratch).env("SEMAPHORE_JOB_ID", JOB).run();
    cleaned.exits(6);
    assert!(cleaned.took < Duration::from_secs(15), "{:?}", cleaned.took);
}

#[test]
fn a_signal_ends_the_wait_for_it() {
    let sandbox = Sandbox::start().unwrap();
    for options in [&["--format", "source"][..], &["--output", "out"], &["--refreshable"], &["--profile", "ci"]] {
        let program = deploy(options).args(["--region", "eu-west-1"]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB);
        let _held = held(program.scratch());
        let asked = sandbox.aws.requests().len();
        let running = program.spawn();
        assert!(sandbox.aws.await_requests(asked + 1, Duration::from_secs(20)));
        std::thread::sleep(Duration::from_millis(500));
        running.signal(Signal::TERM);
        let output = running.wait();
        output.exits(5).stderr_is(expect![[r#"
            error: interrupted by SIGTERM; no credentials were returned
        "#]]);
        assert!(output.took < SOON, "{options:?}: {:?}", output.took);
        assert!(!output.scratch.path().join("out").exists());
    }
    let scratch = Scratch::new();
    let _held = held(&scratch);
    let running = oidc_exchange(["clean"]).within(scratch).env("SEMAPHORE_JOB_ID", JOB).spawn();
    running.await_handler(Signal::TERM);
    std::thread::sleep(Duration::from_millis(300));
    running.signal(Signal::TERM);
    let output = running.wait();
    output.exits(5).stderr_is(expect![[r#"
        error: interrupted by SIGTERM; what this job's exchanges made may still be there

        hint: `oidc-exchange clean` tries again
    "#]]);
    assert!(output.took < SOON);
}

fn locks(scratch: &Scratch) -> PathBuf {
    let path = scratch.home().join(".aws/credentials.oidc-exchange.lock");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    path
}

#[test]
fn a_lock_that_is_none() {
    let sandbox = Sandbox::start().unwrap();
    for (command, why) in OTHERS.iter().filter(|(command, _)| !command.starts_with("truncate")) {
        let program = deploy(&["--profile", "ci"]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB);
        let path = locks(program.scratch());
        make(&path, command);
        let output = program.run();
        output.exits(6).stdout_is("");
        assert_eq!(
            output.told(),
            format!(
                "error: cannot write SCRATCH/home/.aws/credentials.oidc-exchange.lock: {why}\n\n\
                 hint: remove it: it is in the place of a lock\n"
            ),
            "{command}"
        );
        assert!(output.took < SOON && !path.with_file_name("elsewhere").exists());
        assert!(!path.with_file_name("credentials").exists());
    }
}

#[test]
fn a_lock_that_is_kept_is_waited_for_no_longer_than_the_run_may_take() {
    let sandbox = Sandbox::start().unwrap();
    let held = |scratch: &Scratch| {
        let lock = scratch.write("home/.aws/credentials.oidc-exchange.lock", "");
        let held = fs::File::open(&lock).unwrap();
        held.lock().unwrap();
        held
    };
    let program = deploy(&["--profile", "ci", "--timeout", "1s"]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB);
    let _held = held(program.scratch());
    let output = program.run();
    output.exits(6);
    assert!(output.stderr().contains("another process holds this lock") && output.took < SOON, "{:?}", output.took);

    let asked = sandbox.aws.requests().len();
    let program = deploy(&["--profile", "ci"]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB);
    let _held = held(program.scratch());
    let running = program.spawn();
    assert!(sandbox.aws.await_requests(asked + 1, Duration::from_secs(20)));
    std::thread::sleep(Duration::from_millis(500));
    running.signal(Signal::TERM);
    let output = running.wait();
    output.exits(5);
    assert!(output.took < SOON, "{:?}", output.took);
}

/// The cache of `--format process` and its lock.
#[test]
fn a_cache_that_is_none() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&sandbox::Job::branch("main").with_id(JOB));
    let process = |scratch| {
        let job = sandbox::Job::branch("main").with_id(JOB);
        aws::deploy(&["--format", "process"]).within(scratch).job_of(&sandbox, &job).token(&token).hands_over()
    };
    let first = process(Scratch::new()).run();
    first.exits(0);
    let cache = first.scratch.files().into_iter().find(|file| file.extension().is_some_and(|end| end == "cache"));
    let cache = cache.unwrap();
    let mut scratch = first.scratch;
    for (command, why) in OTHERS.iter().filter(|(command, _)| !command.starts_with("truncate")) {
        let _ = fs::remove_file(&cache);
        make(&cache, command);
        let output = process(scratch).run();
        output.exits(0);
        let said = output.stderr();
        assert!(said.contains(why) && said.contains("; the next call asks AWS STS again"), "{command}: {said}");
        assert!(output.took < SOON && !cache.with_file_name("elsewhere").exists());
        make(&cache, "rm -rf \"$1\" \"$1.target\"");
        let lock = cache.with_extension("lock");
        make(&lock, command);
        let output = process(output.scratch).run();
        output.exits(6);
        assert!(output.stderr().contains(why) && output.took < SOON, "{command}: {}", output.stderr());
        make(&lock, "rm -rf \"$1\" \"$1.target\"");
        scratch = output.scratch;
    }
}
