//! A token in place of another value: it has leaked already, and is not shown again.

use super::malformed::{refused, token};
use crate::aws::deploy;
use crate::support::{expect, stopped_in_any_shell};

/// `$` before a name: the shell has inserted the token itself.
#[test]
fn the_token_in_place_of_its_variables_name() {
    let token = token();
    refused(
        deploy(&["--token-env", &token]).token(&token),
        2,
        expect![[r#"
        error: --token-env requires the name of a variable

        hint: it was given a token, which a command line makes public: consider it leaked
        hint: write --token-env SEMAPHORE_OIDC_TOKEN, without the $
    "#]],
    );
    refused(
        deploy(&["--token-file", &token]).token(&token),
        3,
        expect![[r#"
        error: cannot read the subject token from [redacted]: File name too long (os error 36)
    "#]],
    );
}

#[test]
fn the_token_on_the_command_line() {
    let token = token();
    refused(
        deploy(&["--token", &token]).token(&token),
        2,
        expect![[r#"
            error: unexpected argument '--token' found

              tip: a similar argument exists: '--token-env'

            Usage: oidc-exchange aws [OPTIONS] [-- <COMMAND>...]

            For more information, try '--help'.

            hint: a command line is public: put the token into a variable, and name that with --token-env
        "#]],
    );
    refused(
        deploy(&[&format!("--token={token}")]).token(&token),
        2,
        expect![[r#"
            error: unexpected argument '--token' found

              tip: a similar argument exists: '--token-env'

            Usage: oidc-exchange aws [OPTIONS] [-- <COMMAND>...]

            For more information, try '--help'.

            hint: a command line is public: put the token into a variable, and name that with --token-env
        "#]],
    );
    refused(
        deploy(&[&token]).token(&token),
        2,
        expect![[r#"
            error: unexpected argument '[redacted]' found

              tip: leave it out; a COMMAND follows `--`

            For more information, try '--help'.
        "#]],
    );
    refused(
        deploy(&["--role-session-name", &token]).token(&token),
        2,
        expect![[r#"
        error: --role-session-name: `[redacted]` is not a role session name

        hint: it has 2 to 64 letters, digits and +=,.@_- (no space, no slash, no colon)
    "#]],
    );
    refused(
        deploy(&["--region", &token]).token(&token),
        2,
        expect![[r#"
        error: --region: `[redacted]` is not a region's name

        hint: write it like eu-central-1
    "#]],
    );
    let no_format = deploy(&["--format", &token]).token(&token).run();
    no_format.exits(2).stdout_is(&stopped_in_any_shell(2)).stderr_is(expect![[r#"
        error: invalid value '[redacted]' for '--format <FORMAT>'
          [possible values: env, env-no-export, dotenv, fish, json, source, process, kubernetes]

        For more information, try '--help'.
    "#]]);
    refused(
        deploy(&["--duration", &token]).token(&token),
        2,
        expect![[r#"
            error: invalid value '[redacted]' for '--duration <DURATION>': it is not a number with a unit: write s, m, h or d, as in 90s, 15m or 1h30m

            For more information, try '--help'.
        "#]],
    );
    refused(
        deploy(&["--ca-file", &token]).token(&token),
        2,
        expect![[r#"
        error: --ca-file: cannot read [redacted]: File name too long (os error 36)
    "#]],
    );
    refused(
        deploy(&["--policy", &token]).token(&token),
        2,
        expect![[r#"
        error: --policy: not JSON: expected value at line 1 column 1

        hint: IAM accepts no comments and no trailing commas
    "#]],
    );
    refused(
        deploy(&["--policy-arn", &token]).token(&token),
        2,
        expect![[r#"
        error: --policy-arn: `[redacted]` is not a managed policy's ARN: it does not read arn:…:iam::…

        hint: write it as arn:aws:iam::aws:policy/NAME or arn:aws:iam::ACCOUNT:policy/NAME
    "#]],
    );
}
