//! Where the file is searched, and which files are accepted.

use std::fs;
use std::os::unix::fs::symlink;

use super::file;
use crate::support::{Program, expect, oidc_exchange};

/// In `place` below the test's directory.
fn list_in<'s>(place: &str, words: &[&str]) -> Program<'s> {
    let script = format!("cd {place} && exec oidc-exchange use --list \"$@\"");
    Program::new("/bin/sh", ["-c", &script, "sh"]).args(words)
}

fn small(name: &str) -> String {
    format!("version = 1\n[target.{name}]\naws.region = 'eu-central-1'\n")
}

#[test]
fn here_or_in_the_root_of_the_checkout_and_never_above_it() {
    let program = list_in("repo/a/b", &[]);
    let scratch = program.scratch();
    scratch.write("repo/a/b/x", "");
    scratch.write("oidc-exchange.toml", small("above"));
    fs::create_dir(scratch.path().join("repo/.git")).unwrap();
    let output = program.run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: there is no targets file

        hint: write oidc-exchange.toml, in this directory or in the root of its git checkout
        hint: or name the file with --targets FILE, or with the variable OIDC_EXCHANGE_TARGETS
    "#]]);
    let scratch = output.scratch;
    let mut scratch = Some(scratch);
    for (path, name) in [
        ("repo/.semaphore/oidc-exchange.toml", "fourth"),
        ("repo/oidc-exchange.toml", "third"),
        ("repo/a/b/.semaphore/oidc-exchange.toml", "second"),
        ("repo/a/b/oidc-exchange.toml", "first"),
    ] {
        let here = scratch.take().unwrap();
        here.write(path, small(name));
        let output = list_in("repo/a/b", &[]).within(here).run();
        output.exits(0).stdout_is(&format!("{name} aws\n"));
        scratch = Some(output.scratch);
    }
    // Not in the directory between.
    let here = scratch.take().unwrap();
    here.write("repo/a/oidc-exchange.toml", small("between"));
    let output = list_in("repo/a", &["--targets", "b/../b/oidc-exchange.toml"]).within(here).run();
    output.exits(0).stdout_is("first aws\n");
    let output =
        list_in("repo/a", &[]).env("OIDC_EXCHANGE_TARGETS", "../../oidc-exchange.toml").within(output.scratch).run();
    output.exits(0).stdout_is("above aws\n");
    let program = list_in("repo/a/b", &["--targets", "../nothing.toml"]).within(output.scratch);
    program.run().exits(2).stderr_is(expect![[r#"
        error: --targets: cannot read SCRATCH/repo/a/nothing.toml: No such file or directory (os error 2)
    "#]]);
}

#[test]
fn a_link_stays_inside() {
    let program = list_in("repo", &[]);
    let scratch = program.scratch();
    scratch.write("repo/real.toml", small("real"));
    scratch.write("secret.toml", small("hunter2"));
    symlink("real.toml", scratch.path().join("repo/oidc-exchange.toml")).unwrap();
    let output = program.run();
    output.exits(0).stdout_is("real aws\n");
    let scratch = output.scratch;
    fs::remove_file(scratch.path().join("repo/oidc-exchange.toml")).unwrap();
    symlink("../secret.toml", scratch.path().join("repo/oidc-exchange.toml")).unwrap();
    let output = list_in("repo", &[]).within(scratch).run();
    output.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: the targets file: cannot read oidc-exchange.toml: a link leads out of the checkout
    "#]]);
    // Nor by a directory.
    let scratch = output.scratch;
    fs::remove_file(scratch.path().join("repo/oidc-exchange.toml")).unwrap();
    scratch.write("elsewhere/oidc-exchange.toml", small("hunter2"));
    symlink("../elsewhere", scratch.path().join("repo/.semaphore")).unwrap();
    list_in("repo", &[]).within(scratch).run().exits(2).stdout_is("").stderr_is(expect![[r#"
        error: the targets file: cannot read .semaphore/oidc-exchange.toml: a link leads out of the checkout
    "#]]);
}

#[test]
fn what_is_no_such_file_is_refused() {
    let refused = |make: &dyn Fn(&std::path::Path), expected: expect_test::Expect| {
        let program = oidc_exchange(["use", "--list"]);
        make(&program.scratch().path().join("oidc-exchange.toml"));
        program.run().exits(2).stdout_is("").stderr_is(expected);
    };
    refused(
        &|_| {},
        expect![[r#"
        error: there is no targets file

        hint: write oidc-exchange.toml, in this directory or in the root of its git checkout
        hint: or name the file with --targets FILE, or with the variable OIDC_EXCHANGE_TARGETS
    "#]],
    );
    refused(
        &|path| fs::create_dir(path).unwrap(),
        expect![[r#"
            error: the targets file: cannot read oidc-exchange.toml: it is a directory
        "#]],
    );
    refused(
        &|path| fs::write(path, "").unwrap(),
        expect![[r#"
        error: oidc-exchange.toml:1:1: the file has no version

        hint: write `version = 1` in its first line
    "#]],
    );
    refused(
        &|path| fs::write(path, file() + &"#".repeat(300 << 10)).unwrap(),
        expect![[r#"
            error: the targets file: cannot read oidc-exchange.toml: it is larger than 256 KiB
        "#]],
    );
    refused(
        &|path| fs::write(path, b"version = 1\n# \xff\n").unwrap(),
        expect![[r#"
            error: the targets file: cannot read oidc-exchange.toml: it is not UTF-8 text
        "#]],
    );
    refused(
        &|path| symlink("nowhere", path).unwrap(),
        expect![[r#"
            error: the targets file: cannot read oidc-exchange.toml: No such file or directory (os error 2)
        "#]],
    );
    refused(
        &|path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success()),
        expect![[r#"
            error: the targets file: cannot read oidc-exchange.toml: it is not an ordinary file
        "#]],
    );
}
