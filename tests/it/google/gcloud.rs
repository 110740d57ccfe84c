//! gcloud, if it is installed: no registry has a package with a fixed version.

use std::path::PathBuf;
use std::time::Duration;

use sandbox::google::BUCKET;
use sandbox::{DEPLOY_ACCOUNT, Sandbox};

use super::deploy;
use crate::support::{Program, shells};

/// Skipped with its name if it is not installed: not every machine, and not CI, can download Google's packages.
pub(super) fn found(name: &str) -> Option<PathBuf> {
    let path = shells::on_path(name);
    if path.is_none() {
        eprintln!("skipped: {name} is not here");
    }
    path
}

/// Quiet, without usage reports, and with a long timeout: each command takes seconds, or more on a busy machine.
pub(super) fn quiet(program: Program<'_>) -> Program<'_> {
    let variables = [
        ("CLOUDSDK_CORE_DISABLE_PROMPTS", "1"),
        ("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "true"),
        ("CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK", "1"),
        ("CLOUDSDK_CORE_DISABLE_FILE_LOGGING", "1"),
    ];
    variables.iter().fold(program.patient(Duration::from_mins(5)), |program, (name, value)| program.env(name, value))
}

/// The account whose token gcloud prints.
fn account_of(sandbox: &Sandbox, printed: &str) -> Option<String> {
    let token = printed.trim();
    sandbox.google.issued().into_iter().find(|issued| issued.token == token).map(|issued| issued.principal)
}

#[test]
fn it_prints_a_token_of_the_service_account() {
    let Some(gcloud) = found("gcloud") else { return };
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&sandbox, &["--"]).arg(gcloud).args(["auth", "print-access-token"]);
    let output = quiet(program).run();
    assert_eq!(account_of(&sandbox, &output.exits(0).stdout()).as_deref(), Some(DEPLOY_ACCOUNT));
}

#[test]
fn it_lists_projects_and_storage_as_the_service_account() {
    let Some(gcloud) = found("gcloud") else { return };
    let sandbox = Sandbox::start().unwrap();
    let url = sandbox.google.iam.url();
    let ask = |words: &[&str]| {
        let program = deploy(&sandbox, &["--"]).arg(&gcloud).args(words);
        let program = quiet(program)
            .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER", format!("{url}/"))
            .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE", format!("{url}/storage/v1/"));
        program.run()
    };
    let projects = ask(&["projects", "list", "--format=value(projectId)"]);
    projects.exits(0).stdout_is("sandbox-project\n");
    let storage = ask(&["storage", "ls", &format!("gs://{BUCKET}")]);
    storage.exits(0).stdout_is(&format!("gs://{BUCKET}/seen-by-{DEPLOY_ACCOUNT}\n"));
}

/// gcloud caches tokens by account. With its own directory, it would use a token of an earlier exchange.
#[test]
fn a_directory_of_its_own_keeps_another_files_token_out() {
    let Some(gcloud) = found("gcloud") else { return };
    let sandbox = Sandbox::start().unwrap();
    let print = |options: &[&str], scratch| {
        // Otherwise everybody can read gcloud's file of tokens.
        let program = deploy(&sandbox, options).args(["--", "sh", "-c", "umask 077; exec \"$@\"", "sh"]).arg(&gcloud);
        quiet(program).args(["auth", "print-access-token"]).within(scratch).run()
    };
    let first = print(&["--keep-gcloud-config"], crate::support::Scratch::new());
    let stale = first.exits(0).stdout();
    let kept = print(&["--keep-gcloud-config"], first.scratch);
    assert!(kept.exits(0).stdout() == stale, "what its own directory does");
    let fresh = print(&[], kept.scratch);
    assert!(fresh.exits(0).stdout() != stale, "and ours does not");
}

/// Each of them has precedence over the file, or changes gcloud's account. So they are unset. If they are set after the
/// exchange, they have that effect.
#[test]
fn what_beats_the_file_is_removed() {
    let Some(gcloud) = found("gcloud") else { return };
    let sandbox = Sandbox::start().unwrap();
    let (token, iam) = (["auth", "print-access-token"].as_slice(), format!("{}/", sandbox.google.iam.url()));
    for (name, value, words) in [
        ("CLOUDSDK_AUTH_ACCESS_TOKEN", "stale", token),
        ("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", "/nonexistent", token),
        ("CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", "x@other-project.iam.gserviceaccount.com", token),
        ("CLOUDSDK_CORE_ACCOUNT", "somebody@example.com", &["config", "get", "account"]),
    ] {
        let ask = |program: Program<'_>| {
            let output = quiet(program)
                .arg(&gcloud)
                .args(words)
                .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS", &iam)
                .run();
            (output.code, account_of(&sandbox, &output.stdout()), output.stdout())
        };
        let before = ask(deploy(&sandbox, &["--"]).env(name, value));
        let after = ask(deploy(&sandbox, &["--", "env", &format!("{name}={value}")]));
        if words == token {
            assert_eq!((before.0, before.1.as_deref()), (Some(0), Some(DEPLOY_ACCOUNT)), "{name}");
            assert_eq!(after.1, None, "{name}");
        } else {
            assert_eq!((before.2.trim(), after.2.trim()), ("", value), "{name}");
        }
    }
}

/// `gcloud config set` before the exchange has an effect after it.
#[test]
fn the_jobs_own_settings_hold() {
    let Some(gcloud) = found("gcloud") else { return };
    let sandbox = Sandbox::start().unwrap();
    let script = "set -eu; \"$GCLOUD\" config set project jobs-own 2>/dev/null; \"$GCLOUD\" config set artifacts/location z-1 2>/dev/null\n\
                  eval \"$(oidc-exchange gcp --provider \"$0\" --service-account \"$1\" \
                  --sts-endpoint \"$SANDBOX_GOOGLE_STS\" --iamcredentials-endpoint \"$SANDBOX_GOOGLE_IAM\")\"\n\
                  \"$GCLOUD\" config get project; \"$GCLOUD\" config get artifacts/location";
    let program = Program::new("/bin/sh", ["-c", script, sandbox::PROVIDER, DEPLOY_ACCOUNT]).job(&sandbox);
    let output = quiet(program).env("GCLOUD", &gcloud).run();
    output.exits(0).stdout_is("jobs-own\nz-1\n");
}
