//! Faults and risks in federated credentials that do not depend on this token.

use super::credential::{Credential, FLEXIBLE, Subject};
use crate::azure::token_checks::LONGEST;
use crate::subject::Claims;

/// <https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-considerations>
const MOST: usize = 20;

/// All findings, one sentence each. `accepted`: whether one of the credentials allows the token.
pub(super) fn lints(credentials: &[Credential], claims: &Claims, accepted: bool) -> Vec<String> {
    let semaphores = claims.are_semaphores();
    let mut found = Vec::new();
    for credential in credentials {
        let name = &credential.name;
        let theirs = semaphores && Some(credential.issuer.as_str()) == claims.text("iss");
        if theirs && credential.audiences.iter().any(|audience| audience.starts_with("api://AzureADTokenExchange")) {
            found.push(format!(
                "the credential {name} can never match: Semaphore's `aud` is the organization's address, and no job can choose it"
            ));
        }
        if credential.issuer.ends_with('/') {
            found.push(format!(
                "the credential {name} has a slash at the end of its issuer, which Entra compares exactly"
            ));
        }
        match &credential.subject {
            Subject::Exact(subject) => {
                if subject.contains('*') {
                    found.push(format!(
                        "the credential {name} has a `*` in its subject, and Entra supports no wildcards"
                    ));
                }
                if subject.contains(":ref_type:pull-request:") {
                    found.push(format!(
                        "the credential {name} is for one push of a pull request: the next push has another subject"
                    ));
                }
                if subject.chars().count() > LONGEST {
                    found.push(format!("the credential {name} has a subject of more than {LONGEST} characters"));
                }
            }
            Subject::Flexible(_) if !FLEXIBLE.contains(&credential.issuer.as_str()) => {
                found.push(format!(
                    "the credential {name} has an expression, which Entra supports only for GitHub, GitLab and Terraform Cloud"
                ));
            }
            Subject::Flexible(_) => {}
        }
    }
    if credentials.len() > MOST {
        found.push(format!(
            "an application has {MOST} federated credentials at most, and these are {}",
            credentials.len()
        ));
    }
    if accepted && semaphores {
        found.push(
            "a debug session of this job has the same `sub`, and Entra sees no other claim: no credential can refuse it".into(),
        );
    }
    found
}
