//! Docker's `config.json` while another program writes it too, which takes no lock: `strace` stops the run before its files get
//! their names, and the other program writes then.

use rustix::process::Signal;
use sandbox::{DEPLOY_ROLE, Sandbox};

use super::{HOST, clean, config, config_text};
use crate::support::{Program, Scratch, strace};

const BEFORE: &str = "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {}\n\t}\n}";
const THEIRS: &str = "\"theirs\": 1";

/// The run of `arguments`, stopped at the call `number`. What the other program writes is in the file afterwards, whether the file was there
/// before or not. Returns whether the run was stopped.
fn stopped_at(sandbox: &Sandbox, arguments: &[&str], number: u32, scratch: Scratch) -> (bool, Scratch) {
    let inject = format!("inject=linkat:signal=STOP:when={number}");
    let options = ["-qq", "-o", "trace", "-e", "trace=linkat", "-e", &inject, "oidc-exchange"];
    let program = Program::new("/usr/bin/strace", options).args(arguments).job(sandbox).within(scratch);
    let running = program.env("SEMAPHORE_JOB_ID", "job-1").hands_over().spawn();
    let stopped = running.await_text_or_end("trace", "--- stopped by SIGSTOP ---");
    if stopped {
        let path = config(running.scratch());
        let now = std::fs::read_to_string(&path).unwrap_or_else(|_| "{}".into());
        let rest = now.strip_prefix('{').unwrap();
        let comma = if rest.contains('"') { "," } else { "" };
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{{{THEIRS}{comma}{rest}")).unwrap();
        running.signal_to("oidc-exchange", Signal::CONT);
    }
    let output = running.wait();
    output.exits(0);
    assert!(!stopped || config_text(&output.scratch).contains(THEIRS), "{number}: {}", config_text(&output.scratch));
    (stopped, output.scratch)
}

#[test]
fn what_is_written_meanwhile_is_kept() {
    if !strace::is_usable() {
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    let register = ["aws", "--role-arn", DEPLOY_ROLE, "--registry", HOST];
    for before in [None, Some(BEFORE)] {
        let (mut registers, mut cleans) = (0, 0);
        for number in 1.. {
            let scratch = Scratch::new();
            if let Some(before) = before {
                scratch.write("home/.docker/config.json", before);
            }
            let (stopped, scratch) = stopped_at(&sandbox, &register, number, scratch);
            let now = config_text(&scratch);
            assert!(now.contains("\"oidc-exchange\""), "{number}: {now}");
            let output = clean(&sandbox, scratch);
            output.exits(0);
            let restored = std::fs::read_to_string(config(&output.scratch)).unwrap_or_default();
            assert!(
                !restored.contains("oidc-exchange") && restored.contains(THEIRS) == stopped,
                "{number}: {restored}"
            );
            if !stopped {
                break;
            }
            registers += 1;
        }
        for number in 1.. {
            let scratch = Scratch::new();
            if let Some(before) = before {
                scratch.write("home/.docker/config.json", before);
            }
            let program = super::register(&sandbox, &[HOST]).within(scratch);
            let (stopped, scratch) = stopped_at(&sandbox, &["clean"], number, program.run().scratch);
            let restored = std::fs::read_to_string(config(&scratch)).unwrap_or_default();
            assert!(!restored.contains("oidc-exchange"), "{number}: {restored}");
            if !stopped {
                break;
            }
            cleans += 1;
        }
        assert!(registers >= 1 && (before.is_none() || cleans >= 1), "{registers} {cleans}");
    }
}
