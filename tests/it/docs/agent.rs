//! Runs a job like Semaphore's agent: commands are sourced into one shell until the first failure; then the epilogue
//! runs.

use sandbox::Sandbox;

use crate::support::{Output, Program, shells};

/// The parts of a job.
#[derive(Clone, Debug, Default)]
pub(super) struct Job {
    pub(super) commands: Vec<String>,
    pub(super) epilogue: Vec<String>,
    /// `env_vars`.
    pub(super) variables: Vec<(String, String)>,
}

/// The page's Google provider and service account.
const PROVIDER: &str = "projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore";
const ACCOUNT: &str = "deploy@my-project.iam.gserviceaccount.com";

const SCRIPT: &str = "status=0
for item in ./item-*; do source \"$item\"; status=$?; [ $status -eq 0 ] || break; done
echo \"status $status\"
for item in ./epilogue-*; do [ ! -e \"$item\" ] || source \"$item\"; done";

/// A job's other commands. They print their arguments, and fail without credentials.
const STAND_INS: [(&str, &str); 10] = [
    ("checkout", ""),
    ("artifact", ""),
    ("make", ""),
    ("aws", ": \"${AWS_SESSION_TOKEN:?}\""),
    ("gcloud", "grep -q external_account \"${GOOGLE_APPLICATION_CREDENTIALS:?}\" || exit"),
    ("terraform", "test -s \"${ARM_OIDC_TOKEN_FILE_PATH:?}\" || exit"),
    ("docker", ""),
    ("../migrate", ": \"${DB_PASSWORD:?}\""),
    ("../deploy.sh", ": \"${AWS_SESSION_TOKEN:?}\""),
    ("git", ""),
];

/// Prepares Google's side, and makes `commands` use the sandbox instead of Google.
pub(super) fn for_the_sandbox(sandbox: &Sandbox, command: &str) -> String {
    if command.contains("oidc-exchange gcp") {
        let issuer = sandbox.issuer.url();
        let mapping = [("google.subject", "assertion.sub127")];
        sandbox.google.create_provider(PROVIDER, &issuer, &[&issuer], &mapping, None).unwrap();
        sandbox.google.create_account(ACCOUNT);
        let pool = PROVIDER.split_once("/providers/").unwrap().0;
        let main = sandbox::Job::branch("main").short_subject();
        let member = format!("principal://iam.googleapis.com/{pool}/subject/{main}");
        sandbox.google.bind(ACCOUNT, "roles/iam.workloadIdentityUser", &member);
    }
    let endpoints = "--sts-endpoint \"$SANDBOX_GOOGLE_STS\" --iamcredentials-endpoint \"$SANDBOX_GOOGLE_IAM\"";
    command.replace("oidc-exchange gcp ", &format!("oidc-exchange gcp {endpoints} "))
}

/// Puts replacements on PATH, unless the test has its own.
pub(super) fn stand_ins(program: &Program<'_>) {
    for (name, check) in STAND_INS {
        let shown = name.trim_start_matches("../");
        program.scratch().script(&format!("bin/{name}"), &format!("#!/bin/sh\n{check}\necho \"{shown} $*\"\n"));
    }
}

impl Job {
    /// Runs it in bash, the agent's shell.
    #[track_caller]
    pub(super) fn run(&self, sandbox: &Sandbox, kind: &sandbox::Job) -> Output {
        let bash = shells::find("bash", "bash", &[]).expect("the agent's shell");
        let program = bash.runs(SCRIPT).job_of(sandbox, kind);
        stand_ins(&program);
        for (list, name) in [(&self.commands, "item"), (&self.epilogue, "epilogue")] {
            for (n, command) in list.iter().enumerate() {
                program.scratch().write(&format!("{name}-{n:02}"), format!("{}\n", for_the_sandbox(sandbox, command)));
            }
        }
        program.envs(self.variables.clone()).run()
    }
}
