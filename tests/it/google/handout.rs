//! The exported variables, each with its purpose.

use std::fs;

use sandbox::Sandbox;

use super::{deploy, direct, stopped};
use crate::support::scratch::mode;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange};

const UNSET: &str = "unset CLOUDSDK_AUTH_ACCESS_TOKEN CLOUDSDK_AUTH_ACCESS_TOKEN_FILE \
                     CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT CLOUDSDK_CORE_ACCOUNT GOOGLE_OAUTH_ACCESS_TOKEN \
                     GOOGLE_CREDENTIALS GOOGLE_IMPERSONATE_SERVICE_ACCOUNT;\n";

const PROJECT: &str = "export CLOUDSDK_CORE_PROJECT='sandbox-project';\n\
                       export CLOUDSDK_PROJECT='sandbox-project';\n\
                       export GCLOUD_PROJECT='sandbox-project';\n\
                       export GCP_PROJECT='sandbox-project';\n\
                       export GOOGLE_CLOUD_PROJECT='sandbox-project';\n";

/// The value that standard output exports.
fn exported(output: &Output, name: &str) -> Option<String> {
    let text = output.stdout();
    let (_, rest) = text.split_once(&format!("export {name}='"))?;
    rest.split_once("';").map(|(value, _)| value.to_owned())
}

fn private_files(scratch: &Scratch) -> Vec<String> {
    let within = |path: std::path::PathBuf| path.to_string_lossy().contains("/.oidc-exchange/").then_some(path);
    scratch.files().into_iter().filter_map(within).map(|path| path.to_string_lossy().into_owned()).collect()
}

#[test]
fn a_file_and_what_leads_to_it() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&sandbox, &[]).run();
    output.exits(0).stderr_is(expect![""]);
    let file = exported(&output, "GOOGLE_APPLICATION_CREDENTIALS").unwrap();
    let config = exported(&output, "CLOUDSDK_CONFIG").unwrap();
    let boto = exported(&output, "BOTO_PATH").unwrap();
    output.exports_are(&format!(
        "{UNSET}export GOOGLE_APPLICATION_CREDENTIALS='{file}';\n\
         export CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE='{file}';\n\
         export CLOUDSDK_CONFIG='{config}';\nexport BOTO_PATH='{boto}';\n{PROJECT}"
    ));
    let boto = boto.strip_prefix("/etc/boto.cfg:~/.boto:").unwrap();
    let settings = fs::read_to_string(boto).unwrap();
    let state = settings
        .strip_prefix(&format!("[Credentials]\ngs_external_account_file = {file}\n[GSUtil]\nstate_dir = "))
        .unwrap();
    assert_eq!(mode(state.trim_end().as_ref()), 0o700);
    assert_eq!((mode(file.as_ref()), mode(boto.as_ref()), mode(config.as_ref())), (0o600, 0o600, 0o700));
    let home = output.scratch.home().join(".oidc-exchange");
    assert_eq!(mode(&home), 0o700);
}

#[test]
fn other_forms_carry_the_same() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&sandbox, &["--format", "env-no-export"]).run();
    let text = output.exits(0).stdout();
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    let expected = [
        "GOOGLE_APPLICATION_CREDENTIALS",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
        "CLOUDSDK_CONFIG",
        "BOTO_PATH",
        "CLOUDSDK_CORE_PROJECT",
        "CLOUDSDK_PROJECT",
        "GCLOUD_PROJECT",
        "GCP_PROJECT",
        "GOOGLE_CLOUD_PROJECT",
    ];
    assert_eq!(names, expected);
    let json = deploy(&sandbox, &["--format", "json"]).run();
    let json: serde_json::Value = serde_json::from_str(&json.exits(0).stdout()).unwrap();
    assert_eq!(json.as_object().unwrap().len(), expected.len());
    assert!(expected.iter().all(|name| json[name].is_string()));
}

