//! A cluster with its API server, and a kubeconfig for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sandbox::{ApiServer, Authenticator, Sandbox, Tls};

use super::{CLUSTER, job};
use crate::support::Program;

pub(crate) const V1: &str = "client.authentication.k8s.io/v1";
pub(crate) const V1_BETA1: &str = "client.authentication.k8s.io/v1beta1";

/// An API server in a sandbox.
pub(crate) struct Cluster {
    pub(crate) sandbox: Sandbox,
    pub(crate) server: ApiServer,
    ca: String,
    /// The job's token, in every run.
    subject: String,
}

impl Cluster {
    /// An EKS cluster of that name.
    pub(crate) fn eks(name: &str) -> Self {
        Self::with(|sandbox| Authenticator::Eks { cluster: name.into(), sts: sandbox.aws.url(), roots: Vec::new() })
    }

    pub(crate) fn with(authenticator: impl FnOnce(&Sandbox) -> Authenticator) -> Self {
        let authority = Tls::new().unwrap();
        let sandbox = Sandbox::start().unwrap();
        let tls = authority.server(&["localhost", "127.0.0.1"]).unwrap();
        let server = ApiServer::start(&tls, authenticator(&sandbox)).unwrap();
        let subject = sandbox.issuer.token(&job());
        Self { sandbox, server, ca: authority.ca_pem(), subject }
    }

    /// A kubeconfig whose user runs `oidc-exchange` with these arguments.
    pub(crate) fn kubeconfig(&self, version: &str, arguments: &[&str]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|argument| format!("      - \"{argument}\"\n")).collect();
        let arguments = arguments.concat();
        let (server, ca) = self.address();
        format!(
            "apiVersion: \"v1\"\nkind: \"Config\"\ncurrent-context: \"c\"\nclusters:\n- name: \"c\"\n  cluster:\n    \
             server: \"{server}\"\n    certificate-authority-data: \"{ca}\"\ncontexts:\n- name: \"c\"\n  context:\n    \
             cluster: \"c\"\n    user: \"u\"\nusers:\n- name: \"u\"\n  user:\n    exec:\n      apiVersion: \"{version}\"\n      \
             command: \"oidc-exchange\"\n      interactiveMode: \"Never\"\n      args:\n{arguments}"
        )
    }

    /// The server's address, and its authority in the form of a kubeconfig.
    pub(crate) fn address(&self) -> (String, String) {
        (self.server.url_for("localhost"), STANDARD.encode(&self.ca))
    }

    /// The arguments for [`CLUSTER`].
    pub(crate) fn eks_arguments() -> [&'static str; 9] {
        let role = sandbox::DEPLOY_ROLE;
        ["aws", "--role-arn", role, "--region", "eu-west-1", "--eks-cluster", CLUSTER, "--format", "kubernetes"]
    }

    /// A client in the job, which finds the kubeconfig. It may pass a token on.
    pub(crate) fn client<'s>(&'s self, program: Program<'s>, kubeconfig: &str) -> Program<'s> {
        let path = program.scratch().write("kubeconfig", kubeconfig);
        program.job_of(&self.sandbox, &job()).token(&self.subject).env("KUBECONFIG", path).hands_over()
    }

    /// The number of requests to STS for a session.
    pub(crate) fn sessions(&self) -> usize {
        let asked = self.sandbox.aws.requests();
        asked.iter().filter(|request| request.field("Action") == Some("AssumeRoleWithWebIdentity")).count()
    }
}
