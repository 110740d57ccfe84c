//! How an API server finds out whose a token is.

use super::eks::Eks;

/// Finds the user of a token.
pub type Users = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Whose tokens are taken.
pub enum Authenticator {
    /// Those of sessions of AWS, as an EKS cluster has it.
    Eks {
        /// The cluster's name, which a token is for.
        cluster: String,
        /// Where AWS STS is, in place of the host that a token names.
        sts: String,
        /// Authorities (PEM) for that place.
        roots: Vec<String>,
    },
    /// Those whose user this finds.
    Known(Box<Users>),
}

impl Authenticator {
    /// The user, or why there is none.
    ///
    /// # Errors
    /// What no client is told.
    pub async fn user(&self, token: &str) -> Result<String, String> {
        match self {
            Self::Eks { cluster, sts, roots } => Eks { cluster, sts, roots }.user(token).await,
            Self::Known(user) => user(token).ok_or_else(|| "unknown token".into()),
        }
    }
}
