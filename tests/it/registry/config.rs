//! Docker's `config.json`: all other bytes are kept, and the old content is restored.

use std::os::unix::fs::{PermissionsExt, symlink};

use sandbox::Sandbox;

use super::{HOST, clean, config, config_text, helper, register};
use crate::support::scratch::mode;
use crate::support::{Scratch, expect};

/// Each kind of earlier entry, and the entry during the registration.
const BEFORE: [(&str, &str); 6] = [
    ("{}", "{\n\t\"credHelpers\": {\n\t\t\"HOST\": \"oidc-exchange\"\n\t}\n}"),
    ("", "{\n\t\"credHelpers\": {\n\t\t\"HOST\": \"oidc-exchange\"\n\t}\n}\n"),
    (
        "{\n\t\"z\": 1.50,\n\t\"auths\": {\n\t\t\"ghcr.io\": {\n\t\t\t\"auth\": \"eDp5\"\n\t\t}\n\t},\n\t\"a\": [ ]\n}",
        "{\n\t\"z\": 1.50,\n\t\"auths\": {\n\t\t\"ghcr.io\": {\n\t\t\t\"auth\": \"eDp5\"\n\t\t}\n\t},\n\t\"a\": [ ],\n\t\"credHelpers\": {\n\t\t\"HOST\": \"oidc-exchange\"\n\t}\n}",
    ),
    (
        "{\"credHelpers\":{\"gcr.io\":\"gcloud\"},\"credsStore\":\"pass\"}\n",
        "{\"credHelpers\":{\"gcr.io\":\"gcloud\",\"HOST\":\"oidc-exchange\"},\"credsStore\":\"pass\"}\n",
    ),
    (
        "{ \"HttpHeaders\": {\"X\": \"\\u00e9\"} }",
        "{ \"HttpHeaders\": {\"X\": \"\\u00e9\"}, \"credHelpers\": { \"HOST\": \"oidc-exchange\" } }",
    ),
    ("{\"auths\":{\"HOST\":{}}}", "{\"auths\":{\"HOST\":{}},\"credHelpers\":{\"HOST\":\"oidc-exchange\"}}"),
];

#[test]
fn every_other_byte_stays_and_clean_restores_them_all() {
    let sandbox = Sandbox::start().unwrap();
    for (before, meanwhile) in
        BEFORE.map(|(before, meanwhile)| (before.replace("HOST", HOST), meanwhile.replace("HOST", HOST)))
    {
        let program = register(&sandbox, &[HOST]);
        let path = program.scratch().write("home/.docker/config.json", &before);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let output = program.run();
        output.exits(0).stdout_is("").stderr_is(expect![[""]]);
        assert_eq!(config_text(&output.scratch).replace(", ", ","), meanwhile.replace(", ", ","), "{before}");
        assert_eq!(mode(&path), 0o644);
        let output = clean(&sandbox, output.scratch);
        output.exits(0).stderr_is(expect![[""]]);
        assert_eq!(config_text(&output.scratch), before);
        assert_eq!((mode(&path), output.scratch.files()), (0o644, vec![path]));
    }
}

