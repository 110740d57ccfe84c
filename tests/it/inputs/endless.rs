//! Files that do not end: a pipe without a writer, one that never stops, and the run's own output.

use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::time::Duration;

use rustix::process::Signal;
use sandbox::Sandbox;

use super::{FILE, INPUTS, Input, UNBOUNDED, mkfifo};

/// At once, on a busy machine.
const SOON: Duration = Duration::from_secs(10);

fn all() -> impl Iterator<Item = &'static Input> {
    INPUTS.iter().chain(UNBOUNDED)
}

/// Some rows in parallel, because they wait; not so many that a run cannot start in time.
fn each(inputs: impl Iterator<Item = &'static Input>, check: impl Fn(&Input, &Sandbox) + Sync) {
    let sandbox = Sandbox::start().unwrap();
    for some in inputs.collect::<Vec<_>>().chunks(4) {
        std::thread::scope(|scope| {
            for input in some {
                scope.spawn(|| check(input, &sandbox));
            }
        });
    }
}

#[test]
fn a_pipe_that_nobody_writes_to_is_given_up_at_the_timeout() {
    each(INPUTS.iter(), |input, sandbox| {
        let program = input.program(sandbox).args(["--timeout", "2s"]);
        mkfifo(&program.scratch().path().join(FILE));
        let output = program.run();
        output.exits(input.code.into()).stdout_is(&input.stop(input.code));
        let said = output.stderr();
        let expected = if input.code == 3 {
            format!("error: cannot read the subject token from {FILE}: it did not end before --timeout\n")
        } else if said.contains("  said  ") {
            format!("  said       {}: cannot read {FILE}: it did not end in time\n", input.name)
        } else {
            format!("error: {}: cannot read {FILE}: it did not end before --timeout\n", input.name)
        };
        assert!(said.contains(&expected), "{}: {}", input.name, output.describe());
        assert!(output.took > Duration::from_millis(1500) && output.took < SOON, "{}: {:?}", input.name, output.took);
    });
}

/// A read of it would wait until this program ends.
#[test]
fn the_programs_own_output_is_not_read() {
    // Like the SDKs, a run continues without the shared files if they cannot be read.
    let optional = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
    for stream in ["/dev/stdout", "/dev/stderr", "/dev/fd/1"] {
        each(all().filter(|input| !optional.contains(&input.name)), |input, sandbox| {
            let program = input.program(sandbox);
            symlink(stream, program.scratch().path().join(FILE)).unwrap();
            let output = program.run();
            output.exits(input.code.into()).stdout_is(&input.stop(input.code));
            let expected = ": it is this program's own output, which has no end to read\n";
            assert!(output.stderr().contains(expected), "{}: {}", input.name, output.describe());
            assert!(output.took < SOON, "{}: {:?}", input.name, output.took);
        });
    }
}

#[test]
fn a_signal_ends_the_reading_at_once() {
    each(all(), |input, sandbox| {
        let program = input.program(sandbox);
        let pipe = program.scratch().path().join(FILE);
        mkfifo(&pipe);
        let running = program.spawn();
        // A non-blocking open for writing succeeds if a reader has opened the pipe.
        let open = || std::fs::OpenOptions::new().write(true).custom_flags(libc_nonblock()).open(&pipe);
        let held = std::iter::repeat_with(|| {
            std::thread::sleep(Duration::from_millis(5));
            open().ok()
        });
        let held = held.take(4000).flatten().next();
        assert!(held.is_some(), "{}: the pipe is not read", input.name);
        running.signal(Signal::TERM);
        let output = running.wait();
        output.exits(5).stdout_is(&input.stop(5));
        assert_eq!(output.stderr(), "error: interrupted by SIGTERM; no credentials were returned\n", "{}", input.name);
        assert!(output.took < SOON, "{}: {:?}", input.name, output.took);
    });
}

fn libc_nonblock() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits().cast_signed()
}

