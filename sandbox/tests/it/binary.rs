//! `sandbox COMMAND`, with a stand-in for the program.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

/// A copy of the built sandbox beside an `oidc-exchange` that only prints its name.
fn sandbox(directory: &Path, words: &[&str]) -> Command {
    let program = directory.join("oidc-exchange");
    fs::write(&program, "#!/bin/sh\necho stand-in\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let own = directory.join("sandbox");
    if fs::hard_link(env!("CARGO_BIN_EXE_sandbox"), &own).is_err() {
        fs::copy(env!("CARGO_BIN_EXE_sandbox"), &own).unwrap();
    }
    let mut command = Command::new(own);
    command.args(words).env_remove("CARGO").env("AWS_PROFILE", "real").env("VAULT_ADDR", "https://real.test");
    command
}

fn run(words: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    sandbox(directory.path(), words).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_command_finds_the_program_the_token_and_the_endpoints_and_no_real_account() {
    let script = "oidc-exchange; echo $SEMAPHORE_GIT_REF ${SEMAPHORE_OIDC_TOKEN:+token} ${AWS_PROFILE-none}; \
                  echo $AWS_ENDPOINT_URL_STS; echo $VAULT_ADDR";
    let output = run(&["--job", "tag", "--", "sh", "-c", script]);
    let text = stdout(&output);
    assert!(text.starts_with("stand-in\nrefs/tags/v1.0.0 token none\nhttp://127.0.0.1:"), "{text}");
    assert!(text.lines().nth(3).is_some_and(|address| address.starts_with("http://127.0.0.1:")), "{text}");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn over_tls_the_command_finds_whom_to_trust() {
    let script = "echo $AWS_ENDPOINT_URL_STS; echo $SANDBOX_GOOGLE_STS; cmp $AWS_CA_BUNDLE $SSL_CERT_FILE && head -1 $SSL_CERT_FILE";
    let text = stdout(&run(&["--tls", "sh", "-c", script]));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[..2].iter().all(|line| line.starts_with("https://127.0.0.1:")), "{text}");
    assert_eq!(lines[2..], ["-----BEGIN CERTIFICATE-----"]);
}

#[test]
fn it_ends_as_the_command_ends() {
    assert_eq!(run(&["sh", "-c", "exit 7"]).status.code(), Some(7));
    assert_eq!(run(&["sh", "-c", "kill -TERM $$"]).status.code(), Some(143));
    assert_eq!(run(&["/no/such/command"]).status.code(), Some(127));
    assert_eq!(run(&["/"]).status.code(), Some(126));
    let usage = run(&["--jobs"]);
    assert_eq!(usage.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&usage.stderr).contains("unknown option `--jobs`"));
}

#[test]
fn without_a_command_it_is_a_shell_with_a_few_lines_of_advice() {
    let directory = tempfile::tempdir().unwrap();
    let shell = directory.path().join("shell");
    symlink("/bin/true", &shell).unwrap();
    let output = sandbox(directory.path(), &[]).env("SHELL", &shell).output().unwrap();
    assert!(output.status.success());
    let advice = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(advice.lines().all(|line| line.starts_with("sandbox: ")), "{advice}");
    assert!(advice.contains("vault --role ci DB_PASSWORD=secret/production/db#password"), "{advice}");
    assert!(advice.contains("role/deploy") && advice.contains("role/release"));
    let page = include_str!("../../../docs/sandbox.md");
    let shown: Vec<&str> = page.lines().filter(|line| line.starts_with("sandbox: ")).collect();
    assert!(shown.len() == 2 && advice.starts_with(&format!("{}\n", shown.join("\n"))), "{advice}");
}

/// Each shell that reads settings of the user's reads them, and then has the sandbox's prompt.
#[test]
fn the_shell_has_a_prompt_that_names_the_sandbox() {
    for (shell, settings, asked) in [
        ("bash", ".bashrc", "-i -c 'echo \"$MINE $PS1\"'"),
        ("zsh", ".zshrc", "-i -c 'echo \"$MINE $PROMPT\"'"),
        ("fish", ".config/fish/config.fish", "-c 'echo $MINE (fish_prompt)'"),
        ("dash", "", "-c 'echo \"own $PS1\"'"),
    ] {
        let Some(real) = on_path(shell) else {
            eprintln!("skipped: {shell} is not installed");
            continue;
        };
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().join("home");
        if !settings.is_empty() {
            fs::create_dir_all(home.join(settings).parent().unwrap()).unwrap();
            fs::write(home.join(settings), if shell == "fish" { "set MINE own" } else { "MINE=own PS1='mine '" })
                .unwrap();
        }
        // Under its own name, as $SHELL has it, and asked for its prompt.
        let stand_in = directory.path().join(shell);
        fs::write(&stand_in, format!("#!/bin/sh\nexec {} \"$@\" {asked}\n", real.display())).unwrap();
        fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o700)).unwrap();
        let mut command = sandbox(directory.path(), &["--job", "tag"]);
        let output = command.env("SHELL", &stand_in).env("HOME", &home).env_remove("ZDOTDIR").output().unwrap();
        let prompt = stdout(&output);
        assert!(
            prompt.starts_with("own (sandbox: tag)"),
            "{shell}: {prompt}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn on_path(name: &str) -> Option<std::path::PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|directory| directory.join(name)).find(|path| path.is_file())
}

/// `gcp` and `use` get the addresses, unless they are given; every other command is as it was typed.
#[test]
fn googles_addresses_need_no_options() {
    let directory = tempfile::tempdir().unwrap();
    let script = "oidc-exchange gcp --lifetime '1 h'; oidc-exchange use a b; oidc-exchange gcp --sts-endpoint x; oidc-exchange aws; oidc-exchange";
    let mut command = sandbox(directory.path(), &["sh", "-c", script]);
    fs::write(directory.path().join("oidc-exchange"), "#!/bin/sh\nfor word; do printf '[%s]' \"$word\"; done\necho\n")
        .unwrap();
    let text = stdout(&command.output().unwrap());
    let lines: Vec<String> = text.lines().map(|line| line.replace("[--iamcredentials-endpoint]", "")).collect();
    assert!(
        lines[0].starts_with("[gcp][--sts-endpoint][http://127.0.0.1:") && lines[0].ends_with("][--lifetime][1 h]"),
        "{text}"
    );
    assert!(lines[1].starts_with("[use][--sts-endpoint][http://127.0.0.1:") && lines[1].ends_with("][a][b]"), "{text}");
    assert_eq!(lines[2..], ["[gcp][--sts-endpoint][x]", "[aws]", ""]);
}

#[test]
fn a_signal_is_handed_on() {
    let directory = tempfile::tempdir().unwrap();
    let started = directory.path().join("started");
    let script = format!("trap 'exit 9' TERM; : > {}; while :; do sleep 0.05; done", started.display());
    let mut child = sandbox(directory.path(), &["sh", "-c", &script]).spawn().unwrap();
    while !started.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9));
}

#[test]
fn under_cargo_the_program_is_built_first_and_says_so_on_standard_error() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = sandbox(directory.path(), &["oidc-exchange"]);
    let program = directory.path().join("oidc-exchange");
    let cargo = directory.path().join("cargo");
    let script = format!("#!/bin/sh\necho \"$@\"\nprintf '#!/bin/sh\necho built\n' > {}", program.display());
    fs::write(&cargo, script).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o700)).unwrap();
    let output = command.env("CARGO", &cargo).output().unwrap();
    assert_eq!(stdout(&output), "built\n");
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .starts_with("build --package oidc-exchange --package sandbox --bins --profile ")
    );

    let slow = format!("#!/bin/sh\nsleep 6\nprintf '#!/bin/sh\necho built\n' > {}", program.display());
    fs::write(&cargo, slow).unwrap();
    let output = command.output().unwrap();
    assert_eq!(stdout(&output), "built\n");
    let progress = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(progress.starts_with("sandbox: building oidc-exchange: "), "{progress}");

    fs::write(&cargo, "#!/bin/sh\nexit 101").unwrap();
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(1), ""));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: cannot build oidc-exchange\n");
}
