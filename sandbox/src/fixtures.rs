//! All servers together, with accounts, roles and secrets for a first command.

use std::io;

use serde_json::{Value, json};

use crate::aws::{Ecr, Sts};
use crate::azure::{Acr, Entra};
use crate::google::Google;
use crate::vault::Vault;
use crate::{Issuer, Job, Tls};

/// The account of the sandbox's roles.
pub const ACCOUNT: &str = "123456789012";
/// The role that branch `main` of the sandbox's project may assume.
pub const DEPLOY_ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
/// The role that only tags of the project may assume.
pub const RELEASE_ROLE: &str = "arn:aws:iam::123456789012:role/release";
/// The workload identity pool for the sandbox's issuer.
pub const POOL: &str = "projects/123456/locations/global/workloadIdentityPools/sandbox-ci";
/// Its provider, which allows every job of the organisation.
pub const PROVIDER: &str = "projects/123456/locations/global/workloadIdentityPools/sandbox-ci/providers/semaphore";
/// The service account that branch `main` of the sandbox's project may impersonate.
pub const DEPLOY_ACCOUNT: &str = "deploy@sandbox-project.iam.gserviceaccount.com";
/// The service account that only tags of the project may impersonate.
pub const RELEASE_ACCOUNT: &str = "release@sandbox-project.iam.gserviceaccount.com";

/// The Entra tenant of the sandbox.
pub const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// Its application, for branch `main` of the sandbox's project.
pub const CLIENT: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
/// The name in the registry's certificate. With a proxy, this server answers for it.
pub const REGISTRY: &str = "contoso.azurecr.io";

/// The Vault role for branch `main` of the sandbox's project. It may read `secret/production/`.
pub const VAULT_ROLE: &str = "ci";
/// The field `password` of the secret `secret/production/db`.
pub const VAULT_PASSWORD: &str = "a password from the sandbox";

/// An issuer, and clouds that trust it.
pub struct Sandbox {
    /// The issuer of Semaphore's tokens.
    pub issuer: Issuer,
    /// AWS STS.
    pub aws: Sts,
    /// Its container registry.
    pub ecr: Ecr,
    /// Google's services.
    pub google: Google,
    /// Microsoft Entra.
    pub azure: Entra,
    /// Its container registry.
    pub acr: Acr,
    /// Vault.
    pub vault: Vault,
}

impl Sandbox {
    /// Starts everything on free ports of `127.0.0.1`.
    ///
    /// # Errors
    /// If a server cannot be started.
    pub fn start() -> io::Result<Self> {
        let aws = Sts::start()?;
        let (ecr, azure) = (Ecr::start(&aws, None)?, Entra::start()?);
        let acr = Acr::start(&azure, None)?;
        Self::furnish(Issuer::start()?, (aws, ecr), Google::start()?, (azure, acr), Vault::start()?)
    }

    /// The same over TLS, with certificates of this authority for `127.0.0.1` and `localhost`.
    ///
    /// # Errors
    /// If a server cannot be started.
    pub fn start_tls(tls: &Tls) -> io::Result<Self> {
        let certificate = tls.server(&["127.0.0.1", "localhost"])?;
        let google = Google::start_tls(&tls.server(&["127.0.0.1", "localhost", "*.googleapis.com"])?)?;
        let (issuer, aws) = (Issuer::start_tls(&certificate)?, Sts::start_tls(&certificate)?);
        let entra = ["login.microsoftonline.com", "login.microsoftonline.us", "management.azure.com"];
        let azure = Entra::start_tls(&tls.server(&[["127.0.0.1", "localhost"].as_slice(), &entra].concat())?)?;
        let ecr = Ecr::start(&aws, Some(&certificate))?;
        let acr = Acr::start(&azure, Some(&tls.server(&["127.0.0.1", "localhost", REGISTRY, "contoso.azurecr.us"])?))?;
        let sandbox = Self::furnish(issuer, (aws, ecr), google, (azure, acr), Vault::start_tls(&certificate)?)?;
        sandbox.vault.trust_ca(&tls.ca_pem());
        sandbox.aws.trust_ca(&tls.ca_pem());
        sandbox.google.trust_ca(&tls.ca_pem());
        sandbox.azure.trust_ca(&tls.ca_pem());
        Ok(sandbox)
    }

