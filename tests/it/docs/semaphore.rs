//! docs/semaphore.md: its jobs run as with the agent, and its scripts do what the page states.

use sandbox::{Job, Sandbox};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::blocks::of;
use super::pipelines;
use crate::support::{Output, Program, Scratch, oidc_exchange, shells};

const PAGE: &str = include_str!("../../../docs/semaphore.md");

/// What stays in the private directory of the job.
fn left(output: &Output) -> Vec<std::path::PathBuf> {
    output.scratch.files().into_iter().filter(|path| path.to_string_lossy().contains(".oidc-exchange")).collect()
}

#[test]
fn every_job_does_its_work_on_main_and_none_in_a_pull_request() {
    let sandbox = Sandbox::start().unwrap();
    let mut exchanges = 0;
    for pipeline in of(PAGE, "yaml") {
        for (name, job) in pipelines::jobs(&pipelines::read(&pipeline)) {
            let asks = job.commands.iter().any(|command| command.contains("eval "));
            let last = |output: &Output| output.stdout().lines().last().unwrap().to_owned();
            let output = job.run(&sandbox, &Job::branch("main"));
            assert_eq!(last(output.exits(0)), "status 0", "{name}: {}", output.describe());
            assert!(job.epilogue.is_empty() || left(&output).is_empty(), "{name}");
            // The cloud's rule decides, for any content of the pipeline.
            let output = job.run(&sandbox, &Job::pull_request(7, "x"));
            assert_eq!(
                last(output.exits(0)),
                if asks { "status 4" } else { "status 0" },
                "{name}: {}",
                output.describe()
            );
            exchanges += usize::from(asks);
        }
    }
    assert_eq!(exchanges, 7);
}

/// The page's address is a directory here, with the hash of its file.
#[test]
fn the_binary_is_installed_where_the_hash_is_right_and_nowhere_else() {
    let script = of(PAGE, "sh").remove(0);
    let Some(bash) = shells::find("bash", "bash", &[]) else { return };
    for right in [true, false] {
        let name = "oidc-exchange-1.2.3-linux-x86_64";
        let scratch = Scratch::new();
        let place = scratch.path().to_owned();
        scratch.script(&format!("{name}/oidc-exchange"), "#!/bin/sh\necho 'oidc-exchange 1.2.3'\n");
        let packed = Program::new("/bin/tar", ["-czf", "archive", name]).within(scratch).run();
        packed.exits(0);
        let hash = Sha256::digest(std::fs::read(place.join("archive")).unwrap());
        let hash = hash.iter().fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
        let script = if right { script.replace(&"0".repeat(64), &hash) } else { script.clone() };
        packed.scratch.write("install", script);
        packed.scratch.script("bin/curl", "#!/bin/sh\ncp archive \"${2##*/}\"\n");
        // The program of these tests is on PATH too, with another version.
        let output = bash.with(["-c", "source ./install"]).within(packed.scratch).run();
        assert_eq!(output.code, Some(i32::from(!right)), "{}", output.describe());
        assert_eq!(output.scratch.home().join("bin/oidc-exchange").exists(), right);
    }
}

/// A script replaces docker. It prints the names of its arguments, and their values in the file.
#[test]
fn a_container_gets_the_credentials_by_name_or_by_file() {
    const DOCKER: &str = "#!/bin/sh
for word; do
  case $before in
    -e) printenv \"$word\" >/dev/null && echo \"$word\" ;;
    --env-file) ls -l \"$word\" | cut -c1-10; cut -d= -f1 \"$word\" ;;
  esac
  before=$word
done\n";
    let sandbox = Sandbox::start().unwrap();
    let scripts = of(PAGE, "sh");
    assert_eq!(scripts.len(), 3);
    let run = |script: &str| {
        let program = Program::new("/bin/sh", ["-euc", script]).job(&sandbox);
        program.scratch().script("bin/docker", DOCKER);
        program.run()
    };
    run(&scripts[1]).exits(0).stdout_is("AWS_ACCESS_KEY_ID\nAWS_SECRET_ACCESS_KEY\nAWS_SESSION_TOKEN\n");
    let output = run(&format!("{}\neval \"$(oidc-exchange clean)\"", scripts[2]));
    let names =
        "AWS_ACCESS_KEY_ID\nAWS_SECRET_ACCESS_KEY\nAWS_SESSION_TOKEN\nAWS_CREDENTIAL_EXPIRATION\nAWS_ACCOUNT_ID\n";
    output.exits(0).stdout_is(&format!("-rw-------\n{names}"));
    assert!(!output.scratch.path().join("aws.env").exists());
}

/// The table of a pull request's claims is compared with a token of the sandbox. Its form follows the server's source
/// code.
#[test]
fn a_pull_requests_claims() {
    let sandbox = Sandbox::start().unwrap();
    let claims = |job: Job| -> Value {
        let output = oidc_exchange(["token", "--format", "json"]).job_of(&sandbox, &job).run();
        serde_json::from_str::<Value>(&output.exits(0).stdout()).unwrap()["claims"].clone()
    };
    let (push, pull) = (claims(Job::branch("main")), claims(Job::pull_request(7, "x")));
    let rows = ["ref_type", "ref", "branch", "pr_branch", "sub"];
    for (claims, column) in [(push, 2), (pull, 3)] {
        for name in rows {
            let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
            let cell = row.split(" | ").nth(column - 1).unwrap().trim_end_matches(" |");
            let value = claims[name].as_str().unwrap();
            let shown = cell.split('`').nth(1).unwrap_or_default().trim_matches('…');
            let fits = if cell.starts_with('`') { value.contains(shown) } else { value.is_empty() || column == 3 };
            assert!(fits, "{name}: {value} is not {cell}");
        }
    }
}

/// A debug session has the job's subject. The rule of `setup` for a token with session tags denies it.
#[test]
fn a_debug_session_has_the_subject_of_its_job() {
    let issuer = sandbox::Issuer::start().unwrap();
    let (job, debug) = (Job::branch("main"), Job::debug_of(&Job::branch("main")));
    let (job, debug) = (issuer.claims(&job), issuer.claims(&debug));
    assert_eq!(job["sub"], debug["sub"]);
    assert_eq!((&debug["job_type"], &debug["wf_id"], &debug["ppl_id"]), (&"debug_job".into(), &"".into(), &"".into()));
}
