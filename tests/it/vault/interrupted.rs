//! A run that is interrupted or fails after its login: the token is revoked.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use sandbox::{Fault, Sandbox, VAULT_ROLE};
use serde_json::json;

use super::World;
use crate::support::relay::Relay;
use crate::support::{Program, expect, oidc_exchange, stop};

/// The revocation's own timeout is two seconds. The rest is for a busy machine.
const SOON: Duration = Duration::from_secs(10);

fn at<'s>(world: &'s World, relay: &Relay, arguments: &[&str]) -> Program<'s> {
    world.vault(arguments).env("VAULT_ADDR", relay.url()).word(&format!("127.0.0.1:{}", relay.port()), "BAO")
}

#[test]
fn a_signal_ends_the_token() {
    let world = World::new();
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT"), (Signal::HUP, "SIGHUP")] {
        let relay = Relay::holding(world.bao.port(), &["/kv2/data/"]);
        let running = at(&world, &relay, &["A=ID/kv2/data/ci/db#user", "--export-token"]).spawn();
        relay.await_held();
        assert_eq!(world.tokens().len(), 1);
        running.signal(signal);
        let output = running.wait();
        output.exits(5).stdout_is(&format!("unset A VAULT_TOKEN;\n{}", stop(5)));
        assert_eq!(output.stderr(), format!("error: interrupted by {name}; no credentials were returned\n"));
        assert!(world.tokens().is_empty(), "{name}");
        assert_eq!(world.requests().last().unwrap(), "update auth/token/revoke-self");
    }
}

