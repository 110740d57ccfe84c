//! Tests of the harness: it detects what it must detect, and ends what it has started.

use std::net::{Ipv4Addr, TcpStream};

use sandbox::Sandbox;

use super::peers::Server;
use super::terminal::python;
use super::{Program, expect, oidc_exchange};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn sh(script: &str) -> Program<'static> {
    Program::new("/bin/sh", ["-c", script]).secret("the key", SECRET).env("KEY", SECRET)
}

#[test]
#[should_panic(expected = "the key leaked into standard error")]
fn a_secret_on_standard_error_is_caught() {
    sh("echo \"$KEY\" >&2").run().exits(0);
}

#[test]
#[should_panic(expected = "the key leaked into standard error")]
fn a_secret_in_base64_is_caught() {
    sh("printf 'Basic %s' \"$(printf 'me:%s' \"$KEY\" | base64)\" >&2").run().exits(0);
}

#[test]
#[should_panic(expected = "the key leaked into standard output")]
fn a_secret_on_standard_output_of_a_failure_is_caught() {
    sh("echo \"$KEY\"; exit 4").run().exits(4);
}

#[test]
#[should_panic(expected = "the key leaked into SCRATCH/tmp/file")]
fn a_secret_in_a_file_for_all_is_caught() {
    sh("umask 022; echo \"$KEY\" >\"$TMPDIR/file\"").run().exits(0);
}

#[test]
#[should_panic(expected = "the key leaked into SCRATCH/home/file")]
fn a_secret_that_a_failure_leaves_in_a_file_is_caught() {
    sh("umask 077; echo \"$KEY\" >\"$HOME/file\"; exit 4").run().exits(4);
}

#[test]
#[should_panic(expected = "the key leaked into a command line")]
fn a_secret_on_a_command_line_is_caught() {
    let running = sh("sh -c 'sleep 30; :' sh \"$KEY\"").spawn();
    running.await_name("sleep");
    running.command_lines();
}

#[test]
#[should_panic(expected = "the key leaked into a command line")]
fn a_secret_on_a_command_line_is_caught_without_a_look() {
    sh("sh -c 'sleep 0.3; :' sh \"$KEY\"").run().exits(0);
}

#[test]
#[should_panic(expected = "the key leaked into SCRATCH/tmp/file")]
fn a_secret_in_a_temporary_file_is_caught() {
    sh("umask 077; echo \"$KEY\" >\"$TMPDIR/file\"").run().exits(0);
}

#[test]
#[should_panic(expected = "left behind: ")]
fn a_file_on_its_way_that_stays_is_caught() {
    sh("umask 077; : >.oidc-exchange-Ab3dEf").run().exits(0);
}

#[test]
#[should_panic(expected = "the subject token leaked into standard output")]
fn a_report_that_shows_the_token_is_caught() {
    let sandbox = Sandbox::start().unwrap();
    let program = oidc_exchange(["token"]).job(&sandbox);
    let script = "#!/bin/sh\nprintf '%s\\n' \"${SEMAPHORE_OIDC_TOKEN##*.}\"\n";
    let stand_in = program.scratch().script("stand-in", script);
    program.standing_in(stand_in).run().exits(0);
}

#[test]
#[should_panic(expected = "a secret's value leaked into standard error")]
fn a_value_of_the_sandboxs_vault_is_caught() {
    let sandbox = Sandbox::start().unwrap();
    sh(&format!("echo '{}' >&2", sandbox::VAULT_PASSWORD)).beside(&sandbox).run().exits(0);
}

#[test]
fn secrets_that_are_handed_over_are_no_leak() {
    sh("umask 077; echo \"$KEY\" >file; echo \"$KEY\"").run().exits(0).stderr_is(expect![""]);
    sh("echo \"$KEY\"; exit 4").hands_over().run().exits(4);
}

#[test]
fn a_run_sees_nothing_of_the_tests_environment() {
    let output = Program::new("/usr/bin/env", ["-0"]).run();
    let mut names: Vec<String> =
        output.stdout().split_terminator('\0').map(|pair| pair.split('=').next().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["HOME", "PATH", "TMPDIR"]);
}

#[test]
fn a_run_ends_with_its_process_and_not_with_its_output() {
    let output = sh("exec >&- 2>&-; sleep 0.3; umask 077; echo end >file").run();
    assert_eq!(std::fs::read_to_string(output.scratch.path().join("file")).unwrap(), "end\n");
    let output = sh("(sleep 0.3; echo later) & echo first; exit 3").run();
    output.exits(3).stdout_is("first\nlater\n");
}

#[test]
fn a_server_ends_with_its_handle() {
    let server = Server::start("http.server", "/", |port| {
        let arguments = ["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()].map(str::to_owned);
        (python().to_owned(), arguments.to_vec())
    });
    let (port, directory) = (server.port(), server.directory().to_owned());
    assert!(directory.is_dir() && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
    drop(server);
    assert!(!directory.exists() && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
}

#[test]
#[should_panic(expected = "nothing did not start")]
fn a_server_that_ends_at_once_is_an_error() {
    let _ = Server::start("nothing", "/", |_| ("/bin/false".into(), Vec::new()));
}
