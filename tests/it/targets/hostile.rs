//! Malicious files: each ends with exit code 2, a line with the reason, and nothing sent.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use sandbox::Sandbox;

use super::{file, requests, run_of, with};
use crate::support::{Program, expect, oidc_exchange};

const GOOD: &str = "version = 1\n[target.good]\naws.role-arn = 'arn:aws:iam::123456789012:role/deploy'\n";

/// The message for each file. The files differ only after a valid target. A message is short, for any file.
fn said(of: &[Vec<u8>]) -> String {
    let sandbox = Sandbox::start().unwrap();
    let mut said = String::new();
    for bytes in of {
        let mut first = None;
        for words in [&["good"][..], &["--check"], &["--list"]] {
            let program = with(words, "", &sandbox);
            program.scratch().write("oidc-exchange.toml", bytes);
            let output = program.run();
            assert_eq!(output.code, Some(2), "{}\n{}", String::from_utf8_lossy(bytes), output.describe());
            assert!(output.stderr().len() < 10_000, "{} bytes are said", output.stderr().len());
            first.get_or_insert_with(|| output.told());
        }
        said.push_str(first.unwrap_or_default().lines().next().unwrap_or_default());
        said.push('\n');
    }
    assert_eq!(requests(&sandbox), 0, "nothing is sent");
    said
}

fn after_a_good_target(texts: &[&str]) -> String {
    said(&texts.iter().map(|text| format!("{GOOD}{text}").into_bytes()).collect::<Vec<_>>())
}

#[test]
fn bytes_that_are_no_text_of_toml() {
    let utf_16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf_16.clone()).chain([0x41]).collect();
    let good = |more: &[u8]| [GOOD.as_bytes(), more].concat();
    expect![[r#"
        error: the targets file: cannot read oidc-exchange.toml: it holds NUL characters, as UTF-16 without a byte order mark does
        error: the targets file: cannot read oidc-exchange.toml: it holds NUL characters, as UTF-16 without a byte order mark does
        error: oidc-exchange.toml:4:3: invalid comment character; expected printable characters
        error: the targets file: cannot read oidc-exchange.toml: it is not UTF-8 text
        error: oidc-exchange.toml:1:13: carriage return must be followed by newline; expected the end of the line
        error: the targets file: cannot read oidc-exchange.toml: it holds NUL characters, as UTF-16 without a byte order mark does
        error: the targets file: cannot read oidc-exchange.toml: it is not UTF-8 text
        error: oidc-exchange.toml:4:1: invalid unquoted key; expected letters or numbers or `-` or `_`
        error: oidc-exchange.toml:4:1: invalid unquoted key; expected letters or numbers or `-` or `_`
    "#]].assert_eq(&said(&[
        good(b"# \0\n"),
        good(b"x = '\0'\n"),
        good(b"# \x1b[31m\n"),
        good(b"\xff\xfe"),
        GOOD.replace('\n', "\r").into_bytes(),
        utf_16,
        with_mark,
        good("\u{2028}x = 1".as_bytes()),
        good("\u{a0}x = 1".as_bytes()),
    ]));
}

