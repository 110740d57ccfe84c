//! Reads the bindings of a service account.

use serde_json::Value as Json;

use super::provider::texts;
use crate::document::Document;
use crate::error::Usage;
use crate::google::cel::{Expression, Scope, Value};

/// The output of `gcloud iam service-accounts get-iam-policy --format=json`
/// (<https://docs.cloud.google.com/iam/docs/reference/rest/v1/Policy>).
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) bindings: Vec<Binding>,
}

#[derive(Debug)]
pub(super) struct Binding {
    pub(super) role: String,
    pub(super) members: Vec<String>,
    pub(super) condition: Option<String>,
}

/// Whether a role grants a service account's access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grants {
    Yes,
    No,
    /// A custom role: its permissions are not in the file.
    Untold,
}

impl Policy {
    /// Reads the file.
    ///
    /// # Errors
    /// If it is something else; with the place of the fault.
    pub(super) fn read(document: &Document) -> Result<Self, Usage> {
        const FORM: &str = "it is what gcloud iam service-accounts get-iam-policy --format=json prints";
        let file = document.value();
        if !file.is_object() || (file.get("bindings").is_none() && file.get("etag").is_none()) {
            return Err(document.wrong("", "it is not an IAM policy").hint(FORM));
        }
        let none = Json::Array(Vec::new());
        let items = file.get("bindings").unwrap_or(&none);
        let items = items.as_array().ok_or_else(|| document.wrong("bindings", "it is not a list"))?;
        let mut bindings = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = format!("bindings[{index}]");
            let condition = &item["condition"];
            let condition = if condition.is_null() {
                None
            } else {
                let place = format!("{place}.condition.expression");
                Some(document.text(&place, &condition["expression"])?.to_owned())
            };
            bindings.push(Binding {
                role: document.text(&format!("{place}.role"), &item["role"])?.to_owned(),
                members: texts(document, &format!("{place}.members"), &item["members"])?,
                condition,
            });
        }
        Ok(Self { bindings })
    }
}

impl Binding {
    /// Whether its role contains `iam.serviceAccounts.getAccessToken`
    /// (<https://docs.cloud.google.com/iam/docs/service-account-permissions>).
    pub(super) fn grants(&self) -> Grants {
        const WITHOUT: [&str; 7] = [
            "roles/iam.serviceAccountUser",
            "roles/iam.serviceAccountAdmin",
            "roles/iam.serviceAccountCreator",
            "roles/iam.serviceAccountDeleter",
            "roles/iam.serviceAccountKeyAdmin",
            "roles/iam.serviceAccountOpenIdTokenCreator",
            "roles/iam.serviceAccountViewer",
        ];
        match self.role.as_str() {
            "roles/iam.workloadIdentityUser" | "roles/iam.serviceAccountTokenCreator" => Grants::Yes,
            role if WITHOUT.contains(&role) => Grants::No,
            _ => Grants::Untold,
        }
    }

    /// Whether its condition holds; `None` if it depends on the request.
    pub(super) fn applies(&self) -> Option<bool> {
        let Some(condition) = &self.condition else { return Some(true) };
        let expression = Expression::parse(condition).ok().filter(|expression| expression.root().is_constant())?;
        if let Ok(Value::Bool(truth)) = expression.evaluate(&Scope::new()) { Some(truth) } else { None }
    }
}
