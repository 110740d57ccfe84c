//! What `setup` prints for a program, `explain` reads: whom a rule would let in is known before it is made.

use sandbox::Sandbox;

use crate::support::Program;

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
    output.exits(0).stdout_is("accepted: the role lets this token in\n");
}
