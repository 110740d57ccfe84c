//! What to create in Vault or OpenBao: a JWT auth method, a policy, and a role that allows only the requested jobs.
//!
//! <https://openbao.org/api-docs/auth/jwt/>, <https://openbao.org/docs/concepts/policies/>.

use serde_json::{Value, json};

use super::client_command::ClientCommand;
use super::path::Path;
use super::policy;
pub use super::policy::Grant;
use crate::error::Usage;
use crate::recipe::{Action, Command, Recipe, Step};
use crate::subject::allowed_jobs::{AllowedJobs, Refs};

/// The request: a role at a mount of the JWT auth method, and a policy for the secrets that it may read.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    role: String,
    mount: Path,
    grants: Vec<Grant>,
    client: ClientCommand,
}

impl Request {
    /// A role with that name, at a mount of the JWT auth method (default `jwt`), with the permissions `grants`.
    /// Duplicates are removed.
    ///
    /// # Errors
    /// If the name is not valid for a role.
    pub fn new(role: &str, mount: Option<&str>, grants: Vec<Grant>, client: ClientCommand) -> Result<Self, Usage> {
        // https://github.com/openbao/openbao/blob/main/sdk/framework/path.go, GenericNameRegex.
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !(role.starts_with(letter) && role.ends_with(letter) && role.chars().all(|c| letter(c) || "-.".contains(c)))
        {
            return Err(Usage::new(format!("--role: no role is called `{role}`"))
                .hint("use only letters, digits, `_`, `-` and `.`, and one of the first three at both ends"));
        }
        Ok(Self {
            role: role.to_owned(),
            mount: Path::parse_mount(mount.unwrap_or("jwt"))?,
            grants: each_once(grants),
            client,
        })
    }

    /// The commands for the method, the policy, and the narrowest role.
    #[must_use]
    pub fn recipe(&self, allowed: &AllowedJobs) -> Recipe {
        let issuer = allowed.issuer.as_str();
        let config = json!({ "oidc_discovery_url": issuer, "bound_issuer": issuer });
        let policy = policy::text(&self.grants);
        let role = self.role(allowed);
        let [config_path, role_path] =
            ["config".to_owned(), format!("role/{}", self.role)].map(|end| format!("auth/{}/{end}", self.mount));
        let client = self.client.to_string();
        let run = |purpose: &str, words: &[&str], input: &str| {
            Step::new(purpose, Action::Run(Command::reading(words, input)))
        };
        let mut steps = vec![
            self.enable(),
            run("the issuer whose tokens it accepts", &[&client, "write", &config_path, "-"], &format!("{config:#}")),
        ];
        let mut documents =
            vec![(format!("sys/auth/{}", self.mount), json!({ "type": "jwt" }).into()), (config_path, config.into())];
        if !self.grants.is_empty() {
            let name = self.policy();
            let words = [&client, "policy", "write", &name, "-"];
            steps.push(run("what its tokens may read", &words, policy.trim_end()));
            documents.push((format!("sys/policies/acl/{name}"), json!({ "policy": policy }).into()));
        }
        let words = [&client, "write", &role_path, "-"];
        steps.push(run("who gets one", &words, &format!("{role:#}")));
        documents.push((role_path, role.into()));
        Recipe {
            lets_in: allowed.to_string(),
            keeps_out: keeps_out(&allowed.refs).into(),
            warnings: self.warnings(&allowed.refs),
            steps,
            documents,
        }
    }

    /// The server refuses to enable a method twice, so the command first checks whether it exists.
    fn enable(&self) -> Step {
        let client = self.client;
        let create = match self.mount.as_str() {
            "jwt" => Command::new(&format!("{client} auth enable jwt"), &[]),
            mount => Command::new(&format!("{client} auth enable"), &[&format!("-path={mount}"), "jwt"]),
        };
        let exists = Command::new(&format!("{client} read"), &[&format!("sys/auth/{}", self.mount)]);
        Step::new("the auth method", Action::Create { exists, create })
    }

