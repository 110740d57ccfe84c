//! The protocol, independent of the caller.

use sandbox::{Job, Sandbox};

use super::{HOST, answer, helper, register};
use crate::support::{Program, Scratch, expect};

#[test]
fn a_server_is_found_however_it_is_written() {
    let sandbox = Sandbox::start().unwrap();
    let mut scratch = register(&sandbox, &[HOST]).run().scratch;
    for input in [
        HOST.to_owned(),
        format!("{HOST}\n"),
        format!("  {HOST}\r\n"),
        format!("https://{HOST}"),
        format!("https://{HOST}/"),
        format!("https://{HOST}/v2/"),
        format!("http://{HOST}/v1/"),
        format!("https://{HOST}/web"),
    ] {
        let output = helper(&sandbox, "get", &input, scratch).run();
        output.exits(0).stdout_is(&answer(&sandbox, HOST)).stderr_is(expect![[""]]);
        scratch = output.scratch;
    }
}

#[test]
fn what_is_not_registered_is_not_found() {
    let sandbox = Sandbox::start().unwrap();
    let mut scratch = register(&sandbox, &[HOST]).run().scratch;
    let longer = format!("{HOST}.evil.example");
    let shorter = &HOST[1..];
    let within = format!("evil.example/{HOST}");
    let lock = format!("{HOST}.lock");
    let upwards = format!("../job-1/{HOST}");
    for input in [
        "https://index.docker.io/v1/",
        "gcr.io",
        "public.ecr.aws",
        &longer,
        shorter,
        &within,
        &lock,
        &upwards,
        "..",
        "/",
        "a\nb",
        "a\0b",
        "+",
        "ü",
    ] {
        let output = helper(&sandbox, "get", input, scratch).run();
        let said = output.exits(1).stdout();
        // An address that contains only slashes names no server.
        assert!(
            ["credentials not found in native keychain\n", "no credentials server URL\n"].contains(&said.as_str())
                || input.contains('\0') && said.starts_with("oidc-exchange: "),
            "{input}: {said}"
        );
        scratch = output.scratch;
    }
}

#[test]
fn an_empty_question_is_told_in_the_protocols_words() {
    let sandbox = Sandbox::start().unwrap();
    for input in ["", "\n", " \t\n", "https://"] {
        let output = helper(&sandbox, "get", input, Scratch::new()).run();
        output.exits(1).stdout_is("no credentials server URL\n").stderr_is(expect![[""]]);
    }
}

