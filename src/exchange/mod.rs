//! The interface to the clouds: a target and the job's token become a grant, and a grant becomes the result for the
//! job.
//!
//! ```text
//! Target + Given ──exchange──▶ Grant ──content──▶ Variables │ Answer, and Leftovers
//! ```
//!
//! Each function is one match on the clouds. There is no shared state: several exchanges run at once, each with its
//! own target and [`Given`]. [`together`] returns the results of all of them, or of none.

mod together;

use std::time::SystemTime;

pub use crate::cloud::Given;
use crate::cloud::{AccessToken, ExecVersion, exec_credential};
use crate::delivery::Leftovers;
use crate::emit::{Content, Exports};
use crate::error::Error;
use crate::plan::Target;
use crate::registry::{self, Login, Options};
use crate::state::NewFile;
pub use crate::vault::PendingRevocation;
use crate::{aws, azure, google, vault};
pub use together::{revoke, together};

/// What a cloud returned for the token, with the request.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one for each exchange")]
pub enum Grant<'t> {
    /// An AWS role's credentials.
    Aws {
        /// The request.
        request: &'t aws::Request,
        /// How the job gets the credentials.
        mode: &'t aws::OutputMode,
        /// The credentials.
        credentials: aws::Credentials,
        /// The passwords of the requested registries.
        logins: Vec<Login>,
    },
    /// The access token of a service account, or the federated token.
    Google {
        /// The request.
        request: &'t google::Request,
        /// The new credentials file, if the user named one.
        file: Option<NewFile>,
        /// The tokens.
        credentials: google::Credentials,
        /// The passwords of the requested registries.
        logins: Vec<Login>,
    },
    /// An access token, which proves that Entra accepts the subject token.
    Azure {
        /// The request.
        request: &'t azure::Request,
        /// The token.
        access_token: AccessToken,
        /// The passwords of the requested registries.
        logins: Vec<Login>,
    },
    /// Secrets, and the client token that was used to read them.
    Vault {
        /// The request.
        request: &'t vault::Request,
        /// The secrets.
        secrets: vault::Secrets,
    },
}

impl<'t> Grant<'t> {
    /// Removes and returns the passwords of registries, each with its registration options.
    fn take_logins(&mut self) -> Vec<(Login, &'t Options)> {
        let (logins, options) = match self {
            Self::Aws { request, logins, .. } => (logins, &request.registries.options),
            Self::Google { request, logins, .. } => (logins, &request.registries.options),
            Self::Azure { request, logins, .. } => (logins, &request.registries.options),
            Self::Vault { .. } => return Vec::new(),
        };
        std::mem::take(logins).into_iter().map(|login| (login, options)).collect()
    }

    /// When the credentials expire, if the cloud returned that.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        match self {
            Self::Aws { credentials, .. } => Some(credentials.expiration),
            Self::Google { credentials, .. } => credentials.access_token.as_ref().and_then(|token| token.expires),
            Self::Azure { access_token, .. } => access_token.expires,
            Self::Vault { secrets, .. } => secrets.token.expires(),
        }
    }
}

/// Exchanges the token for what `target` requests. Problems with the output that can be found in advance are reported
/// before anything is sent. `pending` records what must be revoked if this function or [`content`] fails.
///
/// # Errors
/// If the cloud refuses, cannot be reached in time, or the result could not be written.
pub async fn exchange<'t>(
    target: &'t Target,
    given: &Given<'_>,
    pending: &PendingRevocation,
) -> Result<Grant<'t>, Error> {
    Ok(match target {
        Target::Aws(request, mode) => {
            registry::foresee(&target.registries(), &given.host.env, given.place).await?;
            let registries = aws::ecr::registries(request, given).await?;
            let credentials = aws::output::credentials(request, mode, given).await?;
            let logins = aws::ecr::logins(request, &registries, &credentials, given).await?;
            Grant::Aws { request, mode, credentials, logins }
        }
        Target::Google(request) => {
            registry::foresee(&target.registries(), &given.host.env, given.place).await?;
            let file = google::exports::prepare(request, given).await?;
            let credentials = match request.kubernetes {
                Some(_) => Box::pin(google::kubernetes::credentials(request, given)).await?,
                None => Box::pin(google::exchange::exchange(request, given)).await?,
            };
            let logins = google::password::logins(request, &credentials, &given.host.clock);
            Grant::Google { request, file, credentials, logins }
        }
        Target::Azure(request) => {
            registry::foresee(&target.registries(), &given.host.env, given.place).await?;
            let access_token = match request.kubernetes {
                Some(_) => Box::pin(azure::kubernetes::access_token(request, given)).await?,
                None => Box::pin(azure::exchange::exchange(request, given)).await?,
            };
            let logins = azure::acr::logins(request, &access_token, given).await?;
            Grant::Azure { request, access_token, logins }
        }
        Target::Vault(request) => {
            let secrets = Box::pin(vault::exchange::exchange(request, given, pending)).await?;
            Grant::Vault { request, secrets }
        }
    })
}

