//! The tokens that the program assumes for other jobs equal those of the sandbox's issuer.

use oidc_exchange::subject::Claims;
use oidc_exchange::subject::other_jobs::OtherJob;
use sandbox::{Issuer, Job};

/// Claims that differ between jobs of one kind.
const OWN: [&str; 9] = ["jti", "job_id", "iat", "nbf", "exp", "ref", "sub127", "pr", "pr_branch"];

#[test]
fn they_have_the_claims_that_such_jobs_have() {
    let issuer = Issuer::start().unwrap();
    let claims = |job: &Job| Claims::new(issuer.claims(job));
    for job in [Job::branch("main"), Job::branch("main").without("sub127").without("repo")] {
        let pull =
            Job::pull_request(1, "theirs").reference("refs/semaphoreci/0123456789abcdef0123456789abcdef01234567");
        for (kind, other) in [
            (OtherJob::PullRequest, pull),
            (OtherJob::Debug, Job::debug_of(&Job::branch("main"))),
            (OtherJob::ProjectDebug, Job::project_debug()),
        ] {
            let (thought, given) = (kind.of(&claims(&job)), claims(&other));
            for name in thought.names().into_iter().filter(|name| !OWN.contains(name)) {
                assert_eq!(thought.get(name), given.get(name), "{other:?} {name}");
            }
            assert_eq!(thought.get("ref"), given.get("ref"));
            assert!(thought.get("sub127").is_none_or(|short| Some(short) == given.get("sub127")));
        }
    }
}
