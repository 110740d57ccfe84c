//! What people type out of habit with other tools is answered with what it is here.

use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use crate::support::{Program, Scratch, expect, oidc_exchange, stopped};

/// The tips for a command line, below each other.
fn tips(line: &str) -> String {
    let output = oidc_exchange(line.split(' ')).run();
    output.exits(2);
    let report = output.stderr();
    let tips = report.lines().filter_map(|line| line.trim_start().strip_prefix("tip: "));
    tips.flat_map(|tip| [tip, "\n"]).collect()
}

#[track_caller]
fn tip(line: &str, expected: &str) {
    assert_eq!(tips(line), [expected, "\n"].concat(), "{line}");
}

#[test]
fn a_command_of_another_tool() {
    tip("google", "`google` of gcloud is `gcp` here");
    tip("bao", "`bao` of vault and bao is `vault` here");
    tip("login", "`login` of other tools is `aws`, `gcp` or `vault`, by the cloud here");
    tip("exec", "`exec` of aws-vault and other tools is `aws`, `gcp` or `vault`, with `-- COMMAND` at the end here");
    tip("version", "`version` of other tools is `--version` here");
    tip("asw", "a similar subcommand exists: 'aws'");
    tip("awz", "a similar subcommand exists: 'aws'");
    tip("explain google", "`google` of gcloud is `gcp` here");
    tip("explain nonsense", "the commands are aws, gcp, vault");
    tip("nonsense", "the commands are aws, gcp, vault, token, explain, setup, clean, completions, man");
}

#[test]
fn an_option_of_another_tool() {
    tip("aws --role-to-assume x", "`--role-to-assume` of configure-aws-credentials is `--role-arn` here");
    tip("aws --roleToAssume x", "`--roleToAssume` of configure-aws-credentials is `--role-arn` here");
    tip("aws --role_arn x", "write `--role-arn`");
    tip("aws --arn x", "`--arn` of aws-vault and other tools is `--role-arn`, with the whole ARN here");
    tip("aws --session-name x", "`--session-name` of other tools is `--role-session-name` here");
    tip("aws --shell bash", "`--shell` of other tools is `--format`: env for POSIX shells, fish for fish here");
    tip(
        "gcp --workload-identity-provider x",
        "`--workload-identity-provider` of google-github-actions/auth is `--provider` here",
    );
    tip("gcp --service_account x", "write `--service-account`");
    tip("vault -address=https://v.example", "`-address` of vault and bao is `--addr` here");
    tip(
        "vault -field=password secret/db",
        "`-field` of vault and bao is a part of the secret's argument: NAME=path#field here",
    );
    tip("vault -role=ci", "write `--role`");
    tip("vault --provider x", "`--provider` is an option of `gcp`, `setup gcp`");
    tip("setup aws --role x", "`--role` of configure-aws-credentials is `--role-arn`, with the whole ARN here");
    tip("explain aws --policy x", "`--policy` of other tools is `--trust-policy` here");
    tip("token --json", "`--json` of the AWS CLI is `--format json` here");
}

