//! Values that are surely mistakes, or that could mislead a reader. Each is refused with a message that names the
//! option.

use sandbox::Sandbox;

use crate::aws::deploy;
use crate::support::{Output, Program, expect, oidc_exchange};

/// The run, which ends with this code.
#[track_caller]
fn told(program: Program<'_>, code: i32) -> Output {
    let output = program.run();
    output.exits(code);
    output
}

/// A name from elsewhere, such as a branch's, cannot look like another error.
#[test]
fn an_argument_with_line_breaks_is_quoted_in_one_line() {
    let forged = "x\r\nerror: forged\n\nhint: forged\u{2028}forged";
    let equals = format!("--format={forged}");
    let unknown = format!("--{forged}");
    for line in [
        vec![forged],
        vec!["clean", forged],
        vec!["explain", forged],
        vec!["completions", forged],
        vec!["aws", &equals],
        vec!["aws", &unknown],
        vec!["aws", "--duration", forged],
        vec!["use", "--targets", "none", forged],
        vec!["vault", "--role", "ci", "--on-error", forged],
    ] {
        let said = oidc_exchange(&line).run().exits(2).stderr();
        let lines = said.lines().filter(|line| line.contains("forged"));
        assert!(lines.clone().count() <= 1, "{said}");
        assert!(
            lines.into_iter().all(|line| line.starts_with("error: ") && !line.starts_with("error: forged")),
            "{said}"
        );
    }
}

/// Of any length, in any place: an argument is quoted by its start.
#[test]
fn a_long_argument_is_clipped() {
    let long = "a".repeat(100_000);
    let words = "a ".repeat(50_000);
    let lines = "a\n".repeat(50_000);
    for long in [long, words, lines] {
        let equals = format!("--role-arn={long}");
        let unknown = format!("--{long}");
        for line in [
            vec!["aws", "--role-arn", &long],
            vec!["aws", &equals],
            vec!["aws", "--role-arn", "arn:aws:iam::123456789012:role/deploy", "--duration", &long],
            vec!["aws", "--role-arn", "arn:aws:iam::123456789012:role/deploy", "--policy", &long],
            vec!["aws", "--role-arn", "arn:aws:iam::123456789012:role/deploy", "--region", &long],
            vec!["aws", "--role-arn", "arn:aws:iam::123456789012:role/deploy", "--format", &long],
            vec!["aws", "--registry", &long],
            vec!["aws", &unknown],
            vec!["gcp", "--provider", &long],
            vec!["azure", "--client-id", &long],
            vec!["vault", "--role", "ci", &long],
            vec!["use", "--list", &long],
            vec!["setup", "aws", "--branch", &long],
            vec!["explain", "aws", "--trust-policy", &long],
            vec!["token", "--token-env", &long],
            vec![&long],
        ] {
            let output = oidc_exchange(&line).env("VAULT_ADDR", "http://127.0.0.1:9").run();
            assert_ne!(output.code, Some(0));
            let said = output.stderr();
            assert!((10..1_500).contains(&said.len()), "{} bytes for {}", said.len(), &line[0][..5.min(line[0].len())]);
            assert!(said.starts_with("error: "), "{}", &said[..100]);
        }
    }
}

#[test]
fn a_duration_in_a_hint_is_one_word() {
    let role = ["aws", "--role-arn", "arn:aws:iam::123456789012:role/deploy"];
    for (wait, enough) in [("99h", "4d3h1m"), ("1h", "1h1m"), ("45m 5s", "46m5s"), ("24h", "1d1m"), ("2m", "3m")] {
        let output = oidc_exchange(role).args(["--wait-for-iam", wait]).run();
        let hint = format!("hint: give the whole exchange more time: --timeout {enough}\n");
        assert!(output.exits(2).stderr().contains(&hint), "{}", output.stderr());
        // The hint's option is accepted as it is: the next error is another one.
        let pasted = oidc_exchange(role).args(["--wait-for-iam", wait, "--timeout", enough]).run();
        assert!(pasted.exits(3).stderr().contains("no subject token"), "{}", pasted.stderr());
    }
}