    /// The policy's name. It is unlikely to equal an existing one, such as `default`.
    fn policy(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c.to_ascii_lowercase() } else { '-' };
        format!("{}-{}", self.mount, self.role).chars().map(plain).collect()
    }

    /// The role. It requires the exact value of every claim, except a ref for which `*` was requested. No other value
    /// contains a `*`.
    fn role(&self, allowed: &AllowedJobs) -> Value {
        let refs = &allowed.refs;
        let mut bound =
            json!({ "prj_id": allowed.project.as_str(), "ref_type": refs.kind(), "job_type": "pipeline_job" });
        let any = *refs == Refs::PullRequests;
        if !any {
            bound["ref"] = refs.reference().into();
        }
        let mut role = json!({
            "role_type": "jwt",
            "user_claim": "prj_id",
            "bound_audiences": [allowed.issuer.as_str()],
            "bound_claims_type": if any || refs.is_exact() { "string" } else { "glob" },
            "bound_claims": bound,
            "claim_mappings": { "job_id": "job_id", "wf_id": "wf_id", "repo_slug": "repo_slug", "ref": "ref" },
            "token_ttl": "15m",
            "token_max_ttl": "1h",
        });
        if !self.grants.is_empty() {
            role["token_policies"] = json!([self.policy()]);
        }
        role
    }

    fn warnings(&self, refs: &Refs) -> Vec<String> {
        let mut warnings = vec![
            format!(
                "auth/{}/config is written as a whole: if the method is already in use, read it first; for another issuer, use another --mount",
                self.mount
            ),
            "a token is valid for 15 minutes, or for an hour if it is renewed: set token_max_ttl for longer jobs"
                .into(),
        ];
        match refs {
            Refs::Branch(_) | Refs::Tag(_) if refs.is_exact() => {}
            Refs::Branch(_) | Refs::Tag(_) => warnings.push(
                "`*` matches any text, including slashes: anyone who may push a ref with such a name is allowed".into(),
            ),
            Refs::PullRequests => {
                warnings.push(
                    "anyone who may open a pull request, from a fork too, can run any code with these secrets".into(),
                );
            }
        }
        if self.grants.is_empty() {
            warnings.push("no secret is named: the role gives no policy, and its tokens may read no secret".into());
        }
        warnings.extend(policy::warnings(&self.grants));
        warnings.push(match self.client {
            ClientCommand::Bao => "with HashiCorp Vault, write `vault` for `bao`".into(),
            ClientCommand::Vault => "with OpenBao, write `bao` for `vault`".into(),
        });
        warnings
    }
}

fn each_once(grants: Vec<Grant>) -> Vec<Grant> {
    let mut kept: Vec<Grant> = Vec::new();
    for grant in grants {
        if !kept.contains(&grant) {
            kept.push(grant);
        }
    }
    kept
}

/// The sentence has no full stop.
fn keeps_out(refs: &Refs) -> &'static str {
    match refs {
        Refs::Branch(_) | Refs::Tag(_) => {
            "every other branch and tag, pull requests, debug sessions (job_type), other projects"
        }
        Refs::PullRequests => "branches, tags, debug sessions (job_type), other projects",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::allowed_jobs::{Issuer, PartialAllowedJobs, Pattern, ProjectId, Repository};

    fn role(refs: Refs) -> Value {
        let options = PartialAllowedJobs {
            issuer: Some(Issuer::parse("", "https://acme.semaphoreci.com").unwrap()),
            project: Some(ProjectId::parse("", "936a5312-a3b8-4921-8b3f-2cec8baac574").unwrap()),
            repository: Some(Repository::parse("", "web").unwrap()),
            refs: Some(refs),
            ..PartialAllowedJobs::default()
        };
        let request = Request {
            role: "ci".into(),
            mount: Path::parse_mount("jwt").unwrap(),
            grants: Vec::new(),
            client: ClientCommand::Bao,
        };
        request.role(&options.complete().unwrap())
    }

    #[test]
    fn a_star_that_was_asked_for_widens_the_ref_alone() {
        let branch = |name: &str| Refs::Branch(Pattern::parse("", name).unwrap());
        let with_star = role(branch("release/*"));
        assert_eq!(with_star["bound_claims_type"], "glob");
        let claims = with_star["bound_claims"].as_object().unwrap();
        let stars: Vec<&str> =
            claims.iter().filter(|(_, value)| value.to_string().contains('*')).map(|(name, _)| name.as_str()).collect();
        assert_eq!(stars, ["ref"]);
        for exact in [branch("main"), Refs::PullRequests] {
            let role = role(exact);
            assert_eq!(role["bound_claims_type"], "string");
            assert!(!role.to_string().contains('*'));
        }
    }
}
