//! Ownership of a profile's lines: `clean` removes what its own run wrote, after any changes by other runs and the
//! user.

use std::fs;

use sandbox::{DEPLOY_ROLE, Job, Sandbox};

use super::deploy;
use crate::support::{Scratch, oidc_exchange};

/// A job on a self-hosted machine. Each job has its own private directory, and all share one home.
struct Machine {
    sandbox: Sandbox,
    scratch: Scratch,
}

impl Machine {
    fn new(files: &[(&str, &str)]) -> Self {
        let scratch = Scratch::new();
        for (name, text) in files {
            scratch.write(&format!("home/.aws/{name}"), text);
        }
        Self { sandbox: Sandbox::start().unwrap(), scratch }
    }

    #[track_caller]
    fn exits(&self, job: &str, code: i32, arguments: &[&str]) -> String {
        let program = if arguments == ["clean"] { oidc_exchange(["clean"]) } else { deploy(arguments) };
        let output = program
            .job_of(&self.sandbox, &Job::branch("main").with_id(job))
            .env("HOME", self.scratch.home())
            .env("OIDC_EXCHANGE_DIR", self.scratch.path().join(job))
            .run();
        output.exits(code);
        output.told()
    }

    #[track_caller]
    fn profile(&self, job: &str, options: &[&str]) {
        self.exits(job, 0, &[&["--profile", "ci"], options].concat());
    }

    #[track_caller]
    fn clean(&self, job: &str) {
        self.exits(job, 0, &["clean"]);
        assert!(!self.scratch.path().join(job).exists(), "nothing of {job} is left");
    }

    /// `None` if there is no such file.
    fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.scratch.home().join(".aws").join(name)).ok()
    }

    fn change(&self, name: &str, from: &str, to: &str) {
        let text = self.text(name).unwrap();
        assert!(text.contains(from), "{from}");
        self.scratch.write(&format!("home/.aws/{name}"), text.replacen(from, to, 1));
    }

    #[track_caller]
    fn has(&self, name: &str, text: &str) {
        assert!(self.text(name).as_deref() == Some(text), "{name} has not what it should have");
    }
}

const REGION: [&str; 2] = ["--region", "eu-west-1"];
const RENEWING: [&str; 3] = ["--refreshable", "--region", "eu-west-1"];

/// The owner's content of the files, with the same settings that the profile gets.
const OWNERS: [&str; 6] = [
    "[profile ci]\nregion = eu-west-1\n",
    "[profile ci]\n# mine\nregion=eu-west-1\noutput = json\n",
    "# mine\n[profile ci]\nregion = eu-west-1\n",
    "[profile ci]\n",
    "\n\n",
    "[profile ci]\n\n[other]\nregion = eu-west-1\n",
];

#[test]
fn what_was_there_before_the_first_of_two_jobs_is_there_after_both() {
    for owners in OWNERS {
        for (first, second) in [("a", "b"), ("b", "a"), ("a", "a")] {
            for (one, two) in [(&RENEWING[..], &RENEWING[..]), (&RENEWING, &REGION), (&REGION, &RENEWING)] {
                let machine = Machine::new(&[("config", owners)]);
                machine.profile("a", one);
                machine.profile(if first == second { "a" } else { "b" }, two);
                machine.clean(first);
                if first != second {
                    machine.clean(second);
                }
                let ended = machine.text("config").map(|text| text.trim_end().to_owned());
                assert_eq!(ended.as_deref(), Some(owners.trim_end()), "{one:?}, {two:?}, {first} first");
                assert_eq!(machine.text("credentials").unwrap_or_default(), "");
            }
        }
    }
}

#[test]
fn files_that_two_jobs_made_go_with_the_second() {
    for order in [["a", "b"], ["b", "a"]] {
        let machine = Machine::new(&[]);
        machine.profile("a", &RENEWING);
        machine.profile("b", &RENEWING);
        for job in order {
            machine.clean(job);
        }
        assert_eq!((machine.text("config"), machine.text("credentials")), (None, None));
    }
}

/// Two jobs at once under one home. The one that ends first removes nothing of the other.
#[test]
fn the_profile_of_a_job_that_still_runs_stays() {
    for options in [&REGION[..], &RENEWING, &["--refreshable", "--duration", "20m", "--region", "eu-west-1"]] {
        let machine = Machine::new(&[("config", "[default]\nregion = us-east-1\n")]);
        machine.profile("a", options);
        machine.profile("b", options);
        let (config, credentials) = (machine.text("config").unwrap(), machine.text("credentials"));
        machine.clean("a");
        machine.has("config", &config);
        assert!(machine.text("credentials") == credentials, "{options:?}");
        machine.clean("b");
        machine.has("config", "[default]\nregion = us-east-1\n");
        assert_eq!(machine.text("credentials"), None);
    }
}

