//! Words of other tools get a suggestion with the right word.

use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use crate::support::{Program, Scratch, expect, oidc_exchange, stopped};

/// The tips for a command line, one per line.
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
    tip("google", "write `gcp`");
    tip("az", "write `azure`");
    tip("bao", "write `vault`");
    tip("login", "write the cloud: `aws`, `gcp`, `azure` or `vault`");
    tip("exec", "write `aws`, `gcp`, `azure` or `vault`, with `-- COMMAND` at the end");
    tip("version", "write `--version`");
    tip("docker-login", "write the cloud with `--registry HOST`");
    tip("ecr get-login-password", "write the cloud with `--registry HOST`");
    tip("status", "write `token`");
    tip("aks", "write the cloud with `--format kubernetes`");
    tip("get-token", "write the cloud with `--format kubernetes`");
    tip("credential-process", "write `aws --format process`");
    tip("asw", "a similar subcommand exists: 'aws'");
    tip("awz", "a similar subcommand exists: 'aws'");
    tip("explain google", "write `gcp`");
    tip("explain nonsense", "the commands are aws, gcp, azure, vault");
    tip("nonsense", "the commands are aws, gcp, azure, vault, use, token, explain, setup, clean, completions, man");
}

#[test]
fn an_option_of_another_tool() {
    tip("aws --role-to-assume x", "write `--role-arn`");
    tip("azure --tenant x", "write `--tenant-id`");
    tip("aws --proxy x", "set the variable HTTPS_PROXY");
    tip("aws --query x", "write `--format json`, and read it with jq");
    tip("gcp --cred-file x", "write `--credentials-file`");
    tip("aws --skip-session-tagging", "leave it out");
    tip("aws --audience x", "leave it out: the job's token has its own audience");
    tip("azure --jwt x", "write `--token-env`, with the name of the variable that contains the token");
    tip("use --all", "name each target");
    tip("use -f x", "write `--targets`");
    tip("token --decode", "leave it out");
    tip("azure --audience x", "leave it out: the job's token has its own audience");
    tip("aws --roleToAssume x", "write `--role-arn`");
    tip("aws --role_arn x", "write `--role-arn`");
    tip("aws --arn x", "write `--role-arn`, with the whole ARN");
    tip("aws --session-name x", "write `--role-session-name`");
    tip("aws --shell bash", "write `--format env` for POSIX shells, `--format fish` for fish");
    tip("gcp --workload-identity-provider x", "write `--provider`");
    tip("gcp --workload-identity-pool x", "write `--provider`, with the provider's whole name");
    tip("aws --assume-role-arn x", "write `--role-arn`");
    tip("gcp --service_account x", "write `--service-account`");
    tip("vault -address=https://v.example", "write `--addr`");
    tip("vault -field=password secret/db", "write the field after the secret's path: NAME=path#field");
    tip("vault -role=ci", "write `--role`");
    tip("vault --provider x", "`--provider` is an option of `gcp`, `setup gcp`");
    tip("setup aws --role x", "write `--role-arn`, with the whole ARN");
    tip("explain aws --policy x", "write `--trust-policy`");
    tip("token --json", "write `--format json`");
    oidc_exchange(["aws", "--role-to-assume", "x"]).run().exits(2).stderr_is(expect![[r#"
        error: unexpected argument '--role-to-assume' found

          tip: write `--role-arn`

        For more information, try '--help'.
    "#]]);
}

#[test]
fn a_word_that_is_no_option() {
    tip("aws arn:aws:iam::123456789012:role/deploy", "write `--role-arn` before it");
    tip("aws --role-arn x terraform apply", "leave it out; a COMMAND follows `--`");
    tip("azure login", "leave it out; a COMMAND follows `--`");
    tip("gcp env", "leave it out; a COMMAND follows `--`");
}

#[test]
fn a_value_of_another_tool() {
    tip("aws --format bash", "write `--format env`, or leave it out: env is the default");
    tip("aws --format Bash", "write `--format env`, or leave it out: env is the default");
    tip("vault --on-error ignore", "write `--on-error none`");
    let output = oidc_exchange(["aws", "--format", "yaml"]).run();
    output.exits(2).stderr_is(expect![[r#"
        error: invalid value 'yaml' for '--format <FORMAT>'
          [possible values: env, env-no-export, dotenv, fish, json, source, process, kubernetes]

          tip: write `--format json`

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
    let forms = "json jsonc text yaml yaml-stream yamlc table tsv none disable off env fish JSON dotenv source process raw shell value toml export bash sh \
                 stdout Env-No-Export zsh console /dev/stderr /dev/null /dev/fd/2 /proc/self/fd/2 /dev/tty";
    for form in forms.split_whitespace() {
        let line = ["aws", "--role-arn", DEPLOY_ROLE, "--output", form];
        let output = oidc_exchange(line).job(&sandbox).run();
        output.exits(2).stdout_is(&stopped(2));
        assert!(output.stderr().starts_with(&format!("error: --output {form}: ")), "{}", output.describe());
        assert!(form.starts_with('/') || !output.scratch.path().join(form).exists());
        let script = format!("eval \"$(oidc-exchange {})\"; echo went on", line.join(" "));
        Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run().exits(2).stdout_is("");
    }
    let output = oidc_exchange(["vault", "--role", "ci", "--output", "json"]).job(&sandbox).run();
    output.exits(2).stderr_is(expect![[r#"
        error: --output json: --output is for a file's path

        hint: write `--format json`
        hint: for a file of this name, write --output ./json
    "#]]);
    let output = oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE, "--output", "./json"]).job(&sandbox).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    assert!(output.scratch.path().join("json").exists());
}

/// The system's paths of standard output are `-`.
#[test]
fn standard_output_has_many_names() {
    let sandbox = Sandbox::start().unwrap();
    for path in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "//dev/./stdout"] {
        let line = format!(
            "eval \"$(oidc-exchange aws --role-arn {DEPLOY_ROLE} --output {path})\"; test \"$AWS_SESSION_TOKEN\""
        );
        Program::new("/bin/sh", ["-c", &line]).job(&sandbox).run().exits(0).stdout_is("").stderr_is(expect![[""]]);
        let refused = ["aws", "--role-arn", "arn:aws:iam::123456789012:role/nobody", "--output", path];
        oidc_exchange(refused).job(&sandbox).run().exits(4).stdout_is(&stopped(4));
    }
}

#[test]
fn setup_names_the_options_that_are_missing() {
    let setup = |line: &str| oidc_exchange(line.split(' ')).run();
    let aws = "setup aws --role-arn arn:aws:iam::123456789012:role/deploy";
    let output = setup(&format!("{aws} --issuer https://acme.semaphoreci.com --branch main"));
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: there is no token here for the other values: add --project-id, --repo

        hint: a job's page shows what its variables SEMAPHORE_PROJECT_ID and SEMAPHORE_GIT_BRANCH are
    "#]]);
    let output = setup("setup vault --role ci --issuer https://ci.example --repo web");
    assert!(output.exits(2).stderr().contains("add --project-id, --branch (or --tag, --pull-requests)\n"));
    let output = setup("setup vault --role ci --repo web --issuer http://127.0.0.1:1");
    assert!(output.exits(2).stderr().contains("add --org, --project-id, --branch"), "{}", output.describe());
    for side in [aws, "setup vault --role ci", "setup azure --client-id 11111111-1111-1111-1111-111111111111"] {
        setup(side).exits(3).stdout_is("").stderr_is(expect![[r#"
            error: no subject token: SEMAPHORE_OIDC_TOKEN is not set

            hint: run it in a job, or describe the jobs without a token: add --issuer, --project-id, --repo, --branch (or --tag, --pull-requests)
        "#]]);
    }
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

        hint: print it as JSON: vault read -format=json …
    "#]]);
    explain(&aws, " \n").exits(2).stderr_is(expect![[r#"
        error: --trust-policy document: the file is empty

        hint: run the command that prints it by hand: it may have failed
    "#]]);
    let output = oidc_exchange(["explain", "aws", "--trust-policy", "-"]).stdin("").job(&sandbox).run();
    output.exits(2).stderr_is(expect![[r#"
        error: --trust-policy -: standard input is empty

        hint: run the command that prints it by hand: it may have failed
    "#]]);
    let cut = explain(&aws, "{\"Version\": ");
    assert!(!cut.exits(2).stderr().contains("hint"), "{}", cut.describe());
}