/// The result of `grant` for the job, with its private files, and what to undo after its last use.
///
/// # Errors
/// If a file cannot be written, or a value cannot be exported. The files are then deleted.
pub async fn content(grant: Grant<'_>, given: &Given<'_>) -> Result<(Content, Leftovers), Error> {
    match grant {
        Grant::Aws { request, mode, credentials, logins: _ } => {
            let (content, files) = aws::output::content(request, mode, &credentials, given).await?;
            Ok((content, Leftovers::of(files, None)))
        }
        Grant::Google {
            request: google::Request { kubernetes: Some(version), .. },
            credentials: google::Credentials { access_token: Some(token), .. },
            ..
        } => for_kubernetes(*version, &token),
        Grant::Google { request, .. } if request.is_for_registries_only() => {
            Ok((Content::Variables(Exports::default()), Leftovers::default()))
        }
        Grant::Google { request, file, credentials, logins: _ } => {
            let (exports, files) = google::exports::exports(request, file, &credentials, given).await?;
            Ok((Content::Variables(exports), Leftovers::of(files, None)))
        }
        Grant::Azure { request: azure::Request { kubernetes: Some(version), .. }, access_token, .. } => {
            for_kubernetes(*version, &access_token)
        }
        Grant::Azure { request: azure::Request { registries_only: true, .. }, .. } => {
            Ok((Content::Variables(Exports::default()), Leftovers::default()))
        }
        Grant::Azure { request, access_token, logins: _ } => {
            let (exports, files) = azure::exports::exports(request, &access_token, given).await?;
            Ok((Content::Variables(exports), Leftovers::of(Some(files), None)))
        }
        Grant::Vault { request, secrets } => {
            let vault::Secrets { items, token } = secrets;
            let (content, files) = vault::exports::content(request, items, &token, given.place).await?;
            Ok((content, Leftovers::of(files, Box::pin(token.release(given.deadline)).await)))
        }
    }
}

/// Gets the passwords of the registries of `target` again. Nothing is registered.
///
/// # Errors
/// As for [`exchange`].
pub async fn logins(target: &Target, given: &Given<'_>) -> Result<Vec<Login>, Error> {
    match target {
        Target::Aws(request, _) => {
            let registries = aws::ecr::registries(request, given).await?;
            let credentials = aws::exchange::exchange(request, given).await?;
            aws::ecr::logins(request, &registries, &credentials, given).await
        }
        Target::Google(request) => {
            let credentials = google::exchange::exchange(request, given).await?;
            Ok(google::password::logins(request, &credentials, &given.host.clock))
        }
        Target::Azure(request) => {
            let access_token = azure::exchange::exchange(request, given).await?;
            azure::acr::logins(request, &access_token, given).await
        }
        Target::Vault(_) => Ok(Vec::new()),
    }
}

/// The access token in the format for Kubernetes clients.
fn for_kubernetes(version: ExecVersion, token: &AccessToken) -> Result<(Content, Leftovers), Error> {
    let answer = exec_credential(version, &token.secret, token.expires)?;
    Ok((Content::Answer(answer), Leftovers::of(None, None)))
}
