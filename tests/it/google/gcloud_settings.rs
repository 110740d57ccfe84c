//! gcloud's own directory: the files that a run needs, and the result if others cannot be read.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Duration;

use sandbox::Sandbox;

use super::{deploy, stopped};
use crate::support::{Output, Program, expect, shells};

const OLD: &str = "home/.config/gcloud";

/// Other objects in the place of a file.
const UNREADABLE: [&str; 7] = ["a pipe", "a directory", "a socket", "a device", "a huge file", "a loop", "nothing"];

fn make(what: &str, path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match what {
        "a pipe" => {
            let mkfifo = shells::tool("mkfifo").unwrap();
            assert!(std::process::Command::new(mkfifo).arg(path).status().unwrap().success());
        }
        "a directory" => fs::create_dir(path).unwrap(),
        // Bound elsewhere: its own path may be too long.
        "a socket" => {
            let short = tempfile::tempdir().unwrap();
            drop(UnixListener::bind(short.path().join("s")).unwrap());
            fs::rename(short.path().join("s"), path).unwrap();
        }
        "a device" => symlink("/dev/zero", path).unwrap(),
        "a huge file" => fs::write(path, vec![b'#'; 5 << 20]).unwrap(),
        "a loop" => symlink(path, path).unwrap(),
        "nothing" => symlink("nowhere", path).unwrap(),
        other => panic!("{other}"),
    }
}

/// A job with a chosen project, in whose directory `place` is not a file.
fn job<'s>(sandbox: &'s Sandbox, options: &[&str], place: &str, what: &str) -> Program<'s> {
    let program = deploy(sandbox, options).args(["--timeout", "20s"]);
    program.scratch().write(&format!("{OLD}/active_config"), "ci");
    program.scratch().write(&format!("{OLD}/configurations/config_ci"), "[core]\nproject = jobs-own\n");
    let path = program.scratch().path().join(OLD).join(place);
    let _ = fs::remove_file(&path);
    make(what, &path);
    program
}

#[track_caller]
fn exports_no_project(output: &Output) {
    output.exits(0);
    assert!(!output.stdout().contains("_PROJECT="), "the job has chosen its project");
    assert!(output.took < Duration::from_secs(10), "{:?}", output.took);
}

/// If nothing is copied, only the active configuration is read.
#[test]
fn without_a_copy_the_other_configurations_are_not_touched() {
    let sandbox = Sandbox::start().unwrap();
    for options in [&["--keep-gcloud-config"][..], &["--no-credentials-file", "--access-token"]] {
        for what in UNREADABLE {
            for place in ["configurations/config_other", "configurations/config_", "configurations/config_ci2", "x"] {
                let output = job(&sandbox, options, place, what).run();
                exports_no_project(&output);
                let told = output.told();
                assert!(!told.contains("gcloud") && !told.contains("cannot read"), "{what} at {place}: {told}");
            }
        }
    }
}

/// They are left out of the copy, and the run goes on.
#[test]
fn a_copy_goes_without_what_cannot_be_read() {
    let sandbox = Sandbox::start().unwrap();
    for what in UNREADABLE {
        let output = job(&sandbox, &[], "configurations/config_other", what).run();
        exports_no_project(&output);
        let told = output.told();
        let warned = told.contains("warning: cannot read SCRATCH/home/.config/gcloud/configurations/config_other: ");
        assert_eq!(warned, what != "nothing", "{what}: {told}");
        let copied: Vec<_> = output.scratch.files();
        let copied = |name: &str| {
            copied.iter().any(|path| path.to_string_lossy().contains("/.oidc-exchange/") && path.ends_with(name))
        };
        assert!(copied("active_config") && copied("configurations/config_ci") && !copied("config_other"), "{what}");
    }
    let output = job(&sandbox, &[], "configurations/config_other", "a pipe").run();
    output.stderr_is(expect![[r#"
        warning: cannot read SCRATCH/home/.config/gcloud/configurations/config_other: it is not an ordinary file; the directory in CLOUDSDK_CONFIG does not have this configuration
    "#]]);
}

/// All of them together may have the size of one.
#[test]
fn a_thousand_large_configurations_are_not_all_copied() {
    let sandbox = Sandbox::start().unwrap();
    let program = job(&sandbox, &[], "configurations/config_other", "nothing");
    for number in 0..20 {
        program.scratch().write(&format!("{OLD}/configurations/config_n{number}"), vec![b'#'; 1 << 20]);
    }
    let output = program.run();
    exports_no_project(&output);
    assert_eq!(output.stderr().matches("warning: cannot read ").count(), 16);
}

/// The name in the environment has precedence over the one in the directory, which is not needed then.
#[test]
fn a_configuration_that_the_environment_names() {
    let sandbox = Sandbox::start().unwrap();
    for options in [&["--keep-gcloud-config"][..], &[]] {
        for what in UNREADABLE {
            let program = job(&sandbox, options, "active_config", what).env("CLOUDSDK_ACTIVE_CONFIG_NAME", "ci");
            exports_no_project(&program.run());
        }
    }
    for name in ["../configurations/config_ci", "ci\n", "NONE", &"x".repeat(300), "ä", "."] {
        for options in [&["--keep-gcloud-config"][..], &[]] {
            let program = deploy(&sandbox, options).env("CLOUDSDK_ACTIVE_CONFIG_NAME", name);
            program.scratch().write(&format!("{OLD}/configurations/config_ci"), "[core]\nproject = jobs-own\n");
            let output = program.run();
            output.exits(0);
            assert_eq!(output.stdout().contains("_PROJECT='sandbox-project'"), name != "ci\n", "{name}");
        }
    }
}

/// It may name a project, which is not replaced.
#[test]
fn an_active_configuration_that_cannot_be_read() {
    let sandbox = Sandbox::start().unwrap();
    for what in UNREADABLE.into_iter().filter(|what| !["a pipe", "nothing"].contains(what)) {
        for place in ["active_config", "configurations/config_ci"] {
            let output = job(&sandbox, &["--keep-gcloud-config"], place, what).run();
            exports_no_project(&output);
            let told = output.told();
            assert!(told.contains(&format!("warning: cannot read SCRATCH/home/.config/gcloud/{place}: ")), "{told}");
            let copied = job(&sandbox, &[], place, what).run();
            copied.exits(6).stdout_is(&stopped(6));
        }
    }
    let output = job(&sandbox, &["--keep-gcloud-config"], "configurations/config_ci", "a directory").run();
    output.stderr_is(expect![[r#"
        warning: cannot read SCRATCH/home/.config/gcloud/configurations/config_ci: it is a directory; no project is exported, since it may name one: give it with --project
    "#]]);
    // It is not needed.
    let job =
        |options: &[&str], what| job(&sandbox, &[&["--keep-gcloud-config"], options].concat(), "active_config", what);
    for what in UNREADABLE {
        job(&["--project", "mine"], what).run().exits(0).stderr_is(expect![""]);
        job(&[], what).env("GOOGLE_CLOUD_PROJECT", "mine").run().exits(0).stderr_is(expect![""]);
    }
}