#[test]
fn a_read_without_an_answer_ends_the_token() {
    let world = World::new();
    let relay = Relay::holding(world.bao.port(), &["/kv2/data/"]);
    let output = at(&world, &relay, &["A=ID/kv2/data/ci/db#user", "--timeout", "2s"]).run();
    output.exits(5).stdout_is(&format!("unset A;\n{}", stop(5))).stderr_is(expect![[r#"
        error: Vault could not be reached or kept failing
          said       nothing, until --timeout
          asked for  GET ID/kv2/data/ci/db of http://BAO

        hint: check that this machine can reach that host: a firewall may block it, or HTTPS_PROXY must name a proxy
    "#]]);
    assert!(world.tokens().is_empty());
}

#[test]
fn a_refused_read_ends_the_token_whatever_was_asked_for() {
    let world = World::new();
    for arguments in
        [&["A=ID/kv2/other#x"][..], &["A=ID/kv2/other#x", "--export-token"], &["A=ID/kv2/other#x", "--no-revoke"]]
    {
        world.vault(arguments).run().exits(4);
        assert!(world.tokens().is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_result_that_cannot_be_written_ends_the_token() {
    let world = World::new();
    for arguments in ["--export-token A=ID/kv2/ci/db#user", "--no-revoke A=ID/kv2/ci/db#user"] {
        let words: Vec<&str> = arguments.split(' ').collect();
        let script = "exec oidc-exchange \"$@\" >/dev/full";
        let program = Program::new("/bin/sh", ["-c", script, "sh", "vault", "--role", "ci"]);
        let words = words.iter().map(|word| word.replace("ID", &world.id));
        let program = program.args(["--mount", &format!("jwt-{}", world.id)]).args(words).job(&world.sandbox);
        let output = world.named(program).env("VAULT_ADDR", world.bao.url()).run();
        output.exits(6);
        assert!(world.tokens().is_empty(), "{arguments}");
        assert!(!output.scratch.home().join(".oidc-exchange").read_dir().is_ok_and(|mut all| all.next().is_some()));
    }
}

/// The server answers the login and nothing after it.
#[test]
fn a_server_that_hangs_delays_the_end_by_two_seconds() {
    for signal in [Signal::TERM, Signal::INT] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.vault.script([Fault::Delay(Duration::ZERO)]);
        sandbox.vault.always(Fault::Hang);
        let arguments = ["vault", "--role", VAULT_ROLE, "A=secret/data/production/db#username"];
        let running = oidc_exchange(arguments).job(&sandbox).spawn();
        assert!(sandbox.vault.await_requests(2, Duration::from_secs(20)));
        let asked = Instant::now();
        running.signal(signal);
        let output = running.wait();
        assert!(asked.elapsed() >= Duration::from_secs(2) && asked.elapsed() < SOON, "{:?}", asked.elapsed());
        output.exits(5).stdout_is(&format!("unset A;\n{}", stop(5)));
        let said = output.stderr();
        assert!(
            said.starts_with("warning: the client token was not revoked, and expires within 900 s: no answer in time\nerror: interrupted by SIG"),
            "{said}"
        );
    }
}

#[test]
fn a_second_signal_does_not_wait() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.vault.script([Fault::Delay(Duration::ZERO)]);
    sandbox.vault.always(Fault::Hang);
    let arguments = ["vault", "--role", VAULT_ROLE, "A=secret/data/production/db#username"];
    let running = oidc_exchange(arguments).job(&sandbox).spawn();
    assert!(sandbox.vault.await_requests(2, Duration::from_secs(20)));
    let asked = Instant::now();
    running.signal(Signal::TERM);
    // The revocation was sent, so the first signal was handled.
    assert!(sandbox.vault.await_requests(3, Duration::from_secs(20)));
    std::thread::sleep(Duration::from_millis(300));
    running.signal(Signal::TERM);
    let output = running.wait();
    output.exits(5).stderr_is(expect![[r#"
        warning: the client token was not revoked, and expires within 900 s
        error: interrupted by SIGTERM; no credentials were returned
    "#]]);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
}

/// Like the signals of a terminal that closes, and of an agent that ends the job at the same time.
#[test]
fn signals_that_come_together_ask_for_one_end() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.vault.aim(|request| request.path.contains("/mounts/"), Fault::Hang, None);
    let arguments = ["vault", "--role", VAULT_ROLE, "A=secret/production/db#username"];
    for signals in [
        &[Signal::TERM, Signal::HUP][..],
        &[Signal::HUP, Signal::TERM],
        &[Signal::INT, Signal::TERM, Signal::HUP],
        &[Signal::TERM, Signal::TERM],
        &[Signal::HUP, Signal::USR1, Signal::TERM, Signal::QUIT, Signal::INT],
    ] {
        for pause in [0, 1, 30] {
            let (asked, issued) = (sandbox.vault.requests().len(), sandbox.vault.issued().len());
            let running = oidc_exchange(arguments).job(&sandbox).spawn();
            assert!(sandbox.vault.await_requests(asked + 2, Duration::from_secs(20)));
            for signal in signals {
                running.signal(*signal);
                std::thread::sleep(Duration::from_millis(pause));
            }
            running.wait().exits(5).stdout_is(&format!("unset A;\n{}", stop(5)));
            let issued = sandbox.vault.issued().split_off(issued);
            assert!(issued.len() == 1 && !sandbox.vault.is_good(&issued[0]), "{signals:?}, {pause} ms apart");
        }
    }
}

/// The requested token may exist already when the run ends.
#[test]
fn a_login_under_way_is_awaited_and_its_token_ends() {
    let sandbox = Sandbox::start().unwrap();
    let is_login: fn(&sandbox::Request) -> bool = |request| request.path.ends_with("/login");
    sandbox.vault.aim(is_login, Fault::Delay(Duration::from_millis(800)), None);
    let arguments = ["vault", "--role", VAULT_ROLE, "A=secret/production/db#username"];
    let running = oidc_exchange(arguments).job(&sandbox).spawn();
    assert!(sandbox.vault.await_requests(1, Duration::from_secs(20)));
    running.signal(Signal::TERM);
    running.wait().exits(5).stdout_is(&format!("unset A;\n{}", stop(5))).stderr_is(expect![[r#"
        error: interrupted by SIGTERM; no credentials were returned
    "#]]);
    let output = oidc_exchange(arguments).args(["--timeout", "500ms"]).job(&sandbox).run();
    output.exits(5).stdout_is(&format!("unset A;\n{}", stop(5)));
    assert!(!output.stderr().contains("warning"), "{}", output.stderr());
    let issued = sandbox.vault.issued();
    assert_eq!(issued.len(), 2);
    assert!(issued.iter().all(|token| !sandbox.vault.is_good(token)));
}

#[test]
fn a_login_without_an_answer_is_awaited_for_two_seconds() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.vault.always(Fault::Hang);
    let arguments = ["vault", "--role", VAULT_ROLE, "A=secret/production/db#username"];
    let running = oidc_exchange(arguments).job(&sandbox).spawn();
    assert!(sandbox.vault.await_requests(1, Duration::from_secs(20)));
    let asked = Instant::now();
    running.signal(Signal::TERM);
    let output = running.wait();
    assert!(asked.elapsed() >= Duration::from_secs(2) && asked.elapsed() < SOON, "{:?}", asked.elapsed());
    output.exits(5).stderr_is(expect![[r#"
        warning: Vault did not answer the login: if it made a client token, the token is not revoked, and expires later
        error: interrupted by SIGTERM; no credentials were returned
    "#]]);
}

/// No token can exist then.
#[test]
fn a_login_that_was_not_sent_is_not_waited_for() {
    let sandbox = Sandbox::start().unwrap();
    // It accepts connections, and does not answer.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", silent.local_addr().unwrap());
    let arguments = ["vault", "--role", VAULT_ROLE, "--addr", &address, "A=secret/production/db#username"];
    let running = oidc_exchange(arguments).job(&sandbox).spawn();
    let _connection = silent.accept().unwrap();
    let asked = Instant::now();
    running.signal(Signal::TERM);
    running.wait().exits(5).stderr_is(expect![[r#"
        error: interrupted by SIGTERM; no credentials were returned
    "#]]);
    assert!(asked.elapsed() < Duration::from_millis(1500), "{:?}", asked.elapsed());
}

/// `VAULT_CLIENT_TIMEOUT=0` limits no call. `--timeout` limits the whole run, including the request after a refusal.
#[test]
fn the_question_after_a_refusal_is_bounded_too() {
    let sandbox = Sandbox::start().unwrap();
    let denied = json!({ "errors": ["1 error occurred:\n\t* permission denied\n\n"] });
    let denied = Fault::Status { status: 403, headers: Vec::new(), body: denied.to_string() };
    sandbox.vault.script([Fault::Delay(Duration::ZERO), denied, Fault::Hang]);
    let arguments = ["vault", "--role", VAULT_ROLE, "--timeout", "2s", "A=secret/data/production/db#username"];
    let output = oidc_exchange(arguments).job(&sandbox).env("VAULT_CLIENT_TIMEOUT", "0").run();
    output.exits(4);
    assert!(output.took < SOON, "{:?}", output.took);
    assert!(sandbox.vault.issued().iter().all(|token| !sandbox.vault.is_good(token)));
}