/// For Terraform and similar tools. The expiry is printed, because nothing renews the token.
#[test]
fn an_access_token_beside_a_file_is_not_gclouds() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&sandbox, &["--access-token"]).run();
    output.exits(0).stderr_is(expect![[r#"
        warning: GOOGLE_OAUTH_ACCESS_TOKEN is valid until TIME; nothing renews it
    "#]]);
    let issued = sandbox.google.issued();
    assert!(exported(&output, "GOOGLE_OAUTH_ACCESS_TOKEN").as_ref() == Some(&issued[0].token));
    assert_eq!(exported(&output, "CLOUDSDK_AUTH_ACCESS_TOKEN"), None, "it would beat the file, and end before it");
    let without = UNSET.replace(" GOOGLE_OAUTH_ACCESS_TOKEN", "");
    assert!(output.stdout().starts_with(&without), "what is set is not unset");
}

#[test]
fn without_a_file_the_access_token_is_gclouds_too_and_nothing_is_written() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&sandbox, &["--access-token", "--no-credentials-file"]).run();
    let issued = sandbox.google.issued();
    for name in ["GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"] {
        assert!(exported(output.exits(0), name).as_ref() == Some(&issued[0].token), "{name}");
    }
    for name in ["GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "BOTO_PATH"] {
        assert_eq!(exported(&output, name), None);
    }
    assert_eq!(private_files(&output.scratch), [""; 0]);
}

