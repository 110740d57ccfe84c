//! AWS: requests and results.
//!
//! The first call is `AssumeRoleWithWebIdentity`, unsigned:
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>.

mod about;
pub mod account;
mod answer;
pub mod arn;
mod cause;
pub mod chain;
pub mod ecr;
pub mod endpoint;
pub mod exchange;
mod hints;
pub mod kubernetes;
pub mod output;
pub mod policy;
pub mod process;
pub mod profile;
mod question;
pub mod region;
pub mod registry;
mod request;
pub mod sdk_settings;
pub mod session;
pub mod setup;
pub mod shared_files;
pub mod signature;
mod sts;
mod token_checks;
mod token_file;
pub mod trust;
mod web_identity;
mod words;

pub use about::ABOUT;
pub use account::{AccountId, Guard};
pub use arn::{PolicyArn, ProviderArn, RoleArn};
pub use chain::{ExternalId, Hop, SessionTag, SourceIdentity};
pub use kubernetes::{ClusterName, Eks};
pub use output::{OutputMode, credential_names};
pub use policy::SessionPolicy;
pub use profile::Profile;
pub use region::Region;
pub use registry::Registries;
pub use request::{Credentials, Request};
pub use session::{Duration, SessionName};
