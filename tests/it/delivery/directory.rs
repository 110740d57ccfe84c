//! The job's private directory and its manifest.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};

use sandbox::Sandbox;

use crate::aws::deploy;
use crate::support::scratch::mode;
use crate::support::{Program, Scratch, expect, oidc_exchange, stopped};

fn source(sandbox: &Sandbox) -> Program<'_> {
    deploy(&["--format", "source"]).job(sandbox).env("SEMAPHORE_JOB_ID", "job-1")
}

/// The directory cannot be used. The error comes after the exchange, and stops the caller.
#[track_caller]
fn refused(prepare: impl FnOnce(&Scratch), message: expect_test::Expect) {
    let sandbox = Sandbox::start().unwrap();
    let program = source(&sandbox);
    prepare(program.scratch());
    program.run().exits(6).stdout_is(&stopped(6)).stderr_is(message);
}

#[test]
fn it_is_made_private_with_a_manifest_of_what_is_in_it() {
    let sandbox = Sandbox::start().unwrap();
    let output = source(&sandbox).run();
    output.exits(0);
    let directory = output.scratch.home().join(".oidc-exchange/job-1");
    assert_eq!((mode(&directory), mode(&directory.join("manifest"))), (0o700, 0o600));
    assert_eq!(mode(directory.parent().unwrap()), 0o700);
    let manifest = fs::read_to_string(directory.join("manifest")).unwrap();
    let entry: serde_json::Value = serde_json::from_str(manifest.trim_end()).unwrap();
    let path = std::path::PathBuf::from(entry["path"].as_str().unwrap());
    assert!(path.starts_with(&directory) && mode(&path) == 0o600, "{manifest}");
}

#[test]
fn a_job_id_that_could_lead_elsewhere_does_not() {
    let sandbox = Sandbox::start().unwrap();
    for id in ["../../elsewhere", "a/b", "a b", "$(id)"] {
        let output = source(&sandbox).env("SEMAPHORE_JOB_ID", id).run();
        output.exits(0);
        let base = output.scratch.home().join(".oidc-exchange");
        let names: Vec<String> =
            fs::read_dir(&base).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        assert!(names.len() == 1 && names[0].bytes().all(|byte| byte.is_ascii_alphanumeric()), "{names:?}");
    }
}

#[test]
fn a_place_that_is_named() {
    let sandbox = Sandbox::start().unwrap();
    let program = source(&sandbox);
    let place = program.scratch().path().join("private/here");
    let output = program.env("OIDC_EXCHANGE_DIR", &place).run();
    output.exits(0);
    assert!(place.join("manifest").is_file());
    assert!(!output.scratch.home().join(".oidc-exchange").exists());
}

/// A later command in another directory would not find it: `clean` would leave its files.
#[test]
fn a_place_that_depends_on_the_working_directory() {
    let sandbox = Sandbox::start().unwrap();
    let refused = |path: &str| {
        let output = source(&sandbox).env("OIDC_EXCHANGE_DIR", path).run();
        output.exits(2);
        let made = ["private", "~", "$HOME"].map(|name| output.scratch.path().join(name).exists());
        assert_eq!(made, [false; 3], "{path}");
        oidc_exchange(["clean"]).env("OIDC_EXCHANGE_DIR", path).run().exits(2);
        String::from_utf8(output.stderr.clone()).unwrap()
    };
    for relative in ["private/here", "./private", ".", " /private"] {
        expect![[r#"
            error: OIDC_EXCHANGE_DIR is not an absolute path

            hint: every command of the job must find the same directory: export OIDC_EXCHANGE_DIR="$PWD/NAME"
        "#]]
        .assert_eq(&refused(relative));
    }
    for quoted in ["~/private", "~", "$HOME/private", "${HOME}/private"] {
        expect![[r#"
            error: OIDC_EXCHANGE_DIR is not an absolute path

            hint: only a shell replaces ~ and $HOME, and not in single quotes: export OIDC_EXCHANGE_DIR="$HOME/NAME"
        "#]]
        .assert_eq(&refused(quoted));
    }
    assert_eq!(sandbox.aws.requests().len(), 0);
}

#[test]
fn a_link_in_its_place() {
    refused(
        |scratch| {
            let elsewhere = scratch.path().join("elsewhere");
            fs::DirBuilder::new().mode(0o700).create(&elsewhere).unwrap();
            fs::create_dir(scratch.home().join(".oidc-exchange")).unwrap();
            symlink(&elsewhere, scratch.home().join(".oidc-exchange/job-1")).unwrap();
        },
        expect![[r#"
            error: cannot write SCRATCH/home/.oidc-exchange/job-1: it is a symbolic link
        "#]],
    );
}

#[test]
fn open_to_others() {
    refused(
        |scratch| {
            let directory = scratch.home().join(".oidc-exchange/job-1");
            fs::create_dir_all(&directory).unwrap();
            fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        },
        expect![[r#"
            error: cannot write SCRATCH/home/.oidc-exchange/job-1: other users may enter it

            hint: chmod 700 'SCRATCH/home/.oidc-exchange/job-1'
        "#]],
    );
}

#[test]
fn a_file_in_its_place() {
    refused(
        |scratch| drop(scratch.write("home/.oidc-exchange/job-1", "")),
        expect![[r#"
            error: cannot write SCRATCH/home/.oidc-exchange/job-1: it is not a directory

            hint: name a private directory with OIDC_EXCHANGE_DIR
        "#]],
    );
}

#[test]
fn no_home() {
    let sandbox = Sandbox::start().unwrap();
    for home in ["", "relative"] {
        source(&sandbox).env("HOME", home).run().exits(6).stdout_is(&stopped(6)).stderr_is(expect![[r#"
            error: cannot write ~/.oidc-exchange: HOME is not set to an absolute path

            hint: name a private directory with OIDC_EXCHANGE_DIR
        "#]]);
    }
    // Runs that need no directory do not create one.
    deploy(&[]).job(&sandbox).env("HOME", "").run().exits(0).stderr_is(expect![""]);
}

#[test]
fn twenty_at_once_leave_a_whole_manifest() {
    let sandbox = Sandbox::start().unwrap();
    let script = "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do\n\
                  oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --format source >out-$n || echo $n failed &\n\
                  done; wait\n";
    let output = Program::new("/bin/sh", ["-c", script]).job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1").run();
    output.exits(0).stdout_is("").stderr_is(expect![""]);
    let directory = output.scratch.home().join(".oidc-exchange/job-1");
    let manifest = fs::read_to_string(directory.join("manifest")).unwrap();
    let mut listed: Vec<String> = manifest
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["path"].as_str().unwrap().to_owned())
        .collect();
    listed.sort();
    let files =
        output.scratch.files().into_iter().filter(|file| file.starts_with(&directory) && !file.ends_with("manifest"));
    let found: Vec<String> = files.map(|file| file.to_string_lossy().into_owned()).collect();
    assert_eq!(found.len(), 20);
    assert_eq!(listed, found);
}