#[test]
fn the_second_run_may_leave_out_what_the_first_one_gave() {
    let machine = Machine::new(&[]);
    machine.profile("a", &RENEWING);
    machine.profile("a", &[]);
    assert!(machine.text("config").unwrap().ends_with("region = eu-west-1\n"), "nobody asked for another region");
    machine.profile("a", &["--region", "eu-west-2"]);
    machine.clean("a");
    assert_eq!((machine.text("config"), machine.text("credentials")), (None, None));
}

/// Settings that the owner writes into our section belong to the owner from then on.
#[test]
fn what_the_owner_edits_between_is_the_owners() {
    // Another value for a setting of ours.
    let machine = Machine::new(&[]);
    machine.profile("a", &REGION);
    machine.change("config", "region = eu-west-1", "region = us-east-1");
    machine.clean("a");
    machine.has("config", "[profile ci]\nregion = us-east-1\n");
    // A run with another value for it is refused.
    let machine = Machine::new(&[]);
    machine.profile("a", &REGION);
    machine.change("config", "region = eu-west-1", "region = us-east-1");
    let told = machine.exits("b", 2, &["--profile", "ci", "--region", "eu-west-1"]);
    assert!(told.contains("config has a profile ci that is not ours (region)"), "{told}");
    // Keys of their own.
    let machine = Machine::new(&[]);
    machine.profile("a", &[]);
    machine.scratch.write("home/.aws/credentials", "[ci]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n");
    machine.clean("a");
    machine.has("credentials", "[ci]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n");
    // Another setting, a comment, and a line that continues a value of ours.
    for added in ["output = json\n", "# mine\n", "role_session_name = mine\n", "  more\n"] {
        let machine = Machine::new(&[]);
        machine.profile("a", &REGION);
        let text = machine.text("config").unwrap();
        machine.scratch.write("home/.aws/config", format!("{text}{added}"));
        machine.clean("a");
        assert!(machine.text("config").unwrap().ends_with(added), "{added}");
    }
    // The same setting, in the section that a job left with keys only.
    let machine = Machine::new(&[]);
    machine.profile("a", &["--refreshable"]);
    let text = machine.text("config").unwrap();
    machine.scratch.write("home/.aws/config", format!("{text}region = eu-west-1\n"));
    machine.profile("b", &RENEWING);
    machine.clean("a");
    machine.clean("b");
    machine.has("config", "[profile ci]\nregion = eu-west-1\n");
    // The comment that names the owner.
    let machine = Machine::new(&[]);
    machine.profile("a", &REGION);
    let text = machine.text("config").unwrap();
    let kept: String = text.split_inclusive('\n').filter(|line| !line.starts_with('#')).collect();
    machine.scratch.write("home/.aws/config", &kept);
    machine.clean("a");
    machine.has("config", &kept);
}

/// A copy of a section contains the comment too.
#[test]
fn a_copy_under_another_name_is_the_owners() {
    let machine = Machine::new(&[]);
    machine.profile("a", &RENEWING);
    let text = machine.text("config").unwrap();
    let copy = text.replace("[profile ci]", "[profile mine]");
    machine.scratch.write("home/.aws/config", format!("{text}\n{copy}"));
    machine.clean("a");
    assert!(machine.text("config").unwrap().trim_start() == copy);
}

/// `--overwrite-profile` replaces only the named settings. The rest of the section and its header still belong to the
/// owner.
#[test]
fn what_is_taken_over_leaves_the_rest_to_its_owner() {
    let machine = Machine::new(&[("credentials", "[ci]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\noutput = json\n")]);
    machine.profile("a", &["--overwrite-profile"]);
    machine.profile("b", &[]);
    machine.clean("b");
    machine.clean("a");
    machine.has("credentials", "[ci]\noutput = json\n");
}

#[test]
fn many_jobs_at_once_leave_the_owners_settings() {
    let owners = "[profile ci]\nregion = eu-west-1\n";
    let machine = Machine::new(&[("config", owners)]);
    let jobs: Vec<String> = (0..12).map(|n| format!("job-{n}")).collect();
    let running: Vec<_> = jobs
        .iter()
        .map(|job| {
            oidc_exchange(["aws", "--role-arn", DEPLOY_ROLE, "--profile", "ci"])
                .args(RENEWING)
                .job_of(&machine.sandbox, &Job::branch("main").with_id(job))
                .env("HOME", machine.scratch.home())
                .env("OIDC_EXCHANGE_DIR", machine.scratch.path().join(job))
                .spawn()
        })
        .collect();
    for one in running {
        one.wait().exits(0);
    }
    for job in &jobs {
        machine.clean(job);
    }
    machine.has("config", owners);
}