/// As google-auth and gcloud read it. With a service account the number is not used at all.
#[test]
fn the_life_of_a_federated_token_is_a_number_of_any_kind() {
    let sandbox = Sandbox::start().unwrap();
    for life in [r#""3600""#, "3600.0", "3600.7", "3.6e3", "null", "-1", r#""soon""#, "1e300"] {
        for kind in [r#","token_type":"Bearer""#, ""] {
            let body = format!(r#"{{"access_token":"ya29.d.0123456789abcdef0123","expires_in":{life}{kind}}}"#);
            let fault = sandbox::Fault::Status { status: 200, headers: Vec::new(), body };
            sandbox.google.sts.script([fault]);
            let output = direct(&sandbox, &["--no-credentials-file", "--access-token"]).run();
            output.exits(0);
        }
    }
}

#[test]
fn a_federated_token_says_its_life_where_sts_does() {
    let sandbox = Sandbox::start().unwrap();
    let options = ["--no-credentials-file", "--access-token"];
    let output = direct(&sandbox, &options).run();
    assert!(exported(output.exits(0), "GOOGLE_OAUTH_ACCESS_TOKEN").as_ref() == Some(&sandbox.google.federated()[0]));
    assert_eq!(exported(&output, "GOOGLE_CLOUD_PROJECT"), None, "no account says a project");
    let body = r#"{"access_token":"ya29.d.0123456789abcdef0123","token_type":"Bearer"}"#;
    let silent = sandbox::Fault::Status { status: 200, headers: Vec::new(), body: body.into() };
    sandbox.google.sts.script([silent]);
    direct(&sandbox, &options).run().exits(0).stderr_is(expect![[r#"
        warning: GOOGLE_OAUTH_ACCESS_TOKEN is valid until a time that Google did not return; nothing renews it
    "#]]);
}

#[test]
fn an_id_token_goes_where_it_is_wanted() {
    let sandbox = Sandbox::start().unwrap();
    let options = ["--id-token-audience", "https://run.test", "--no-credentials-file"];
    let plain = deploy(&sandbox, &options).run();
    let token = exported(plain.exits(0), "GOOGLE_ID_TOKEN").unwrap();
    assert!(token == sandbox.google.issued()[0].token);
    let claims = claims(&token);
    assert_eq!((claims["aud"].as_str(), claims.get("email")), (Some("https://run.test"), None));
    let named = deploy(&sandbox, &options).args(["--id-token-env", "RUN_TOKEN", "--include-email"]).run();
    let claims = self::claims(&exported(named.exits(0), "RUN_TOKEN").unwrap());
    assert_eq!(claims["email"].as_str(), Some(sandbox::DEPLOY_ACCOUNT));
    assert_eq!(exported(&named, "GOOGLE_ID_TOKEN"), None);
}

fn claims(token: &str) -> serde_json::Map<String, serde_json::Value> {
    use base64::Engine;
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn the_project_is_the_named_one_else_the_jobs_else_the_accounts() {
    let sandbox = Sandbox::start().unwrap();
    let project = |program: Program<'_>| exported(program.run().exits(0), "GOOGLE_CLOUD_PROJECT");
    assert_eq!(project(deploy(&sandbox, &[])).as_deref(), Some("sandbox-project"));
    let named = deploy(&sandbox, &["--project", "example.com:named"]).env("GOOGLE_CLOUD_PROJECT", "jobs");
    assert_eq!(project(named).as_deref(), Some("example.com:named"));
    // If only one were set, the others could differ.
    for variable in ["GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT", "GCP_PROJECT"] {
        assert_eq!(project(deploy(&sandbox, &[]).env(variable, "jobs")), None, "{variable}");
    }
    let configured = deploy(&sandbox, &[]);
    configured.scratch().write("home/.config/gcloud/configurations/config_default", "[core]\nproject = jobs\n");
    assert_eq!(project(configured), None);
    let another = deploy(&sandbox, &[]).env("CLOUDSDK_ACTIVE_CONFIG_NAME", "other");
    another.scratch().write("home/.config/gcloud/configurations/config_default", "[core]\nproject = jobs\n");
    assert_eq!(project(another).as_deref(), Some("sandbox-project"));
}

/// Without them, clients would send the token to googleapis.com.
#[test]
fn another_universe_is_named_to_the_tools() {
    let sandbox = Sandbox::start().unwrap();
    for files in [&[][..], &["--no-credentials-file", "--access-token"]] {
        for (universe, named) in [("example.test", Some("example.test")), ("googleapis.com", None)] {
            let output = deploy(&sandbox, &[&["--universe-domain", universe], files].concat()).run();
            output.exits(0);
            for name in ["CLOUDSDK_CORE_UNIVERSE_DOMAIN", "GOOGLE_CLOUD_UNIVERSE_DOMAIN"] {
                assert_eq!(exported(&output, name).as_deref(), named, "{name}");
            }
        }
    }
}

#[test]
fn gclouds_settings_come_along_and_its_tokens_do_not() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&sandbox, &[]);
    let old = "home/.config/gcloud";
    program.scratch().write(&format!("{old}/active_config"), "ci");
    program.scratch().write(&format!("{old}/configurations/config_ci"), "[core]\nproject = jobs\n");
    program.scratch().write(&format!("{old}/access_tokens.db"), "tokens");
    program.scratch().write(&format!("{old}/credentials.db"), "logins");
    let output = program.run();
    let config = exported(output.exits(0), "CLOUDSDK_CONFIG").unwrap();
    let read = |name: &str| fs::read_to_string(format!("{config}/{name}"));
    assert_eq!(read("active_config").unwrap(), "ci");
    assert_eq!(read("configurations/config_ci").unwrap(), "[core]\nproject = jobs\n");
    assert_eq!(mode(format!("{config}/configurations/config_ci").as_ref()), 0o600);
    assert!(read("access_tokens.db").is_err() && read("credentials.db").is_err());
    // The next exchange starts from there.
    let again = deploy(&sandbox, &[]).env("CLOUDSDK_CONFIG", &config).within(output.scratch).run();
    let next = exported(again.exits(0), "CLOUDSDK_CONFIG").unwrap();
    assert_ne!(next, config);
    assert_eq!(fs::read_to_string(format!("{next}/active_config")).unwrap(), "ci");
}

#[test]
fn gcloud_keeps_its_directory_when_it_is_told_so() {
    let sandbox = Sandbox::start().unwrap();
    let output = deploy(&sandbox, &["--keep-gcloud-config"]).run();
    assert_eq!(exported(output.exits(0), "CLOUDSDK_CONFIG"), None);
    assert!(exported(&output, "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE").is_some());
}

#[test]
fn settings_that_cannot_be_read_are_an_error_and_leave_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&sandbox, &[]);
    fs::create_dir_all(program.scratch().home().join(".config/gcloud/active_config")).unwrap();
    let job = program.scratch().home().join(".oidc-exchange");
    let output = program.env("SEMAPHORE_JOB_ID", "a-job").run();
    output.exits(6).stdout_is(&stopped(6));
    assert!(output.stderr().contains("cannot copy"), "{}", output.describe());
    assert!(output.stderr().contains("hint: --keep-gcloud-config leaves gcloud with its own directory"));
    assert!(!job.join("a-job").exists(), "nothing is left behind");
}

/// A file in `BOTO_CONFIG` would be the only one that gsutil reads.
#[test]
fn gsutils_own_files_are_read_before_ours() {
    let sandbox = Sandbox::start().unwrap();
    let boto = |program: Program<'_>| {
        let output = program.run();
        let unset = output.exits(0).stdout().lines().next().unwrap().contains(" BOTO_CONFIG;");
        (exported(&output, "BOTO_PATH").unwrap(), unset)
    };
    let (path, unset) = boto(deploy(&sandbox, &[]).env("BOTO_PATH", "/a:/b"));
    assert!(path.starts_with("/a:/b:/") && !unset);
    let (path, unset) = boto(deploy(&sandbox, &[]).env("BOTO_CONFIG", "/c").env("BOTO_PATH", "/a"));
    assert!(path.starts_with("/c:/") && unset, "{path}");
    let program = deploy(&sandbox, &[]);
    let colon = program.scratch().path().join("a:b");
    let output = program.env("OIDC_EXCHANGE_DIR", &colon).run();
    assert_eq!(exported(output.exits(0), "BOTO_PATH"), None);
    assert!(output.stderr().starts_with("warning: gsutil will not find the credentials: "));
}

