//! A federated credential in the output of Microsoft's tools.

use serde_json::Value;

use crate::document::Document;
use crate::error::Usage;
use crate::explanation::{Check, Mark};
use crate::subject::Claims;

/// The issuers that a flexible credential supports:
/// <https://learn.microsoft.com/en-us/entra/workload-id/workload-identities-flexible-federated-identity-credentials>.
pub(super) const FLEXIBLE: [&str; 3] =
    ["https://token.actions.githubusercontent.com", "https://gitlab.com", "https://app.terraform.io"];

/// How a credential matches the subject.
#[derive(Debug)]
pub(super) enum Subject {
    /// By equality with this text.
    Exact(String),
    /// By an expression on claims (a preview feature).
    Flexible(String),
}

/// One of an application's federated credentials
/// (<https://learn.microsoft.com/en-us/graph/api/resources/federatedidentitycredential>).
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) name: String,
    pub(super) issuer: String,
    pub(super) subject: Subject,
    pub(super) audiences: Vec<String>,
}

/// Reads all credentials in the file.
///
/// # Errors
/// If it is something else; with the place of the fault.
pub(super) fn read(document: &Document) -> Result<Vec<Credential>, Usage> {
    const FORM: &str = "it is what az ad app federated-credential list --id CLIENT_ID prints";
    let (place, list) = match document.value() {
        Value::Array(list) => ("", list.as_slice()),
        Value::Object(object) if object.contains_key("issuer") => ("", std::slice::from_ref(document.value())),
        Value::Object(object) => match object.get("value") {
            Some(Value::Array(list)) => ("value", list.as_slice()),
            _ => return Err(document.wrong("", "it is not a list of federated credentials").hint(FORM)),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err(document.wrong("", "it is not a list of federated credentials").hint(FORM));
        }
    };
    let one = |(index, value): (usize, &Value)| {
        Credential::read(document, &format!("{place}[{index}]"), index, value).map_err(|wrong| wrong.hint(FORM))
    };
    list.iter().enumerate().map(one).collect()
}

impl Credential {
    fn read(document: &Document, place: &str, index: usize, value: &Value) -> Result<Self, Usage> {
        if !value.is_object() {
            return Err(document.wrong(place, "it is not an object"));
        }
        let text = |name: &str| document.text(&format!("{place}.{name}"), &value[name]).map(str::to_owned);
        let subject = match (&value["subject"], &value["claimsMatchingExpression"]["value"]) {
            (Value::Null, Value::String(expression)) => Subject::Flexible(expression.clone()),
            _ => Subject::Exact(text("subject")?),
        };
        let at = format!("{place}.audiences");
        let audiences = value["audiences"].as_array().ok_or_else(|| document.wrong(&at, "it is not a list"))?;
        let audiences = audiences
            .iter()
            .enumerate()
            .map(|(index, audience)| document.text(&format!("{at}[{index}]"), audience).map(str::to_owned));
        Ok(Self {
            name: value["name"].as_str().map_or_else(|| format!("number {}", index + 1), str::to_owned),
            issuer: text("issuer")?,
            subject,
            audiences: audiences.collect::<Result<_, _>>()?,
        })
    }

    /// Whether it allows these claims.
    pub(super) fn evaluate(&self, claims: &Claims) -> Check {
        let parts = vec![self.issuer(claims), self.audience(claims), self.subject(claims)];
        Check::all(format!("the credential {}", self.name), parts)
    }

    fn issuer(&self, claims: &Claims) -> Check {
        match claims.text("iss") {
            Some(issuer) if issuer == self.issuer => Check::new(Mark::Holds, "`iss` is the credential's issuer"),
            issuer => {
                let slash =
                    issuer.is_some_and(|issuer| issuer.trim_end_matches('/') == self.issuer.trim_end_matches('/'));
                let check = Check::new(Mark::Fails, "`iss` is not the credential's issuer")
                    .compared_literally(std::slice::from_ref(&self.issuer), issuer.unwrap_or("(none)"));
                if slash { check.fact("because", "a slash at the end counts") } else { check }
            }
        }
    }

    fn audience(&self, claims: &Claims) -> Check {
        let presented: Vec<&str> = match claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => Vec::new(),
        };
        if presented.iter().any(|one| self.audiences.iter().any(|audience| audience == one)) {
            return Check::new(Mark::Holds, "`aud` is the credential's audience");
        }
        let shown = if presented.is_empty() { "(none)".into() } else { presented.join(", ") };
        Check::new(Mark::Fails, "`aud` is not the credential's audience").compared_literally(&self.audiences, &shown)
    }

    fn subject(&self, claims: &Claims) -> Check {
        let presented = claims.text("sub");
        match &self.subject {
            Subject::Exact(subject) if presented == Some(subject) => {
                Check::new(Mark::Holds, "`sub` is the credential's subject")
            }
            Subject::Exact(subject) => {
                let presented = presented.unwrap_or("(none)");
                let case = subject.eq_ignore_ascii_case(presented);
                let check = Check::new(Mark::Fails, "`sub` is not the credential's subject")
                    .compared_literally(std::slice::from_ref(subject), presented);
                if case { check.fact("because", "the case of letters counts") } else { check }
            }
            Subject::Flexible(expression) => {
                let supported = claims.text("iss").is_some_and(|issuer| FLEXIBLE.contains(&issuer));
                let (mark, because) = if supported {
                    (Mark::Unknown, "expressions are not evaluated here")
                } else {
                    (Mark::Fails, "Entra supports such expressions only for GitHub, GitLab and Terraform Cloud")
                };
                Check::new(mark, "the claims match the credential's expression")
                    .fact("wanted", expression)
                    .fact("because", because)
            }
        }
    }
}
