//! The sources of a name's addresses: `/etc/hosts`, then the nameservers of resolv.conf, and no other.
//!
//! Each run has its own machine: `names.py`, in user, mount and network namespaces, with nameservers and one STS.

use std::fs;
use std::time::Duration;

use sandbox::{Job, Sandbox};

use crate::support::{Output, Program, Scratch, expect, stopped};

const RESOLV_CONF: &str = "nameserver 127.0.0.1\nsearch test\n";

/// Whether this machine allows namespaces for its user; CI's must.
pub(crate) fn has_namespaces() -> bool {
    let tried = std::process::Command::new("unshare").args(["-rmn", "true"]).output();
    let has = tried.is_ok_and(|output| output.status.success());
    assert!(has || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "unshare -rmn does not work, and CI needs it");
    if !has {
        eprintln!("skipped: no namespaces for this user");
    }
    has
}

/// Calls the STS at `host` on a machine with this resolv.conf and these nameservers. Returns the queries that each
/// received.
fn ask_among(host: &str, resolv_conf: &str, nameservers: &[&str], timeout: &str) -> Option<(Output, Vec<String>)> {
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
        .args(nameservers.iter().map(|nameserver| format!("@{nameserver}")))
        .args([env!("CARGO_BIN_EXE_oidc-exchange"), "aws", "--role-arn", sandbox::DEPLOY_ROLE, "--timeout", timeout])
        .args(["--allow-http", host.strip_suffix(":8081").unwrap_or(host)])
        .job_of(&sandbox, &Job::branch("main").without("sub"))
        .env(
            "AWS_ENDPOINT_URL_STS",
            if host.contains(':') { format!("http://{host}") } else { format!("http://{host}:8080") },
        )
        .run();
    let mut questions: Vec<String> = fs::read_to_string(log).unwrap().lines().map(str::to_owned).collect();
    questions.sort();
    Some((output, questions))
}

/// With one nameserver, that of the machine. Repeated queries are listed once.
fn ask(host: &str, resolv_conf: &str) -> Option<(Output, Vec<String>)> {
    let (output, mut questions) = ask_among(host, resolv_conf, &[], "5s")?;
    questions.dedup();
    Some((output, questions))
}

#[track_caller]
fn reached(output: &Output) {
    output.exits(4).stdout_is(&stopped(4));
    assert!(output.stderr().contains("said       AccessDenied: reached"), "{}", output.stderr());
}

#[test]
fn an_unanswered_question_for_ipv6_does_not_hold_up_ipv4() {
    for host in ["a4.test", "both.test", "a4"] {
        let Some((output, questions)) = ask(host, RESOLV_CONF) else { return };
        reached(&output);
        let name = if host == "a4" { "a4.test" } else { host };
        assert_eq!(questions, [format!("{name} A"), format!("{name} AAAA")]);
    }
}

/// RFC 4074, section 4.2.
#[test]
fn nxdomain_for_ipv6_does_not_hide_ipv4() {
    let Some((output, questions)) = ask("half.test", RESOLV_CONF) else { return };
    reached(&output);
    assert_eq!(questions, ["half.test A", "half.test AAAA"]);
}

