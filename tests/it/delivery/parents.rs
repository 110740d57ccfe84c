//! The allowed places and owners of the private directory.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::Path;

use sandbox::Sandbox;

use crate::aws::deploy;
use crate::google;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange, stopped};

const JOB: &str = "job-1";

/// The commands that create this place, as a script in the scratch directory. The private directory is then `path`.
#[track_caller]
fn at(sandbox: &Sandbox, prepare: &str, path: &str) -> Output {
    let prepared = Program::new("/bin/sh", ["-ec", prepare]).run();
    prepared.exits(0);
    let path = prepared.scratch.path().join(path);
    let program = deploy(&["--format", "source"]).job(sandbox).env("SEMAPHORE_JOB_ID", JOB).within(prepared.scratch);
    program.env("OIDC_EXCHANGE_DIR", path).run()
}

#[track_caller]
fn refused(prepare: &str, path: &str, message: expect_test::Expect) {
    let sandbox = Sandbox::start().unwrap();
    let output = at(&sandbox, prepare, path);
    output.exits(6).stdout_is(&stopped(6)).stderr_is(message);
    let path = output.scratch.path().join(path);
    let cleaned = oidc_exchange(["clean"]).within(output.scratch).env("OIDC_EXCHANGE_DIR", &path).run();
    let nothing_there = path.symlink_metadata().is_err();
    assert_eq!(cleaned.code, Some(if nothing_there { 0 } else { 6 }), "{}", cleaned.told());
}

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root can give a directory to another user");
    }
    is_root
}

