//! `--profile`: the exact content of the shared files, and their readers.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use super::chain::admits;
use super::deploy;
use crate::support::scratch::mode;
use crate::support::{Output, Program, Scratch, expect, oidc_exchange, stopped};
use crate::support::{peers, shells};

const MARK: &str = "# written by oidc-exchange, which replaces and removes it\n";

fn profile<'s>(name: &str, options: &[&str]) -> Program<'s> {
    deploy(&["--profile", name]).args(options)
}

fn job() -> Job {
    Job::branch("main").with_id("job-1")
}

fn file(scratch: &Scratch, name: &str) -> PathBuf {
    scratch.home().join(".aws").join(name)
}

fn text(scratch: &Scratch, name: &str) -> String {
    plain(&fs::read_to_string(file(scratch, name)).unwrap_or_default())
}

/// The text with our comments shortened to [`MARK`], because the rest differs in each run.
fn plain(text: &str) -> String {
    let mark = MARK.trim_end();
    let cut = |line: &str| match line.strip_prefix(mark) {
        Some(rest) => format!("{mark}{}", &rest[rest.trim_end().len()..]),
        None => line.to_owned(),
    };
    text.split_inclusive('\n').map(cut).collect()
}

fn keys(sandbox: &Sandbox) -> String {
    let issued = sandbox.aws.issued();
    let last = issued.last().unwrap();
    format!(
        "{MARK}aws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\naws_account_id = 123456789012\n",
        last.access_key_id, last.secret_access_key, last.session_token
    )
}

#[test]
fn keys_go_into_the_credentials_and_the_region_into_the_config() {
    let sandbox = Sandbox::start().unwrap();
    let output = profile("ci", &["--region", "eu-west-1"]).job_of(&sandbox, &job()).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    let scratch = &output.scratch;
    assert!(text(scratch, "credentials") == format!("[ci]\n{}", keys(&sandbox)));
    assert_eq!(text(scratch, "config"), format!("[profile ci]\n{MARK}region = eu-west-1\n"));
    assert_eq!(mode(&scratch.home().join(".aws")), 0o700);
    assert_eq!((mode(&file(scratch, "credentials")), mode(&file(scratch, "config"))), (0o600, 0o600));
    let names: Vec<_> =
        fs::read_dir(scratch.home().join(".aws")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "no lock, no half-made file: {names:?}");
}

#[test]
fn default_is_a_profile_too_and_without_a_region_the_config_is_not_made() {
    let sandbox = Sandbox::start().unwrap();
    let output = profile("default", &[]).job_of(&sandbox, &job()).run();
    output.exits(0).stdout_is("");
    assert!(text(&output.scratch, "credentials") == format!("[default]\n{}", keys(&sandbox)));
    assert!(!file(&output.scratch, "config").exists());
}

const THEIRS: &str = "# my keys\n\n[default]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE   \n\taws_secret_access_key = x\n; note\n\
                      [weird  name]\nunknown = 1\n  nested = 2\n\n[last]\nx = y";

#[test]
fn what_is_there_stays_to_the_byte_and_so_do_modes_and_links() {
    let sandbox = Sandbox::start().unwrap();
    let program = profile("ci", &["--region", "eu-west-1"]).job_of(&sandbox, &job());
    let credentials = program.scratch().write("dotfiles/credentials", THEIRS);
    let config = program.scratch().write("home/.aws/config", "[default]\r\nregion = us-east-1\r\n");
    fs::set_permissions(&credentials, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&config, Permissions::from_mode(0o640)).unwrap();
    symlink(&credentials, file(program.scratch(), "credentials")).unwrap();
    let output = program.run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    assert!(plain(&fs::read_to_string(&credentials).unwrap()) == format!("{THEIRS}\n\n[ci]\n{}", keys(&sandbox)));
    assert!(file(&output.scratch, "credentials").symlink_metadata().unwrap().is_symlink());
    let added = format!("[profile ci]\n{MARK}region = eu-west-1\n").replace('\n', "\r\n");
    assert_eq!(plain(&fs::read_to_string(&config).unwrap()), format!("[default]\r\nregion = us-east-1\r\n\r\n{added}"));
    assert_eq!((mode(&credentials), mode(&config)), (0o600, 0o640), "keys are for nobody else's eyes");
}

