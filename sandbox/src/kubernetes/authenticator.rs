//! How an API server finds the user of a token.

use super::eks::Eks;

/// Finds the user of a token.
pub type Users = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The tokens that are accepted.
pub enum Authenticator {
    /// Those of AWS sessions, like an EKS cluster.
    Eks {
        /// The name of the cluster that a token must be for.
        cluster: String,
        /// The address of AWS STS, which replaces the host in a token.
        sts: String,
        /// Trusted authorities (PEM) for that address.
        roots: Vec<String>,
    },
    /// Those for which this function finds a user.
    Known(Box<Users>),
}

impl Authenticator {
    /// The user of the token.
    ///
    /// # Errors
    /// Why it is refused. No client gets this reason.
    pub async fn user(&self, token: &str) -> Result<String, String> {
        match self {
            Self::Eks { cluster, sts, roots } => Eks { cluster, sts, roots }.user(token).await,
            Self::Known(user) => user(token).ok_or_else(|| "unknown token".into()),
        }
    }
}
