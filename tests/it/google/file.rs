//! The credentials file: its content, its place, and the files that it does not replace.

use std::fs;

use sandbox::{DEPLOY_ACCOUNT, Job, PROVIDER, Sandbox};

use super::{deploy, direct, stopped};
use crate::support::scratch::mode;
use crate::support::{expect, oidc_exchange};

/// gcloud's order, its two spaces, and the token at the end.
fn expected(sandbox: &Sandbox, path: &str, token: &str, how: &str) -> String {
    let sts = sandbox.google.sts.url();
    format!(
        r#"{{
  "universe_domain": "googleapis.com",
  "type": "external_account",
  "audience": "//iam.googleapis.com/{PROVIDER}",
  "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
  "token_url": "{sts}/v1/token",
  "credential_source": {{
    "file": "{path}",
    "format": {{
      "type": "json",
      "subject_token_field_name": "oidc_token"
    }}
  }},
{how}  "oidc_token": "{token}"
}}
"#
    )
}

fn impersonation_url(sandbox: &Sandbox) -> String {
    let url = sandbox.google.iam.url();
    format!("{url}/v1/projects/-/serviceAccounts/{DEPLOY_ACCOUNT}:generateAccessToken")
}

#[test]
fn it_is_as_gcloud_writes_it_with_the_token_inside() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let program = deploy(&sandbox, &["--lifetime", "20m", "--credentials-file", "here.json"]).token(&token);
    let output = program.run();
    output.exits(0);
    let path = output.scratch.path().join("here.json");
    let how = format!(
        "  \"service_account_impersonation_url\": \"{}\",\n  \"service_account_impersonation\": {{\n    \
         \"token_lifetime_seconds\": 1200\n  }},\n",
        impersonation_url(&sandbox)
    );
    let text = fs::read_to_string(&path).unwrap();
    assert!(text == expected(&sandbox, &path.to_string_lossy(), &token, &how));
    assert_eq!(mode(&path), 0o600);
    let exported = format!("export GOOGLE_APPLICATION_CREDENTIALS='{}';", path.display());
    assert!(output.stdout().contains(&exported), "an absolute path");
}

#[test]
fn without_a_service_account_it_says_where_to_ask_whose_it_is() {
    let sandbox = Sandbox::start().unwrap();
    let token = sandbox.issuer.token(&Job::branch("main"));
    let output = direct(&sandbox, &["--credentials-file", "here.json"]).token(&token).run();
    output.exits(0);
    let path = output.scratch.path().join("here.json");
    let how = format!("  \"token_info_url\": \"{}/v1/introspect\",\n", sandbox.google.sts.url());
    assert!(fs::read_to_string(&path).unwrap() == expected(&sandbox, &path.to_string_lossy(), &token, &how));
}

#[test]
fn clean_deletes_it_wherever_it_is_and_nothing_that_took_its_place() {
    let sandbox = Sandbox::start().unwrap();
    let options = ["--credentials-file", "here.json"];
    let output = deploy(&sandbox, &options).env("SEMAPHORE_JOB_ID", "a-job").run();
    let path = output.scratch.path().join("here.json");
    assert!(path.exists());
    let clean = oidc_exchange(["clean"]).env("SEMAPHORE_JOB_ID", "a-job").within(output.scratch).run();
    clean.exits(0);
    assert!(!path.exists());

    let output = deploy(&sandbox, &options).env("SEMAPHORE_JOB_ID", "a-job").run();
    let other = output.scratch.write("other.json", "somebody's");
    fs::rename(other, output.scratch.path().join("here.json")).unwrap();
    let clean = oidc_exchange(["clean"]).env("SEMAPHORE_JOB_ID", "a-job").within(output.scratch).run();
    clean.exits(0);
    assert_eq!(fs::read_to_string(clean.scratch.path().join("here.json")).unwrap(), "somebody's");
}

#[test]
fn a_file_of_another_kind_is_left_alone_and_nothing_is_asked() {
    let sandbox = Sandbox::start().unwrap();
    let key = r#"{"type": "service_account", "private_key": "x"}"#;
    let program = deploy(&sandbox, &["--credentials-file", "key.json"]);
    let path = program.scratch().write("key.json", key);
    let output = program.run();
    output.exits(6).stdout_is(&stopped(6)).stderr_is(expect![[r#"
        error: cannot write key.json: there is a file of another kind than external_account

        hint: it is left as it is: name another path with --credentials-file, or move it away
    "#]]);
    assert_eq!(fs::read_to_string(path).unwrap(), key);
    assert!(sandbox.google.sts.requests().is_empty());
    assert_eq!(output.scratch.files().len(), 1, "no temporary file either");
}

#[test]
fn a_link_and_a_directory_are_not_written_to() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&sandbox, &["--credentials-file", "link.json"]);
    let target = program.scratch().write("target.json", "");
    std::os::unix::fs::symlink(&target, program.scratch().path().join("link.json")).unwrap();
    let output = program.run();
    output.exits(6).stderr_is(expect![[r#"
        error: cannot write link.json: it is a symbolic link
    "#]]);
    assert_eq!(fs::read_to_string(target).unwrap(), "");
    deploy(&sandbox, &["--credentials-file", "home"]).run().exits(6).stderr_is(expect![[r#"
        error: cannot write home: it is a directory
    "#]]);
    deploy(&sandbox, &["--credentials-file", "no/such/place.json"]).run().exits(6);
    assert!(sandbox.google.sts.requests().is_empty());
}

#[test]
fn a_refusal_leaves_an_earlier_file_as_it_was() {
    let sandbox = Sandbox::start().unwrap();
    let program = deploy(&sandbox, &["--credentials-file", "here.json"]).job_of(&sandbox, &Job::branch("other"));
    let earlier = r#"{"type": "external_account", "audience": "earlier"}"#;
    let path = program.scratch().write("here.json", earlier);
    let output = program.run();
    output.exits(4);
    assert_eq!(fs::read_to_string(path).unwrap(), earlier);
    assert_eq!(output.scratch.files().len(), 1);
}

#[test]
fn the_file_is_not_readable_by_others_at_any_time() {
    let sandbox = Sandbox::start().unwrap();
    let umask = "umask 0; exec oidc-exchange gcp --provider \"$0\" --service-account \"$1\" --credentials-file here.json \
                 --sts-endpoint \"$SANDBOX_GOOGLE_STS\" --iamcredentials-endpoint \"$SANDBOX_GOOGLE_IAM\"";
    let program = crate::support::Program::new("/bin/sh", ["-c", umask, PROVIDER, DEPLOY_ACCOUNT]).job(&sandbox);
    // The files during Google's first request.
    sandbox.google.sts.script([sandbox::Fault::Delay(std::time::Duration::from_millis(300))]);
    let running = program.spawn();
    assert!(sandbox.google.sts.await_requests(1, std::time::Duration::from_secs(10)));
    let files = running.scratch().files();
    assert!(files.is_empty(), "it has no name until it is whole: {files:?}");
    let output = running.wait();
    output.exits(0);
    for file in output.scratch.files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