#[test]
fn a_text_that_is_no_duration() {
    const FORM: &str = "it is not a number with a unit: write s, m, h or d, as in 90s, 15m or 1h30m";
    for (text, said) in [
        ("nan", FORM),
        ("inf", FORM),
        ("1e3s", FORM),
        ("1,5h", FORM),
        ("s", FORM),
        ("1 fortnight", FORM),
        ("5min utes", FORM),
        ("0x10", FORM),
        ("", FORM),
        (" ", FORM),
        ("\u{665}s", FORM),
        ("99999999999999y", "it is longer than a year"),
        ("367d", "it is longer than a year"),
    ] {
        for option in ["--timeout", "--duration"] {
            let output = deploy(&[&format!("{option}={text}")]).run();
            let said = format!("<DURATION>': {said}\n");
            // An empty value is refused by the parser itself.
            let refused = output.exits(2).stderr();
            assert!(refused.contains(&said) || text.is_empty() && refused.starts_with("error: "), "{text}: {refused}");
        }
    }
}

#[test]
fn a_file_that_is_empty_or_not_named() {
    let aws = |words: &[&str]| {
        let program = deploy(words);
        program.scratch().write("empty", "");
        program.scratch().write("blank", " \n\t\n");
        program
    };
    for (words, said) in [
        (&["--policy", ""][..], "--policy is empty\n"),
        (&["--policy", "  "], "--policy is empty\n"),
        (&["--policy", "@"], "--policy: the file's name is missing after `@`\n"),
        (&["--policy", "@empty"], "--policy: empty is empty\n"),
        (&["--policy", "@blank"], "--policy: blank is empty\n"),
        (&["--ca-file", "-"], "--ca-file -: standard input cannot be used here: write the name of a file\n"),
    ] {
        let output = aws(words).run();
        assert!(output.exits(2).stderr().starts_with(&format!("error: {said}")), "{words:?}: {}", output.stderr());
    }
    told(aws(&["--policy", ""]), 2).stderr_is(expect![[r#"
        error: --policy is empty

        hint: write the policy's JSON, or @ and the name of its file
    "#]]);
    let using = |path: &str| oidc_exchange(["use", "--targets", path, "deploy"]).run();
    let said = "error: --targets -: standard input cannot be used here: write the name of a file\n";
    assert_eq!(using("-").exits(2).stderr(), said);
    let variable = oidc_exchange(["use", "deploy"]).env("OIDC_EXCHANGE_TARGETS", "-").run();
    assert_eq!(variable.exits(2).stderr(), said.replace("--targets", "OIDC_EXCHANGE_TARGETS"));
    for (command, option) in [
        ("aws", "--trust-policy"),
        ("gcp", "--provider-config"),
        ("azure", "--credentials"),
        ("vault", "--role-config"),
    ] {
        let output = oidc_exchange(["explain", command, &format!("{option}=")]).run();
        let said = output.exits(2).stderr();
        assert!(said.contains("empty") || said.contains("a value is required"), "{said}");
        let absent = oidc_exchange(["explain", command, option, "absent.json"]).run();
        let said = absent.exits(2).stderr();
        assert!(said.starts_with(&format!("error: {option} absent.json: No such file or directory")), "{said}");
        assert!(said.contains("hint: write the file with: "), "{said}");
    }
    told(oidc_exchange(["explain", "aws", "--trust-policy", "role.json"]), 2).stderr_is(expect![[r#"
        error: --trust-policy role.json: No such file or directory (os error 2)

        hint: write the file with: aws iam get-role … --output json
    "#]]);
}

/// The shell runs exactly the text that an administrator reads.
#[test]
fn no_character_that_cannot_be_seen_is_in_the_commands_of_setup() {
    let sandbox = Sandbox::start().unwrap();
    let role = "arn:aws:iam::123456789012:role/deploy";
    for odd in [
        '\u{202e}',
        '\u{2066}',
        '\u{200b}',
        '\u{200f}',
        '\u{feff}',
        '\u{ad}',
        '\u{61c}',
        '\u{e0041}',
        '\u{2060}',
        '\u{180e}',
    ] {
        let value = format!("ma{odd}in");
        for line in [
            vec!["aws", "--role-arn", role, "--branch", &value],
            vec!["aws", "--role-arn", role, "--tag", &value],
            vec!["vault", "--role", "ci", "--secret", "secret/a", "--mount", &value],
            vec!["vault", "--role", &value, "--secret", "secret/a"],
            vec!["azure", "--identity", &value, "--resource-group", "group"],
            vec!["azure", "--identity", "identity", "--resource-group", &value],
        ] {
            let run = |more: &[&str]| oidc_exchange(["setup"]).args(&line).args(more).job(&sandbox).run();
            let output = run(&[]);
            assert!(!output.stdout().contains(odd) && !output.stderr().contains(odd), "{}", output.describe());
            assert!(output.code == Some(2) || output.code == Some(0), "{}", output.describe());
            let json = run(&["--format", "json"]);
            assert!(!json.stdout().contains(odd), "{}", json.describe());
        }
        let output = oidc_exchange(["setup", "aws", "--role-arn", role, "--branch", &value]).job(&sandbox).run();
        output.exits(2).stdout_is("");
        let said = format!("U+{:04X}", u32::from(odd));
        assert!(output.stderr().contains(&said), "{}", output.stderr());
    }
    // A branch may have an emoji.
    oidc_exchange(["setup", "aws", "--role-arn", role, "--branch", "\u{2764}\u{fe0f}"]).job(&sandbox).run().exits(0);
}

/// Its own claims, in the JSON of `explain`.
#[test]
fn no_character_that_cannot_be_seen_is_in_the_json_of_explain() {
    let claims =
        r#"{"claims":{"iss":"https://acme.semaphoreci.com","sub":"a\u202eb","aud":"https://acme.semaphoreci.com"}}"#;
    let policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Federated\":\"arn:aws:iam::123456789012:oidc-provider/acme.semaphoreci.com\"},\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Condition\":{\"StringEquals\":{\"acme.semaphoreci.com:sub\":\"b\u{202e}a\"}}}]}";
    for format in ["text", "json"] {
        let program = oidc_exchange([
            "explain",
            "aws",
            "--claims",
            "claims.json",
            "--trust-policy",
            "role.json",
            "--format",
            format,
        ]);
        program.scratch().write("claims.json", claims);
        program.scratch().write("role.json", policy);
        let output = program.run();
        output.exits(4);
        assert!(!output.stdout().contains('\u{202e}'), "{}", output.stdout());
        assert!(format == "text" || output.stdout().contains("b\\u202ea"), "{}", output.stdout());
    }
}

/// A key that needs another one.
#[test]
fn a_target_without_a_key_that_another_needs() {
    let program = oidc_exchange(["use", "deploy"]);
    program.scratch().write("oidc-exchange.toml", "version = 1\n\n[target.deploy]\naws.external-id = [\"x\"]\n");
    told(program, 2).stderr_is(expect![[r#"
        error: oidc-exchange.toml:3:9: target deploy: aws.chain-role-arn is missing, and another key needs it
    "#]]);
}

#[test]
fn a_version_of_a_kubernetes_client_that_is_not_supported() {
    for version in ["v1alpha1", "v2", "v1beta2", "V1"] {
        let info =
            format!(r#"{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/{version}","spec":{{}}}}"#);
        let program = deploy(&["--region", "eu-west-1", "--eks-cluster", "a", "--format", "kubernetes"]);
        let output = program.env("KUBERNETES_EXEC_INFO", info).run();
        let said = format!(
            "error: KUBERNETES_EXEC_INFO asks for the apiVersion `client.authentication.k8s.io/{version}`, which is not supported\n\n\
             hint: in the kubeconfig, write apiVersion: \"client.authentication.k8s.io/v1\"\n\
             hint: older clients need apiVersion: \"client.authentication.k8s.io/v1beta1\"\n"
        );
        assert_eq!(output.exits(2).stderr(), said);
    }
}

#[test]
fn a_home_that_is_no_directory() {
    let sandbox = Sandbox::start().unwrap();
    for home in ["/dev/null", "/dev/null/x", "/etc/hostname"] {
        let program = crate::google::deploy(&sandbox, &["-q", "--on-error", "none"]).env("HOME", home);
        let output = program.env("SEMAPHORE_JOB_ID", "job-1").run();
        let said = format!(
            "error: cannot write {home}/.oidc-exchange/job-1: Not a directory (os error 20)\n\n\
             hint: name a directory of its own: export OIDC_EXCHANGE_DIR=\"$(mktemp -d)\"\n"
        );
        assert_eq!(output.exits(6).stderr(), said);
    }
}

/// No variables are exported with it, so no text stops a shell.
#[test]
fn a_bad_registry_prints_nothing_for_a_shell() {
    for value in ["", " ", "x", "https://gcr.io", "*", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web"] {
        for command in ["aws", "gcp", "azure"] {
            let output = oidc_exchange([command, "--registry", value]).run();
            output.stdout_is("");
            assert_ne!(output.code, Some(0), "{command} {value}");
        }
        oidc_exchange(["aws", "--registry", value, "--registry", ""]).run().stdout_is("");
        oidc_exchange(["aws", &format!("--registry={value}")]).run().stdout_is("");
    }
}

#[test]
fn options_before_the_command_and_help_after_it() {
    for (line, tip) in [
        ("-v aws", "write `-v` after `aws`"),
        ("-vv gcp", "write `-vv` after `gcp`"),
        ("--quiet azure", "write `--quiet` after `azure`"),
        ("-q use deploy", "write `-q` after `use`"),
        ("--timeout=5s vault", "write `--timeout` after `vault`"),
        ("--role-arn x aws", "write `--role-arn` after `aws`"),
        ("-v explain aws", "write `-v` after `explain aws`"),
        ("-v clean", "write `-v` after `clean`"),
        ("aws help", "write `--help`"),
        ("gcp help", "write `--help`"),
        ("explain help", "write `--help`"),
        ("setup help", "write `--help`"),
        ("clean help", "write `--help`"),
    ] {
        let output = oidc_exchange(line.split(' ')).run();
        assert!(output.exits(2).stderr().contains(&format!("tip: {tip}\n")), "{line}: {}", output.stderr());
    }
}

/// An address with a password, in place of another value: the error shows the host only.
#[test]
fn an_address_with_a_password_in_place_of_another_value() {
    let address = "https://u:correct/horse@battery@127.0.0.1:1";
    let role = ["--role-arn", sandbox::DEPLOY_ROLE];
    let vault = ["--addr", "http://127.0.0.1:1", "--timeout", "200ms", "--role", "ci"];
    for (command, options, option) in [
        ("aws", &role[..], "--role-session-name"),
        ("aws", &role, "--allow-http"),
        ("aws", &[], "--role-arn"),
        ("gcp", &[], "--provider"),
        ("azure", &[], "--tenant-id"),
        ("azure", &[], "--scope"),
        ("vault", &vault, "--mount"),
        ("vault", &vault, "--namespace"),
        ("vault", &vault[..4], "--role"),
        ("setup aws", &role, "--issuer"),
        ("setup aws", &role, "--repo"),
    ] {
        let words = command.split(' ').chain(options.iter().copied()).chain([option, address]);
        let program = oidc_exchange(words).token("e30.e30.").secret("a password", "horse@battery");
        let output = program.secret("a part of it", "correct/horse").run();
        assert!(matches!(output.code, Some(2 | 3 | 5)), "{command} {option}: {}", output.describe());
    }
    for password in ["horse'battery", "horse battery", "horse`battery", "horse\"battery"] {
        let address = format!("http://u:{password}@127.0.0.1");
        let words = ["aws", role[0], role[1], "--allow-http", &address];
        let output = oidc_exchange(words).secret("its start", "horse").secret("its end", "battery").run();
        output.exits(2);
    }
}
