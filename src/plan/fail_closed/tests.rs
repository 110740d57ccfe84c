//! Tests of single command lines.

use std::ffi::OsString;

use super::FailureOutput;
use crate::shell::posix;

fn text(line: &str, code: u8) -> String {
    let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
    FailureOutput::for_arguments(&arguments).text(code)
}

#[test]
fn an_exchange_removes_its_credentials_and_stops_the_caller() {
    let expected = format!(
        "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_ACCOUNT_ID;\n{}\n",
        posix::stop(4)
    );
    assert_eq!(text("oidc-exchange aws --role-arn x", 4), expected);
    assert_eq!(text("oidc-exchange -v aws --format=source", 4), expected);
    assert_eq!(text("oidc-exchange --region eu-central-1 aws", 4), expected);
    assert_eq!(text("oidc-exchange aws --role-session-name token", 4), expected);
}

#[test]
fn an_id_token_goes_from_the_variable_that_was_named_for_it() {
    let names = "GOOGLE_APPLICATION_CREDENTIALS CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE GOOGLE_OAUTH_ACCESS_TOKEN \
                 CLOUDSDK_AUTH_ACCESS_TOKEN";
    assert!(text("oidc-exchange gcp", 4).starts_with(&format!("unset {names} GOOGLE_ID_TOKEN;\n")));
    assert!(text("oidc-exchange gcp --id-token-env=MINE", 4).starts_with(&format!("unset {names} MINE;\n")));
    assert!(text("oidc-exchange gcp --id-token-env a;b", 2).starts_with(&format!("unset {names} GOOGLE_ID_TOKEN;\n")));
}

#[test]
fn vault_removes_what_it_was_asked_for() {
    let names = |line: &str| text(line, 4).lines().next().unwrap_or_default().to_owned();
    assert_eq!(names("oidc-exchange vault --role ci A=secret/a#b B_=secret/b#* C=nonsense//"), "unset A;");
    assert_eq!(names("oidc-exchange vault --role ci A=secret/a#b --export-token"), "unset A VAULT_TOKEN;");
    assert_eq!(names("oidc-exchange vault --role ci"), "unset VAULT_TOKEN;");
    assert!(names("oidc-exchange vault B_=secret/b#* UID=secret/a#b").starts_with("eval "));
}

#[test]
fn a_misspelt_subcommand_stops_the_caller_too() {
    assert_eq!(text("oidc-exchange asw --role-arn x", 2), format!("{}\n", posix::stop(2)));
    assert_eq!(text("oidc-exchange", 2), format!("{}\n", posix::stop(2)));
}

#[test]
fn the_handler_form_leaves_a_status() {
    assert!(
        text("oidc-exchange aws --on-error status", 5).ends_with(&format!("AWS_ACCOUNT_ID;\n{}\n", posix::status(5)))
    );
}

#[test]
fn fish_is_told_in_its_own_words() {
    let said = text("oidc-exchange aws --format fish", 4);
    assert!(
        said.starts_with(
            "for _oidc_scope in 1 2 3 4 5 6 7 8 9; set -e AWS_ACCESS_KEY_ID; or break; end;\nfor _oidc_scope in "
        ),
        "{said}"
    );
    assert!(said.ends_with("set -e AWS_ACCOUNT_ID; or break; end;\nreturn 4;\n"), "{said}");
    assert_eq!(text("oidc-exchange aws --format=fish", 4), said);
    assert!(text("oidc-exchange aws --on-error=status --format fish", 5).contains("return 5; end;"));
}

#[test]
fn a_format_that_there_is_not_stops_both_kinds_of_shells() {
    let said = text("oidc-exchange aws --format fsh", 2);
    assert!(
        said.starts_with("string length -q x 2>/dev/null && eval 'for _oidc_scope in 1 2 3 4 5 6 7 8 9; set -e AWS_ACCESS_KEY_ID; or break; end; "),
        "{said}"
    );
    assert!(said.ends_with(&format!("AWS_ACCOUNT_ID; {}';\n", posix::stop(2))), "{said}");
    assert!(text("oidc-exchange aws --format fsh --on-error status", 2).ends_with("\nsh -c 'exit 2'\n"));
}

#[test]
fn arguments_of_export_are_some_that_it_refuses() {
    let shells = text("oidc-exchange aws --format fsh", 4);
    assert_eq!(text("oidc-exchange aws --format env-no-export", 4), format!("no-credentials/;\n=;\n{shells}"));
    let shells = text("oidc-exchange aws --format fsh --on-error status", 4);
    let asked = "oidc-exchange aws --format=env-no-export --on-error status";
    assert_eq!(text(asked, 4), format!("no-credentials/;\n=;\n{shells}"));
    assert_eq!(text("oidc-exchange aws --format env-no-export --output x", 4), "");
}