#[test]
fn our_own_is_replaced_and_anothers_is_not_unless_that_is_asked_for() {
    let sandbox = Sandbox::start().unwrap();
    let first = profile("ci", &[]).job_of(&sandbox, &job()).run();
    first.exits(0);
    let second = profile("ci", &[]).within(first.scratch).job_of(&sandbox, &job()).run();
    second.exits(0);
    assert!(text(&second.scratch, "credentials") == format!("[ci]\n{}", keys(&sandbox)));
    let asked = sandbox.aws.requests().len();
    let theirs = "[ci]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n# mine\n";
    second.scratch.write("home/.aws/credentials", theirs);
    let third = profile("ci", &[]).within(second.scratch).job_of(&sandbox, &job()).run();
    third.exits(2).stdout_is("").stderr_is(expect![[r#"
        error: --profile: SCRATCH/home/.aws/credentials has a profile ci that is not ours (aws_access_key_id)

        hint: choose another name, or take it over with --overwrite-profile; its other settings are kept
    "#]]);
    assert_eq!((text(&third.scratch, "credentials").as_str(), sandbox.aws.requests().len()), (theirs, asked));
    let fourth = profile("ci", &["--overwrite-profile"]).within(third.scratch).job_of(&sandbox, &job()).run();
    fourth.exits(0);
    assert!(text(&fourth.scratch, "credentials") == format!("[ci]\n{}# mine\n", keys(&sandbox)));
}

#[test]
fn clean_takes_out_what_we_wrote_and_nothing_else() {
    let sandbox = Sandbox::start().unwrap();
    let program = profile("ci", &["--region", "eu-west-1"]).job_of(&sandbox, &job());
    program.scratch().write("home/.aws/credentials", "[a]\nx = 1\n");
    let first = program.run();
    first.exits(0);
    let second = profile("other", &[]).within(first.scratch).job_of(&sandbox, &job()).run();
    second.exits(0);
    let added = fs::read_to_string(file(&second.scratch, "config")).unwrap() + "output = json\n";
    second.scratch.write("home/.aws/config", added);
    let cleaned = oidc_exchange(["clean"]).within(second.scratch).job_of(&sandbox, &job()).run();
    cleaned.exits(0);
    assert_eq!(text(&cleaned.scratch, "credentials"), "[a]\nx = 1\n");
    assert_eq!(text(&cleaned.scratch, "config"), "[profile ci]\noutput = json\n", "what somebody added stays");
    assert!(!cleaned.scratch.home().join(".oidc-exchange/job-1").exists());
    let alone = profile("ci", &[]).job_of(&sandbox, &job()).run();
    let cleaned = oidc_exchange(["clean"]).within(alone.scratch).job_of(&sandbox, &job()).run();
    cleaned.exits(0);
    assert!(cleaned.scratch.files().is_empty(), "a file that we made goes with its last profile");
}

#[test]
fn the_variables_name_other_files() {
    let sandbox = Sandbox::start().unwrap();
    let program = profile("ci", &["--region", "eu-west-1"]).job_of(&sandbox, &job());
    let (keys_file, config) = (program.scratch().path().join("deep/er/keys"), program.scratch().home().join("c"));
    let program = program.env("AWS_SHARED_CREDENTIALS_FILE", &keys_file).env("AWS_CONFIG_FILE", "~/c");
    let output = program.run();
    output.exits(0);
    assert!(plain(&fs::read_to_string(keys_file).unwrap()) == format!("[ci]\n{}", keys(&sandbox)));
    assert!(config.exists() && !output.scratch.home().join(".aws").exists());
}

/// Runs it until it fails before anything is sent. Checks that `before` has not changed.
#[track_caller]
fn untouched(program: Program<'_>, sandbox: &Sandbox, before: &[(&str, &str)], code: i32) -> Output {
    let output = program.job_of(sandbox, &job()).run();
    output.exits(code).stdout_is("");
    for (name, content) in before {
        assert_eq!(text(&output.scratch, name), *content);
    }
    assert!(sandbox.aws.requests().is_empty(), "nothing was sent");
    output
}

#[test]
fn bad_input_is_told_before_anything_is_sent_and_the_files_stay() {
    let sandbox = Sandbox::start().unwrap();
    let program = |name: &str| profile(name, &["--region", "eu-west-1"]);
    untouched(program("a]b"), &sandbox, &[], 2).stderr_is(expect![[r#"
        error: --profile: `a]b` is not a profile's name

        hint: use letters, digits and _-/.%@:+ only: the AWS SDKs do not read other names
    "#]]);
    // An empty name comes from a variable that is not set, in a line that may be for a shell.
    program("").job_of(&sandbox, &job()).run().exits(2).stdout_is(&stopped(2)).stderr_is(expect![[r#"
        error: --profile: `` is not a profile's name

        hint: use letters, digits and _-/.%@:+ only: the AWS SDKs do not read other names
    "#]]);
    let malformed = program("ci");
    malformed.scratch().write("home/.aws/config", "[a\nx = 1\n");
    untouched(malformed, &sandbox, &[("config", "[a\nx = 1\n"), ("credentials", "")], 2).stderr_is(expect![[r#"
        error: --profile: SCRATCH/home/.aws/config, line 1: a section's name has no `]` after it

        hint: correct this line: the AWS CLI cannot read the file either. It was left as it is
    "#]]);
    let twice = program("ci");
    twice.scratch().write("home/.aws/credentials", "[ci]\n[b]\n[ci]\n");
    untouched(twice, &sandbox, &[("credentials", "[ci]\n[b]\n[ci]\n"), ("config", "")], 2).stderr_is(expect![[r#"
        error: --profile: SCRATCH/home/.aws/credentials, line 3: the section [ci] is there twice

        hint: correct this line: the AWS CLI cannot read the file either. It was left as it is
    "#]]);
    let directory = program("ci");
    fs::create_dir_all(file(directory.scratch(), "config")).unwrap();
    untouched(directory, &sandbox, &[("credentials", "")], 6).stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.aws/config: it is a directory
    "#]]);
    let dangling = program("ci");
    fs::create_dir_all(dangling.scratch().home().join(".aws")).unwrap();
    symlink("nowhere", file(dangling.scratch(), "credentials")).unwrap();
    untouched(dangling, &sandbox, &[("config", "")], 6).stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.aws/credentials: it is a symbolic link that leads nowhere: No such file or directory (os error 2)
    "#]]);
    let not_a_directory = program("ci");
    not_a_directory.scratch().write("home/.aws", "");
    untouched(not_a_directory, &sandbox, &[], 6).stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.aws/config: Not a directory (os error 20)
    "#]]);
    let homeless = program("ci").env("HOME", "");
    untouched(homeless, &sandbox, &[], 2).stderr_is(expect![[r#"
        error: --profile: HOME is not set to an absolute path

        hint: name the files with AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE
    "#]]);
    // /proc accepts no new directory, not even from root.
    let read_only = program("ci").env("HOME", "/proc/self");
    let _ = untouched(read_only, &sandbox, &[], 6);
    for option in [&["--format", "json"][..], &["--output", "x"], &["--env-prefix", "X_"], &["--on-error", "none"]] {
        let _ = untouched(profile("ci", option), &sandbox, &[], 2);
    }
    let _ = untouched(deploy(&["--overwrite-profile", "--output", "x"]), &sandbox, &[], 2);
}

#[test]
fn a_refusal_leaves_the_files_as_they_were() {
    let sandbox = Sandbox::start().unwrap();
    let program = profile("ci", &["--region", "eu-west-1"]).job_of(&sandbox, &Job::branch("other"));
    program.scratch().write("home/.aws/credentials", "[a]\n");
    let output = program.run();
    output.exits(4).stdout_is("");
    assert_eq!(
        (text(&output.scratch, "credentials").as_str(), file(&output.scratch, "config").exists()),
        ("[a]\n", false)
    );
}

/// A limit on a file's size has the same effect as a full disk: an error during the write.
#[test]
fn a_full_disk_leaves_the_files_as_they_were() {
    let sandbox = Sandbox::start().unwrap();
    let script = format!("trap '' XFSZ; ulimit -f 1; exec oidc-exchange aws --role-arn {DEPLOY_ROLE} --profile ci");
    let program = shells::posix().remove(0).runs(&script).job_of(&sandbox, &job());
    let theirs = format!("{THEIRS}\n{}", "# a long note\n".repeat(40));
    program.scratch().write("home/.aws/credentials", &theirs);
    let output = program.run();
    output.exits(6).stdout_is("").stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.aws/credentials: File too large (os error 27)
    "#]]);
    assert_eq!(text(&output.scratch, "credentials"), theirs);
    let names: Vec<_> =
        fs::read_dir(output.scratch.home().join(".aws")).unwrap().map(|one| one.unwrap().file_name()).collect();
    assert_eq!(names, ["credentials"], "nothing half-made is left");
}

/// Outside Semaphore, the line itself contains the private directory.
#[test]
fn a_profile_that_renews_by_our_process_brings_its_directory_with_it() {
    let sandbox = Sandbox::start().unwrap();
    let program = profile("ci", &["--refreshable", "--duration", "20m"]).job(&sandbox).env_remove("SEMAPHORE_JOB_ID");
    let output = program.run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    let credentials = text(&output.scratch, "credentials");
    assert!(!file(&output.scratch, "config").exists());
    let line = credentials.lines().find_map(|line| line.strip_prefix("credential_process = ")).unwrap().to_owned();
    let ask = |scratch: Scratch| {
        let program = shells::posix().remove(0).runs(&line).within(scratch).beside(&sandbox);
        program.env("AWS_ENDPOINT_URL_STS", sandbox.aws.url()).run()
    };
    let first = ask(output.scratch);
    assert!(first.exits(0).stdout().contains("\"Version\": 1"));
    let second = ask(first.scratch);
    second.exits(0);
    assert_eq!(sandbox.aws.requests().len(), 2, "ours, and one for both");
}

/// `env` would read such a path as a variable. Each reader of the AWS SDKs splits the line like the shell.
#[test]
fn a_profile_that_renews_finds_a_program_in_any_directory() {
    let sandbox = Sandbox::start().unwrap();
    for directory in ["v=1", "a b", "a'b", "a\"b$c`d", "=", "-x", "a;b&c"] {
        let program = profile("ci", &["--refreshable", "--duration", "20m"]).job(&sandbox);
        let place = program.scratch().path().join(directory);
        fs::create_dir(&place).unwrap();
        let copy = place.join("oidc-exchange");
        fs::copy(env!("CARGO_BIN_EXE_oidc-exchange"), &copy).unwrap();
        let output = program.standing_in(copy).run();
        output.exits(0).stdout_is("").stderr_is(expect![[""]]);
        let credentials = text(&output.scratch, "credentials");
        let line = credentials.lines().find_map(|line| line.strip_prefix("credential_process = ")).unwrap().to_owned();
        let shell = shells::posix().remove(0).runs(&line).within(output.scratch).beside(&sandbox);
        let asked = shell.env("AWS_ENDPOINT_URL_STS", sandbox.aws.url()).run();
        assert!(asked.exits(0).stdout().contains("\"Version\": 1"), "{directory}: {}", asked.describe());
    }
}

/// Nothing is sent to AWS then. The path is the one that the SDKs read, for any missing part of it.
#[test]
fn a_home_that_takes_no_file() {
    let sandbox = Sandbox::start().unwrap();
    profile("ci", &[]).job_of(&sandbox, &job()).env("HOME", "/proc").run().exits(6).stdout_is("").stderr_is(expect![[
        r#"
        error: cannot write /proc/.aws/config: No such file or directory (os error 2)

        hint: name other files with AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE
    "#
    ]]);
    let program = profile("ci", &[]).job_of(&sandbox, &job()).env("AWS_CONFIG_FILE", "/proc/a/b/c");
    program.run().exits(6).stderr_is(expect![[r#"
        error: cannot write /proc/a/b/c: No such file or directory (os error 2)

        hint: name other files with AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE
    "#]]);
    let program = profile("ci", &[]).job_of(&sandbox, &job());
    program.scratch().write("home/.aws", "a file");
    let output = program.run();
    output.exits(6);
    assert!(
        output.told().starts_with("error: cannot write SCRATCH/home/.aws/config: Not a directory"),
        "{}",
        output.told()
    );
    assert!(sandbox.aws.requests().is_empty());
}

/// The AWS CLI reads neither file, or another one.
#[test]
fn a_file_that_not_every_tool_would_find() {
    let sandbox = Sandbox::start().unwrap();
    for (variable, value, message) in [
        (
            "AWS_CONFIG_FILE",
            "$HOME/.aws/config",
            "AWS_CONFIG_FILE has a `$`, which not every AWS tool replaces\n\nhint: write the path itself\n",
        ),
        (
            "AWS_SHARED_CREDENTIALS_FILE",
            "${HOME}/credentials",
            "AWS_SHARED_CREDENTIALS_FILE has a `$`, which not every AWS tool replaces\n\nhint: write the path itself\n",
        ),
        (
            "AWS_SHARED_CREDENTIALS_FILE",
            "",
            "AWS_SHARED_CREDENTIALS_FILE is set, and empty\n\nhint: unset it, or write ~/.aws/credentials\n",
        ),
    ] {
        let output = profile("ci", &[]).job_of(&sandbox, &job()).env(variable, value).run();
        assert_eq!(output.exits(2).stderr(), format!("error: {message}"));
    }
    assert!(sandbox.aws.requests().is_empty());
}

#[test]
fn a_lock_that_a_dead_process_left_holds_nobody_up() {
    let sandbox = Sandbox::start().unwrap();
    let program = profile("ci", &[]).job_of(&sandbox, &job());
    let lock = program.scratch().write("home/.aws/credentials.oidc-exchange.lock", "");
    let output = program.run();
    output.exits(0);
    assert!(output.took < Duration::from_secs(12) && !lock.exists());
}

#[test]
fn a_lock_that_a_living_process_keeps_is_an_error_with_a_bound() {
    let sandbox = Sandbox::start().unwrap();
    let program = profile("ci", &[]).job_of(&sandbox, &job());
    let lock = program.scratch().write("home/.aws/credentials.oidc-exchange.lock", "");
    let held = fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    let output = program.run();
    output.exits(6).stdout_is("").stderr_is(expect![[r#"
        error: cannot write SCRATCH/home/.aws/credentials.oidc-exchange.lock: another process holds this lock

        hint: check for another oidc-exchange of this job that is stuck
    "#]]);
    assert!(!file(&output.scratch, "credentials").exists());
}

#[test]
fn fifty_processes_leave_fifty_whole_profiles() {
    let sandbox = Sandbox::start().unwrap();
    let scratch = Scratch::new();
    scratch.write("home/.aws/credentials", THEIRS);
    let home = scratch.home();
    let start = |n: usize| {
        profile(&format!("p{n}"), &["--region", "eu-west-1"]).job_of(&sandbox, &job()).env("HOME", &home).spawn()
    };
    let running: Vec<_> = (0..50).map(start).collect();
    for one in running {
        one.wait().exits(0).stdout_is("").stderr_is(expect![[""]]);
    }
    let (credentials, config) = (text(&scratch, "credentials"), text(&scratch, "config"));
    assert!(credentials.starts_with(THEIRS));
    let issued = sandbox.aws.issued();
    assert_eq!(issued.len(), 50);
    for one in &issued {
        let whole = format!(
            "aws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n",
            one.access_key_id, one.secret_access_key, one.session_token
        );
        assert!(credentials.contains(&whole));
    }
    for n in 0..50 {
        assert!(credentials.contains(&format!("\n[p{n}]\n{MARK}aws_access_key_id = ")));
        assert!(config.contains(&format!("[profile p{n}]\n{MARK}region = eu-west-1\n")));
    }
    let cleaned = oidc_exchange(["clean"]).job_of(&sandbox, &job()).env("HOME", &home).run();
    cleaned.exits(0);
    assert_eq!(text(&scratch, "credentials"), format!("{THEIRS}\n"));
    assert!(!file(&scratch, "config").exists());
}

/// If the run is killed at any moment, each file is the complete old one or the complete new one.
#[test]
fn killed_at_any_moment_a_whole_file_stands() {
    let sandbox = Sandbox::start().unwrap();
    let scratch = Scratch::new();
    let home = scratch.home();
    for round in 0..40 {
        scratch.write("home/.aws/credentials", THEIRS);
        let asked = sandbox.aws.requests().len();
        let running = profile("ci", &[]).job_of(&sandbox, &job()).env("HOME", &home).spawn();
        // From before the answer until after the end, a little later each time.
        assert!(sandbox.aws.await_requests(asked + 1, Duration::from_secs(10)));
        std::thread::sleep(Duration::from_micros(500 * round));
        running.signal(Signal::KILL);
        drop(running.wait());
        let found = text(&scratch, "credentials");
        let new = || format!("{THEIRS}\n\n[ci]\n{}", keys(&sandbox));
        assert!(found == THEIRS || found == new(), "round {round}: {} bytes", found.len());
    }
    profile("ci", &[]).job_of(&sandbox, &job()).env("HOME", &home).run().exits(0);
}

#[test]
fn refreshable_writes_the_sdks_own_keys() {
    let sandbox = Sandbox::start().unwrap();
    let output = profile("ci", &["--refreshable", "--region", "eu-west-1"]).job_of(&sandbox, &job()).run();
    output.exits(0).stdout_is("").stderr_is(expect![[""]]);
    let token = output.scratch.files().into_iter().find(|file| file.to_string_lossy().contains("aws-token-")).unwrap();
    assert_eq!(
        text(&output.scratch, "config"),
        format!(
            "[profile ci]\n{MARK}role_arn = {DEPLOY_ROLE}\nrole_session_name = semaphore-job-job-1\n\
             web_identity_token_file = {}\nregion = eu-west-1\n",
            token.display()
        )
    );
    assert!(!file(&output.scratch, "credentials").exists());
    // Keys of an earlier run in the profile would have precedence.
    let keys = profile("ci", &[]).within(output.scratch).job_of(&sandbox, &job()).run();
    assert!(text(&keys.scratch, "credentials").contains("aws_access_key_id"));
    assert_eq!(text(&keys.scratch, "config"), format!("[profile ci]\n{MARK}region = eu-west-1\n"));
    let renewing = profile("ci", &["--refreshable"]).within(keys.scratch).job_of(&sandbox, &job()).run();
    renewing.exits(0);
    assert_eq!(text(&renewing.scratch, "credentials"), "");
    let cleaned = oidc_exchange(["clean"]).within(renewing.scratch).job_of(&sandbox, &job()).run();
    cleaned.exits(0);
    assert!(cleaned.scratch.files().iter().all(|file| file.ends_with(".aws/credentials")));
}

const HUB: &str = "arn:aws:iam::210987654321:role/hub";

/// The AWS CLI, with each kind of profile; a chain with a session policy renews through our own process.
#[test]
fn the_aws_cli_reads_every_kind_of_profile() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.aws.create_role(HUB, &admits(DEPLOY_ROLE, &serde_json::json!("sts:*"), &serde_json::json!({}))).unwrap();
    let aws = peers::aws().program("aws");
    let script = format!(
        "set -eu\n\
         oidc-exchange aws --role-arn {DEPLOY_ROLE} --profile keys --region eu-west-1\n\
         oidc-exchange aws --role-arn {DEPLOY_ROLE} --profile renews --refreshable --region eu-west-1\n\
         oidc-exchange aws --role-arn {DEPLOY_ROLE} --profile chain --refreshable --region eu-west-1 \\\n\
           --chain-role-arn {HUB} --external-id 'a:b/c' --duration 20m --session-tag 'team=a b' --policy '{{\"a\": \" # it'\\''s\"}}'\n\
         for profile in keys renews chain chain; do\n\
           '{}' sts get-caller-identity --profile $profile --query Arn --output text; done",
        aws.display()
    );
    let output = shells::posix().remove(0).runs(&script).job_of(&sandbox, &job()).run();
    let deploy = "arn:aws:sts::123456789012:assumed-role/deploy/semaphore-job-job-1\n";
    let hub = "arn:aws:sts::210987654321:assumed-role/hub/semaphore-job-job-1\n";
    output.exits(0).stderr_is(expect![[""]]).stdout_is(&format!("{deploy}{deploy}{hub}{hub}"));
    let requests = sandbox.aws.requests();
    let hops: Vec<_> = requests.iter().filter(|one| one.field("Action") == Some("AssumeRole")).collect();
    assert_eq!(hops.len(), 1, "the profile begins with the credentials that were there when it was written");
    assert_eq!(hops[0].field("Policy"), Some(r#"{"a": " # it's"}"#));
    assert!(text(&output.scratch, "credentials").contains("--policy @"));
}

/// For a tool that hides the reason of a failed renewal. The line is in docs/aws.md.
#[test]
fn a_renewal_can_be_run_by_hand() {
    let sandbox = Sandbox::start().unwrap();
    let aws = peers::aws().program("aws");
    let script = format!(
        "set -eu\n\
         oidc-exchange aws --role-arn {DEPLOY_ROLE} --profile target --refreshable --duration 20m --region eu-west-1\n\
         aws() {{ '{}' \"$@\"; }}\n\
         sh -c \"$(aws configure get credential_process --profile target)\" | grep -c '\"SessionToken\"'\n\
         rm \"$HOME/.oidc-exchange/job-1\"/aws-*.cache\n\
         echo refused >\"$HOME/.oidc-exchange/job-1/$(ls \"$HOME/.oidc-exchange/job-1\" | grep '^aws-token-')\"\n\
         sh -c \"$(aws configure get credential_process --profile target)\" || echo $?",
        aws.display()
    );
    let output = shells::posix().remove(0).runs(&script).job_of(&sandbox, &job()).run();
    output.exits(0).stdout_is("1\n3\n").stderr_is(expect![[r#"
        error: the subject token is not a JWT: a signed JWT has three parts with dots between them; this has 1

        hint: check that it was not cut, quoted or changed on its way here
    "#]]);
    assert!(
        include_str!("../../../docs/aws.md")
            .contains("`sh -c \"$(aws configure get credential_process --profile target)\"`")
    );
}

/// AWS's own rule: names that its SDKs do not read are refused, and all others are accepted.
#[test]
fn names_are_those_that_the_sdks_read() {
    let sandbox = Sandbox::start().unwrap();
    for (name, code) in [
        ("a/b", 0),
        ("a%b", 0),
        ("a:b", 0),
        ("Default", 0),
        ("a,b", 2),
        ("a=b", 2),
        ("a b", 2),
        ("\"a\"", 2),
        ("DEFAULT", 2),
    ] {
        for renewing in [&[][..], &["--refreshable", "--region", "eu-west-1"]] {
            let output = profile(name, renewing).job_of(&sandbox, &job()).run();
            output.exits(code);
            assert_eq!(output.scratch.home().join(".aws").exists(), code == 0, "{name}");
        }
    }
    profile("DEFAULT", &[]).job_of(&sandbox, &job()).run().exits(2).stderr_is(expect![[r#"
        error: --profile: the AWS CLI gives what is in [DEFAULT] to every other profile

        hint: write default, in lower case, for the default profile
    "#]]);
}

/// The region and the key id that the AWS CLI uses.
fn used(output: Output, name: &str) -> (Output, String) {
    let aws = peers::aws().program("aws");
    let script = format!(
        "for what in region aws_access_key_id; do '{}' configure get $what --profile {name}; done",
        aws.display()
    );
    let shown = shells::posix().remove(0).runs(&script).within(output.scratch).hands_over().run();
    let text = shown.stdout();
    (shown, text)
}

/// The credentials file has precedence over the configuration. The tools would still use its region.
#[test]
fn a_region_in_the_credentials_file_is_in_the_way() {
    let sandbox = Sandbox::start().unwrap();
    let theirs = "[ci]\nregion = us-west-2\noutput = json\n";
    let program = profile("ci", &["--region", "eu-west-1"]);
    program.scratch().write("home/.aws/credentials", theirs);
    let output = untouched(program, &sandbox, &[("credentials", theirs), ("config", "")], 2);
    output.stderr_is(expect![[r#"
        error: --profile: SCRATCH/home/.aws/credentials has a profile ci that is not ours (region)

        hint: choose another name, or take it over with --overwrite-profile; its other settings are kept
    "#]]);
    let over = profile("ci", &["--region", "eu-west-1", "--overwrite-profile"]).within(output.scratch);
    let output = over.job_of(&sandbox, &job()).run();
    output.exits(0).stderr_is(expect![[""]]);
    assert!(!text(&output.scratch, "credentials").contains("region"));
    let (output, found) = used(output, "ci");
    assert!(found.starts_with("eu-west-1\n"), "{found}");
    // The same region there is no problem. Another one is none either, if no region was requested.
    for options in [&["--region", "us-west-2"][..], &[]] {
        output.scratch.write("home/.aws/credentials", theirs);
        let again = profile("ci", options).job_of(&sandbox, &job());
        again.scratch().write("home/.aws/credentials", theirs);
        again.run().exits(0);
    }
}

/// `[default]` beside `[profile default]`: the tools differ in which one they read, so both get the same settings.
#[test]
fn both_spellings_of_a_profile_get_the_keys() {
    let sandbox = Sandbox::start().unwrap();
    for (name, spellings) in
        [("default", ["[default]", "[profile default]"]), ("ci", ["[profile ci]", "[profile \"ci\"]"])]
    {
        let theirs = format!("{}\ns3 =\n  a = b\n{}\noutput = json\n", spellings[0], spellings[1]);
        let program = profile(name, &["--region", "eu-west-1"]).job_of(&sandbox, &job());
        program.scratch().write("home/.aws/config", &theirs);
        let output = program.run();
        output.exits(0).stderr_is(expect![[""]]);
        let ours = format!("{MARK}region = eu-west-1\n");
        assert_eq!(
            text(&output.scratch, "config"),
            format!("{}\n{ours}s3 =\n  a = b\n{}\n{ours}output = json\n", spellings[0], spellings[1])
        );
        let (output, found) = used(output, name);
        assert!(found == format!("eu-west-1\n{}\n", sandbox.aws.issued().last().unwrap().access_key_id));
        let cleaned = oidc_exchange(["clean"]).within(output.scratch).job_of(&sandbox, &job()).run();
        cleaned.exits(0);
        assert_eq!(text(&cleaned.scratch, "config"), theirs);
    }
    // If there is only one that some tools ignore, a warning is printed.
    let program = profile("ci", &["--region", "eu-west-1"]).job_of(&sandbox, &job());
    program.scratch().write("home/.aws/config", "[profile \"ci\"]\noutput = json\n");
    let output = program.run();
    output.exits(0).stderr_is(expect![[r#"
        warning: SCRATCH/home/.aws/config has the profile as [profile "ci"], which some tools do not find: write [profile ci]
    "#]]);
    assert_eq!(used(output, "ci").1.lines().next(), Some("eu-west-1"));
}

/// Text with which the AWS CLI fails, at any place in the file.
#[test]
fn a_home_that_the_aws_cli_cannot_read_is_told_with_its_line() {
    let sandbox = Sandbox::start().unwrap();
    let aws = peers::aws().program("aws");
    for (name, file, place) in [
        ("config", "[profile a]\n= value\n", "line 2"),
        ("config", "[profile a]\ns3 =\n  max\n", "line 3"),
        ("config", "[profile a]\nx = 1\n[profile b]\n[profile a]\n", "line 4"),
        ("credentials", "[a]\nx = 1\nX = 2\n", "line 3"),
        ("credentials", "[a]\nx = ü\n", ""),
        ("credentials", "\u{feff}[a]\n", "line 1"),
    ] {
        let program = profile("ci", &["--region", "eu-west-1"]).job_of(&sandbox, &job());
        program.scratch().write(&format!("home/.aws/{name}"), file);
        let output = program.run();
        let code = if place.is_empty() { 0 } else { 2 };
        output.exits(code);
        assert!(output.stderr().contains(place), "{}", output.stderr());
        let script = format!("'{}' configure list", aws.display());
        let listed = shells::posix().remove(0).runs(&script).within(output.scratch).run();
        assert_eq!(listed.code == Some(0), code == 0, "{file}: {}", listed.describe());
    }
}
