//! `clean` undoes what the manifest lists, and nothing else.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, symlink};
use std::path::PathBuf;

use sandbox::Sandbox;
use serde_json::json;

use crate::aws::deploy;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange, shells, stop};

const UNSET: &str = "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION \
                     AWS_ACCOUNT_ID AWS_WEB_IDENTITY_TOKEN_FILE GOOGLE_APPLICATION_CREDENTIALS \
                     CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE GOOGLE_OAUTH_ACCESS_TOKEN CLOUDSDK_AUTH_ACCESS_TOKEN \
                     GOOGLE_ID_TOKEN AZURE_FEDERATED_TOKEN_FILE ARM_OIDC_TOKEN_FILE_PATH \
                     AZURE_TOKEN_CREDENTIALS ARM_USE_OIDC VAULT_TOKEN;\n";

fn clean(scratch: Scratch) -> Output {
    oidc_exchange(["clean", "-v"]).within(scratch).env("SEMAPHORE_JOB_ID", "job-1").run()
}

/// The job's directory, with a file to source in it and another put elsewhere.
fn left(sandbox: &Sandbox) -> (Scratch, PathBuf) {
    let source = deploy(&["--format", "source"]).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1").run();
    source.exits(0);
    let file = deploy(&["--output", "credentials"]).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1");
    let output = file.within(source.scratch).run();
    output.exits(0).stderr_is(expect![""]);
    let directory = output.scratch.home().join(".oidc-exchange/job-1");
    assert_eq!(fs::read_to_string(directory.join("manifest")).unwrap().lines().count(), 2);
    (output.scratch, directory)
}

#[test]
fn all_of_it_goes() {
    let sandbox = Sandbox::start().unwrap();
    let (scratch, directory) = left(&sandbox);
    let output = clean(scratch);
    output.exits(0).stdout_is(UNSET);
    assert!(!directory.exists() && !output.scratch.path().join("credentials").exists());
    let said = output.stderr();
    assert_eq!(said.lines().filter(|line| line.starts_with("oidc-exchange: cleaned ")).count(), 2, "{said}");
}

/// Half a line, followed by the next one, is worse than no line.
#[test]
fn a_line_that_the_disk_did_not_take_spoils_no_other() {
    let sandbox = Sandbox::start().unwrap();
    let job = sandbox.env();
    let run = |program: Program<'_>, scratch| {
        program.within(scratch).envs(job.clone()).env("SEMAPHORE_JOB_ID", "job-1").run()
    };
    let scratch = Scratch::new();
    let directory = scratch.home().join(".oidc-exchange/job-1");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory).unwrap();
    // The next line begins within the limit, and ends beyond it.
    let line = |path: &str| {
        format!(
            "{{\"path\":\"/nowhere/{path}\",\"id\":\"\",\"made\":{{\"directory\":{{\"object\":{{\"device\":0,\"inode\":0}}}}}}}}\n"
        )
    };
    let full = line(&"x".repeat(4096 - 10 - line("").len()));
    let manifest = scratch.write("home/.oidc-exchange/job-1/manifest", &full);
    let source = "oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --format source";
    let limited = Program::new("/bin/sh", ["-c", &format!("ulimit -f 8; {source}")]);
    let output = run(limited, scratch);
    output.exits(6);
    assert!(output.stderr().contains("manifest: File too large"), "{}", output.stderr());
    assert!(fs::read_to_string(&manifest).unwrap() == full, "it is as it was");
    let output = run(deploy(&["--format", "source"]), output.scratch);
    output.exits(0);
    let output = clean(output.scratch);
    output.exits(0);
    assert!(!directory.exists(), "{:?}", output.scratch.files());
}

#[test]
fn with_nothing_to_do_it_still_says_unset() {
    clean(Scratch::new()).exits(0).stdout_is(UNSET).stderr_is(expect![""]);
    oidc_exchange(["clean"]).env("HOME", "").run().exits(0).stdout_is(UNSET).stderr_is(expect![""]);
}

#[test]
fn what_is_not_its_own_stays() {
    let sandbox = Sandbox::start().unwrap();
    let (scratch, directory) = left(&sandbox);
    let foreign = directory.join("somebody's notes");
    fs::write(&foreign, "mine").unwrap();
    // Another file, and a link, where its own were.
    let credentials = scratch.path().join("credentials");
    fs::rename(&credentials, scratch.path().join("kept")).unwrap();
    fs::write(&credentials, "mine too").unwrap();
    let output = clean(scratch);
    output.exits(0).stdout_is(UNSET);
    assert_eq!(fs::read_to_string(&foreign).unwrap(), "mine");
    assert_eq!(fs::read_to_string(output.scratch.path().join("credentials")).unwrap(), "mine too");
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "only what is not its own is left");
}

#[test]
fn a_link_in_a_files_place_is_not_followed() {
    let sandbox = Sandbox::start().unwrap();
    let (scratch, _) = left(&sandbox);
    let credentials = scratch.path().join("credentials");
    fs::remove_file(&credentials).unwrap();
    fs::write(scratch.path().join("precious"), "mine").unwrap();
    symlink(scratch.path().join("precious"), &credentials).unwrap();
    let output = clean(scratch);
    output.exits(0);
    assert_eq!(fs::read_to_string(output.scratch.path().join("precious")).unwrap(), "mine");
}

