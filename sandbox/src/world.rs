//! All rooms together, furnished so that a first command works.

use std::io;

use serde_json::{Value, json};

use crate::aws::Sts;
use crate::{Issuer, Job, Tls};

/// The account of the sandbox's roles.
pub const ACCOUNT: &str = "123456789012";
/// The role that branch `main` of the sandbox's project may assume.
pub const DEPLOY_ROLE: &str = "arn:aws:iam::123456789012:role/deploy";
/// The role that tags of the project may assume, and nothing else.
pub const RELEASE_ROLE: &str = "arn:aws:iam::123456789012:role/release";

/// An issuer, and the clouds that trust it.
pub struct Sandbox {
    /// Semaphore's part.
    pub issuer: Issuer,
    /// AWS's part.
    pub aws: Sts,
}

impl Sandbox {
    /// Starts everything on free ports of `127.0.0.1`.
    ///
    /// # Errors
    /// When a server cannot be started.
    pub fn start() -> io::Result<Self> {
        Self::furnish(Issuer::start()?, Sts::start()?)
    }

    /// The same over TLS, with certificates of this authority for `127.0.0.1` and `localhost`.
    ///
    /// # Errors
    /// When a server cannot be started.
    pub fn start_tls(tls: &Tls) -> io::Result<Self> {
        let certificate = tls.server(&["127.0.0.1", "localhost"])?;
        let sandbox = Self::furnish(Issuer::start_tls(&certificate)?, Sts::start_tls(&certificate)?)?;
        sandbox.aws.trust_ca(&tls.ca_pem());
        Ok(sandbox)
    }

    fn furnish(issuer: Issuer, aws: Sts) -> io::Result<Self> {
        aws.register_provider(ACCOUNT, &issuer.url(), &[&issuer.url()]);
        let branch = Job::branch("main").subject();
        let tags = Job::tag("*").subject();
        aws.create_role(DEPLOY_ROLE, &trust(&issuer.url(), "StringEquals", &branch)).map_err(io::Error::other)?;
        aws.create_role(RELEASE_ROLE, &trust(&issuer.url(), "StringLike", &tags)).map_err(io::Error::other)?;
        Ok(Self { issuer, aws })
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
        variables
    }
}

/// A trust policy of account [`ACCOUNT`] for this issuer, which must also be the audience: the subject is matched with
/// `operator`, and session tags are allowed.
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