#[test]
fn a_command_gets_them_and_nothing_is_left_after_it() {
    let sandbox = Sandbox::start().unwrap();
    let script = "test -s \"$GOOGLE_APPLICATION_CREDENTIALS\" && test -d \"$CLOUDSDK_CONFIG\" || exit 1\n\
                  test -z \"${SEMAPHORE_OIDC_TOKEN+x}${GOOGLE_CREDENTIALS+x}\" || exit 2\n\
                  mkdir \"$CLOUDSDK_CONFIG/logs\"; echo token >\"$CLOUDSDK_CONFIG/logs/access_tokens.db\"\n\
                  echo \"$GOOGLE_CLOUD_PROJECT\"; exit 7";
    let program = deploy(&sandbox, &["--", "sh", "-c", script]).env("GOOGLE_CREDENTIALS", "{}");
    let output = program.run();
    output.exits(7).stdout_is("sandbox-project\n").stderr_is(expect![""]);
    assert_eq!(private_files(&output.scratch), [""; 0]);
    let left = fs::read_dir(output.scratch.home().join(".oidc-exchange")).unwrap();
    assert_eq!(left.count(), 0, "the job's directory is gone");
}

#[test]
fn a_command_that_is_ended_by_a_signal_leaves_nothing_either() {
    let sandbox = Sandbox::start().unwrap();
    let running = deploy(&sandbox, &["--", "sleep", "60"]).spawn();
    running.await_name("sleep");
    running.signal(rustix::process::Signal::TERM);
    let output = running.wait();
    output.exits(143);
    assert_eq!(private_files(&output.scratch), [""; 0]);
}

#[test]
fn exchanges_of_one_job_do_not_take_each_others_files() {
    let sandbox = Sandbox::start().unwrap();
    let first = deploy(&sandbox, &[]).env("SEMAPHORE_JOB_ID", "a-job").run();
    let file = exported(first.exits(0), "GOOGLE_APPLICATION_CREDENTIALS").unwrap();
    let config = exported(&first, "CLOUDSDK_CONFIG").unwrap();
    let second = deploy(&sandbox, &["--", "true"]).env("SEMAPHORE_JOB_ID", "a-job").within(first.scratch).run();
    second.exits(0);
    assert!(fs::metadata(&file).is_ok(), "the command's exchange removed its own files alone");
    let clean = oidc_exchange(["clean"]).env("SEMAPHORE_JOB_ID", "a-job").env("CLOUDSDK_CONFIG", &config);
    let clean = clean.within(second.scratch).run();
    clean.exits(0);
    assert!(clean.stdout().ends_with(" CLOUDSDK_CONFIG;\n"), "gcloud would make it anew: {}", clean.describe());
    assert!(clean.stdout().contains("GOOGLE_APPLICATION_CREDENTIALS CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE"));
    assert_eq!(private_files(&clean.scratch), [""; 0]);
}

#[test]
fn what_cannot_be_delivered_leaves_no_file() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&sandbox, &["--output", "full"]);
    // Standard output is not used. During Google's request, a directory appears in the file's place.
    sandbox.google.sts.script([sandbox::Fault::Delay(std::time::Duration::from_millis(500))]);
    let place = program.scratch().path().join("full");
    let running = program.spawn();
    assert!(sandbox.google.sts.await_requests(1, std::time::Duration::from_secs(10)));
    fs::create_dir(&place).unwrap();
    let output = running.wait();
    output.exits(6).stdout_is("");
    let left = private_files(&output.scratch);
    assert!(left.iter().all(|file| file.ends_with("/manifest")), "{left:?}");
}

#[test]
fn an_interruption_leaves_no_file() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.google.iam.script([sandbox::Fault::Hang]);
    let running = deploy(&sandbox, &[]).spawn();
    assert!(sandbox.google.iam.await_requests(1, std::time::Duration::from_secs(10)));
    running.signal(rustix::process::Signal::TERM);
    let output = running.wait();
    output.exits(5).stdout_is(&stopped(5));
    assert_eq!(private_files(&output.scratch), [""; 0]);
}
