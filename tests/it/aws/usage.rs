//! Invalid values of the options that every exchange has, and unknown words.

use sandbox::Sandbox;

use super::deploy;
use super::options::{wrong, wrong_options};
use crate::support::{expect, oidc_exchange, stop, stopped, stopped_in_any_shell};

#[test]
fn a_timeout_without_time() {
    wrong_options(
        &["--timeout", "0"],
        expect![[r#"
        error: --timeout: no time at all is left for the exchange
    "#]],
    );
    wrong_options(
        &["--timeout", "soon"],
        expect![[r#"
            error: invalid value 'soon' for '--timeout <DURATION>': it is not a number with a unit: write s, m, h or d, as in 90s, 15m or 1h30m

            For more information, try '--help'.
        "#]],
    );
}

#[test]
fn certificates_that_are_not_there() {
    wrong_options(
        &["--ca-file", "absent.pem"],
        expect![[r#"
        error: --ca-file: cannot read absent.pem: No such file or directory (os error 2)
    "#]],
    );
    let program = deploy(&["--ca-file", "empty.pem"]);
    program.scratch().write("empty.pem", "");
    wrong(
        program,
        expect![[r#"
        error: --ca-file: empty.pem holds no PEM certificate
    "#]],
    );
}

#[test]
fn a_host_for_plain_http_that_is_more_than_a_host() {
    wrong_options(
        &["--allow-http", "http://vault:8200"],
        expect![[r#"
        error: --allow-http: `http://vault:8200` is not a host's name or address

        hint: write only the host, without http:// and without a port
    "#]],
    );
    wrong_options(
        &["--allow-http", "vault:8200"],
        expect![[r#"
        error: --allow-http: `vault:8200` is not a host's name or address

        hint: write only the host, without http:// and without a port
    "#]],
    );
    wrong_options(
        &["--allow-http", "*"],
        expect![[r#"
        error: --allow-http: `*` is not a host's name or address

        hint: write only the host, without http:// and without a port
    "#]],
    );
}

#[test]
fn a_proxy_that_is_none() {
    let program = deploy(&[]).env("HTTPS_PROXY", "ftp://me:a-password-of-mine@proxy:1");
    wrong(
        program.secret("the proxy's password", "a-password-of-mine"),
        expect![[r#"
            error: HTTPS_PROXY is not the address of a proxy

            hint: write it as http://host:port, https://host:port, socks5://host:port or socks5h://host:port
            hint: percent-encode the user and the password as UTF-8: @ is %40, / is %2F, \ is %5C, ? is %3F, # is %23
        "#]],
    );
}

#[test]
fn options_that_do_not_go_together() {
    wrong_options(
        &["--token-env", "A", "--token-file", "b"],
        expect![[r#"
        error: the argument '--token-env <NAME>' cannot be used with '--token-file <PATH>'

        Usage: oidc-exchange aws --role-arn <ARN> --token-env <NAME> [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["-v", "-q"],
        expect![[r#"
        error: the argument '--verbose...' cannot be used with '--quiet'

        Usage: oidc-exchange aws --role-arn <ARN> --verbose... [-- <COMMAND>...]

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["--pass-token"],
        expect![[r#"
        error: the following required arguments were not provided:
          <COMMAND>...

        Usage: oidc-exchange aws --role-arn <ARN> --pass-token -- <COMMAND>...

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn words_that_are_not_known() {
    wrong_options(
        &["--role", "x"],
        expect![[r#"
            error: unexpected argument '--role' found

              tip: write `--role-arn`, with the whole ARN

            For more information, try '--help'.
        "#]],
    );
    let no_format = deploy(&["--format", "yaml"]).run();
    no_format.exits(2).stdout_is(&stopped_in_any_shell(2)).stderr_is(expect![[r#"
        error: invalid value 'yaml' for '--format <FORMAT>'
          [possible values: env, env-no-export, dotenv, fish, json, source, process, kubernetes]

          tip: write `--format json`

        For more information, try '--help'.
    "#]]);
    wrong_options(
        &["--on-error", "cry"],
        expect![[r#"
        error: invalid value 'cry' for '--on-error <WHAT>'
          [possible values: stop, status, none]

        For more information, try '--help'.
    "#]],
    );
    wrong_options(
        &["extra"],
        expect![[r#"
            error: unexpected argument 'extra' found

              tip: leave it out; a COMMAND follows `--`

            For more information, try '--help'.
        "#]],
    );
    wrong_options(
        &["--region"],
        expect![[r#"
        error: a value is required for '--region <REGION>' but none was supplied

        For more information, try '--help'.
    "#]],
    );
}

/// An unknown command has no known credentials, but the caller is stopped anyway.
#[test]
fn no_such_command() {
    let asw = oidc_exchange(["asw", "--role-arn", "x"]).run();
    asw.exits(2).stdout_is(&stop(2)).stderr_is(expect![[r#"
        error: unrecognized subcommand 'asw'

          tip: a similar subcommand exists: 'aws'

        For more information, try '--help'.
    "#]]);
    oidc_exchange(["--frobnicate"]).run().exits(2).stdout_is(&stop(2));
    let nothing = oidc_exchange([""; 0]).run();
    nothing.exits(2).stdout_is(&stop(2));
    assert!(nothing.stderr().contains("Usage: oidc-exchange <COMMAND>"));
}

/// A reader of data must not find shell text in it.
#[test]
fn what_is_not_for_a_shell_is_left_empty() {
    let sandbox = Sandbox::start().unwrap();
    for options in [&["--format", "json"][..], &["--output", "file"], &["--on-error", "none"], &["--", "true"]] {
        let program = oidc_exchange(["aws", "--role-arn", "deploy"]).args(options).job(&sandbox);
        program.run().exits(2).stdout_is("");
    }
}

#[test]
fn combinations_that_mean_nothing_with_a_command_or_without_a_shell() {
    let sandbox = Sandbox::start().unwrap();
    let cases = [
        (
            &["--format", "json", "--on-error", "stop"][..],
            expect![[r#"
            error: --on-error is for the formats that a shell evaluates
        "#]],
        ),
        (
            &["--format", "json", "--", "true"],
            expect![[r#"
            error: the argument '--format <FORMAT>' cannot be used with '[COMMAND]...'

            Usage: oidc-exchange aws --role-arn <ARN> --format <FORMAT> [-- <COMMAND>...]

            For more information, try '--help'.
        "#]],
        ),
        (
            &["--output", "x", "--", "true"],
            expect![[r#"
            error: the argument '--output <PATH>' cannot be used with '[COMMAND]...'

            Usage: oidc-exchange aws --role-arn <ARN> --output <PATH> [-- <COMMAND>...]

            For more information, try '--help'.
        "#]],
        ),
        (
            &["--on-error", "stop", "--", "true"],
            expect![[r#"
            error: the argument '--on-error <WHAT>' cannot be used with '[COMMAND]...'

            Usage: oidc-exchange aws --role-arn <ARN> --on-error <WHAT> [-- <COMMAND>...]

            For more information, try '--help'.
        "#]],
        ),
        (
            &["--print-secrets", "--", "true"],
            expect![[r#"
            error: the argument '--print-secrets' cannot be used with '[COMMAND]...'

            Usage: oidc-exchange aws --role-arn <ARN> --print-secrets [-- <COMMAND>...]

            For more information, try '--help'.
        "#]],
        ),
    ];
    for (options, message) in cases {
        deploy(options).job(&sandbox).run().exits(2).stdout_is("").stderr_is(message);
    }
    // An empty variable may have been meant as COMMAND. The line may or may not be in an `eval`.
    for nothing in [&["--"][..], &["--", ""], &["--", "", "deploy"]] {
        deploy(nothing).job(&sandbox).run().exits(2).stdout_is(&stopped(2)).stderr_is(expect![[r#"
            error: a COMMAND is missing after `--`
        "#]]);
    }
    for misplaced in [&["--", "--region", "eu-west-1"][..], &["--", "-v", "make"], &["--", "--", "make"]] {
        deploy(misplaced).job(&sandbox).run().exits(2).stdout_is(&stopped(2)).stderr_is(expect![[r#"
            error: a COMMAND after `--` cannot begin with a dash

            hint: write the options of oidc-exchange before `--`
        "#]]);
    }
    assert!(sandbox.aws.requests().is_empty());
}

/// A `--` at the end is COMMAND's own, if there is one before it.
#[test]
fn a_command_may_end_with_two_dashes() {
    let sandbox = Sandbox::start().unwrap();
    deploy(&["--", "echo", "a", "--"]).job(&sandbox).run().exits(0).stdout_is("a --\n");
    let help = oidc_exchange(["help", "aws", "--", "echo", "a"]).job(&sandbox).run();
    help.exits(0).stdout_is(&oidc_exchange(["aws", "--help"]).run().stdout());
}

#[test]
fn help_and_version_are_no_mistakes() {
    let version = oidc_exchange(["--version"]).run();
    version.exits(0).stdout_is(concat!("oidc-exchange ", env!("CARGO_PKG_VERSION"), "\n")).stderr_is(expect![""]);
    let help = oidc_exchange(["aws", "--help"]).run();
    help.exits(0).stderr_is(expect![""]);
    assert!(help.stdout().contains("--role-arn <ARN>") && help.stdout().contains("AWS_ROLE_ARN"));
}

#[test]
fn a_token_kept_for_no_command() {
    wrong_options(
        &["--pass-token", "--format", "env"],
        expect![[r#"
            error: --pass-token is for a COMMAND after `--`, and there is none
        "#]],
    );
}