/// The group of root is trusted, but an access control list names others, and its mask is shown as the group's
/// permissions.
#[test]
fn a_parent_with_an_access_control_list() {
    const LIST: &str = "import os, struct, sys
entries = [(1, 7, -1), (2, int(sys.argv[1]), 1000), (4, 5, -1), (0x10, int(sys.argv[2]), -1), (0x20, 5, -1)]
value = struct.pack('<I', 2) + b''.join(struct.pack('<HHi', *entry) for entry in entries)
os.setxattr('open', 'system.posix_acl_access', value)";
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    let prepare = |rest: &str| format!("mkdir open; python3 -c \"{LIST}\" {rest}");
    if !Program::new("/bin/sh", ["-ec", &prepare("7 7")]).run().stderr().is_empty() {
        eprintln!("skipped: this file system has no access control lists");
        return;
    }
    refused(
        &prepare("7 7"),
        "open/private",
        expect![[r#"
            error: cannot write SCRATCH/open/private: other users may write to SCRATCH/open, and can put another directory in its place

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR="$(mktemp -d)"
        "#]],
    );
    at(&sandbox, &prepare("7 5"), "open/private").exits(0);
    at(&sandbox, "mkdir -m 775 open", "open/private").exits(0);
}

/// A slash after its name, or a dot, follows a link.
#[test]
fn a_link_however_it_is_written() {
    for path in ["link", "link/", "link//", "link/.", "./link/./"] {
        let sandbox = Sandbox::start().unwrap();
        let output = at(&sandbox, "mkdir -m 700 there; ln -s there link", path);
        output.exits(6).stdout_is(&stopped(6)).stderr_is(expect![[r#"
            error: cannot write SCRATCH/link: it is a symbolic link
        "#]]);
        assert_eq!(fs::read_dir(output.scratch.path().join("there")).unwrap().count(), 0, "{path}");
    }
}

#[test]
fn a_file_in_its_place() {
    for path in ["there", "pipe"] {
        let sandbox = Sandbox::start().unwrap();
        let output = at(&sandbox, "touch there; mkfifo pipe", path);
        output.exits(6).stdout_is(&stopped(6));
        assert_eq!(
            output.told(),
            format!(
                "error: cannot write SCRATCH/{path}: it is not a directory\n\nhint: name a private directory with OIDC_EXCHANGE_DIR\n"
            )
        );
    }
}

/// A link in the path is allowed if no other user can change it.
#[test]
fn a_link_on_the_way() {
    let sandbox = Sandbox::start().unwrap();
    for path in ["link/private", "link/../link/private/", "loop/link/private"] {
        let output = at(&sandbox, "mkdir there; ln -s there link; ln -s . loop", path);
        output.exits(0).stderr_is(expect![""]);
        assert!(output.scratch.path().join("there/private/manifest").is_file(), "{path}");
    }
    let output = at(&sandbox, "ln -s b a; ln -s a b", "a/private");
    output.exits(6);
    assert!(output.told().starts_with("error: cannot write SCRATCH/a/private: "), "{}", output.told());
}

#[test]
fn a_parent_that_everybody_writes_to() {
    refused(
        "mkdir -m 777 open",
        "open/private",
        expect![[r#"
            error: cannot write SCRATCH/open/private: other users may write to SCRATCH/open, and can put another directory in its place

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR="$(mktemp -d)"
        "#]],
    );
    // The same is true of higher directories, and if the directory exists.
    refused(
        "mkdir -m 777 open; mkdir open/mine; mkdir -m 700 open/mine/private",
        "open/mine/private",
        expect![[r#"
            error: cannot write SCRATCH/open/mine/private: other users may write to SCRATCH/open, and can put another directory in its place

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR="$(mktemp -d)"
        "#]],
    );
    refused(
        "mkdir -m 777 open; mkdir there; ln -s ../there open/link",
        "open/link/private",
        expect![[r#"
            error: cannot write SCRATCH/open/link/private: other users may write to SCRATCH/open, and can put another directory in its place

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR="$(mktemp -d)"
        "#]],
    );
    // A run that fails created nothing.
    let sandbox = Sandbox::start().unwrap();
    let output = at(&sandbox, "mkdir -m 777 open", "open/a/b");
    output.exits(6);
    assert!(!output.scratch.path().join("open/a").exists());
    // In a sticky directory (/tmp), no other user can.
    at(&sandbox, "mkdir -m 1777 sticky", "sticky/private").exits(0).stderr_is(expect![""]);
}

#[test]
fn a_parent_of_another_user() {
    if !is_root() {
        return;
    }
    refused(
        "mkdir theirs; chown 1234 theirs",
        "theirs/private",
        expect![[r#"
            error: cannot write SCRATCH/theirs/private: SCRATCH/theirs belongs to another user, who can put another directory in its place

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR="$(mktemp -d)"
        "#]],
    );
    // The owner of the directory itself does not matter.
    refused(
        "mkdir -m 1777 theirs; chown 65534 theirs; mkdir -m 700 theirs/private",
        "theirs/private",
        expect![[r#"
            error: cannot write SCRATCH/theirs/private: SCRATCH/theirs belongs to another user, who can put another directory in its place

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR="$(mktemp -d)"
        "#]],
    );
    refused(
        "mkdir group; chgrp 1234 group; chmod 775 group",
        "group/private",
        expect![[r#"
            error: cannot write SCRATCH/group/private: other users may write to SCRATCH/group, and can put another directory in its place

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR="$(mktemp -d)"
        "#]],
    );
    refused(
        "mkdir -m 1777 sticky; mkdir there; ln -s ../there sticky/link; chown -h 1234 sticky/link",
        "sticky/link/private",
        expect![[r#"
            error: cannot write SCRATCH/sticky/link/private: a link of user 1234 in SCRATCH/sticky leads there

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR="$(mktemp -d)"
        "#]],
    );
    refused(
        "mkdir -m 700 theirs; chown 1234 theirs",
        "theirs",
        expect![[r#"
            error: cannot write SCRATCH/theirs: it belongs to another user

            hint: name a directory of your own with OIDC_EXCHANGE_DIR
        "#]],
    );
}

/// No hint changes the mode of a directory that does not belong to the run.
#[test]
fn a_directory_that_others_enter_is_not_to_be_closed() {
    refused(
        "mkdir -m 1777 sticky",
        "sticky",
        expect![[r#"
            error: cannot write SCRATCH/sticky: other users may enter it

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR='SCRATCH/sticky/oidc-exchange'
        "#]],
    );
    refused(
        "mkdir -m 755 mine",
        "mine",
        expect![[r#"
            error: cannot write SCRATCH/mine: other users may enter it

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR='SCRATCH/mine/oidc-exchange'
        "#]],
    );
    refused(
        "mkdir -m 777 open",
        "open",
        expect![[r#"
            error: cannot write SCRATCH/open: other users may enter it

            hint: name a directory of its own: export OIDC_EXCHANGE_DIR="$(mktemp -d)"
        "#]],
    );
    let sandbox = Sandbox::start().unwrap();
    if is_root() {
        for system in ["/tmp", "/", "/etc", "/var/lib", "/usr/bin", "/dev"] {
            let output = google::deploy(&sandbox, &[]).env("OIDC_EXCHANGE_DIR", system).run();
            output.exits(6);
            assert!(output.told().contains("other users may enter it"), "{}", output.told());
            assert!(!output.told().contains("chmod"), "{}", output.told());
            let there = Path::new(system).join("oidc-exchange");
            let hint = format!("hint: name a directory of its own: export OIDC_EXCHANGE_DIR='{}'\n", there.display());
            assert!(output.told().ends_with(&hint), "{}", output.told());
        }
    }
    // The hint's command works.
    let output = at(&sandbox, "mkdir -m 1777 sticky", "sticky/oidc-exchange");
    output.exits(0).stderr_is(expect![""]);
}

/// A home directory that is not writable is the same as none.
#[test]
fn a_home_that_takes_nothing() {
    let sandbox = Sandbox::start().unwrap();
    let source = || deploy(&["--format", "source"]).job(&sandbox).env("SEMAPHORE_JOB_ID", JOB);
    source().env("HOME", "/proc").run().exits(6).stderr_is(expect![[r#"
        error: cannot write /proc/.oidc-exchange/job-1: No such file or directory (os error 2)

        hint: name a private directory with OIDC_EXCHANGE_DIR
    "#]]);
    if is_root() {
        // An arbitrary user, like in containers.
        let script = "mkdir -m 755 home/root; chmod 755 .; HOME=$PWD/home/root; export HOME; \
                      exec setpriv --reuid=1234 --regid=1234 --clear-groups \"$0\" aws --role-arn \"$1\" --format source";
        let program =
            Program::new("/bin/sh", ["-ec", script, env!("CARGO_BIN_EXE_oidc-exchange"), sandbox::DEPLOY_ROLE]);
        let output = program.job(&sandbox).env("SEMAPHORE_JOB_ID", JOB).run();
        output.exits(6).stderr_is(expect![[r#"
            error: cannot write SCRATCH/home/root/.oidc-exchange/job-1: Permission denied (os error 13)

            hint: name a private directory with OIDC_EXCHANGE_DIR
        "#]]);
    }
}

fn exchange(sandbox: &Sandbox, scratch: Scratch, path: &str) -> Scratch {
    let path = scratch.path().join(path);
    let program = deploy(&["--format", "source"]).job(sandbox).within(scratch).env("OIDC_EXCHANGE_DIR", path);
    let output = program.run();
    output.exits(0).stderr_is(expect![""]);
    output.scratch
}

fn clean(scratch: Scratch, path: &str) -> Scratch {
    let path = scratch.path().join(path);
    let output = oidc_exchange(["clean"]).within(scratch).env("OIDC_EXCHANGE_DIR", path).run();
    output.exits(0).stderr_is(expect![""]);
    output.scratch
}

/// `clean` deletes the directory only if an exchange made it.
#[test]
fn an_empty_directory_of_the_users_own_stays() {
    let sandbox = Sandbox::start().unwrap();
    let scratch = Scratch::new();
    fs::DirBuilder::new().mode(0o700).create(scratch.path().join("mine")).unwrap();
    let scratch = clean(scratch, "mine");
    assert!(scratch.path().join("mine").is_dir(), "before anything was in it");
    let scratch = clean(exchange(&sandbox, scratch, "mine"), "mine");
    assert_eq!(fs::read_dir(scratch.path().join("mine")).unwrap().count(), 0);
    let scratch = clean(exchange(&sandbox, scratch, "mine"), "mine");
    assert!(scratch.path().join("mine").is_dir());
    // A directory that an exchange created is deleted, after any number of uses.
    let scratch = exchange(&sandbox, exchange(&sandbox, scratch, "new/one"), "new/one");
    let scratch = clean(scratch, "new/one");
    assert!(!scratch.path().join("new/one").exists());
    // A directory that somebody else created in its place is not.
    let scratch = exchange(&sandbox, scratch, "new/one");
    let one = scratch.path().join("new/one");
    fs::rename(&one, scratch.path().join("kept")).unwrap();
    fs::DirBuilder::new().mode(0o700).create(&one).unwrap();
    fs::copy(scratch.path().join("kept/manifest"), one.join("manifest")).unwrap();
    let scratch = clean(scratch, "new/one");
    assert!(scratch.path().join("new/one").is_dir());
}

/// A run that fails leaves no new directory, and does not change a directory of the user.
#[test]
fn a_failure_leaves_them_as_they_were() {
    let sandbox = Sandbox::start().unwrap();
    for (path, own) in [("mine", true), ("new", false)] {
        let program = google::deploy(&sandbox, &["--format", "env-no-export"]);
        let directory = program.scratch().path().join(path);
        let program = program.env("OIDC_EXCHANGE_DIR", &directory);
        if own {
            fs::DirBuilder::new().mode(0o700).create(&directory).unwrap();
        }
        // Settings that cannot be copied are reported after the first files exist.
        let config = program.scratch().home().join(".config/gcloud");
        fs::create_dir_all(&config).unwrap();
        symlink(".", config.join("active_config")).unwrap();
        let output = program.run();
        output.exits(6);
        assert_eq!(directory.exists(), own, "{}", output.told());
        assert!(!own || fs::read_dir(directory).unwrap().count() == 0);
    }
}
