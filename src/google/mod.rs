//! Google Cloud: requests and results.
//!
//! There are two calls. STS exchanges the subject token for a federated token
//! (<https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token>). IAM Credentials exchanges that
//! for a service account's token (<https://docs.cloud.google.com/iam/docs/reference/credentials/rest>).

mod about;
mod answer;
mod cause;
pub mod cel;
pub mod credentials_file;
pub mod endpoint;
pub mod exchange;
pub mod exports;
pub mod gcloud;
mod hints;
pub mod impersonation;
pub mod kubernetes;
pub mod password;
pub mod provider;
pub mod registry;
mod request;
pub mod service_account;
pub mod setup;
mod token_checks;
pub mod trust;
mod universe;

pub use about::ABOUT;
pub use endpoint::Endpoints;
pub use exports::credential_names;
pub use impersonation::{IdToken, Impersonation, Lifetime, Scope};
pub use provider::Provider;
pub use registry::{Registries, RegistryHost};
pub use request::{Credentials, CredentialsFile, Request};
pub use service_account::ServiceAccount;
pub use universe::UniverseDomain;
