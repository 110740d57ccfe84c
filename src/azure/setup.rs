//! What to create in Azure: a federated credential that allows only the requested jobs.

use sha2::{Digest, Sha256};

use super::ids::ClientId;
use super::token_checks::LONGEST;
use crate::error::Usage;
use crate::recipe::{Action, Command, Document, Recipe, Step};
use crate::shell::posix;
use crate::subject::allowed_jobs::{AllowedJobs, Refs};

/// The shell variable that contains the credential.
const CREDENTIAL: &str = "credential";

/// The owner of the federated credential.
#[derive(Debug)]
pub enum Owner {
    /// An existing application.
    Application(ClientId),
    /// A user-assigned managed identity, which is created if it does not exist.
    Identity {
        /// Its name.
        name: String,
        /// Its existing resource group.
        group: String,
    },
}

/// The request.
#[derive(Debug)]
pub struct Request {
    /// The owner of the credential.
    pub owner: Owner,
    /// A role to assign, and its scope.
    pub role: Option<(String, String)>,
}

impl Request {
    /// What to create so that exactly `allowed` is allowed.
    ///
    /// # Errors
    /// If no federated credential can express it, because a credential matches one subject.
    pub fn recipe(&self, allowed: &AllowedJobs) -> Result<Recipe, Usage> {
        match &allowed.refs {
            Refs::PullRequests => {
                return Err(Usage::new("Entra cannot allow pull-request jobs: their subject changes with every push")
                    .hint("allow a branch with --branch NAME, or a tag with --tag NAME"));
            }
            refs if !refs.is_exact() => {
                return Err(Usage::new(format!(
                    "Entra cannot allow {refs}: a federated credential supports no wildcards"
                ))
                .hint("name one branch or one tag; an application has 20 federated credentials at most"));
            }
            Refs::Branch(_) | Refs::Tag(_) => {}
        }
        let subject = allowed.subject();
        if subject.chars().count() > LONGEST {
            return Err(Usage::new(format!("the subject has more than the {LONGEST} characters that Entra accepts")));
        }
        let name = name(allowed, &subject);
        let mut warnings = vec![
            "a debug session of such a job has the same subject and is allowed too: Entra compares no other claim"
                .to_owned(),
        ];
        if self.role.is_none() {
            warnings.push(
                "nothing is granted yet: add --assign-role ROLE --on SCOPE, or assign a role yourself; without one, no subscription is visible"
                    .into(),
            );
        }
        warnings.push("an application or managed identity has 20 federated credentials at most".into());
        let credential = Document::object([
            ("name", name.as_str().into()),
            ("issuer", allowed.issuer.as_str().into()),
            ("subject", subject.as_str().into()),
            ("audiences", Document::list([allowed.issuer.as_str().into()])),
        ]);
        Ok(Recipe {
            lets_in: allowed.to_string(),
            keeps_out: "every other branch and tag, pull requests, and other projects".into(),
            warnings,
            steps: self.steps(allowed, &name, &credential),
            documents: vec![("federatedIdentityCredential".to_owned(), credential)],
        })
    }

    fn steps(&self, allowed: &AllowedJobs, name: &str, credential: &Document) -> Vec<Step> {
        let mut steps = match &self.owner {
            Owner::Application(client) => application(client, name, credential),
            Owner::Identity { name: identity, group } => {
                let of = ["--resource-group", group.as_str()];
                let az = |verb: &str| Command::new(&format!("az identity {verb}"), &["--name", identity]).line(&of);
                vec![
                    Step::new("the managed identity", Action::Create { exists: az("show"), create: az("create") }),
                    Step::new(
                        "its federated credential; if it exists, this replaces it",
                        Action::Run(
                            Command::new("az identity federated-credential create", &["--name", name])
                                .line(&["--identity-name", identity])
                                .line(&of)
                                .line(&["--issuer", allowed.issuer.as_str()])
                                .line(&["--subject", &allowed.subject()])
                                .line(&["--audiences", allowed.issuer.as_str()]),
                        ),
                    ),
                ]
            }
        };
        if let Some((role, scope)) = &self.role {
            let assign = format!("az role assignment create --assignee-object-id {}", self.principal());
            let assign = Command::new(&assign, &[])
                .line(&["--assignee-principal-type", "ServicePrincipal"])
                .line(&["--role", role])
                .line(&["--scope", scope]);
            steps.push(Step::new("what it may do; this changes nothing if it is assigned", Action::Run(assign)));
        }
        if let Owner::Identity { name, group } = &self.owner {
            let show = Command::new("az identity show", &["--name", name]).line(&["--resource-group", group]);
            let show = show.line(&["--query", "clientId"]).line(&["--output", "tsv"]);
            steps.push(Step::new("its client ID, for --client-id", Action::Run(show)));
        }
        steps
    }

    /// A shell command that prints the id of the role's assignee.
    fn principal(&self) -> String {
        match &self.owner {
            Owner::Application(client) => {
                format!("\"$(az ad sp show --id {} --query id --output tsv)\"", posix::word(client.as_str()))
            }
            Owner::Identity { name, group } => format!(
                "\"$(az identity show --name {} --resource-group {} --query principalId --output tsv)\"",
                posix::word(name),
                posix::word(group)
            ),
        }
    }
}

fn application(client: &ClientId, name: &str, credential: &Document) -> Vec<Step> {
    let id = ["--id", client.as_str()];
    let service_principal = |verb: &str| Command::new(&format!("az ad sp {verb}"), &id);
    let credentials = |verb: &str| Command::new(&format!("az ad app federated-credential {verb}"), &id);
    let named = ["--federated-credential-id", name];
    vec![
        Step::new(
            "the application's service principal",
            Action::Create { exists: service_principal("show"), create: service_principal("create") },
        ),
        Step::new(
            "the federated credential; if it exists, this replaces its rule",
            Action::Put {
                exists: credentials("show").line(&named),
                update: credentials("update").line(&named).variable("--parameters", CREDENTIAL),
                create: credentials("create").variable("--parameters", CREDENTIAL),
            },
        )
        .with(CREDENTIAL, credential.to_string()),
    ]
}

/// A name that is unique for the subject, even if subjects differ only in characters that a name cannot contain.
/// <https://learn.microsoft.com/en-us/graph/api/resources/federatedidentitycredential>
fn name(allowed: &AllowedJobs, subject: &str) -> String {
    const LONGEST_PART: usize = 80;
    let reference = allowed.refs.reference();
    let short = reference.trim_start_matches("refs/heads/").trim_start_matches("refs/");
    let readable = format!("semaphore-{}-{short}", allowed.repository.as_str());
    let readable: String = readable
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .take(LONGEST_PART)
        .collect();
    let digest = Sha256::digest(format!("{} {subject}", allowed.issuer.as_str()));
    let [a, b, c, d] = [0, 1, 2, 3].map(|at| digest[at]);
    format!("{readable}-{a:02x}{b:02x}{c:02x}{d:02x}")
}
