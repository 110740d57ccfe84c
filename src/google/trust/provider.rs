//! Reads the configuration of a provider.

use serde_json::Value;

use crate::document::Document;
use crate::error::Usage;
use crate::google::cel::{self, Expression};
use crate::google::{Provider, UniverseDomain};

/// The parts of the output of `gcloud iam workload-identity-pools providers describe --format=json` that STS uses
/// (<https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers>).
#[derive(Debug)]
pub(super) struct Configuration {
    pub(super) name: Option<Provider>,
    /// The setting that disables it.
    pub(super) off: Option<&'static str>,
    /// An unknown state.
    pub(super) odd_state: Option<String>,
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    pub(super) mapping: Vec<(String, Formula)>,
    pub(super) condition: Option<Formula>,
}

/// An expression, parsed if possible.
#[derive(Debug)]
pub(super) struct Formula {
    pub(super) text: String,
    pub(super) read: Result<Expression, cel::Error>,
}

impl Formula {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), read: Expression::parse(text) }
    }

    /// The claims that it uses, and the mapped attributes (`google.subject`).
    pub(super) fn uses(&self) -> Vec<(&str, Option<&str>)> {
        let mut uses = Vec::new();
        if let Ok(expression) = &self.read {
            expression.root().names(&mut |name, member, _| uses.push((name, member)));
        }
        uses
    }
}

impl Configuration {
    /// Reads the file.
    ///
    /// # Errors
    /// If it is something else; with the place of the fault.
    pub(super) fn read(document: &Document) -> Result<Self, Usage> {
        const FORM: &str = "it is what gcloud iam workload-identity-pools providers describe --format=json prints";
        let file = document.value();
        let wrong = |place: &str, why: &str| document.wrong(place, why).hint(FORM);
        if file.is_array() {
            return Err(wrong("", "it is a list; one provider is asked for"));
        }
        if !file.is_object() {
            return Err(wrong("", "it is not an object"));
        }
        let oidc = match &file["oidc"] {
            Value::Null if ["aws", "saml", "x509"].iter().any(|kind| !file[kind].is_null()) => {
                return Err(document.wrong("", "it is not a provider for OpenID Connect, as a job's token needs it"));
            }
            Value::Null => return Err(wrong("oidc", "it is not there")),
            oidc @ Value::Object(_) => oidc,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return Err(wrong("oidc", "it is not an object"));
            }
        };
        let disabled = match &file["disabled"] {
            Value::Null => false,
            Value::Bool(disabled) => *disabled,
            Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                return Err(wrong("disabled", "it is neither true nor false"));
            }
        };
        let state = optional(document, "state", &file["state"])?;
        let off = match state {
            Some("DELETED") => Some("\"state\": \"DELETED\""),
            _ => disabled.then_some("\"disabled\": true"),
        };
        let name = optional(document, "name", &file["name"])?;
        let named = |text| Provider::parse(&document.place("name"), text, &UniverseDomain::default());
        if oidc["issuerUri"].is_null() {
            return Err(wrong("oidc.issuerUri", "it is not there"));
        }
        Ok(Self {
            name: name.map(named).transpose()?,
            off,
            odd_state: state.filter(|state| !matches!(*state, "ACTIVE" | "DELETED")).map(str::to_owned),
            issuer: document.text("oidc.issuerUri", &oidc["issuerUri"])?.to_owned(),
            audiences: texts(document, "oidc.allowedAudiences", &oidc["allowedAudiences"])?,
            mapping: mapping(document, &file["attributeMapping"])?,
            condition: optional(document, "attributeCondition", &file["attributeCondition"])?
                .filter(|text| !text.trim().is_empty())
                .map(Formula::new),
        })
    }

    /// gcloud's command for it.
    pub(super) fn command(&self, verb: &str) -> String {
        let name = self.name.as_ref().map_or_else(
            || "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID".to_owned(),
            Provider::resource,
        );
        format!("gcloud iam workload-identity-pools providers {verb} {name}")
    }
}

fn optional<'v>(document: &Document, place: &str, value: &'v Value) -> Result<Option<&'v str>, Usage> {
    if value.is_null() { Ok(None) } else { document.text(place, value).map(Some) }
}

/// A list of texts; a missing list is empty.
pub(super) fn texts(document: &Document, place: &str, value: &Value) -> Result<Vec<String>, Usage> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    let items = value.as_array().ok_or_else(|| document.wrong(place, "it is not a list"))?;
    let mut texts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        texts.push(document.text(&format!("{place}[{index}]"), item)?.to_owned());
    }
    Ok(texts)
}

fn mapping(document: &Document, value: &Value) -> Result<Vec<(String, Formula)>, Usage> {
    if value.is_null() {
        return Ok(Vec::new());
    }
    let members = value.as_object().ok_or_else(|| document.wrong("attributeMapping", "it is not an object"))?;
    let mut mapping = Vec::with_capacity(members.len());
    for (key, value) in members {
        let text = document.text(&format!("attributeMapping[\"{key}\"]"), value)?;
        mapping.push((key.clone(), Formula::new(text)));
    }
    // The principal's name comes first.
    mapping.sort_by_key(|(key, _)| (key != "google.subject", key != "google.groups", key.clone()));
    Ok(mapping)
}
