//! `clean` keeps another user's file in place of ours, even if it has the same inode number.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sandbox::Sandbox;

use crate::aws;
use crate::google;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange};

const TRIALS: usize = 20;

fn clean(scratch: Scratch) -> Program<'static> {
    oidc_exchange(["clean"]).within(scratch).env("SEMAPHORE_JOB_ID", "job-1")
}

fn run(program: Program<'_>, scratch: Scratch) -> Output {
    let output = program.within(scratch).env("SEMAPHORE_JOB_ID", "job-1").run();
    output.exits(0);
    output
}

fn output(sandbox: &Sandbox) -> Program<'_> {
    aws::deploy(&["--output", "out"]).job(sandbox)
}

fn job_directory(scratch: &Scratch) -> PathBuf {
    scratch.home().join(".oidc-exchange/job-1")
}

/// The files and directories of the exchange, except the manifest.
fn made(scratch: &Scratch) -> Vec<PathBuf> {
    let entries = fs::read_dir(job_directory(scratch)).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| !path.ends_with("manifest")).collect()
}

/// Another file or directory of this content in its place, often with its number.
fn replace(path: &Path) {
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
        fs::create_dir(path).unwrap();
        fs::write(path.join("notes"), "mine").unwrap();
    } else {
        fs::remove_file(path).unwrap();
        fs::write(path, "mine").unwrap();
    }
}

fn content(path: &Path) -> String {
    let path = if path.is_dir() { path.join("notes") } else { path.to_owned() };
    fs::read_to_string(path).unwrap_or_else(|_| "deleted".into())
}

