//! Readers of standard output or standard error that do not read.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::Signal;
use sandbox::Sandbox;
use serde_json::json;

use crate::aws::deploy;
use crate::support::output::exported;
use crate::support::{Program, expect, oidc_exchange, shells, stopped};

/// At once, on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// A full stream, and its reader. Unlike a pipe, it cannot be enlarged.
fn full() -> (UnixStream, UnixStream) {
    let (reader, mut writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    while writer.write(&[b'#'; 4096]).is_ok() {}
    while writer.write(b"#").is_ok() {}
    writer.set_nonblocking(false).unwrap();
    (reader, writer)
}

/// The output after the text that has filled it.
fn rest(mut reader: UnixStream) -> String {
    let mut read = String::new();
    reader.read_to_string(&mut read).unwrap();
    read.trim_start_matches('#').to_owned()
}

/// `vault` with two values of 120 KB.
fn large(sandbox: &Sandbox) -> Program<'_> {
    let value = value();
    sandbox.vault.write("production/large", json!({ "a": value, "b": value }));
    oidc_exchange(["vault", "--role", "ci", "A=secret/production/large#a", "B=secret/production/large#b"]).job(sandbox)
}

fn value() -> String {
    "0123456789abcdef".repeat(7500)
}

/// The complete output of [`large`].
fn text() -> String {
    exported(&format!("export A='{0}';\nexport B='{0}';\n", value()))
}

#[test]
fn asleep_from_the_start_it_is_waited_for_until_the_timeout() {
    let sandbox = Sandbox::start().unwrap();
    let (reader, writer) = full();
    let output = deploy(&["--timeout", "2s"]).job(&sandbox).stdout_to(writer).run();
    output.exits(6).stderr_is(expect![[r#"
        error: cannot write to standard output: nobody has read it in time
    "#]]);
    assert!(output.took > Duration::from_millis(1500) && output.took < SOON, "{:?}", output.took);
    assert_eq!(rest(reader), "", "nothing was written");
}

#[test]
fn asleep_it_does_not_keep_a_signal_from_the_run() {
    let sandbox = Sandbox::start().unwrap();
    let (reader, writer) = full();
    let running = deploy(&[]).job(&sandbox).stdout_to(writer).spawn();
    assert!(sandbox.aws.await_requests(1, Duration::from_secs(20)));
    running.signal(Signal::TERM);
    let output = running.wait();
    output.exits(5).stderr_is(expect![[r#"
        error: interrupted by SIGTERM; no credentials were returned
    "#]]);
    assert!(output.took < SOON, "{:?}", output.took);
    assert_eq!(rest(reader), "", "nothing was written");
}

#[test]
fn every_command_hears_signals_while_it_prints() {
    for arguments in [
        &["--help"][..],
        &["aws", "--help"],
        &["--version"],
        &["man"],
        &["completions", "bash"],
        &["clean"],
        &["token"],
    ] {
        let sandbox = Sandbox::start().unwrap();
        let (_reader, writer) = full();
        let running = oidc_exchange(arguments).job(&sandbox).stdout_to(writer).spawn();
        running.await_handler(Signal::TERM);
        running.signal(Signal::TERM);
        let output = running.wait();
        output.exits(5);
        assert!(output.took < SOON, "{arguments:?}: {:?}", output.took);
    }
}

/// The secrets have been read, but the reader does not have all of them. So the client token is revoked.
#[test]
fn that_stops_in_the_middle_leaves_no_client_token() {
    let sandbox = Sandbox::start().unwrap();
    for signal in [None, Some(Signal::TERM)] {
        let (mut reader, writer) = UnixStream::pair().unwrap();
        let running = large(&sandbox).args(["--timeout", "4s"]).stdout_to(writer).spawn();
        let mut begun = [0; 9];
        reader.read_exact(&mut begun).unwrap();
        assert_eq!(begun, text().as_bytes()[..9]);
        if let Some(signal) = signal {
            running.signal(signal);
        }
        let output = running.wait();
        match signal {
            None => output.exits(6).stderr_is(expect![[r#"
                error: cannot write to standard output: nobody has read it in time
            "#]]),
            Some(_) => output.exits(5).stderr_is(expect![[r#"
                error: interrupted by SIGTERM; a part of the output was written
            "#]]),
        };
        assert!(output.took < SOON, "{:?}", output.took);
        let asked = sandbox.vault.requests();
        assert!(asked.last().unwrap().path.ends_with("/revoke-self"), "{}", asked.last().unwrap().path);
    }
}

/// A pipe gets all of it at once, even if it was full before.
#[test]
#[cfg(target_os = "linux")]
fn of_a_pipe_is_not_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    rustix::pipe::fcntl_setpipe_size(&writer, 4096).unwrap();
    (&writer).write_all(&[b'#'; 4096]).unwrap();
    let output = large(&sandbox).stdout_to(writer).hands_over().run();
    output.exits(0).stderr_is(expect![""]);
    let mut read = String::new();
    (&reader).read_to_string(&mut read).unwrap();
    assert!(read.strip_prefix(&"#".repeat(4096)).is_some_and(|read| read == text()));
}

/// If another process has made the stream non-blocking, it is non-blocking for the run too.
#[test]
fn that_is_slow_gets_all_of_a_stream_that_does_not_block() {
    let sandbox = Sandbox::start().unwrap();
    let (mut reader, writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let running = large(&sandbox).stdout_to(writer).spawn();
    let reading = std::thread::spawn(move || {
        let (mut read, mut piece) = (Vec::new(), [0; 10_000]);
        loop {
            match reader.read(&mut piece).unwrap() {
                0 => return read,
                length => read.extend_from_slice(&piece[..length]),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    running.wait().exits(0).stderr_is(expect![""]);
    assert!(reading.join().unwrap() == text().as_bytes());
}

/// A file contains all of it, or the text that stops the shell.
#[test]
fn of_a_file_that_is_full_finds_no_part_of_a_secret() {
    let sandbox = Sandbox::start().unwrap();
    let command = "echo before >env.sh; ulimit -f 100; \
                   oidc-exchange vault --role ci A=secret/production/large#a B=secret/production/large#b >>env.sh";
    let sh = shells::posix().remove(0);
    let program = sh.runs(command).job(&sandbox);
    drop(large(&sandbox));
    let output = program.run();
    output.exits(6).stderr_is(expect![[r#"
        error: cannot write to standard output: File too large (os error 27)
    "#]]);
    let text = std::fs::read_to_string(output.scratch.path().join("env.sh")).unwrap();
    assert_eq!(text, format!("before\nunset A B;\n{}", crate::support::output::stop(6)));
}

#[test]
fn of_standard_error_that_sleeps_does_not_keep_the_run() {
    let sandbox = Sandbox::start().unwrap();
    let (_reader, writer) = full();
    let output = deploy(&["-v"]).job(&sandbox).stderr_to(writer).run();
    output.exits(0);
    assert!(output.took < SOON, "{:?}", output.took);
    let (_reader, writer) = full();
    let output = deploy(&["--policy", "nonsense"]).job(&sandbox).stderr_to(writer).run();
    output.exits(2).stdout_is(&stopped(2));
    assert!(output.took < SOON, "{:?}", output.took);
}
