//! `explain` reads the JSON output of `setup`: the jobs that a rule allows are known before it is created.

use sandbox::{Job, Sandbox};

use crate::support::{Program, expect, oidc_exchange};

const SIDES: [(&str, &str); 3] = [
    ("aws --role-arn arn:aws:iam::123456789012:role/deploy", "aws --trust-policy -"),
    (
        "gcp --provider projects/123456/locations/global/workloadIdentityPools/semaphore/providers/semaphore \
         --service-account deploy@my-project.iam.gserviceaccount.com",
        "gcp --provider-config -",
    ),
    ("vault --role ci --secret secret/production/db", "vault --role-config -"),
];

#[test]
fn a_rule_is_explained_before_it_is_made() {
    let sandbox = Sandbox::start().unwrap();
    for (setup, explain) in SIDES {
        for (refs, verdict) in [("", "accepted: "), ("--branch main", "accepted: "), ("--tag 'v*'", "refused: ")] {
            let script = format!(
                "oidc-exchange setup {setup} {refs} --format json | oidc-exchange explain {explain} | sed -n 1p"
            );
            let output = Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run();
            assert!(output.exits(0).stdout().starts_with(verdict), "{script}: {}", output.describe());
        }
    }
}

#[test]
fn a_mounts_configuration_is_found_there_too() {
    let sandbox = Sandbox::start().unwrap();
    let script = "oidc-exchange setup vault --role ci --format json > both.json; \
                  oidc-exchange explain vault --role-config both.json --mount-config both.json | sed -n 1p";
    let output = Program::new("/bin/sh", ["-c", script]).job(&sandbox).run();
    output.exits(0).stdout_is("accepted: the role allows this token\n");
}

/// With `--project-id` it would make a rule of Semaphore's claims, which matches no job.
#[test]
fn another_systems_token_is_none_to_make_a_rule_of() {
    let sandbox = Sandbox::start().unwrap();
    let job = Job::branch("main").claim("sub", "project_path:acme/web:ref_type:branch:ref:main").without("prj_id");
    for (setup, _) in SIDES {
        for more in ["", " --project-id 936a5312-a3b8-4921-8b3f-2cec8baac574 --repo web"] {
            let script = format!("oidc-exchange setup {setup}{more}");
            let output = Program::new("/bin/sh", ["-c", &script]).job_of(&sandbox, &job).run();
            output.exits(2).stdout_is("");
            output.stderr_is(expect![[r"
                error: the token is another CI system's, and `setup` makes rules of Semaphore's claims

                hint: write the rule by hand, and hold the token against it with `oidc-exchange explain`
                hint: for a project of Semaphore's, give all of them: --issuer, --project-id, --repo and --branch
            "]]);
        }
    }
    let whole = ["--issuer", "https://acme.semaphoreci.com", "--repo", "web", "--branch", "main", "--project-id"];
    let id = "936a5312-a3b8-4921-8b3f-2cec8baac574";
    oidc_exchange(["setup", "vault", "--role", "ci"]).args(whole).arg(id).job_of(&sandbox, &job).run().exits(0);
}