#[test]
fn an_endless_question_is_refused() {
    let sandbox = Sandbox::start().unwrap();
    for verb in ["get", "store", "erase"] {
        let output = helper(&sandbox, verb, &"x".repeat(1 << 20), Scratch::new()).run();
        output
            .exits(1)
            .stdout_is("oidc-exchange: docker-credential-oidc-exchange: cannot read standard input: it is larger than 64 KiB\n")
            .stderr_is(expect![[r#"
                error: docker-credential-oidc-exchange: cannot read standard input: it is larger than 64 KiB
                  then       docker continues without credentials: its own next error is a consequence of this one
            "#]]);
    }
}

#[test]
fn storing_and_erasing_do_nothing_and_succeed() {
    let sandbox = Sandbox::start().unwrap();
    let scratch = register(&sandbox, &[HOST]).run().scratch;
    let password =
        format!("{{\"ServerURL\":\"{HOST}\",\"Username\":\"AWS\",\"Secret\":\"a password of somebody's\"}}\n");
    let output = helper(&sandbox, "store", &password, scratch).secret("a password", "a password of somebody's").run();
    output.exits(0).stdout_is("").stderr_is(expect![[r#"
        warning: docker-credential-oidc-exchange stores no passwords: it gets them itself; docker login is not needed here
    "#]]);
    let output = helper(&sandbox, "erase", HOST, output.scratch).run();
    output.exits(0).stdout_is("").stderr_is(expect![[r#"
        warning: docker-credential-oidc-exchange erases nothing: oidc-exchange clean ends its registrations
    "#]]);
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(0).stdout_is(&answer(&sandbox, HOST));
}

#[test]
fn other_calls_are_told_what_there_is() {
    let sandbox = Sandbox::start().unwrap();
    helper(&sandbox, "version", "", Scratch::new())
        .run()
        .exits(0)
        .stdout_is(&format!("docker-credential-oidc-exchange {}\n", env!("CARGO_PKG_VERSION")));
    helper(&sandbox, "--help", "", Scratch::new()).run().exits(0).stdout_reads(expect![[r#"
        Gives docker, podman, buildah and skopeo the passwords of the registries that `oidc-exchange … --registry HOST` has registered.

        Usage: docker-credential-oidc-exchange get|store|erase|list|version

        get      reads a registry's name from standard input, and prints its password
        list     prints the registered registries
        store    succeeds and does nothing
        erase    succeeds and does nothing
    "#]]);
    let output = helper(&sandbox, "fetch", "", Scratch::new()).run();
    output
        .exits(1)
        .stdout_reads(expect![[r#"
        oidc-exchange: docker-credential-oidc-exchange: `fetch` is not a verb
    "#]])
        .stderr_is(expect![[r#"
        error: docker-credential-oidc-exchange: `fetch` is not a verb
          then       docker continues without credentials: its own next error is a consequence of this one

        hint: usage: docker-credential-oidc-exchange get|store|erase|list|version
    "#]]);
    let output = helper(&sandbox, "get", "", Scratch::new()).arg("gcr.io").run();
    output.exits(1).stdout_reads(expect![[r#"
        oidc-exchange: docker-credential-oidc-exchange requires one verb, and the server's name on standard input
    "#]]);
    let scratch = Scratch::new();
    let program = scratch.path().join("bin/docker-credential-oidc-exchange");
    let none: [&str; 0] = [];
    Program::new(program, none).within(scratch).run().exits(1).stdout_reads(expect![[r#"
        oidc-exchange: docker-credential-oidc-exchange: a verb is missing
    "#]]);
    helper(&sandbox, "list", "", Scratch::new()).run().exits(0).stdout_is("{}\n");
}

/// Like sudo, which removes the job's variables.
#[test]
fn without_the_jobs_directory_nothing_is_guessed() {
    let sandbox = Sandbox::start().unwrap();
    let scratch = register(&sandbox, &[HOST]).run().scratch;
    let output = helper(&sandbox, "get", HOST, scratch).env_remove("SEMAPHORE_JOB_ID").run();
    output
        .exits(1)
        .stdout_reads(expect![[r#"
        oidc-exchange: neither SEMAPHORE_JOB_ID (with HOME) nor OIDC_EXCHANGE_DIR names the directory of the passwords
    "#]])
        .stderr_is(expect![[r#"
        error: neither SEMAPHORE_JOB_ID (with HOME) nor OIDC_EXCHANGE_DIR names the directory of the passwords
          then       docker continues without credentials: its own next error is a consequence of this one

        hint: run docker as the same user, with the same environment, as oidc-exchange: sudo removes variables
    "#]]);
    let output = helper(&sandbox, "get", HOST, output.scratch).env("HOME", "").run();
    output.exits(1);
}

/// A registration that cannot be read is an error, not an unknown registry. docker must not continue without a message.
#[test]
fn a_spoilt_file_is_a_failure() {
    let sandbox = Sandbox::start().unwrap();
    let mut scratch = register(&sandbox, &[HOST]).run().scratch;
    let file = format!("home/.oidc-exchange/job-1/registry-{HOST}");
    for text in ["", "{}", "not json", "{\"server\":1}", &"x".repeat(2 << 20)] {
        scratch.write(&file, text);
        let output = helper(&sandbox, "get", HOST, scratch).run();
        output.exits(1).stdout_reads(expect![[r#"
            oidc-exchange: cannot read SCRATCH/home/.oidc-exchange/job-1/registry-123456789012.dkr.ecr.eu-west-1.amazonaws.com: it is not whole, or of another version
        "#]]);
        scratch = output.scratch;
    }
    let path = scratch.path().join(&file);
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    let output = helper(&sandbox, "get", HOST, scratch).run();
    output.exits(1).stdout_reads(expect![[r#"
        oidc-exchange: cannot read SCRATCH/home/.oidc-exchange/job-1/registry-123456789012.dkr.ecr.eu-west-1.amazonaws.com: it is a symbolic link
    "#]]);
}

/// With so few files, the runtime itself panics.
#[test]
fn too_few_files_are_told() {
    let sandbox = Sandbox::start().unwrap();
    let scratch = register(&sandbox, &[HOST]).run().scratch;
    let program = Program::new("/bin/sh", ["-c", "ulimit -n 8; exec docker-credential-oidc-exchange get"]);
    let output = program.job(&sandbox).env("SEMAPHORE_JOB_ID", "job-1").stdin(HOST).within(scratch).run();
    output.exits(1).stdout_is("oidc-exchange: cannot start: this process may open 8 files, and needs 16\n").stderr_is(
        expect![[r#"
        error: cannot start: this process may open 8 files, and needs 16
          then       docker continues without credentials: its own next error is a consequence of this one

        hint: raise the limit: ulimit -n 64
    "#]],
    );
}

/// Under any other name, the executable is the program itself.
#[test]
fn the_name_decides() {
    let sandbox = Sandbox::start().unwrap();
    let scratch = Scratch::new();
    let other = scratch.path().join("bin/docker-credential-oidc-exchange-2");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_oidc-exchange"), &other).unwrap();
    Program::new(other, ["get"]).job_of(&sandbox, &Job::branch("main")).within(scratch).run().exits(2);
}

/// The file of the password, if something else has written it.
#[test]
fn a_file_that_is_not_text() {
    let sandbox = Sandbox::start().unwrap();
    let scratch = register(&sandbox, &[HOST]).run().scratch;
    let files = scratch.files();
    let file = files.iter().find(|path| path.to_string_lossy().contains(HOST)).unwrap();
    std::fs::write(scratch.path().join(file), b"\xff\xfe{\x80").unwrap();
    let output = helper(&sandbox, "get", HOST, scratch).run();
    output.exits(1);
    assert!(output.stderr().contains("it is not UTF-8 text"), "{}", output.describe());
    assert!(!output.describe().contains("stream did not"), "{}", output.describe());
}