#[test]
fn a_name_that_does_not_exist_is_not_asked_for_again() {
    let Some((output, questions)) = ask("nx.example", RESOLV_CONF) else { return };
    output.exits(5).stdout_is(&stopped(5)).stderr_is(expect![[r#"
        warning: using plain http to nx.example:8080, as --allow-http allows: anyone on the network path can read the token
        error: AWS STS could not be reached or kept failing
          said       no such host: nx.example (NXDOMAIN)
          asked for  arn:aws:iam::123456789012:role/deploy

        hint: check the spelling of the name, and that /etc/hosts or a nameserver of /etc/resolv.conf has it
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
        ("servfail.test", "nameserver 127.0.0.1 answered SERVFAIL"),
        ("silent.test", "nameserver 127.0.0.1 did not answer in time"),
    ] {
        let Some((output, _)) = ask(host, "nameserver 127.0.0.1\noptions timeout:1\n") else { return };
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

const TWO: &str = "nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1\n";

/// The nameservers that received queries, and their numbers.
fn counts(questions: &[String]) -> (usize, usize) {
    let second = questions.iter().filter(|question| question.starts_with("127.0.0.2 ")).count();
    (questions.len() - second, second)
}

/// The name of an internal host is not sent to a later nameserver of the list.
#[test]
fn the_second_nameserver_is_not_asked_as_long_as_the_first_one_answers() {
    for manner in ["plain", "slow"] {
        let first = format!("127.0.0.1={manner}");
        for host in ["both.test", "alias.test"] {
            let Some((output, questions)) = ask_among(host, TWO, &[&first, "127.0.0.2=plain"], "20s") else { return };
            reached(&output);
            assert_eq!(questions, [format!("{host} A"), format!("{host} AAAA")], "{manner}");
        }
    }
    for (manner, host) in [
        ("plain", "nx.test"),
        ("plain", "none.test"),
        ("slow", "nx.test"),
        ("nxdomain", "both.test"),
        ("empty", "both.test"),
    ] {
        let first = format!("127.0.0.1={manner}");
        let Some((output, questions)) = ask_among(host, TWO, &[&first, "127.0.0.2=plain"], "20s") else { return };
        output.exits(5);
        assert!(output.stderr().contains(&format!("no such host: {host}")), "{}", output.stderr());
        let (first, second) = counts(&questions);
        assert!((1..=2).contains(&first) && second == 0, "{manner} {host}: {questions:?}");
    }
    // Another response code is an answer too, and may be different next time.
    let nameservers = ["127.0.0.1=formerr", "127.0.0.2=plain"];
    let Some((output, questions)) = ask_among("both.test", TWO, &nameservers, "2s") else { return };
    output.exits(5);
    assert!(output.stderr().contains("nameserver 127.0.0.1 answered response code 1"), "{}", output.stderr());
    assert_eq!(counts(&questions).1, 0);
}

#[test]
fn the_second_nameserver_is_asked_after_a_fault_of_the_first_one() {
    for (manner, asked, least) in [
        ("silent", 2, 1000),
        ("closed", 0, 0),
        ("refused", 2, 0),
        ("servfail", 2, 0),
        ("notimp", 2, 0),
        ("garbage", 2, 0),
        ("referral", 2, 0),
    ] {
        let first = format!("127.0.0.1={manner}");
        let Some((output, questions)) = ask_among("both.test", TWO, &[&first, "127.0.0.2=plain"], "20s") else {
            return;
        };
        reached(&output);
        assert_eq!(counts(&questions), (asked, 2), "{manner}: {questions:?}");
        assert!(output.took >= Duration::from_millis(least), "{manner}: {:?}", output.took);
    }
}

/// The default wait is longer than a connection may take, but the second nameserver is reached.
#[test]
fn a_first_nameserver_that_is_gone_costs_its_wait() {
    let conf = "nameserver 127.0.0.1\nnameserver 127.0.0.2\n";
    let Some((output, questions)) = ask_among("both.test", conf, &["127.0.0.1=silent", "127.0.0.2=plain"], "20s")
    else {
        return;
    };
    reached(&output);
    assert_eq!(counts(&questions), (2, 2));
    assert!(output.took >= Duration::from_secs(5) && output.took < Duration::from_secs(12), "{:?}", output.took);
}

#[test]
fn all_are_asked_in_rounds_and_named() {
    let conf = "nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions timeout:1 attempts:3\n";
    let Some((output, questions)) = ask_among("both.test", conf, &["127.0.0.1=refused", "127.0.0.2=silent"], "4s")
    else {
        return;
    };
    output.exits(5);
    let why = "nameserver 127.0.0.1 answered REFUSED, nameserver 127.0.0.2 did not answer in time";
    assert!(output.stderr().contains(&format!("cannot look up both.test: {why}")), "{}", output.stderr());
    // Three rounds of two queries. The attempts after that are shorter.
    let (first, second) = counts(&questions);
    assert!(first >= 6 && second >= 6, "{questions:?}");
}

#[test]
fn one_of_several_is_drawn_by_lot() {
    let conf = format!("{TWO}options rotate\n");
    let asked = (0..12).map(|_| ask_among("both.test", &conf, &["127.0.0.2=plain"], "20s"));
    let mut seen = Vec::new();
    for run in asked {
        let Some((output, questions)) = run else { return };
        reached(&output);
        seen.push(counts(&questions));
    }
    // By chance, all are on one side in one of 2048 cases.
    assert!(
        seen.contains(&(2, 0)) && seen.contains(&(0, 2)) && seen.iter().all(|(one, two)| one + two == 2),
        "{seen:?}"
    );
}

#[test]
fn names_and_answers_of_every_kind() {
    for (host, conf, expected) in [
        ("my_vault", RESOLV_CONF, vec!["my_vault.test A", "my_vault.test AAAA"]),
        ("my_vault.a_b", RESOLV_CONF, vec!["my_vault.a_b A", "my_vault.a_b AAAA"]),
        ("large.test", RESOLV_CONF, vec!["large.test A", "large.test A tcp", "large.test AAAA", "large.test AAAA tcp"]),
        ("both.test", "options use-vc\n", vec!["both.test A tcp", "both.test AAAA tcp"]),
        (
            "both.test",
            " nameserver 127.0.0.2\nnameserver 0177.0.0.1;\nnameserver 0x7f.1 # here\n",
            vec!["both.test A", "both.test AAAA"],
        ),
        ("both", "search a b c d e f test\n", vec!["both.a A", "both.a AAAA"]),
        ("spoilt.test", RESOLV_CONF, vec!["spoilt.test A", "spoilt.test AAAA"]),
        ("both.test", "nameserver ::1%lo\n", vec!["::1 both.test A", "::1 both.test AAAA"]),
    ] {
        let Some((output, questions)) = ask_among(host, conf, &["::1=plain", "127.0.0.2=plain"], "20s") else { return };
        reached(&output);
        assert_eq!(questions, expected, "{host} {conf:?}");
    }
    let Some((output, _)) = ask("loop.test", RESOLV_CONF) else { return };
    assert!(output.stderr().contains("no such host: loop.test (the name has no address)"), "{}", output.stderr());
}

#[test]
fn an_answer_serves_several_connections() {
    let Some((output, questions)) = ask_among("both.test:8081", RESOLV_CONF, &[], "20s") else { return };
    reached(&output);
    assert!(output.stderr().contains("503"), "{}", output.stderr());
    assert_eq!(questions, ["both.test A", "both.test AAAA"]);
}