#[test]
fn a_link_in_the_directorys_place_is_refused() {
    let scratch = Scratch::new();
    fs::create_dir(scratch.home().join(".oidc-exchange")).unwrap();
    fs::create_dir(scratch.path().join("elsewhere")).unwrap();
    symlink(scratch.path().join("elsewhere"), scratch.home().join(".oidc-exchange/job-1")).unwrap();
    clean(scratch).exits(6).stdout_is(&format!("{UNSET}{}", stop(6))).stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.oidc-exchange/job-1: it is a symbolic link
    "#]]);
}

/// Lines that others wrote, or that a full disk truncated, must not delete anything.
#[test]
fn a_manifest_that_cannot_be_read() {
    let sandbox = Sandbox::start().unwrap();
    let (scratch, directory) = left(&sandbox);
    let precious = scratch.path().join("precious");
    fs::write(&precious, "mine").unwrap();
    let mut manifest = fs::read_to_string(directory.join("manifest")).unwrap();
    let found = precious.metadata().unwrap();
    let line = |inode: u64, note: &str| {
        let object = json!({ "device": found.dev(), "inode": inode });
        let made = json!({ "change": { "object": object, "temporary": precious } });
        let mut line = json!({ "id": "", "path": precious, "made": made });
        if !note.is_empty() {
            line["note"] = json!({ "kind": note, "value": { "profile": 1 } });
        }
        format!("{line}\n")
    };
    let unreadable = [
        "not JSON\n".to_owned(),
        "[]\n".into(),
        "{}\n".into(),
        // Lines of a version with another format, or of a kind that only another version has.
        format!("{}\n", json!({ "path": precious, "device": found.dev(), "inode": found.ino() })),
        line(found.ino(), "another-kind"),
        line(found.ino(), "aws-profile"),
        line(found.ino(), "vault-token"),
    ];
    manifest.insert_str(0, &unreadable.concat());
    manifest.insert_str(0, &line(1, ""));
    manifest.push_str("{\"path\":\"/cut");
    fs::write(directory.join("manifest"), manifest).unwrap();
    let output = clean(scratch);
    output.exits(0).stdout_is(UNSET);
    assert_eq!(
        output.stderr().matches("a line that cannot be read is dropped").count(),
        1 + unreadable.len(),
        "{}",
        output.stderr()
    );
    assert!(!directory.exists() && !output.scratch.path().join("credentials").exists());
    assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
}

#[test]
fn what_will_not_go_is_said_and_stays_listed() {
    let sandbox = Sandbox::start().unwrap();
    let (scratch, directory) = left(&sandbox);
    // Directories are never removed by it: a file's parent that has become a file makes deleting fail.
    let credentials = scratch.path().join("credentials");
    let manifest = fs::read_to_string(directory.join("manifest")).unwrap();
    let broken = manifest.replace(&credentials.display().to_string(), &credentials.join("below").display().to_string());
    fs::write(directory.join("manifest"), broken).unwrap();
    let output = clean(scratch);
    output.exits(6).stdout_is(&format!("{UNSET}{}", stop(6)));
    assert!(output.stderr().contains("hint: run `oidc-exchange clean` again"), "{}", output.stderr());
    assert_eq!(fs::read_to_string(directory.join("manifest")).unwrap().lines().count(), 1);
}

#[test]
fn twice_is_once_and_shells_forget() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        let script = "set -eu; eval \"$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy)\"\n\
                      eval \"$(oidc-exchange clean)\"; eval \"$(oidc-exchange clean)\"\n\
                      env | grep -c ^AWS_ENDPOINT; env | grep ^AWS_ | grep -vc ENDPOINT || echo none";
        shell.runs(script).job(&sandbox).run().exits(0).stdout_is("3\n0\nnone\n").stderr_is(expect![""]);
    }
}

/// The copy has the same credentials, and its owner may need them. So a warning is printed.
#[test]
fn a_file_that_was_replaced_by_a_copy() {
    for script in [
        "cp out copy; mv copy out",
        "mv out away; ln away out",
        "mv out away; cp away out",
        "cp out copy; rm out; mv copy out",
    ] {
        let sandbox = Sandbox::start().unwrap();
        let scratch =
            crate::aws::deploy(&["--output", "out"]).job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1").run().scratch;
        let done =
            std::process::Command::new("/bin/sh").args(["-c", script]).current_dir(scratch.path()).status().unwrap();
        assert!(done.success(), "{script}");
        let is_moved = script.contains("ln ");
        let output = oidc_exchange(["clean"]).within(scratch).env("SEMAPHORE_JOB_ID", "job-1").run();
        output.exits(0);
        if is_moved {
            // The link is the file itself, which is deleted.
            continue;
        }
        let said = "out: it was replaced since it was written, and is left as it is\n";
        assert!(
            output.stderr().starts_with("warning: ") && output.stderr().ends_with(said),
            "{script}: {}",
            output.describe()
        );
        assert!(output.scratch.path().join("out").exists(), "{script}");
    }
    // Replaced by a later exchange of this job, which `clean` undoes too.
    let sandbox = Sandbox::start().unwrap();
    let asked = || crate::aws::deploy(&["--output", "out"]).job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1");
    let scratch = asked().run().scratch;
    let scratch = asked().within(scratch).run().scratch;
    let output = oidc_exchange(["clean"]).within(scratch).env("SEMAPHORE_JOB_ID", "job-1").run();
    output.exits(0).stderr_is(expect![[""]]);
    assert!(!output.scratch.path().join("out").exists());
}
