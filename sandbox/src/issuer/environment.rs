//! The environment variables that the agent sets for a job.

use super::Job;
use super::job::{Kind, MERGE_COMMIT};

impl Job {
    /// All except the token.
    pub(super) fn environment(&self, organization_url: &str) -> Vec<(String, String)> {
        let slug = self.repo_slug();
        let mut variables = vec![
            ("CI", "true".to_owned()),
            ("SEMAPHORE", "true".to_owned()),
            ("SEMAPHORE_ORGANIZATION_URL", organization_url.to_owned()),
            ("SEMAPHORE_PROJECT_NAME", self.repo.clone()),
            ("SEMAPHORE_PROJECT_ID", self.project_id.clone()),
            ("SEMAPHORE_JOB_NAME", "sandbox".to_owned()),
            ("SEMAPHORE_JOB_ID", self.id.clone()),
            ("SEMAPHORE_JOB_TYPE", self.kind.name().to_owned()),
            ("SEMAPHORE_GIT_PROVIDER", "github".to_owned()),
            ("SEMAPHORE_GIT_REPO_NAME", self.repo.clone()),
            ("SEMAPHORE_GIT_REPO_SLUG", slug.clone()),
            ("SEMAPHORE_GIT_BRANCH", self.branch.clone()),
            ("SEMAPHORE_GIT_SHA", MERGE_COMMIT.to_owned()),
        ];
        if self.kind != Kind::ProjectDebug {
            variables.extend([
                ("SEMAPHORE_ORGANIZATION_ID", Self::ORG_ID.to_owned()),
                ("SEMAPHORE_WORKFLOW_ID", Self::WORKFLOW_ID.to_owned()),
                ("SEMAPHORE_PIPELINE_ID", Self::PIPELINE_ID.to_owned()),
                ("SEMAPHORE_GIT_REF", self.reference.clone()),
                ("SEMAPHORE_GIT_REF_TYPE", self.ref_type.to_owned()),
            ]);
        }
        if let Some(tag) = self.reference.strip_prefix("refs/tags/") {
            variables.push(("SEMAPHORE_GIT_TAG_NAME", tag.to_owned()));
        } else {
            variables.push(("SEMAPHORE_GIT_WORKING_BRANCH", self.working_branch()));
        }
        if let Some((number, from)) = &self.pull_request {
            variables.extend([
                ("SEMAPHORE_GIT_PR_SLUG", slug),
                ("SEMAPHORE_GIT_PR_SHA", MERGE_COMMIT.to_owned()),
                ("SEMAPHORE_GIT_PR_NUMBER", number.to_string()),
                ("SEMAPHORE_GIT_PR_NAME", format!("Changes from {from}")),
                ("SEMAPHORE_GIT_PR_BRANCH", from.clone()),
            ]);
        }
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn working_branch(&self) -> String {
        self.pull_request.as_ref().map_or_else(|| self.branch.clone(), |(_, from)| from.clone())
    }
}
