//! Who is asked for a name's addresses: `/etc/hosts`, then the nameservers of resolv.conf, and nobody else.
//!
//! Each run has a machine of its own: `names.py`, in user, mount and network namespaces, with one nameserver and one STS.

use std::fs;

use sandbox::{Job, Sandbox};

use crate::support::{Output, Program, Scratch, expect, stopped};

const RESOLV_CONF: &str = "nameserver 127.0.0.1\nsearch test\n";

/// Whether this machine lets its user have namespaces; CI's must.
pub(crate) fn has_namespaces() -> bool {
    let tried = std::process::Command::new("unshare").args(["-rmn", "true"]).output();
    let has = tried.is_ok_and(|output| output.status.success());
    assert!(has || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "unshare -rmn does not work, and CI needs it");
    if !has {
        eprintln!("skipped: no namespaces for this user");
    }
    has
}

/// Asks the STS at `host` on a machine with this resolv.conf; and the questions that its nameserver was asked.
fn ask(host: &str, resolv_conf: &str) -> Option<(Output, Vec<String>)> {
    if !has_namespaces() {
        return None;
    }
    let sandbox = Sandbox::start().unwrap();
    let scratch = Scratch::new();
    let resolv_conf = scratch.write("resolv.conf", resolv_conf);
    let log = scratch.path().join("questions");
    let machine = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/network/names.py");
    let output = Program::new("unshare", ["-rmn", "python3", machine])
        .arg(&resolv_conf)
        .arg(&log)
        .args([env!("CARGO_BIN_EXE_oidc-exchange"), "aws", "--role-arn", sandbox::DEPLOY_ROLE, "--timeout", "5s"])
        .args(["--allow-http", host])
        .job_of(&sandbox, &Job::branch("main").without("sub"))
        .env("AWS_ENDPOINT_URL_STS", format!("http://{host}:8080"))
        .run();
    let mut questions: Vec<String> = fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect();
    questions.sort();
    questions.dedup();
    Some((output, questions))
}

#[test]
fn an_unanswered_question_for_ipv6_does_not_hold_up_ipv4() {
    for host in ["a4.test", "both.test", "a4"] {
        let Some((output, questions)) = ask(host, RESOLV_CONF) else { return };
        output.exits(4).stdout_is(&stopped(4));
        assert!(output.stderr().contains("said       AccessDenied: reached"), "{}", output.stderr());
        let name = if host == "a4" { "a4.test" } else { host };
        assert_eq!(questions, [format!("{name} A"), format!("{name} AAAA")]);
    }
}

#[test]
fn a_name_that_does_not_exist_is_not_asked_for_again() {
    let Some((output, questions)) = ask("nx.example", RESOLV_CONF) else { return };
    output.exits(5).stdout_is(&stopped(5)).stderr_is(expect![[r#"
        warning: speaking plain http to nx.example:8080, as --allow-http says: whoever is in between can read the token
        error: AWS STS could not be reached or kept failing
          said       no such host: nx.example (NXDOMAIN)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: is the name spelt right, and does this machine's resolver know it (/etc/hosts, /etc/resolv.conf)?
    "#]]);
    assert_eq!(questions, ["nx.example A", "nx.example AAAA", "nx.example.test A", "nx.example.test AAAA"]);
}

#[test]
fn a_name_without_an_address_is_said_to_have_none() {
    let Some((output, _)) = ask("none.test", RESOLV_CONF) else { return };
    output.exits(5);
    assert!(
        output.stderr().contains("said       no such host: none.test (the name has no address)"),
        "{}",
        output.stderr()
    );
}

#[test]
fn a_nameserver_that_fails_or_is_silent_is_named_and_asked_again() {
    for (host, why) in [
        ("servfail.test", "DNS error: error response: Server Failure"),
        ("silent.test", "no nameserver answered in time"),
    ] {
        let Some((output, _)) = ask(host, RESOLV_CONF) else { return };
        output.exits(5);
        let said = output.stderr();
        assert!(said.contains(&format!("said       cannot look up {host}: {why}")), "{said}");
        assert!(said.contains("trying again"), "{said}");
    }
}

#[test]
fn without_a_nameserver_this_machine_is_asked_and_no_other() {
    let Some((output, questions)) = ask("a4.test", "# nothing here\n") else { return };
    output.exits(4);
    assert_eq!(questions, ["a4.test A", "a4.test AAAA"]);
}
