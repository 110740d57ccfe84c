//! The exact output of every format.

use oidc_exchange::shell::posix::{self, Codes};
use sandbox::aws::Issued;
use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use super::deploy;
use crate::support::scratch::mode;
use crate::support::{expect, exported, shells};

/// Variables that the documentation lists as removed.
const UNSET: &str = "unset AWS_SECURITY_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE AWS_CREDENTIAL_FILE \
                     AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI \
                     AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN \
                     AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;\n";

fn variables(issued: &Issued) -> [(&'static str, String); 5] {
    [
        ("AWS_ACCESS_KEY_ID", issued.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", issued.secret_access_key.clone()),
        ("AWS_SESSION_TOKEN", issued.session_token.clone()),
        ("AWS_CREDENTIAL_EXPIRATION", humantime::format_rfc3339_seconds(issued.expiration).to_string()),
        ("AWS_ACCOUNT_ID", "123456789012".to_owned()),
    ]
}

fn exports(issued: &Issued) -> String {
    let lines = variables(issued).map(|(name, value)| format!("export {name}='{value}';\n"));
    format!("{UNSET}{}", lines.concat())
}

fn only(sandbox: &Sandbox) -> Issued {
    let mut issued = sandbox.aws.issued();
    assert_eq!(issued.len(), 1);
    issued.remove(0)
}

#[test]
fn env_is_for_eval() {
    for arguments in [&[][..], &["--format", "env"], &["--format=env", "--output", "-"]] {
        let sandbox = Sandbox::start().unwrap();
        let output = deploy(arguments).job(&sandbox).run();
        output.exits(0).exports_are(&exports(&only(&sandbox))).stderr_is(expect![""]);
    }
}

#[test]
fn env_no_export_is_raw() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--format", "env-no-export"]).job(&sandbox).run();
    let lines = variables(&only(&sandbox)).map(|(name, value)| format!("{name}={value}\n"));
    output.exits(0).stdout_is(&lines.concat()).stderr_is(expect![""]);
}

/// Without an argument, `export` prints every variable, including the token, and `env` runs its command with stale
/// keys.
#[test]
fn when_refused_it_is_arguments_that_export_and_env_refuse() {
    let sandbox = Sandbox::start().unwrap();
    let lines = format!("$(oidc-exchange aws --role-arn {DEPLOY_ROLE} --format env-no-export)");
    for shell in shells::posix() {
        for options in [&[][..], &["-e"]] {
            let script = format!("export AWS_ACCESS_KEY_ID=STALE\nexport {lines}\nexit 9");
            let output = shell.with(options).args(["-c", &script]).job_of(&sandbox, &Job::branch("other")).run();
            assert!(output.code != Some(0) && output.stdout.is_empty(), "{}", output.describe());
            assert!(options.is_empty() || output.code != Some(9), "{}", output.describe());
        }
        for env in ["env", "busybox env"] {
            let script = format!("{env} {lines} sh -c 'echo RAN'");
            let output = shell.runs(&script).job_of(&sandbox, &Job::branch("other")).run();
            assert!(output.code != Some(0) && output.stdout.is_empty(), "{}", output.describe());
        }
    }
}

#[test]
fn json_is_one_object_in_order() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--format", "json"]).job(&sandbox).run();
    let members = variables(&only(&sandbox)).map(|(name, value)| format!("  \"{name}\": \"{value}\""));
    output.exits(0).stdout_is(&format!("{{\n{}\n}}\n", members.join(",\n"))).stderr_is(expect![""]);
}

#[test]
fn source_is_one_line_and_a_private_file() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--format", "source"]).job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1").run();
    let directory = output.scratch.home().join(".oidc-exchange/job-1");
    let file =
        output.scratch.files().into_iter().find(|file| file.starts_with(&directory) && !file.ends_with("manifest"));
    let file = file.expect("a file to source");
    let line = posix::source(&file.to_string_lossy(), Codes { unquoted: 2, not_kept: 6 });
    assert_eq!(line.lines().count(), 1);
    output.exits(0).stdout_is(&line).stderr_is(expect![""]);
    assert_eq!((mode(&file), mode(&directory)), (0o600, 0o700));
    let keys = only(&sandbox);
    let list = |one: fn(&str) -> String| variables(&keys).map(|(name, _)| one(name)).concat();
    let (assigned, read) = (list(|name| format!(" {name}=aB/c-0.D_eF+gH:iJ@k")), list(|name| format!("${name}")));
    let (samples, names) = ("aB/c-0.D_eF+gH:iJ@k".repeat(5), list(|name| format!(" {name}")));
    let expected = format!(
        "rm -f -- '{}'\n{UNSET}`export{assigned}&&test \"{read}\" = {samples}&&exit;\
         echo 'oidc-exchange: this shell does not keep the value of one of these variables:{names}' >&2\"\";false` || return 6\n\
         {{ set +x; }} 2>/dev/null\n{}\
         case $_oidc_exchange in *v*) set -v;; esac\n\
         case $_oidc_exchange in *x*) unset _oidc_exchange; set -x;; *) unset _oidc_exchange;; esac\n",
        file.display(),
        exports(&only(&sandbox)).trim_start_matches(UNSET)
    );
    assert!(std::fs::read_to_string(&file).unwrap() == expected);
}

#[test]
fn a_file_takes_any_form_and_standard_output_stays_empty() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&["--output", "credentials.sh"]).job(&sandbox).run();
    output.exits(0).stdout_is("").stderr_is(expect![""]);
    let file = output.scratch.path().join("credentials.sh");
    assert!(std::fs::read_to_string(&file).unwrap() == exported(&exports(&only(&sandbox))));
    assert_eq!(mode(&file), 0o600);
}

#[test]
fn a_command_gets_them_and_nothing_is_printed_but_by_it() {
    let sandbox = Sandbox::start().unwrap();
    let names = "AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION AWS_ACCOUNT_ID";
    let script = format!("for name in {names}; do eval \"printf '%s\\n' \\\"\\$$name\\\"\"; done");
    let output = deploy(&["--", "sh", "-c", &script]).job(&sandbox).run();
    let values = variables(&only(&sandbox)).map(|(_, value)| format!("{value}\n"));
    output.exits(0).stdout_is(&values.concat()).stderr_is(expect![""]);
}

#[test]
fn a_region_is_exported_where_one_was_given_and_the_option_wins() {
    /// Options, variables, and the region that is exported.
    type Case = (&'static [&'static str], &'static [(&'static str, &'static str)], Option<&'static str>);
    const CASES: [Case; 6] = [
        (&[], &[], None),
        (&["--region", "eu-central-1"], &[("AWS_REGION", "eu-west-1")], Some("eu-central-1")),
        (&[], &[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-north-1")], Some("eu-west-1")),
        (&[], &[("AWS_REGION", ""), ("AWS_DEFAULT_REGION", "eu-north-1")], Some("eu-north-1")),
        (&["--sts-region", "us-west-2"], &[], None),
        (&["--sts-region", "us-west-2"], &[("AWS_REGION", "eu-west-1")], Some("eu-west-1")),
    ];
    for (arguments, variables, region) in CASES {
        let sandbox = Sandbox::start().unwrap();
        let program = deploy(arguments).job(&sandbox);
        let output = variables.iter().fold(program, |program, (name, value)| program.env(name, value)).run();
        let lines =
            region.map(|region| format!("export AWS_REGION='{region}';\nexport AWS_DEFAULT_REGION='{region}';\n"));
        let expected = format!("{}{}", exports(&only(&sandbox)), lines.unwrap_or_default());
        output.exits(0).exports_are(&expected).stderr_is(expect![""]);
    }
}
