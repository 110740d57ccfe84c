//! Microsoft Azure: requests and results.
//!
//! There is one call. The subject token is the client assertion of an application or a managed identity, and must
//! match one of its federated credentials
//! (<https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow#third-case-access-token-request-with-a-federated-credential>).

mod about;
pub mod acr;
mod answer;
pub mod authority;
mod az;
mod cause;
pub mod exchange;
pub mod exports;
mod hints;
pub mod ids;
pub mod kubernetes;
pub mod registry;
mod request;
pub mod setup;
mod subscriptions;
mod token_checks;
pub mod trust;

pub use about::ABOUT;
pub use authority::Authority;
pub use ids::{ClientId, Scope, SubscriptionId, TenantId};
pub use registry::{Registries, RegistryHost};
pub use request::{Az, Request};
