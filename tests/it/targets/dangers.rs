//! A malicious change of the file: every fault is exit 2, and nothing is sent.

use sandbox::Sandbox;

use super::{requests, with};
use crate::support::expect;

const AWS: &str = "aws.role-arn = 'arn:aws:iam::123456789012:role/deploy'\n";

/// Each is refused, with or without its target's name on the command line. Returns the messages, a line for each.
fn refused(files: &[&str]) -> String {
    let sandbox = Sandbox::start().unwrap();
    let mut said = String::new();
    for file in files {
        let file = format!("version = 1\n[target.good]\n{AWS}{file}");
        let mut first = None;
        for words in [&["good"][..], &["--check", "good"], &["--list"]] {
            let output = with(words, &file, &sandbox).run();
            assert_eq!(output.code, Some(2), "{file}\n{}", output.describe());
            first.get_or_insert_with(|| output.told());
        }
        said.push_str(&first.unwrap_or_default());
    }
    assert_eq!(requests(&sandbox), 0, "nothing is sent");
    said
}

#[test]
fn a_file_names_no_server_but_a_vaults() {
    let said = refused(&[
        "[target.x.gcp]\nsts-endpoint = 'https://evil.test'\n",
        "[target.x.gcp]\niamcredentials-endpoint = 'https://evil.test'\n",
        "[target.x.gcp]\nuniverse-domain = 'evil.test'\n",
        "[target.x.azure]\nauthority-host = 'https://evil.test'\n",
        "[target.x.vault]\naddr = 'http://127.0.0.1:8200'\n",
        "[target.x.aws]\nsts-endpoint = 'https://evil.test'\n",
        "[target.x.aws]\nendpoint-url = 'https://evil.test'\n",
    ]);
    expect![[r#"
        error: oidc-exchange.toml:5:1: target x: gcp.sts-endpoint: a targets file names no server but a Vault's
        error: oidc-exchange.toml:5:1: target x: gcp.iamcredentials-endpoint: a targets file names no server but a Vault's
        error: oidc-exchange.toml:5:1: target x: gcp.universe-domain: a targets file names no server but a Vault's
        error: oidc-exchange.toml:5:1: target x: azure.authority-host: a targets file names a cloud only: AzureCloud, AzureUSGovernment, AzureChinaCloud
        error: oidc-exchange.toml:5:1: target x: vault.addr: it is not an https address
        error: oidc-exchange.toml:5:1: target x: aws.sts-endpoint is not a key

        hint: write sts-region, if that is meant
        error: oidc-exchange.toml:5:1: target x: aws.endpoint-url is not a key

        hint: the keys are role-arn, role-session-name, duration, region, sts-region, policy, policy-arn, chain-role-arn, external-id, source-identity, session-tag, allowed-account-id, verify, wait-for-iam, registry, env-prefix, refreshable, profile, eks-cluster
    "#]].assert_eq(&said);
}

#[test]
fn a_file_chooses_nothing_that_the_command_line_chooses() {
    let said = refused(&[
        "[target.x.aws]\nallow-http = 'evil.test'\n",
        "[target.x.aws]\nca-file = 'evil.pem'\n",
        "[target.x.vault]\ntoken-env = 'NPM_TOKEN'\n",
        "[target.x.vault]\ntoken-file = '/home/me/.ssh/id_ed25519'\n",
        "[target.x.vault]\nprint-secrets = true\n",
        "[target.x.vault]\ntimeout = '1h'\n",
        "[target.x.vault]\non-error = 'none'\n",
        "[target.x.vault]\npass-token = true\n",
        "[target.x.vault]\nformat = 'json'\n",
        "[target.x.vault]\nverbose = true\n",
        "[target.x.aws]\noverwrite-profile = true\n",
    ]);
    expect![[r#"
        error: oidc-exchange.toml:5:1: target x: aws.allow-http: only the command line chooses it, for all targets
        error: oidc-exchange.toml:5:1: target x: aws.ca-file: a targets file names no file
        error: oidc-exchange.toml:5:1: target x: vault.token-env: only the command line chooses it, for all targets
        error: oidc-exchange.toml:5:1: target x: vault.token-file: a targets file names no file
        error: oidc-exchange.toml:5:1: target x: vault.print-secrets: only the command line chooses it, for all targets
        error: oidc-exchange.toml:5:1: target x: vault.timeout: only the command line chooses it, for all targets
        error: oidc-exchange.toml:5:1: target x: vault.on-error: only the command line chooses it, for all targets
        error: oidc-exchange.toml:5:1: target x: vault.pass-token: only the command line chooses it, for all targets
        error: oidc-exchange.toml:5:1: target x: vault.format: only the command line chooses it, for all targets
        error: oidc-exchange.toml:5:1: target x: vault.verbose: only the command line chooses it, for all targets
        error: oidc-exchange.toml:5:1: target x: aws.overwrite-profile: a targets file replaces no profile that is not this program's
    "#]].assert_eq(&said);
}

#[test]
fn a_file_names_no_file_and_no_command() {
    let said = refused(&[
        "[target.x.aws]\noutput = '/home/me/.ssh/config'\n",
        "[target.x.gcp]\ncredentials-file = '.git/hooks/pre-commit'\n",
        "[target.x.vault]\nsecrets-file = '/etc/passwd'\n",
        "[target.x.aws]\npolicy = '@/etc/passwd'\n",
        "[target.x.aws]\nrun = ['sh']\n",
        "include = 'https://evil.test/more.toml'\n[target.x]\n",
        "[target.x.vault]\nsecrets = ['--output=/home/me/.bashrc']\n",
        "[target.x.vault]\nsecrets = ['--', 'sh']\n",
    ]);
    expect![[r#"
        error: oidc-exchange.toml:5:1: target x: aws.output: a targets file names no file
        error: oidc-exchange.toml:5:1: target x: gcp.credentials-file: a targets file names no file
        error: oidc-exchange.toml:5:1: target x: vault.secrets-file: a targets file names no file
        error: oidc-exchange.toml:5:1: target x: aws.policy: a targets file names no file: write the policy itself
        error: oidc-exchange.toml:5:1: target x: aws.run is not a key

        hint: the keys are role-arn, role-session-name, duration, region, sts-region, policy, policy-arn, chain-role-arn, external-id, source-identity, session-tag, allowed-account-id, verify, wait-for-iam, registry, env-prefix, refreshable, profile, eks-cluster
        error: oidc-exchange.toml:4:1: target good: include is not a key

        hint: the keys are aws, gcp, azure, vault
        error: oidc-exchange.toml:5:1: target x: vault.secrets: a secret does not begin with a hyphen
        error: oidc-exchange.toml:5:1: target x: vault.secrets: a secret does not begin with a hyphen
    "#]].assert_eq(&said);
}

#[test]
fn a_file_steers_no_program_by_a_variable() {
    let said = refused(&[
        "[target.x.vault]\nsecrets = ['PATH=secret/a#b']\n",
        "[target.x.vault]\nsecrets = ['LD_PRELOAD=secret/a#b']\n",
        "[target.x.vault]\nsecrets = ['BASH_ENV=secret/a#b']\n",
        "[target.x.vault]\nsecrets = ['NODE_OPTIONS=secret/a#b']\n",
        "[target.x.vault]\nsecrets = ['GIT_SSH_COMMAND=secret/a#b']\n",
        "[target.x.vault]\nsecrets = ['PYTHONSTARTUP=secret/a#b']\n",
        "[target.x.vault]\nsecrets = ['https_proxy=secret/a#b']\n",
        "[target.x.vault]\nsecrets = ['GIT_=secret/a#*']\n",
        "[target.x.aws]\nenv-prefix = 'LD_'\n",
        "[target.x.gcp]\nid-token-env = 'NODE_OPTIONS'\n",
        "[target.x.azure]\naccess-token-env = 'Path'\n",
    ]);
    expect![[r#"
        error: oidc-exchange.toml:5:1: target x: vault.secrets: PATH is read by a shell, which a targets file must not steer
        error: oidc-exchange.toml:5:1: target x: vault.secrets: LD_PRELOAD is read by the dynamic linker or the C library, which a targets file must not steer
        error: oidc-exchange.toml:5:1: target x: vault.secrets: BASH_ENV is a variable whose value shells run
        error: oidc-exchange.toml:5:1: target x: vault.secrets: NODE_OPTIONS is read by an interpreter, which a targets file must not steer
        error: oidc-exchange.toml:5:1: target x: vault.secrets: GIT_SSH_COMMAND is read by git, ssh or what they start, which a targets file must not steer
        error: oidc-exchange.toml:5:1: target x: vault.secrets: PYTHONSTARTUP is read by an interpreter, which a targets file must not steer
        error: oidc-exchange.toml:5:1: target x: vault.secrets: a variable's name has capital letters, digits and _, and a letter first
        error: oidc-exchange.toml:5:1: target x: vault.secrets: GIT_X is read by git, ssh or what they start, which a targets file must not steer
        error: oidc-exchange.toml:5:1: target x: aws.env-prefix: LD_AWS_ACCESS_KEY_ID is read by the dynamic linker or the C library, which a targets file must not steer
        error: oidc-exchange.toml:5:1: target x: gcp.id-token-env: NODE_OPTIONS is read by an interpreter, which a targets file must not steer
        error: oidc-exchange.toml:5:1: target x: azure.access-token-env: a variable's name has capital letters, digits and _, and a letter first
    "#]].assert_eq(&said);
}

#[test]
fn what_is_no_targets_file_is_refused_where_it_is_wrong() {
    let long = format!("[target.{}]\n{AWS}", "a".repeat(64));
    let many = (0..100).fold(String::new(), |text, number| text + &format!("[target.n{number}]\n{AWS}"));
    let deep = format!("x = {}", "[".repeat(20_000));
    let said = refused(&[
        "[target.good]\n",
        "[target.x]\n",
        "[target.x]\naws.region = 'a'\nvault.role = 'b'\n",
        "[target.x]\naws = 'a'\n",
        "[target]\nx = 1\n",
        "[target.\"a\\nb\"]\n",
        "[target.\"\\u001b[31m\"]\n",
        "[target.A]\n",
        "[target.-a]\n",
        &long,
        &many,
        "[target.x]\nasw.role-arn = 'a'\n",
        "[target.x]\naws.role_arn = 'a'\n",
        "[target.x]\naws.roleArn = 'a'\n",
        "[target.x]\naws.role-arn = 5\n",
        "[target.x]\naws.role-arn = 1979-05-27T07:32:00Z\n",
        "[target.x]\naws.role-arn = ['a']\n",
        "[target.x]\naws.policy-arn = 'a'\n",
        "[target.x]\naws.policy-arn = ['a', 5]\n",
        "[target.x]\naws.verify = 'true'\n",
        "[target.x]\naws.role-arn.x = 'a'\n",
        "[[target]]\nx = 1\n",
        "[target.x]\naws.duration = 99999999999999999999999999\n",
        "targets = 1\n",
        &deep,
        "x = 'a\n",
        "[target.x]\naws.role-arn = 'a'\naws.role-arn = 'b'\n",
    ]);
    expect![[r#"
        error: oidc-exchange.toml:4:9: `good` is there twice
        error: oidc-exchange.toml:4:9: the target x has no cloud

        hint: a target has keys of one cloud, such as aws.role-arn
        error: oidc-exchange.toml:6:1: the target x has two clouds

        hint: make a target of each
        error: oidc-exchange.toml:5:1: target x: `aws` is not a table

        hint: a target has keys of one cloud, such as aws.role-arn
        error: oidc-exchange.toml:5:1: the target x is not a table

        hint: a target has keys of one cloud, such as aws.role-arn
        error: oidc-exchange.toml:4:9: `a b` is not a target's name

        hint: a target's name has lower-case letters, digits and hyphens, at most 63, and no hyphen first
        error: oidc-exchange.toml:4:9: `[31m` is not a target's name

        hint: a target's name has lower-case letters, digits and hyphens, at most 63, and no hyphen first
        error: oidc-exchange.toml:4:9: `A` is not a target's name

        hint: a target's name has lower-case letters, digits and hyphens, at most 63, and no hyphen first
        error: oidc-exchange.toml:4:9: `-a` is not a target's name

        hint: a target's name has lower-case letters, digits and hyphens, at most 63, and no hyphen first
        error: oidc-exchange.toml:4:9: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is not a target's name

        hint: a target's name has lower-case letters, digits and hyphens, at most 63, and no hyphen first
        error: oidc-exchange.toml:202:9: there are more than 100 entries in this table
        error: oidc-exchange.toml:5:1: target x: asw is not a key

        hint: write aws, if that is meant
        error: oidc-exchange.toml:5:5: target x: aws.role_arn is not a key

        hint: write role-arn, if that is meant
        error: oidc-exchange.toml:5:5: target x: aws.roleArn is not a key

        hint: write role-arn, if that is meant
        error: oidc-exchange.toml:5:16: target x: aws.role-arn requires a text in quotes

        hint: write aws.role-arn = "…"
        error: oidc-exchange.toml:5:16: target x: aws.role-arn requires a text in quotes

        hint: write aws.role-arn = "…"
        error: oidc-exchange.toml:5:16: target x: aws.role-arn requires a text in quotes

        hint: write aws.role-arn = "…"
        error: oidc-exchange.toml:5:18: target x: aws.policy-arn requires a list of texts

        hint: write aws.policy-arn = ["…"]
        error: oidc-exchange.toml:5:24: target x: aws.policy-arn accepts only texts

        hint: write aws.policy-arn = ["…"]
        error: oidc-exchange.toml:5:14: target x: aws.verify is true or false

        hint: write aws.verify = true
        error: oidc-exchange.toml:5:5: target x: aws.role-arn has no table below it

        hint: write aws.role-arn = "…"
        error: oidc-exchange.toml:4:1: an array of tables ([[…]]) has no meaning here
        error: oidc-exchange.toml:5:16: target x: aws.duration requires a text in quotes

        hint: write aws.duration = "…"
        error: oidc-exchange.toml:4:1: target good: targets is not a key

        hint: the keys are aws, gcp, azure, vault
        error: oidc-exchange.toml:4:11: cannot recurse further; max recursion depth met
        error: oidc-exchange.toml:4:7: invalid literal string; expected `'`
        error: oidc-exchange.toml:6:5: `role-arn` is there twice
    "#]].assert_eq(&said);
}

#[test]
fn the_version_is_1() {
    let sandbox = Sandbox::start().unwrap();
    for file in ["version = 2\n", "version = '1'\n", "version = 1.0\n", "", "version.x = 1\n", "[version]\n"] {
        let file = format!("{file}[target.good]\n{AWS}");
        let output = with(&["good"], &file, &sandbox).run();
        assert_eq!(output.code, Some(2), "{file}\n{}", output.describe());
    }
    for (first, said) in
        [("targets.x = 1\n", "write target, if that is meant"), ("include = 'x'\n", "the keys are version, target")]
    {
        let file = format!("{first}version = 1\n[target.good]\n{AWS}");
        let told = with(&["good"], &file, &sandbox).run().told();
        assert!(told.contains("oidc-exchange.toml:1:1: ") && told.contains(said), "{told}");
    }
    for file in ["version = 1\n", "\u{feff}version = 1\r\n", "version = 0_1\n"] {
        let file = format!("{file}[target.good]\n{AWS}");
        let output = with(&["good"], &file, &sandbox).run();
        assert_eq!(output.code == Some(0), !file.contains('_'), "{file}\n{}", output.describe());
    }
    // UTF-16 is read like in other files.
    let file = format!("version = 1\r\n[target.good]\r\n{AWS}");
    let bytes: Vec<u8> = "\u{feff}".encode_utf16().chain(file.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let program = with(&["good"], "", &sandbox);
    program.scratch().write("oidc-exchange.toml", bytes);
    program.run().exits(0);
}
