//! The auth method's configuration, as far as a login depends on it.
//!
//! <https://openbao.org/api-docs/auth/jwt/#configure>

use serde_json::{Map, Value};

use super::Place;
use super::fields::Fields;
use crate::document::Document;
use crate::error::Usage;
use crate::vault::client_command::ClientCommand;

/// A configuration.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    pub(super) bound_issuer: String,
    pub(super) supported_algs: Vec<String>,
    pub(super) discovery_url: String,
    /// Whether the groups come from another source than the token.
    pub(super) has_provider: bool,
    /// Whether the server reports it as invalid.
    pub(super) is_invalid: bool,
    /// All settings, which a write must contain again.
    pub(super) settings: Map<String, Value>,
}

impl Mount {
    pub(super) fn read(document: &Document, client: ClientCommand, place: &Place) -> Result<Self, Usage> {
        let telling = ["oidc_discovery_url", "jwks_url", "jwt_validation_pubkeys", "bound_issuer"];
        let wanted = "the configuration of a JWT auth method";
        let fields = Fields::of(document, &telling, wanted, &place.of_mount(), client)?;
        let is_set = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::Bool(true) | Value::Number(_) => true,
        };
        let settings = fields.members().iter().filter(|(name, value)| *name != "status" && is_set(value));
        Ok(Self {
            bound_issuer: fields.text("bound_issuer")?,
            supported_algs: fields.list("jwt_supported_algs")?,
            discovery_url: fields.text("oidc_discovery_url")?,
            has_provider: !fields.object("provider_config")?.is_empty(),
            is_invalid: fields.text("status")? == "invalid",
            settings: settings.map(|(name, value)| (name.clone(), value.clone())).collect(),
        })
    }
}