#[test]
fn a_file_elsewhere() {
    let sandbox = Sandbox::start().unwrap();
    let mut scratch = Scratch::new();
    let mut same_number = 0;
    for trial in 0..TRIALS {
        scratch = run(output(&sandbox), scratch).scratch;
        let path = scratch.path().join("out");
        let before = path.metadata().unwrap().ino();
        replace(&path);
        same_number += usize::from(path.metadata().unwrap().ino() == before);
        let cleaned = clean(scratch).run();
        cleaned.exits(0).stderr_is(expect![[r#"
            warning: SCRATCH/out: it was replaced since it was written, and is left as it is
        "#]]);
        assert_eq!(content(&path), "mine", "trial {trial}");
        assert!(!job_directory(&cleaned.scratch).exists());
        fs::remove_file(path).unwrap();
        scratch = cleaned.scratch;
    }
    eprintln!("{same_number} of {TRIALS} had the number of the file before");
}

#[test]
fn a_credentials_file_elsewhere() {
    let sandbox = Sandbox::start().unwrap();
    let mut scratch = Scratch::new();
    for trial in 0..TRIALS {
        scratch = run(google::deploy(&sandbox, &["--credentials-file", "key.json"]), scratch).scratch;
        let path = scratch.path().join("key.json");
        fs::remove_file(&path).unwrap();
        let key = r#"{"type": "service_account", "private_key_id": "mine"}"#;
        fs::write(&path, key).unwrap();
        let cleaned = clean(scratch).run();
        cleaned.exits(0).stderr_is(expect![[r#"
            warning: SCRATCH/key.json: it was replaced since it was written, and is left as it is
        "#]]);
        assert_eq!(content(&path), key, "trial {trial}");
        fs::remove_file(path).unwrap();
        scratch = cleaned.scratch;
    }
}

/// gcloud's directory and gsutil's among them, and the credentials file.
#[test]
fn all_that_is_in_the_private_directory() {
    let sandbox = Sandbox::start().unwrap();
    for trial in 0..TRIALS {
        let scratch = run(google::deploy(&sandbox, &[]), Scratch::new()).scratch;
        let made = made(&scratch);
        assert_eq!(made.len(), 4, "{made:?}");
        for path in &made {
            replace(path);
        }
        let cleaned = clean(scratch).run();
        cleaned.exits(0).stderr_is(expect![""]);
        for path in &made {
            assert_eq!(content(path), "mine", "trial {trial}: {}", path.display());
        }
        assert_eq!(fs::read_dir(job_directory(&cleaned.scratch)).unwrap().count(), made.len());
    }
}

/// A memory file system does not reuse numbers. On both, the exchange's own files are deleted.
#[test]
fn in_memory() {
    let Ok(memory) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("skipped: there is no /dev/shm");
        return;
    };
    let sandbox = Sandbox::start().unwrap();
    let private = memory.path().join("private");
    let within = |program: Program<'static>| program.env("OIDC_EXCHANGE_DIR", &private);
    let exchange = |scratch| {
        let program = google::deploy(&sandbox, &[]).within(scratch).env("OIDC_EXCHANGE_DIR", &private);
        let output = program.run();
        output.exits(0);
        output.scratch
    };
    let scratch = exchange(Scratch::new());
    let cleaned = within(oidc_exchange(["clean"])).within(scratch).run();
    cleaned.exits(0).stderr_is(expect![""]);
    assert!(!private.exists());
    let scratch = exchange(cleaned.scratch);
    let entries: Vec<PathBuf> = fs::read_dir(&private).unwrap().map(|entry| entry.unwrap().path()).collect();
    let entries: Vec<&PathBuf> = entries.iter().filter(|path| !path.ends_with("manifest")).collect();
    for path in &entries {
        replace(path);
    }
    within(oidc_exchange(["clean"])).within(scratch).run().exits(0).stderr_is(expect![""]);
    assert!(entries.len() == 4 && entries.iter().all(|path| content(path) == "mine"));
}

/// If somebody wrote into it, it is the same file with other content. It stays, with a warning.
#[test]
fn a_file_with_another_content() {
    let sandbox = Sandbox::start().unwrap();
    for change in ["echo mine >out", "echo mine >>out", "printf x | dd of=out conv=notrunc status=none", ": >out"] {
        let scratch = run(output(&sandbox), Scratch::new()).scratch;
        let path = scratch.path().join("out");
        let changed = Program::new("/bin/sh", ["-c", change]).within(scratch).hands_over().run();
        changed.exits(0);
        let before = fs::read(&path).unwrap();
        let cleaned = clean(changed.scratch).hands_over().run();
        cleaned.exits(0).stderr_is(expect![[r#"
            warning: SCRATCH/out: it was changed since it was written, and is left as it is
        "#]]);
        assert_eq!(fs::read(&path).unwrap(), before, "{change}");
    }
}

/// A change that does not affect the content does not matter.
#[test]
fn a_file_that_is_as_it_was() {
    let sandbox = Sandbox::start().unwrap();
    for change in ["chmod 644 out", "touch out", "cp out copy", "mv out out2; mv out2 out", "ln out hard"] {
        let scratch = run(output(&sandbox), Scratch::new()).scratch;
        let changed = Program::new("/bin/sh", ["-c", change]).within(scratch).hands_over().run();
        changed.exits(0);
        let cleaned = clean(changed.scratch).hands_over().run();
        cleaned.exits(0).stderr_is(expect![""]);
        assert!(!cleaned.scratch.path().join("out").exists(), "{change}");
    }
}

/// A directory is ours, with everything that other tools put into it.
#[test]
fn a_directory_that_others_have_filled() {
    let sandbox = Sandbox::start().unwrap();
    let scratch = run(google::deploy(&sandbox, &[]), Scratch::new()).scratch;
    for directory in made(&scratch).iter().filter(|path| path.is_dir()) {
        fs::create_dir_all(directory.join("logs/today")).unwrap();
        fs::write(directory.join("logs/today/one"), "log").unwrap();
        fs::write(directory.join("access_tokens.db"), "cached").unwrap();
    }
    let cleaned = clean(scratch).run();
    cleaned.exits(0).stderr_is(expect![""]);
    assert!(!job_directory(&cleaned.scratch).exists());
}

/// Other kinds of things in the place, and a directory above that has become a link.
#[test]
fn something_else_altogether() {
    let sandbox = Sandbox::start().unwrap();
    let ways = [
        "rm sub/out; mkdir sub/out; echo mine >sub/out/mine",
        "rm sub/out; mkfifo sub/out",
        "rm sub/out; ln -s mine sub/out; echo mine >sub/mine",
        "mv sub theirs; mkdir other; echo mine >other/out; ln -s other sub",
    ];
    for change in ways {
        let scratch = Scratch::new();
        fs::create_dir(scratch.path().join("sub")).unwrap();
        let program = aws::deploy(&["--output", "sub/out"]).job(&sandbox);
        let scratch = run(program, scratch).scratch;
        let changed = Program::new("/bin/sh", ["-c", change]).within(scratch).hands_over().run();
        changed.exits(0);
        let cleaned = clean(changed.scratch).hands_over().run();
        // A warning names a file in its place.
        let said = "warning: SCRATCH/sub/out: it was replaced since it was written, and is left as it is\n";
        assert_eq!(cleaned.exits(0).told(), if change.starts_with("mv ") { said } else { "" }, "{change}");
        assert!(cleaned.scratch.path().join("sub/out").symlink_metadata().is_ok(), "{change}");
    }
}