#[test]
fn a_value_of_another_tool() {
    tip("aws --format bash", "`bash` of other tools is `env`, which is the default here");
    tip("vault --on-error ignore", "`ignore` of other tools is `none` here");
    let output = oidc_exchange(["aws", "--format", "yaml"]).run();
    output.exits(2).stderr_is(expect![[r#"
        error: invalid value 'yaml' for '--format <FORMAT>'
          [possible values: env, env-no-export, dotenv, fish, json, source, process]

          tip: `yaml` of the AWS CLI is `json` here

        For more information, try '--help'.
    "#]]);
}

#[test]
fn help_is_a_command_too() {
    for (typed, same) in [("help", "--help"), ("help aws", "aws --help"), ("help explain gcp", "explain gcp --help")] {
        let help = oidc_exchange(typed.split(' ')).run();
        help.exits(0).stdout_is(&oidc_exchange(same.split(' ')).run().stdout());
    }
}

/// `eval "$(… --output json)"` would find nothing to evaluate, and the job would go on.
#[test]
fn a_form_is_no_file() {
    let sandbox = Sandbox::start().unwrap();
    for form in ["json", "text", "yaml", "yaml-stream", "table", "off"] {
        let line = ["aws", "--role-arn", DEPLOY_ROLE, "--output", form];
        let output = oidc_exchange(line).job(&sandbox).run();
        output.exits(2).stdout_is(&stopped(2));
        assert!(output.stderr().starts_with(&format!("error: --output {form}: --output takes a file's path")));
        assert!(!output.scratch.path().join(form).exists());
        let script = format!("eval \"$(oidc-exchange {})\"; echo went on", line.join(" "));
        Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run().exits(2).stdout_is("");
    }
    let output = oidc_exchange(["vault", "--role", "ci", "--output", "json"]).job(&sandbox).run();
    output.exits(2).stderr_is(expect![[r"
        error: --output json: --output takes a file's path, and --format the form

        hint: write --format json; for a file of this name, write --output ./json
    "]]);
    let output = oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE, "--output", "./json"]).job(&sandbox).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    assert!(output.scratch.path().join("json").exists());
}

#[test]
fn setup_names_the_options_that_are_missing() {
    let setup = |line: &str| oidc_exchange(line.split(' ')).run();
    let aws = "setup aws --role-arn arn:aws:iam::123456789012:role/deploy";
    let output = setup(&format!("{aws} --issuer https://acme.semaphoreci.com --branch main"));
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: there is no token here to take the rest from: add --project-id, --repo

        hint: a job's page shows what its variables SEMAPHORE_PROJECT_ID and SEMAPHORE_GIT_BRANCH are
    "#]]);
    let output = setup("setup vault --role ci --issuer https://ci.example --repo web");
    assert!(output.exits(2).stderr().contains("add --project-id, --branch (or --tag, --pull-requests)\n"));
    let output = setup("setup vault --role ci --repo web --issuer http://127.0.0.1:1");
    assert!(output.exits(2).stderr().contains("add --org, --project-id, --branch"), "{}", output.describe());
    assert!(setup(aws).exits(3).stderr().starts_with("error: no subject token: SEMAPHORE_OIDC_TOKEN is not set\n"));
}

#[test]
fn a_document_in_another_form() {
    let sandbox = Sandbox::start().unwrap();
    let explain = |arguments: &[&str], text: &str| {
        let scratch = Scratch::new();
        scratch.write("document", text);
        oidc_exchange(["explain"]).args(arguments).within(scratch).job_of(&sandbox, &Job::branch("main")).run()
    };
    let aws = ["aws", "--trust-policy", "document"];
    explain(&aws, "ROLE\tarn:aws:iam::123456789012:role/deploy\n").exits(2).stderr_is(expect![[r#"
        error: --trust-policy document: not JSON: expected value at line 1 column 1

        hint: print it as JSON: aws iam get-role … --output json
    "#]]);
    explain(&["gcp", "--provider-config", "document"], "name: projects/1\n").exits(2).stderr_is(expect![[r#"
        error: --provider-config document: not JSON: expected ident at line 1 column 2

        hint: print it as JSON: gcloud … --format=json
    "#]]);
    explain(&["vault", "--role-config", "document"], "Key  Value\n").exits(2).stderr_is(expect![[r#"
        error: --role-config document: not JSON: expected value at line 1 column 1

        hint: print it as JSON: bao read -format=json … (or vault read)
    "#]]);
    explain(&aws, " \n").exits(2).stderr_is(expect![[r#"
        error: --trust-policy document: the file is empty

        hint: run the command that should have printed it alone: it may have failed
    "#]]);
    let output = oidc_exchange(["explain", "aws", "--trust-policy", "-"]).stdin("").job(&sandbox).run();
    output.exits(2).stderr_is(expect![[r#"
        error: --trust-policy -: standard input is empty

        hint: run the command that should have printed it alone: it may have failed
    "#]]);
    let cut = explain(&aws, "{\"Version\": ");
    assert!(!cut.exits(2).stderr().contains("hint"), "{}", cut.describe());
}