#[test]
fn the_names_are_those_that_success_would_have_set() {
    assert!(text("oidc-exchange aws --env-prefix STAGING_", 4).starts_with("unset STAGING_AWS_ACCESS_KEY_ID "));
    assert!(text("oidc-exchange aws --env-prefix=B", 4).starts_with("unset BAWS_ACCESS_KEY_ID "));
    assert_eq!(text("oidc-exchange aws --env-prefix $(x)", 2), format!("{}\n", posix::stop(2)));
    assert!(text("oidc-exchange aws --refreshable", 4).contains(" AWS_WEB_IDENTITY_TOKEN_FILE;"));
}

#[test]
fn nothing_is_said_to_what_is_not_a_shell() {
    for line in [
        "oidc-exchange aws --on-error none",
        "oidc-exchange aws --on-error=none",
        "oidc-exchange aws --format json",
        "oidc-exchange aws --format process",
        "oidc-exchange aws --eks-cluster x --format kubernetes",
        "oidc-exchange vault A=secret/a#b --format raw",
        "oidc-exchange aws --profile ci",
        "oidc-exchange aws --output x",
        "oidc-exchange aws -- make --format env",
        "oidc-exchange explain aws --trust-policy",
        "oidc-exchange setup vault --role token",
        "oidc-exchange token --verify",
        "oidc-exchange completions csh",
        "oidc-exchange man --nonsense",
    ] {
        assert_eq!(text(line, 2), "", "{line}");
    }
}

/// These lines look as if they were not for a shell, but only if they are misread.
#[test]
fn what_is_not_plainly_for_something_else_stops_the_caller() {
    for line in [
        "gcp --profile ci --provider x",
        "gcp --format process",
        "vault --format process",
        "vault --format kubernetes",
        "aws --format --eks-cluster kubernetes",
        "aws --format raw",
        "aws --format json --format env",
        "aws --output x --output -",
        "aws --on-error status --on-error stop",
        "aws --role-session-name --format json",
        "aws --policy --profile x",
        "aws --policy --on-error none",
        "aws --output --role-arn x",
        "aws --output=",
        "aws --profile=",
        "aws --format env -- make",
        "aws --profile x --format env",
        "aws --",
        "aws -- ",
        "aws --  x",
        "-- aws",
        "-- aws -- make",
        "--role-session-name token aws",
        "--ca-file man aws",
        "--ca-file vault aws --output x",
        "help aws --nonsense",
    ] {
        let said = text(&format!("oidc-exchange {line}"), 2);
        assert!(said.contains(&posix::stop(2)), "{line}: {said}");
        assert!(!line.contains("aws") || said.contains(" AWS_SECRET_ACCESS_KEY"), "{line}: {said}");
    }
    assert!(text("oidc-exchange --ca-file vault aws", 2).contains(" VAULT_TOKEN"));
}

#[test]
fn each_name_that_a_bad_line_gives_is_removed() {
    let said = text("oidc-exchange aws --env-prefix A_ --env-prefix B_ --refreshable", 2);
    for name in
        ["A_AWS_SECRET_ACCESS_KEY", "B_AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_WEB_IDENTITY_TOKEN_FILE"]
    {
        assert!(said.contains(&format!(" {name}")), "{name}: {said}");
    }
    let said = text("oidc-exchange gcp --id-token-env ONE --id-token-env TWO", 2);
    assert!(said.contains(" ONE TWO;"), "{said}");
    // The role is missing: the secret was parsed as the role, and the token would be exported.
    let said = text("oidc-exchange vault --role A=secret/a#b", 4);
    assert!(said.starts_with("unset A VAULT_TOKEN;"), "{said}");
}

#[test]
fn a_misspelt_option_for_fish_stops_fish() {
    for line in [
        "aws --form fish",
        "aws --formt=fish",
        "aws --fromat fsh",
        "aws --refreshable=fish",
        "vault --frmat Fish A=secret/a#b",
    ] {
        let said = text(&format!("oidc-exchange {line}"), 2);
        assert!(said.starts_with("string length "), "{line}: {said}");
    }
    assert!(text("oidc-exchange --format fish aws", 2).ends_with("\nreturn 2;\n"));
}