    fn furnish(
        issuer: Issuer,
        (aws, ecr): (Sts, Ecr),
        google: Google,
        (azure, acr): (Entra, Acr),
        vault: Vault,
    ) -> io::Result<Self> {
        aws.register_provider(ACCOUNT, &issuer.url(), &[&issuer.url()]);
        let branch = Job::branch("main").subject();
        let tags = Job::tag("*").subject();
        aws.create_role(DEPLOY_ROLE, &trust(&issuer.url(), "StringEquals", &branch)).map_err(io::Error::other)?;
        aws.create_role(RELEASE_ROLE, &trust(&issuer.url(), "StringLike", &tags)).map_err(io::Error::other)?;
        furnish_google(&google, &issuer.url()).map_err(io::Error::other)?;
        azure.create_application(TENANT, CLIENT);
        azure.add_credential(TENANT, CLIENT, &issuer.url(), &branch, &issuer.url());
        furnish_vault(&vault, &issuer);
        Ok(Self { issuer, aws, ecr, google, azure, acr, vault })
    }

    /// The environment of a job on branch `main`, with the sandbox's endpoints.
    #[must_use]
    pub fn env(&self) -> Vec<(String, String)> {
        self.env_for(&Job::branch("main"))
    }

    /// The environment of this job, with the sandbox's endpoints.
    #[must_use]
    pub fn env_for(&self, job: &Job) -> Vec<(String, String)> {
        let mut variables = self.issuer.environment(job);
        variables.push(("AWS_ENDPOINT_URL_STS".into(), self.aws.url()));
        variables.push(("AWS_ENDPOINT_URL_ECR".into(), self.ecr.url()));
        variables.push(("AWS_ENDPOINT_URL_ECR_PUBLIC".into(), self.ecr.url()));
        // Google's clients have no variables for endpoints: these are for the program's options.
        variables.push(("SANDBOX_GOOGLE_STS".into(), self.google.sts.url()));
        variables.push(("SANDBOX_GOOGLE_IAM".into(), self.google.iam.url()));
        variables.push(("AZURE_AUTHORITY_HOST".into(), self.azure.url()));
        variables.push(("VAULT_ADDR".into(), self.vault.url()));
        variables
    }
}

fn furnish_google(google: &Google, issuer: &str) -> Result<(), String> {
    const USER: &str = "roles/iam.workloadIdentityUser";
    let mapping = [
        ("google.subject", "assertion.sub127"),
        ("attribute.project", "assertion.prj_id"),
        ("attribute.ref_type", "assertion.prj_id + '::' + assertion.ref_type"),
    ];
    let condition = format!("assertion.org_id == '{}'", Job::ORG_ID);
    google.create_provider(PROVIDER, issuer, &[issuer], &mapping, Some(&condition))?;
    google.create_account(DEPLOY_ACCOUNT);
    let main = Job::branch("main").short_subject();
    google.bind(DEPLOY_ACCOUNT, USER, &format!("principal://iam.googleapis.com/{POOL}/subject/{main}"));
    google.create_account(RELEASE_ACCOUNT);
    let tags = format!("attribute.ref_type/{}::tag", Job::PROJECT_ID);
    google.bind(RELEASE_ACCOUNT, USER, &format!("principalSet://iam.googleapis.com/{POOL}/{tags}"));
    Ok(())
}

/// The role requires the project, the ref and the kind of job, so it denies pull requests and debug sessions.
fn furnish_vault(vault: &Vault, issuer: &Issuer) {
    let job = issuer.claims(&Job::branch("main"));
    let bound = ["prj_id", "ref_type", "ref", "job_type"].map(|name| (name.to_owned(), job[name].clone()));
    vault.trust_issuer(&issuer.url());
    vault.create_role(VAULT_ROLE, &issuer.url(), bound.into_iter().collect(), &["production/"]);
    vault.write("production/db", json!({ "username": "app", "password": VAULT_PASSWORD }));
}

/// A trust policy of account [`ACCOUNT`] for this issuer, which must also be the audience. It compares the subject
/// with `operator`, and allows session tags.
#[must_use]
pub fn trust(issuer: &str, operator: &str, subject: &str) -> Value {
    let host = issuer.split_once("://").map_or(issuer, |(_, host)| host);
    let mut conditions = json!({ "StringEquals": { format!("{host}:aud"): issuer } });
    conditions[operator][format!("{host}:sub")] = subject.into();
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{host}") },
            "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
            "Condition": conditions,
        }],
    })
}