#[test]
fn what_had_the_password_before_is_replaced_named_and_restored() {
    let sandbox = Sandbox::start().unwrap();
    let before = format!(
        "{{\"auths\":{{\"https://{HOST}\":{{\"auth\":\"QVdTOm9sZA==\"}},\"ghcr.io\":{{\"auth\":\"eDp5\"}}}},\"credHelpers\":{{\"{HOST}\":\"ecr-login\"}}}}"
    );
    let program = register(&sandbox, &[HOST]);
    program.scratch().write("home/.docker/config.json", &before);
    let output = program.run();
    output.exits(0).stderr_is(expect![[r#"
        warning: SCRATCH/home/.docker/config.json: its password for https://123456789012.dkr.ecr.eu-west-1.amazonaws.com is replaced until `oidc-exchange clean` restores it
        warning: SCRATCH/home/.docker/config.json: its helper "ecr-login" for 123456789012.dkr.ecr.eu-west-1.amazonaws.com is replaced until `oidc-exchange clean` restores it
    "#]]);
    assert_eq!(
        config_text(&output.scratch),
        format!("{{\"auths\":{{\"ghcr.io\":{{\"auth\":\"eDp5\"}}}},\"credHelpers\":{{\"{HOST}\":\"oidc-exchange\"}}}}")
    );
    let output = clean(&sandbox, output.scratch);
    assert_eq!(config_text(&output.scratch), before);
}

/// Like another `docker login`: the file is replaced.
#[test]
fn of_a_file_that_somebody_changed_only_ours_is_taken_out() {
    let sandbox = Sandbox::start().unwrap();
    let program = register(&sandbox, &[HOST]);
    let before = format!("{{\"auths\":{{\"{HOST}\":{{\"auth\":\"QVdTOm9sZA==\"}}}}}}");
    program.scratch().write("home/.docker/config.json", &before);
    let output = program.run();
    let changed = format!(
        "{{\n\t\"auths\": {{\n\t\t\"{HOST}\": {{}},\n\t\t\"quay.io\": {{\n\t\t\t\"auth\": \"eDp5\"\n\t\t}}\n\t}},\n\t\"credHelpers\": {{\n\t\t\"{HOST}\": \"oidc-exchange\"\n\t}}\n}}"
    );
    output.scratch.write("home/.docker/config.json", &changed);
    let output = clean(&sandbox, output.scratch);
    output.exits(0).stderr_is(expect![[""]]);
    assert_eq!(
        config_text(&output.scratch),
        format!(
            "{{\n\t\"auths\": {{\n\t\t\"{HOST}\": {{\"auth\":\"QVdTOm9sZA==\"}},\n\t\t\"quay.io\": {{\n\t\t\t\"auth\": \"eDp5\"\n\t\t}}\n\t}}\n}}"
        )
    );
    // Another helper belongs to another tool.
    let output = register(&sandbox, &[HOST]).within(output.scratch).run();
    let theirs = format!("{{\"credHelpers\":{{\"{HOST}\":\"ecr-login\"}}}}");
    output.scratch.write("home/.docker/config.json", &theirs);
    let output = clean(&sandbox, output.scratch);
    output.exits(0);
    assert_eq!(config_text(&output.scratch), theirs);
}

/// A password from `config.json` is in no file that others can read.
#[test]
fn what_is_kept_for_clean_is_private() {
    let sandbox = Sandbox::start().unwrap();
    let program = register(&sandbox, &[HOST]).secret("an old password", "QVdTOmEgcGFzc3dvcmQgb2YgdGhlIHVzZXIncw==");
    program.scratch().write(
        "home/.docker/config.json",
        "{\"auths\":{\"x.y\":{\"auth\":\"QVdTOmEgcGFzc3dvcmQgb2YgdGhlIHVzZXIncw==\"}}}",
    );
    let output = program.run();
    output.exits(0);
    let manifest = std::fs::read(output.scratch.home().join(".oidc-exchange/job-1/manifest")).unwrap();
    assert!(!output.holds_secret(&manifest));
    for file in output.scratch.files() {
        assert_eq!(mode(&file) & 0o077, 0, "{}", file.display());
    }
}

#[test]
fn a_link_is_followed_and_stays() {
    let sandbox = Sandbox::start().unwrap();
    let program = register(&sandbox, &[HOST]);
    let target = program.scratch().write("elsewhere/docker.json", "{}");
    std::fs::create_dir(program.scratch().home().join(".docker")).unwrap();
    let link = config(program.scratch());
    symlink("../../elsewhere/docker.json", &link).unwrap();
    let output = program.run();
    output.exits(0);
    assert!(link.is_symlink() && std::fs::read_to_string(&target).unwrap().contains(HOST));
    clean(&sandbox, output.scratch).exits(0);
    // The scratch directory is deleted with its output. The exit code of `clean` shows the check.
}

#[test]
fn the_directory_is_the_one_that_docker_takes() {
    let sandbox = Sandbox::start().unwrap();
    let output = register(&sandbox, &[HOST]).env("DOCKER_CONFIG", "elsewhere/docker").run();
    output.exits(0);
    assert!(output.scratch.path().join("elsewhere/docker/config.json").exists() && !config(&output.scratch).exists());
    let output = clean(&sandbox, output.scratch);
    assert!(!output.scratch.path().join("elsewhere/docker/config.json").exists());
}

#[test]
fn a_file_that_docker_cannot_read_is_left_and_nothing_is_sent() {
    let sandbox = Sandbox::start().unwrap();
    for text in [
        "{",
        "[]",
        "null",
        "1",
        "{} {}",
        "{\"a\":1,}",
        "{'a':1}",
        "// x\n{}",
        "{\"a\":1,\"a\":2}",
        "\u{feff}{}",
        " ",
        "{\"credHelpers\":[]}",
        "{\"credHelpers\":\"x\"}",
        "{\"auths\":[]}",
        "{\"credHelpers\":{},\"CredHelpers\":{}}",
        "{\"credHelpers\":{\"a\":\"b\",\"a\":\"c\"}}",
    ] {
        let program = register(&sandbox, &[HOST]);
        program.scratch().write("home/.docker/config.json", text);
        let output = program.run();
        output.exits(2).stdout_is("");
        assert!(
            output.stderr().contains("hint: correct the file with an editor; it was left as it is"),
            "{}",
            output.stderr()
        );
        assert_eq!(config_text(&output.scratch), text);
        assert_eq!(output.scratch.files(), [config(&output.scratch)]);
    }
    let program = register(&sandbox, &[HOST]);
    program.scratch().write("home/.docker/config.json", b"{\"a\":\"\xff\"}");
    program.run().exits(2).stderr_is(expect![[r#"
        error: --registry: SCRATCH/home/.docker/config.json: it is not UTF-8 text

        hint: correct the file with an editor; it was left as it is
        hint: name another directory for config.json with DOCKER_CONFIG
    "#]]);
    let program = register(&sandbox, &[HOST]);
    program.scratch().write("home/.docker/config.json", "[]");
    program.run().exits(2).stderr_is(expect![[r#"
        error: --registry: SCRATCH/home/.docker/config.json: it is not an object of JSON

        hint: correct the file with an editor; it was left as it is
        hint: name another directory for config.json with DOCKER_CONFIG
    "#]]);
    assert_eq!(sandbox.aws.requests().len(), 0);
}

#[test]
fn what_is_in_the_place_of_the_file_is_told() {
    let sandbox = Sandbox::start().unwrap();
    let run = |prepare: &dyn Fn(&Scratch)| {
        let program = register(&sandbox, &[HOST]);
        std::fs::create_dir(program.scratch().home().join(".docker")).unwrap();
        prepare(program.scratch());
        program.run()
    };
    run(&|scratch| std::fs::create_dir(config(scratch)).unwrap()).exits(6).stdout_is("").stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.docker/config.json: it is a directory
    "#]]);
    run(&|scratch| symlink("nowhere", config(scratch)).unwrap()).exits(6).stdout_is("").stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.docker/config.json: it is a symbolic link that leads nowhere: No such file or directory (os error 2)
    "#]]);
    run(&|scratch| symlink("config.json", config(scratch)).unwrap()).exits(6).stdout_is("");
    run(&|scratch| symlink("/dev/null", config(scratch)).unwrap()).exits(6).stdout_is("").stderr_is(expect![[r#"
        error: cannot write /dev/null: it is not an ordinary file
    "#]]);
    let output = run(&|scratch| {
        scratch.write("home/.docker/config.json", "{}");
        std::fs::set_permissions(config(scratch), std::fs::Permissions::from_mode(0o444)).unwrap();
    });
    output.exits(6).stdout_is("").stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.docker/config.json: it is read-only

        hint: make it writable with chmod u+w, or name another directory for config.json with DOCKER_CONFIG
    "#]]);
    assert_eq!((config_text(&output.scratch).as_str(), mode(&config(&output.scratch))), ("{}", 0o444));
    let program = register(&sandbox, &[HOST]);
    program.scratch().write("home/.docker", "a file");
    program.run().exits(6).stdout_is("");
    let program = register(&sandbox, &[HOST]);
    symlink("nowhere", program.scratch().home().join(".docker")).unwrap();
    program.run().exits(6).stdout_is("").stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.docker: it is a symbolic link that leads nowhere: No such file or directory (os error 2)
    "#]]);
    assert_eq!(sandbox.aws.requests().len(), 0);
}

/// Another process that keeps the lock does not block a run forever.
#[test]
fn a_lock_that_is_kept_is_told() {
    let sandbox = Sandbox::start().unwrap();
    let program = register(&sandbox, &[HOST]);
    let lock = program.scratch().write("home/.docker/config.json.oidc-exchange.lock", "");
    let held = std::fs::File::open(lock).unwrap();
    held.lock().unwrap();
    let output = program.run();
    output.exits(6).stdout_is("").stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.docker/config.json.oidc-exchange.lock: another process holds this lock

        hint: check for another oidc-exchange of this job that is stuck
    "#]]);
    assert!(!config(&output.scratch).exists());
    drop(held);
    let output = helper(&sandbox, "get", HOST, output.scratch).run();
    output.exits(1).stdout_is("credentials not found in native keychain\n");
}

/// podman, buildah and skopeo prefer the password of a repository to that of its registry.
#[test]
fn a_repositorys_password_that_would_win_is_said() {
    let sandbox = Sandbox::start().unwrap();
    let warned = |auths: &str| {
        let program = register(&sandbox, &[HOST]);
        program.scratch().write("home/.config/containers/auth.json", format!("{{\"auths\":{{{auths}}}}}"));
        program.run()
    };
    let one = |name: &str| format!("\"{name}\":{{\"auth\":\"eDp5\"}}");
    let both = [one(&format!("{HOST}/web")), one(HOST), one(&format!("{HOST}/web/sub"))].join(",");
    warned(&both).exits(0).stderr_is(expect![[r#"
        warning: SCRATCH/home/.config/containers/auth.json has a password for 123456789012.dkr.ecr.eu-west-1.amazonaws.com, which podman, buildah and skopeo use first: run podman logout 123456789012.dkr.ecr.eu-west-1.amazonaws.com
        warning: SCRATCH/home/.config/containers/auth.json has a password for 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web, which podman, buildah and skopeo use first: run podman logout 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web
        warning: SCRATCH/home/.config/containers/auth.json has a password for 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web/sub, which podman, buildah and skopeo use first: run podman logout 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web/sub
    "#]]);
    let others = [format!("{HOST}.evil.example/web"), format!("{HOST}:443/web"), format!("/{HOST}/web")];
    let others = others.map(|name| one(&name)).join(",");
    warned(&format!("{others},\"{HOST}/empty\":{{}}")).exits(0).stderr_is(expect![[""]]);
}

/// Settings that callers read instead of the helper's answer.
#[test]
fn what_would_win_for_a_caller_is_said() {
    let sandbox = Sandbox::start().unwrap();
    let auths = format!("{{\"auths\":{{\"{HOST}\":{{\"auth\":\"eDp5\"}}}}}}");
    let output = register(&sandbox, &[HOST]).env("DOCKER_AUTH_CONFIG", &auths).run();
    output.exits(0).stderr_is(expect![[r#"
        warning: DOCKER_AUTH_CONFIG has a password for 123456789012.dkr.ecr.eu-west-1.amazonaws.com, which docker 28.3 and later uses first: unset it
    "#]]);
    let program =
        register(&sandbox, &[HOST]).env("DOCKER_AUTH_CONFIG", "{\"auths\":{\"ghcr.io\":{\"auth\":\"eDp5\"}}}");
    program.run().exits(0).stderr_is(expect![[""]]);
    register(&sandbox, &[HOST]).env("REGISTRY_AUTH_FILE", "/x").run().exits(0).stderr_is(expect![[r#"
        warning: REGISTRY_AUTH_FILE is set: podman, buildah and skopeo read only that file, and not Docker's config.json: unset it for them
    "#]]);
    let program = register(&sandbox, &[HOST]);
    program.scratch().write("home/.config/containers/auth.json", &auths);
    program.run().exits(0).stderr_is(expect![[r#"
        warning: SCRATCH/home/.config/containers/auth.json has a password for 123456789012.dkr.ecr.eu-west-1.amazonaws.com, which podman, buildah and skopeo use first: run podman logout 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    "#]]);
}
