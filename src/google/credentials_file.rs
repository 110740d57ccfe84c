//! The `external_account` file that every Google client reads: <https://google.aip.dev/auth/4117>.
//!
//! The file is its own credential source: it contains the subject token. So one private file is enough. A client can
//! get new access tokens with it until the subject token expires.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Request;
use super::exchange::JWT_TYPE;
use crate::input::{Fault, Kind, Reader};
use crate::secret::Secret;
use crate::state::Error;
use crate::subject::SubjectToken;

const TYPE: &str = "external_account";
/// The member with the subject token. Clients ignore unknown members.
const TOKEN_FIELD: &str = "oidc_token";

/// The members have the order of gcloud.
#[derive(Serialize)]
struct ExternalAccount<'a> {
    universe_domain: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    audience: String,
    subject_token_type: &'static str,
    token_url: String,
    credential_source: Source<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account_impersonation_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_account_impersonation: Option<Lifetime>,
    /// The address at which gcloud gets the identity of a federated token.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_info_url: Option<String>,
    oidc_token: &'a str,
}

#[derive(Serialize)]
struct Source<'a> {
    file: &'a str,
    format: Form,
}

#[derive(Serialize)]
struct Form {
    #[serde(rename = "type")]
    kind: &'static str,
    subject_token_field_name: &'static str,
}

#[derive(Serialize)]
struct Lifetime {
    token_lifetime_seconds: u16,
}

/// The content of the file, for a file at `path`.
///
/// # Errors
/// If the path is not UTF-8, because JSON cannot contain it.
pub fn text(request: &Request, token: &SubjectToken, path: &Path) -> Result<Secret, Error> {
    let file = path.to_str().ok_or_else(|| Error::write(path, "its path is not UTF-8 text"))?;
    let endpoints = &request.endpoints;
    let impersonation = request.impersonation.as_ref();
    let lifetime = impersonation.and_then(|asked| asked.lifetime);
    let account = ExternalAccount {
        universe_domain: endpoints.universe().as_str(),
        kind: TYPE,
        audience: request.provider.audience(),
        subject_token_type: JWT_TYPE,
        token_url: endpoints.token(),
        credential_source: Source { file, format: Form { kind: "json", subject_token_field_name: TOKEN_FIELD } },
        service_account_impersonation_url: impersonation.map(|asked| endpoints.generate_access_token(&asked.account)),
        service_account_impersonation: lifetime.map(|lifetime| Lifetime { token_lifetime_seconds: lifetime.seconds() }),
        token_info_url: impersonation.is_none().then(|| endpoints.introspect()),
        oidc_token: token.jwt().reveal(),
    };
    let text = serde_json::to_string_pretty(&account).map_err(|error| Error::write(path, error))?;
    Ok(Secret::new(text + "\n"))
}

/// Checks that a file at `path`, if it exists, is of this kind or empty. A key or a user's login must not be
/// replaced.
///
/// # Errors
/// If it is of another kind, or cannot be read.
pub fn may_replace(reader: &Reader, path: &Path) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct File {
        r#type: String,
    }
    match reader.file("--credentials-file", path, Kind::Document) {
        Ok(found) => {
            let ours = serde_json::from_slice::<File>(&found).is_ok_and(|found| found.r#type == TYPE);
            if ours || found.is_empty() {
                return Ok(());
            }
        }
        Err(fault) if fault.is_absence() => return Ok(()),
        Err(Fault::TooLarge(_)) => {}
        Err(fault) => return Err(Error::write(path, fault)),
    }
    Err(Error {
        path: path.into(),
        why: format!("there is a file of another kind than {TYPE}"),
        hint: Some("it is left as it is: name another path with --credentials-file, or move it away".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_of_the_kind_or_an_empty_one_is_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("credentials.json");
        assert!(may_replace(&Reader::of_a_test(), &path).is_ok());
        for (text, good) in [
            ("", true),
            (r#"{"type": "external_account", "audience": "x"}"#, true),
            (r#"{"type": "service_account", "private_key": "x"}"#, false),
            (r#"{"type": "authorized_user"}"#, false),
            (r#"{"installed": {}}"#, false),
            ("notes", false),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(may_replace(&Reader::of_a_test(), &path).is_ok(), good, "{text}");
        }
    }
}