#[test]
fn tables_and_keys_that_are_written_oddly() {
    let long = format!("[target.{}]\n", "a".repeat(200_000));
    let twice = format!("x.{0} = 1\nx.{0} = 2\n", "a".repeat(100_000));
    expect![[r#"
        error: oidc-exchange.toml:4:14: `aws` is there twice
        error: oidc-exchange.toml:5:1: `good` is there twice
        error: oidc-exchange.toml:6:1: `aws` is there twice
        error: oidc-exchange.toml:5:24: `role-arn` is there twice
        error: oidc-exchange.toml:6:7: `role-arn` is there twice
        error: oidc-exchange.toml:6:1: `role-arn` is there twice
        error: oidc-exchange.toml:4:9: `x.y` is not a target's name
        error: oidc-exchange.toml:4:9: `gоod` is not a target's name
        error: oidc-exchange.toml:4:10: invalid unquoted key; expected letters or numbers or `-` or `_`
        error: oidc-exchange.toml:4:9: `` is not a target's name
        error: oidc-exchange.toml:4:11: target x: y is not a key
        error: oidc-exchange.toml:4:15: target x: aws.role-arn has no table below it
        error: oidc-exchange.toml:5:5: target x: aws.role-arn  is not a key
        error: oidc-exchange.toml:5:5: target x: aws.role-arn is not a key
        error: oidc-exchange.toml:5:8: invalid unquoted key; expected letters or numbers or `-` or `_`
        error: oidc-exchange.toml:4:9: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` is not a target's name
        error: oidc-exchange.toml:5:3: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…` is there twice
    "#]].assert_eq(&after_a_good_target(&[
        "[target.good.aws]\nregion = 'eu-central-1'\n",
        "[target]\ngood.aws.region = 'eu-central-1'\n",
        "[target.x]\naws = {role-arn = 'a'}\naws.region = 'b'\n",
        "[target.x]\naws = {role-arn = 'a', role-arn = 'b'}\n",
        "[target.x]\n\"aws\".role-arn = 'a'\n'aws'.\"role-arn\" = 'b'\n",
        "[target.x.aws]\n\"role\\u002darn\" = 'a'\nrole-arn = 'b'\n",
        "[target.\"x.y\"]\naws.role-arn = 'a'\n",
        "[target.\"g\u{43e}od\"]\naws.role-arn = 'a'\n",
        "[target.g\u{43e}od]\naws.role-arn = 'a'\n",
        "[target.\"\"]\naws.role-arn = 'a'\n",
        "[target.x.y.aws]\nrole-arn = 'a'\n",
        "[target.x.aws.role-arn.y.z]\n",
        "[target.x]\naws.\"role-arn \" = 'a'\n",
        "[target.x]\naws.\"role-arn\\u0000\" = 'a'\n",
        "[target.x]\naws.rol\u{435}-arn = 'a'\n",
        &long,
        &twice,
    ]));
}

#[test]
fn values_of_other_kinds() {
    let long = format!("[target.x]\naws.role-arn = '{}'\n", "a".repeat(200_000));
    expect![[r#"
        error: oidc-exchange.toml:5:16: target x: aws.role-arn requires a text in quotes
        error: oidc-exchange.toml:5:16: target x: aws.role-arn requires a text in quotes
        error: oidc-exchange.toml:5:16: target x: aws.role-arn requires a text in quotes
        error: oidc-exchange.toml:5:16: target x: aws.role-arn requires a text in quotes
        error: oidc-exchange.toml:5:16: target x: aws.role-arn requires a text in quotes
        error: oidc-exchange.toml:5:5: target x: aws.role-arn has no table below it
        error: oidc-exchange.toml:5:16: string values must be quoted; expected literal string
        error: oidc-exchange.toml:5:19: target x: aws.policy-arn accepts only texts
        error: oidc-exchange.toml:5:19: target x: aws.policy-arn accepts only texts
        error: oidc-exchange.toml:5:23: extra comma in array; expected value
        error: oidc-exchange.toml:5:14: target x: aws.verify is true or false
        error: oidc-exchange.toml:5:18: missing escaped value; expected `b` or `e` or `f` or `n` or `r` or `\` or `"` or `x` or `u` or `U`
        error: oidc-exchange.toml:5:19: invalid value; expected unicode hexadecimal value
        error: oidc-exchange.toml:6:3: key with no value; expected `=`
        error: oidc-exchange.toml:6:1: invalid multi-line basic string; expected `"`
        error: oidc-exchange.toml:5:5: target x: aws.role-arn: a value has 8192 bytes at most
    "#]].assert_eq(&after_a_good_target(&[
        "[target.x]\naws.role-arn = 1.5\n",
        "[target.x]\naws.role-arn = -inf\n",
        "[target.x]\naws.role-arn = 0xff\n",
        "[target.x]\naws.role-arn = true\n",
        "[target.x]\naws.role-arn = 1979-05-27\n",
        "[target.x]\naws.role-arn = {}\n",
        "[target.x]\naws.role-arn = arn:aws:iam::123456789012:role/deploy\n",
        "[target.x]\naws.policy-arn = [['a']]\n",
        "[target.x]\naws.policy-arn = [{a = 1}]\n",
        "[target.x]\naws.policy-arn = ['a',,]\n",
        "[target.x]\naws.verify = 1\n",
        "[target.x]\naws.role-arn = \"\\q\"\n",
        "[target.x]\naws.role-arn = \"\\uD800\"\n",
        "[target.x]\naws.role-arn = \"a\nb\"\n",
        "[target.x]\naws.role-arn = \"\"\"a\n",
        &long,
    ]));
}

