//! The claims of a job's token.

use serde_json::{Map, Value, json};

use super::Job;
use super::job::Kind;
use crate::clock::now;
use crate::random;

/// The claims in the discovery document: Semaphore omits `org` and `prj`, although tokens have them.
pub(super) const SUPPORTED: [&str; 25] = [
    "sub",
    "aud",
    "iss",
    "exp",
    "iat",
    "nbf",
    "jti",
    "sub127",
    "org_id",
    "prj_id",
    "wf_id",
    "ppl_id",
    "job_id",
    "job_type",
    "repo",
    "repo_slug",
    "actor",
    "ref_type",
    "ref",
    "branch",
    "pr_branch",
    "pr",
    "tag",
    "trg",
    AWS_TAGS,
];
const AWS_TAGS: &str = "https://aws.amazon.com/tags";
const TAGGED: [&str; 8] = ["prj_id", "repo", "branch", "ref_type", "job_type", "pr_branch", "repo_slug", "trg"];
/// The lifetime of a Semaphore token: a day.
const LIFETIME: i64 = 24 * 60 * 60;

impl Job {
    pub(super) fn claims(&self, issuer: &str) -> Map<String, Value> {
        let issued_at = self.issued_at.unwrap_or_else(now);
        let pipeline = self.kind == Kind::Pipeline;
        let on_ref = |value: String| if self.kind == Kind::ProjectDebug { String::new() } else { value };
        let (pr, pr_branch) =
            self.pull_request.as_ref().map_or_else(Default::default, |(pr, from)| (pr.to_string(), from.clone()));
        let claims = json!({
            "iss": issuer,
            "aud": issuer,
            "iat": issued_at,
            "nbf": self.not_before.unwrap_or(issued_at),
            "exp": self.expires_at.unwrap_or(issued_at + LIFETIME),
            "jti": random::base32_hex(24),
            "sub": self.subject(),
            "sub127": self.parts().short(),
            "org": self.org,
            "org_id": Self::ORG_ID,
            "prj": self.repo,
            "prj_id": self.project_id,
            "wf_id": if pipeline { Self::WORKFLOW_ID } else { "" },
            "ppl_id": if pipeline { Self::PIPELINE_ID } else { "" },
            "job_id": self.id,
            "job_type": self.kind.name(),
            "repo": self.repo,
            "repo_slug": on_ref(self.repo_slug()),
            "actor": "",
            "ref_type": self.ref_type,
            "ref": self.reference,
            "branch": self.branch,
            "pr": pr,
            "pr_branch": pr_branch,
            "tag": "",
            "trg": on_ref("h:f-i:f".to_owned()),
        });
        let Value::Object(mut claims) = claims else { return Map::new() };
        if self.aws_tags {
            let tags: Map<String, Value> =
                TAGGED.iter().map(|tag| ((*tag).to_owned(), json!([claims[*tag]]))).collect();
            claims.insert(AWS_TAGS.to_owned(), json!({ "principal_tags": tags, "transitive_tag_keys": TAGGED }));
        }
        for (name, value) in &self.overrides {
            match value {
                Some(value) => drop(claims.insert(name.clone(), value.clone())),
                None => drop(claims.remove(name)),
            }
        }
        claims
    }
}
