//! A killed process leaves only files that `clean` removes.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sandbox::{DEPLOY_ROLE, Sandbox};

use crate::aws;
use crate::google;
use crate::support::{Program, Scratch, expect, oidc_exchange, strace};

const JOB: &str = "job-1";

fn job_directory(scratch: &Scratch) -> PathBuf {
    scratch.home().join(".oidc-exchange").join(JOB)
}

/// An existing manifest, locked by a process that hangs.
fn held(scratch: &Scratch) -> fs::File {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(job_directory(scratch)).unwrap();
    let manifest = job_directory(scratch).join("manifest");
    let file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(manifest).unwrap();
    file.lock().unwrap();
    file
}

#[track_caller]
fn cleans(scratch: Scratch, of: &str) -> Scratch {
    let cleaned = oidc_exchange(["clean"]).within(scratch).env("SEMAPHORE_JOB_ID", JOB).run();
    cleaned.exits(0).stderr_is(expect![""]);
    let left = cleaned.scratch.files();
    assert!(left.is_empty() && !job_directory(&cleaned.scratch).exists(), "{of}: {left:?}");
    cleaned.scratch
}

/// Before a file is in the manifest, it has no content and no name.
#[test]
fn while_it_waits_for_the_manifest() {
    let sandbox = Sandbox::start().unwrap();
    let programs = [
        aws::deploy(&["--output", "out"]).job(&sandbox),
        google::deploy(&sandbox, &["--credentials-file", "key.json"]),
        google::deploy(&sandbox, &[]),
        aws::deploy(&["--format", "source"]).job(&sandbox),
        aws::deploy(&["--profile", "ci"]).job(&sandbox),
    ];
    for program in programs {
        let manifest = held(program.scratch());
        let running = program.env("SEMAPHORE_JOB_ID", JOB).spawn();
        std::thread::sleep(Duration::from_secs(1));
        let files = running.scratch().files();
        assert_eq!(files, [job_directory(running.scratch()).join("manifest")]);
        running.signal(Signal::KILL);
        let killed = running.wait();
        assert_eq!(killed.signal, Some(Signal::KILL.as_raw()));
        drop(manifest);
        cleans(killed.scratch, "a manifest that is held");
    }
}

/// At any moment: `strace` kills the process before each system call that creates, names, writes or moves a file.
#[test]
fn before_any_call() {
    if !strace::is_usable() {
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    let output = ["--output", "out"];
    let profile = ["--profile", "ci", "--region", "eu-west-1"];
    for call in ["linkat", "rename", "write", "flock"] {
        for options in [&output[..], &profile, &["--format", "process"]] {
            let mut scratch = Scratch::new();
            for number in 1.. {
                let inject = format!("inject={call}:signal=KILL:when={number}");
                let trace = format!("trace={call}");
                let arguments = ["-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, "oidc-exchange", "aws"];
                let program =
                    Program::new("/usr/bin/strace", arguments).args(["--role-arn", DEPLOY_ROLE]).args(options);
                let ended = program.within(scratch).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB).hands_over().run();
                let whole = ended.code == Some(0);
                scratch = cleans(ended.scratch, &format!("{options:?} before {call} {number}"));
                if whole {
                    break;
                }
            }
        }
    }
}

/// The same at random moments.
#[test]
fn at_any_moment() {
    let sandbox = Sandbox::start().unwrap();
    let program = |which: usize| match which % 5 {
        0 => aws::deploy(&["--output", "out"]).job(&sandbox),
        1 => aws::deploy(&["--profile", "ci"]).job(&sandbox),
        2 => aws::deploy(&["--format", "process"]).job(&sandbox),
        3 => google::deploy(&sandbox, &["--credentials-file", "key.json"]),
        _ => google::deploy(&sandbox, &[]),
    };
    let started = Instant::now();
    program(4).run().exits(0);
    let usual = started.elapsed();
    let mut scratch = Scratch::new();
    for which in 0..50 {
        let running = program(which).within(scratch).env("SEMAPHORE_JOB_ID", JOB).hands_over().spawn();
        std::thread::sleep(usual.mul_f64(fastrand::f64()));
        running.signal(Signal::KILL);
        scratch = cleans(running.wait().scratch, &which.to_string());
    }
}