/// Each is refused if its target is used or checked.
fn in_a_target(lines: &[&str]) -> String {
    let sandbox = Sandbox::start().unwrap();
    let mut said = String::new();
    for line in lines {
        let file = format!("version = 1\n[target.x]\n{line}\n");
        for words in [&["x"][..], &["--check"]] {
            let output = with(words, &file, &sandbox).run();
            assert_eq!(output.code, Some(2), "{line}\n{}", output.describe());
            if words == ["x"] {
                said.push_str(output.told().lines().next().unwrap_or_default());
                said.push('\n');
            }
        }
    }
    assert_eq!(requests(&sandbox), 0, "nothing is sent");
    said
}

#[test]
fn values_that_are_empty_or_hold_more_than_one() {
    const ROLE: &str = "aws.role-arn = 'arn:aws:iam::123456789012:role/deploy'\n";
    let role = |more: &str| format!("{ROLE}aws.{more}");
    let aws = [
        "env-prefix = ''",
        "env-prefix = ' '",
        "env-prefix = \"A\\nB_\"",
        "env-prefix = \"A'; id; '\"",
        "env-prefix = 'Ａ_'",
        "profile = ''",
        "profile = \"x]\\n[default\"",
        "region = ''",
        "region = 'eu-central-1.evil.test/'",
        "role-session-name = ''",
        "role-session-name = \"a\\nb\"",
        "duration = ''",
        "duration = '1h; id'",
        "policy = ''",
        "policy = '\u{a0}@/etc/passwd'",
        "policy-arn = ['']",
        "allowed-account-id = ['']",
        "allowed-account-id = ['１２３４５６７８９０１２']",
        "chain-role-arn = ['']",
        "eks-cluster = \"a\\r\\nb\"",
        "registry = [\"123456789012.dkr.ecr.eu-west-1.amazonaws.com\\n\"]",
    ];
    let aws: Vec<String> = aws.into_iter().map(role).collect();
    let others = [
        "aws.role-arn = ''",
        "aws.role-arn = \"arn:aws:iam::123456789012:role/deploy\\n\"",
        "aws.role-arn = 'arn:aws:iam::１２３４５６７８９０１２:role/deploy'",
        "aws.role-arn = '--role-arn=arn:aws:iam::123456789012:role/deploy'",
        "gcp.provider = ''",
        "gcp.provider = \"projects/1/locations/global/workloadIdentityPools/ci/providers/a\\n\"",
        "azure.tenant-id = ''",
        "azure.tenant-id = '../common'",
        "vault.role = ''",
        "vault.role = \"a\\nb\"",
        "vault.mount = ''",
        "vault.mount = 'jwt/../../sys/raw'",
        "vault.namespace = \"a\\r\\nX-Vault-Token: b\"",
        "vault.secrets = ['']",
        "vault.secrets = [' ']",
        "vault.secrets = [\"A=secret/a#b\\nPATH=secret/a#b\"]",
        "vault.secrets = ['secret/a b | A ; secret/a b | PATH']",
        "vault.secrets = ['A=secret/a#b', 'A=secret/a#c']",
        "vault.secrets = ['A=secret/../../sys/x#b']",
        "vault.addr = ''",
        "vault.addr = 'https://vault.example.com@evil.test'",
        "vault.addr = \"https://vault.exa\\nmple.com\"",
        "vault.addr = 'https://vault.example.com/?x=https://evil.test'",
        "vault.addr = '//vault.example.com'",
    ];
    let lines: Vec<&str> = aws.iter().map(String::as_str).chain(others).collect();
    expect![[r#"
        error: oidc-exchange.toml:4:5: target x: aws.env-prefix: AWS_ACCESS_KEY_ID is read by a cloud's tools, which a targets file must not steer
        error: oidc-exchange.toml:4:5: target x: aws.env-prefix: a variable's name has capital letters, digits and _, and a letter first
        error: oidc-exchange.toml:4:5: target x: aws.env-prefix: it has a line feed or another control character
        error: oidc-exchange.toml:4:5: target x: aws.env-prefix: a variable's name has capital letters, digits and _, and a letter first
        error: oidc-exchange.toml:4:5: target x: aws.env-prefix: a variable's name has capital letters, digits and _, and a letter first
        error: oidc-exchange.toml:4:5: target x: --profile: `` is not a profile's name
        error: oidc-exchange.toml:4:5: target x: aws.profile: it has a line feed or another control character
        error: oidc-exchange.toml:4:5: target x: --region: `` is not a region's name
        error: oidc-exchange.toml:4:5: target x: --region: `eu-central-1.evil.test/` is not a region's name
        error: oidc-exchange.toml:4:5: target x: --role-session-name: `` is not a role session name
        error: oidc-exchange.toml:4:5: target x: aws.role-session-name: it has a line feed or another control character
        error: oidc-exchange.toml:4:5: target x: invalid value '' for '--duration <DURATION>': it is not a number with a unit: write s, m, h or d, as in 90s, 15m or 1h30m
        error: oidc-exchange.toml:4:5: target x: invalid value '1h; id' for '--duration <DURATION>': it is not a number with a unit: write s, m, h or d, as in 90s, 15m or 1h30m
        error: oidc-exchange.toml:4:5: target x: --policy is empty
        error: oidc-exchange.toml:4:5: target x: aws.policy: a targets file names no file: write the policy itself
        error: oidc-exchange.toml:4:5: target x: --policy-arn: `` is not a managed policy's ARN: it has 20 to 2048 characters
        error: oidc-exchange.toml:4:5: target x: --allowed-account-id: `` is not an account's id
        error: oidc-exchange.toml:4:5: target x: --allowed-account-id: `１２３４５６７８９０１２` is not an account's id
        error: oidc-exchange.toml:4:5: target x: --chain-role-arn: `` is not a role's ARN: it is only a name, without the role's account
        error: oidc-exchange.toml:4:5: target x: aws.eks-cluster: it has a line feed or another control character
        error: oidc-exchange.toml:4:5: target x: aws.registry: it has a line feed or another control character
        error: oidc-exchange.toml:3:5: target x: --role-arn: `` is not a role's ARN: it is only a name, without the role's account
        error: oidc-exchange.toml:3:5: target x: aws.role-arn: it has a line feed or another control character
        error: oidc-exchange.toml:3:5: target x: --role-arn: `arn:aws:iam::１２３４５６７８９０１２:role/deploy` is not a role's ARN: it has spaces, control or non-ASCII characters
        error: oidc-exchange.toml:3:5: target x: --role-arn: `--role-arn=arn:aws:iam::123456789012:role/deploy` is not a role's ARN: it does not read arn:…:iam::…
        error: oidc-exchange.toml:3:5: target x: --provider: `` is not a provider's name: a bare id does not name its project and pool
        error: oidc-exchange.toml:3:5: target x: gcp.provider: it has a line feed or another control character
        error: oidc-exchange.toml:3:7: target x: --tenant-id: `` is not a tenant's ID
        error: oidc-exchange.toml:3:7: target x: --tenant-id: `../common` is not a tenant's ID
        error: oidc-exchange.toml:3:7: target x: --role is empty, or holds a control character
        error: oidc-exchange.toml:3:7: target x: vault.role: it has a line feed or another control character
        error: oidc-exchange.toml:3:7: target x: --mount: the path is empty
        error: oidc-exchange.toml:3:7: target x: --mount: `jwt/../../sys/raw` is not a path: `.` and `..` would lead elsewhere
        error: oidc-exchange.toml:3:7: target x: vault.namespace: it has a line feed or another control character
        error: oidc-exchange.toml:3:7: target x: vault.secrets: `` is not a valid secret argument: it lacks `NAME=`
        error: oidc-exchange.toml:3:7: target x: vault.secrets: ` ` is not a valid secret argument: it lacks `NAME=`
        error: oidc-exchange.toml:3:7: target x: vault.secrets: it has a line feed or another control character
        error: oidc-exchange.toml:3:7: target x: vault.secrets: PATH is read by a shell, which a targets file must not steer
        error: oidc-exchange.toml:2:9: target x: A is asked for twice
        error: oidc-exchange.toml:3:7: target x: vault.secrets: A: `secret/../../sys/x` is not a path: `.` and `..` would lead elsewhere
        error: oidc-exchange.toml:3:7: target x: vault.addr: it is not an https address
        error: oidc-exchange.toml:3:7: target x: --addr is not a server's address: it holds more than scheme, host, port and path
        error: oidc-exchange.toml:3:7: target x: vault.addr: it has a line feed or another control character
        error: oidc-exchange.toml:3:7: target x: --addr is not a server's address: it holds more than scheme, host, port and path
        error: oidc-exchange.toml:3:7: target x: vault.addr: it is not an https address
    "#]].assert_eq(&in_a_target(&lines));
}

#[test]
fn names_on_the_command_line_that_no_target_has() {
    let sandbox = Sandbox::start().unwrap();
    let mut said = String::new();
    for words in [
        &[""][..],
        &["deploy\n"],
        &["*"],
        &["target.deploy"],
        &["d\u{435}ploy"],
        &["--", "deploy"],
        &["deploy", "--targets="],
    ] {
        let output = run_of(words, &sandbox).run();
        output.exits(2);
        said.push_str(output.told().lines().next().unwrap_or_default());
        said.push('\n');
    }
    expect![[r#"
        error: oidc-exchange.toml has no target ``
        error: oidc-exchange.toml has no target `deploy `
        error: oidc-exchange.toml has no target `*`
        error: oidc-exchange.toml has no target `target.deploy`
        error: oidc-exchange.toml has no target `dеploy`
        error: no target was named
        error: a value is required for '--targets <FILE>' but none was supplied
    "#]]
    .assert_eq(&said);
    assert_eq!(requests(&sandbox), 0);
}

/// The printed address is the one that is used, also if it imitates another one.
#[test]
fn an_address_is_said_as_it_is_used() {
    let sandbox = Sandbox::start().unwrap();
    let file = "version = 1\n[target.x]\nvault.addr = 'https://v\u{430}ult.invalid:443/'\nvault.role = 'ci'\n";
    let output = with(&["x", "--timeout", "1s"], file, &sandbox).run();
    output.exits(5);
    let first = output.stderr().lines().next().unwrap_or_default().to_owned();
    assert_eq!(
        first,
        "warning: target x: the token goes to https://xn--vult-53d.invalid, which oidc-exchange.toml names"
    );
    let pinned = with(&["x", "--vault-addr-allowed", "https://vault.invalid"], file, &sandbox).run();
    pinned.exits(2);
}

fn list<'s>(before: &str, words: &[&str]) -> Program<'s> {
    let script = format!("{before}; exec oidc-exchange use --list \"$@\"");
    let program = Program::new("/bin/sh", ["-c", &script, "sh"]).args(words);
    program.scratch().write("good.toml", file());
    program
}

#[test]
fn places_that_are_no_file() {
    let mut said = String::new();
    for (before, words) in [
        ("ln -s loop loop", &["--targets", "loop"][..]),
        ("mkfifo pipe", &["--targets", "pipe"]),
        (":", &["--targets", "/dev/zero"]),
        (":", &["--targets", "/dev/null"]),
        (":", &["--targets", ""]),
        (":", &["--targets", "good.toml/x"]),
        (":", &["--targets", "-"]),
        ("mkdir .git && ln -s / out", &["--targets", "out/etc/passwd"]),
        ("exec </etc/passwd; mkdir .git && ln -s /dev/stdin here.toml", &["--targets", "here.toml"]),
        ("export OIDC_EXCHANGE_TARGETS=nowhere.toml", &[]),
        ("export OIDC_EXCHANGE_TARGETS=", &[]),
    ] {
        let output = list(before, words).stdin("version = 1\n").run();
        output.exits(2).stdout_is("");
        said.push_str(output.told().lines().next().unwrap_or_default());
        said.push('\n');
    }
    expect![[r#"
        error: --targets: cannot read loop: Too many levels of symbolic links (os error 40)
        error: --targets: cannot read pipe: it is not an ordinary file
        error: --targets: cannot read /dev/zero: it is not an ordinary file
        error: --targets: cannot read /dev/null: it is not an ordinary file
        error: a value is required for '--targets <FILE>' but none was supplied
        error: --targets: cannot read good.toml/x: Not a directory (os error 20)
        error: --targets -: standard input cannot be used here: write the name of a file
        error: --targets: cannot read out/etc/passwd: a link leads out of the checkout
        error: --targets: cannot read here.toml: a link leads out of the checkout
        error: OIDC_EXCHANGE_TARGETS: cannot read nowhere.toml: No such file or directory (os error 2)
        error: there is no targets file
    "#]]
    .assert_eq(&said);
    // Standard input is a pipe here.
    list(":", &["--targets", "/dev/stdin"]).stdin(file()).run().exits(2).stdout_is("");
    if !rustix::process::geteuid().is_root() {
        let program = oidc_exchange(["use", "--list"]);
        program.scratch().write("oidc-exchange.toml", file());
        let path = program.scratch().path().join("oidc-exchange.toml");
        fs::set_permissions(path, fs::Permissions::from_mode(0o0)).unwrap();
        program.run().exits(2).stdout_is("");
    }
}
