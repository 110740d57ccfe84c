//! A run that is ended by the agent, the terminal, or a time limit.

use std::time::Duration;

use rustix::process::Signal;
use sandbox::{Fault, Sandbox};

use super::{CALLERS, aws};
use crate::aws::deploy;
use crate::support::output::stop;
use crate::support::{Program, expect, oidc_exchange, shells, stopped, strace};

#[test]
fn says_what_it_was_and_stops_the_caller() {
    for (signal, message) in [
        (
            Signal::TERM,
            expect![[r#"
        error: interrupted by SIGTERM; no credentials were returned
    "#]],
        ),
        (
            Signal::INT,
            expect![[r#"
        error: interrupted by SIGINT; no credentials were returned
    "#]],
        ),
        (
            Signal::HUP,
            expect![[r#"
        error: interrupted by SIGHUP; no credentials were returned
    "#]],
        ),
    ] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.aws.script([Fault::Hang]);
        let running = deploy(&[]).job(&sandbox).spawn();
        assert!(sandbox.aws.await_requests(1, Duration::from_secs(20)));
        running.signal(signal);
        running.wait().exits(5).stdout_is(&stopped(5)).stderr_is(message);
        assert_eq!(sandbox.aws.requests().len(), 1);
    }
}

/// All signals that end a process without a message and can be handled.
#[test]
#[cfg(target_os = "linux")]
fn of_every_kind_stops_the_caller() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.always(Fault::Hang);
    let numbers = (1..=31).filter(|number| {
        // Other signals cannot be handled, report a crash, are ignored by default, or pause the process. A closed pipe
        // and a file's limit end a write.
        ![9, 19, 4, 7, 8, 11, 17, 18, 20, 21, 22, 23, 28, 13, 25].contains(number)
    });
    let numbers: Vec<i32> = numbers.collect();
    assert_eq!(numbers.len(), 16);
    for some in numbers.chunks(8) {
        std::thread::scope(|scope| {
            for number in some {
                let sandbox = &sandbox;
                scope.spawn(move || {
                    let running = deploy(&[]).job(sandbox).spawn();
                    // The last one that it handles.
                    running.await_handler_of(Signal::STKFLT.as_raw());
                    let kill = format!("kill -{number} {}", running.id());
                    assert!(std::process::Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
                    let output = running.wait();
                    assert!(output.code == Some(5), "{number}: {}", output.describe());
                    output.stdout_is(&stopped(5));
                });
            }
        });
    }
}

/// While it starts: `strace` sends a signal with each of the system calls that install a handler.
#[test]
#[cfg(target_os = "linux")]
fn is_not_lost_while_handlers_are_installed() {
    if !strace::is_usable() {
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    let run = ["aws", "--timeout", "20s", "--role-arn", sandbox::DEPLOY_ROLE];
    let traced = |more: &str, arguments: &[&str]| {
        let options = ["-qq", "-o", "trace", "-e", "trace=rt_sigaction,rt_sigprocmask", "-e", more, "oidc-exchange"];
        Program::new("/usr/bin/strace", options).args(arguments).job(&sandbox).hands_over()
    };
    let done = traced("signal=none", &run).run();
    assert_eq!(done.code, Some(0));
    let trace = std::fs::read_to_string(done.scratch.path().join("trace")).unwrap();
    let at = |start: &str| trace.find(start).unwrap_or_else(|| panic!("{trace}"));
    let (held, handled) = (at("rt_sigprocmask(SIG_BLOCK, [HUP INT QUIT "), at("rt_sigaction(SIGSTKFLT"));
    let handlers = |until: usize| trace[..until].matches("rt_sigaction(").count() + 1;
    sandbox.aws.always(Fault::Hang);
    let installing = handlers(held)..=handlers(handled);
    assert!(installing.clone().count() >= 17, "{trace}");
    for number in installing {
        for signal in ["TERM", "STKFLT"] {
            let output = traced(&format!("inject=rt_sigaction:signal={signal}:when={number}"), &run).run();
            assert!(output.code == Some(5), "SIG{signal} with handler {number}: {}", output.describe());
            output.stdout_is(&stopped(5));
        }
    }
}

/// A run that waits for nothing installs no handlers. A signal that comes meanwhile does not cut its result.
#[test]
#[cfg(target_os = "linux")]
fn does_not_cut_a_run_that_waits_for_nothing() {
    if !strace::is_usable() {
        return;
    }
    let options = ["-qq", "-o", "trace", "-e", "trace=rt_sigaction,prctl", "-e", "inject=prctl:signal=TERM"];
    let shown = Program::new("/usr/bin/strace", options).args(["oidc-exchange", "aws", "--help"]).run();
    let whole = Program::new("oidc-exchange", ["aws", "--help"]).run();
    shown.exits(0).stdout_is(&whole.stdout());
    let trace = std::fs::read_to_string(shown.scratch.path().join("trace")).unwrap();
    assert!(trace.contains("prctl(") && !trace.contains("rt_sigaction(SIGTERM"), "{trace}");
}

/// COMMAND has the caller's own limit.
#[test]
fn of_a_fault_leaves_no_core_file() {
    let sandbox = Sandbox::start().unwrap();
    for (options, limit) in [("", "7"), ("", "0"), (" --refreshable", "7")] {
        let script = format!(
            "ulimit -S -c {limit} || exit 0; exec oidc-exchange aws --role-arn {}{options} -- sh -c 'ulimit -S -c'",
            sandbox::DEPLOY_ROLE
        );
        Program::new("/bin/sh", ["-c", &script])
            .job(&sandbox)
            .hands_over()
            .run()
            .exits(0)
            .stdout_is(&format!("{limit}\n"));
    }
    sandbox.aws.script([Fault::Hang]);
    let running = deploy(&[]).job(&sandbox).spawn();
    assert!(sandbox.aws.await_requests(4, Duration::from_secs(20)));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", running.id())).unwrap();
    let core: Vec<&str> =
        limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    assert!(["0", "1"].contains(&core[4]), "{core:?}");
    running.signal(Signal::TERM);
    let _ = running.wait();
}

/// Input before anything is sent: a rule from standard input, a list of secrets from a pipe.
#[test]
fn is_not_held_up_by_an_input_that_does_not_end() {
    let sandbox = Sandbox::start().unwrap();
    for (arguments, stdout) in [
        (["explain", "aws", "--trust-policy", "rule"], String::new()),
        (["vault", "--role=ci", "--secrets-file", "rule"], format!("unset VAULT_TOKEN;\n{}", stop(5))),
    ] {
        let program = oidc_exchange(arguments).job(&sandbox).env("VAULT_ADDR", sandbox.vault.url());
        let pipe = program.scratch().path().join("rule");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        // Open at both ends, so that the program's reading begins and does not end.
        let _held = std::fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        let running = program.spawn();
        running.await_handler(Signal::INT);
        running.signal(Signal::INT);
        running.wait().exits(5).stdout_is(&stdout).stderr_is(expect![[r#"
            error: interrupted by SIGINT; no credentials were returned
        "#]]);
    }
}

#[test]
fn stops_every_caller() {
    let sandbox = Sandbox::start().unwrap();
    let signals = [Signal::TERM, Signal::INT, Signal::HUP];
    for shell in shells::posix() {
        for (caller, signal) in CALLERS.iter().zip(signals.iter().cycle()) {
            sandbox.aws.script([Fault::Hang]);
            let asked = sandbox.aws.requests().len();
            let running = caller.program(&shell, &aws()).job(&sandbox).hands_over().spawn();
            assert!(sandbox.aws.await_requests(asked + 1, Duration::from_secs(20)));
            running.signal_to("oidc-exchange", *signal);
            caller.check(&shell, &running.wait(), 5, "nothing");
        }
    }
}

/// `nohup` and a script's background jobs ignore signals, which then stay ignored.
#[test]
fn is_let_be_where_the_caller_has_it_ignored() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.script([Fault::Delay(Duration::from_millis(400))]);
    let shell = shells::posix().remove(0);
    let running = shell.runs(&format!("trap '' HUP; exec {}", aws())).job(&sandbox).spawn();
    assert!(sandbox.aws.await_requests(1, Duration::from_secs(20)));
    running.signal(Signal::HUP);
    running.wait().exits(0).stderr_is(expect![""]);
}

/// While it waits for a token that does not come.
#[test]
fn ends_a_wait_for_standard_input() {
    let sandbox = Sandbox::start().unwrap();
    let script = "mkfifo pipe; exec 3<>pipe; exec oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --token-file - <pipe";
    let running = shells::posix().remove(0).runs(script).job(&sandbox).spawn();
    running.await_name("oidc-exchange");
    running.await_handler(Signal::TERM);
    running.signal(Signal::TERM);
    running.wait().exits(5).stdout_is(&stopped(5));
}
