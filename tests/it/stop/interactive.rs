//! At a prompt: the failure is a status, and the shell lives on.

use sandbox::{Job, Sandbox};

use super::aws;
use crate::support::shells;

/// Marks what is said; the mark is not in what is typed, which a shell's editor repeats.
const SAY: &str = "say() { printf '<%s\\n' \"<$*\"; }\n";

fn said(shown: &str) -> Vec<&str> {
    shown.lines().filter_map(|line| line.split_once("<<")).map(|(_, said)| said.trim_end()).collect()
}

#[test]
fn the_prompt_comes_back_with_the_code() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        let typed = format!(
            "{SAY}export AWS_SESSION_TOKEN=stale\neval \"$({})\"\nsay status $?\neval $(oidc-exchange asw)\nsay status $?\n\
             say left ${{AWS_SESSION_TOKEN-nothing}}\nexit 0\n",
            aws()
        );
        let options: &[&str] = if shell.name == "zsh" { &["-f", "-i"] } else { &["-i"] };
        let program = shell.with(options).job_of(&sandbox, &Job::branch("other")).env("TERM", "dumb");
        let output = program.on_a_terminal().stdin(typed).run();
        output.exits(0);
        let shown = output.stdout();
        assert_eq!(said(&shown), ["status 4", "status 2", "left nothing"], "{}: {shown}", shell.name);
    }
}

/// As Semaphore's agent runs a job: one login bash on a terminal, each item of `commands` sourced from a file.
#[test]
fn an_item_of_a_semaphore_job_fails_and_the_epilogue_runs() {
    let sandbox = Sandbox::start().unwrap();
    let Some(bash) = shells::find("bash", "bash", &[]) else { return };
    let program = bash.with(["--login"]).job_of(&sandbox, &Job::branch("other")).env("TERM", "dumb");
    // The system's own profile sets PATH anew.
    let profile = format!("PATH={}\n{SAY}", program.scratch().search_path());
    program.scratch().write("home/.bash_profile", profile);
    program.scratch().write("item", format!("say item\neval \"$({})\"\nsay AFTER\n", aws()));
    let typed = "source ./item; AGENT_CMD_RESULT=$?; say end $AGENT_CMD_RESULT; echo \"exit $AGENT_CMD_RESULT\" | sh\n\
                 say epilogue\nexit 0\n";
    let output = program.on_a_terminal().stdin(typed).run();
    output.exits(0);
    let shown = output.stdout();
    assert_eq!(said(&shown), ["item", "end 4", "epilogue"], "{shown}");
}