#[test]
fn one_that_never_stops_is_given_up_at_a_size() {
    each(all(), |input, sandbox| {
        let program = input.program(sandbox);
        std::os::unix::fs::symlink("/dev/zero", program.scratch().path().join(FILE)).unwrap();
        let output = program.run();
        output.exits(input.code.into()).stdout_is(&input.stop(input.code));
        let said = output.stderr();
        let names = if input.code == 3 { "the subject token" } else { input.name };
        let what = [
            "it is larger than 1 MiB",
            "it is larger than 4 MiB",
            "it is larger than 16 MiB",
            "it is longer than 64 KiB",
        ];
        let first = said.lines().next().unwrap_or_default();
        let line = if first.starts_with("error: cannot ask") { said.lines().nth(1).unwrap_or_default() } else { first };
        assert!(line.contains(names) && what.iter().any(|what| line.ends_with(what)), "{}: {said}", input.name);
        assert!(output.took < SOON, "{}: {:?}", input.name, output.took);
    });
}

/// gcloud's settings are read for its new directory, and for the project that the job has chosen.
#[test]
fn the_settings_of_gcloud() {
    let sandbox = Sandbox::start().unwrap();
    let job = |options: &[&str], file: &str| {
        let program = crate::google::deploy(&sandbox, options).env("CLOUDSDK_CONFIG", "old");
        let path = program.scratch().path().join("old").join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        (program, path)
    };
    let given_up = |options: &[&str], file: &str| {
        let (program, path) = job(options, file);
        mkfifo(&path);
        let output = program.args(["--timeout", "5s"]).run();
        output.exits(2).stdout_is(&crate::google::stopped(2));
        let said = format!("error: gcloud's configuration: cannot read old/{file}: it did not end before --timeout\n");
        assert_eq!(*output.stderr(), said);
        assert!(output.took < 2 * SOON, "{:?}", output.took);
    };
    let files = ["active_config", "configurations/config_default"];
    let given_up = &given_up;
    std::thread::scope(|scope| {
        for file in files {
            scope.spawn(move || given_up(&[], file));
        }
        for options in [&["--keep-gcloud-config"][..], &["--no-credentials-file", "--access-token"]] {
            scope.spawn(move || given_up(options, files[1]));
        }
    });
    for file in files {
        let (program, path) = job(&[], file);
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        let output = program.run();
        output.exits(6).stdout_is(&crate::google::stopped(6));
        let said = format!(": cannot copy old/{file}: it is larger than 4 MiB\n");
        assert!(output.stderr().contains(&said) && output.took < SOON, "{}", output.describe());
        // A configuration that is not used.
        let (program, path) = job(&["--keep-gcloud-config", "--project", "mine"], file);
        mkfifo(&path);
        program.run().exits(0);
    }
    let (program, path) = job(&[], "configurations/config_default");
    mkfifo(&path);
    let asked = sandbox.google.iam.requests().len();
    let running = program.spawn();
    assert!(sandbox.google.iam.await_requests(asked + 1, 2 * SOON), "the settings are read after the exchange");
    std::thread::sleep(Duration::from_millis(500));
    running.signal(Signal::TERM);
    let output = running.wait();
    output.exits(5).stdout_is(&crate::google::stopped(5));
    assert!(output.took < 3 * SOON, "{:?}", output.took);
}

/// Existing objects at a path for a result.
#[test]
fn a_file_that_is_to_be_replaced() {
    let sandbox = Sandbox::start().unwrap();
    let program = crate::google::deploy(&sandbox, &["--credentials-file", FILE]);
    program.scratch().write(FILE, vec![b' '; 2 << 20]);
    let output = program.run();
    output.exits(6).stdout_is(&crate::google::stopped(6));
    assert!(output.stderr().contains("there is a file of another kind than external_account"), "{}", output.describe());
    assert!(sandbox.google.sts.requests().is_empty());
    let program = crate::aws::deploy(&["--profile", "ci"]).job(&sandbox);
    program.scratch().write("home/.aws/config", vec![b'#'; 5 << 20]);
    let output = program.run();
    output.exits(6).stdout_is("");
    assert!(output.stderr().ends_with("home/.aws/config: it is larger than 4 MiB\n"), "{}", output.describe());
    assert!(sandbox.aws.requests().is_empty());
}
