//! At a prompt: a failure is a status, and the shell continues.

use std::fmt::Write;

use sandbox::{Job, Sandbox};

use super::aws;
use crate::support::{shells, stopped};

/// Marks messages. The mark is not in the typed text, which a shell's editor repeats.
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

/// Also without the quotes, with files named like all its words in the working directory, and a script's `IFS`.
#[test]
fn the_prompt_comes_back_without_the_quotes() {
    for shell in shells::posix() {
        let options: &[&str] = if shell.name == "zsh" { &["-f", "-i"] } else { &["-i"] };
        let program = shell.with(options).env("TERM", "dumb");
        program.scratch().write("text", stopped(4));
        for word in stopped(4).split_whitespace().filter(|word| !word.contains('/') && *word != "." && word.len() < 256)
        {
            program.scratch().script(word, "#!/bin/sh\necho '<<INJECTED'\n");
        }
        let sets = [" ", ":", "/", ",", ".", "-", "_", "=", "\\", "#", "@", "%", ""];
        let mut typed = SAY.to_owned();
        for ifs in sets {
            writeln!(typed, "IFS='{ifs}'\neval $(cat ./text)\nsaid=$?\nunset IFS\nsay status $said").unwrap();
        }
        let output = program.on_a_terminal().stdin(typed + "exit 0\n").run();
        output.exits(0);
        let shown = output.stdout();
        // A changed text has the shell's own status.
        let changes = |ifs: &str| !ifs.trim().is_empty() && stopped(4).contains(ifs);
        let good = |(said, ifs): (&&str, &&str)| *said == "status 4" || (changes(ifs) && *said != "status 0");
        let said = said(&shown);
        assert!(said.len() == sets.len() && said.iter().zip(&sets).all(good), "{}: {shown}", shell.name);
    }
}

/// Like Semaphore's agent: one login bash on a terminal, with each item of `commands` sourced from a file.
#[test]
fn an_item_of_a_semaphore_job_fails_and_the_epilogue_runs() {
    let sandbox = Sandbox::start().unwrap();
    let Some(bash) = shells::find("bash", "bash", &[]) else { return };
    let program = bash.with(["--login"]).job_of(&sandbox, &Job::branch("other")).env("TERM", "dumb");
    // The system's own profile replaces PATH.
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
