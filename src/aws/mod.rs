//! AWS: what is asked for, and what comes back.
//!
//! The call is `AssumeRoleWithWebIdentity`, unsigned:
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>.

pub mod arn;
pub mod exchange;
pub mod policy;
pub mod refusal;
pub mod region;
pub mod session;

use std::time::SystemTime;

use crate::emit::{self, Handout, Name};
use crate::secret::Secret;
pub use arn::{PolicyArn, RoleArn};
pub use policy::SessionPolicy;
pub use region::Region;
pub use session::{Duration, SessionName};

/// A validated request for one role's credentials.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// The role.
    pub role: RoleArn,
    /// The session's name, which CloudTrail shows.
    pub session_name: SessionName,
    /// The session's length; the service's own default is an hour.
    pub duration: Option<Duration>,
    /// The region for the job's own tools, where one was given.
    pub region: Option<Region>,
    /// The region whose STS is asked.
    pub sts_region: Region,
    /// An inline policy that narrows the session.
    pub policy: Option<SessionPolicy>,
    /// Managed policies that narrow the session.
    pub policy_arns: Vec<PolicyArn>,
}

/// Temporary credentials.
#[derive(Debug)]
pub struct Credentials {
    /// `ASIA…`; not a secret by itself.
    pub access_key_id: String,
    /// The key that signs.
    pub secret_access_key: Secret,
    /// What marks the key as temporary.
    pub session_token: Secret,
    /// When they end.
    pub expiration: SystemTime,
}

const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
const CREDENTIAL_EXPIRATION: &str = "AWS_CREDENTIAL_EXPIRATION";
const ACCOUNT_ID: &str = "AWS_ACCOUNT_ID";

/// What botocore and the SDKs would take in place of the new credentials, or stumble over.
const BEATS_THEM: [&str; 9] = [
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CREDENTIAL_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// The variables that hold the credentials, which a failure and `clean` remove.
#[must_use]
pub fn credential_names() -> Vec<Name> {
    [ACCESS_KEY_ID, SECRET_ACCESS_KEY, SESSION_TOKEN, CREDENTIAL_EXPIRATION, ACCOUNT_ID].map(Name::fixed).to_vec()
}

/// The job's variables for `credentials`.
///
/// # Errors
/// When a value cannot be carried by an environment.
pub fn handout(request: &Request, credentials: &Credentials) -> Result<Handout, emit::Error> {
    let mut handout = Handout::new(BEATS_THEM.map(Name::fixed).to_vec());
    let expiration = humantime::format_rfc3339_seconds(credentials.expiration).to_string();
    handout.set(Name::fixed(ACCESS_KEY_ID), credentials.access_key_id.clone())?;
    handout.set(Name::fixed(SECRET_ACCESS_KEY), credentials.secret_access_key.reveal().to_owned())?;
    handout.set(Name::fixed(SESSION_TOKEN), credentials.session_token.reveal().to_owned())?;
    handout.set(Name::fixed(CREDENTIAL_EXPIRATION), expiration)?;
    handout.set(Name::fixed(ACCOUNT_ID), request.role.account().to_owned())?;
    if let Some(region) = &request.region {
        handout.set(Name::fixed("AWS_REGION"), region.as_str().to_owned())?;
        handout.set(Name::fixed("AWS_DEFAULT_REGION"), region.as_str().to_owned())?;
    }
    Ok(handout)
}
