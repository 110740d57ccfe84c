//! A role's trust policy, evaluated as IAM does, on what a token shows.
//!
//! ```text
//! Document ──policy──▶ Policy  ┐
//! Claims ──request──▶ Request ─┴─evaluation──▶ Outcome ──telling, lints──▶ Judgement
//! ```
//!
//! With three values throughout: what turns on something that a token does not show is neither yes nor no.

mod evaluation;
mod lints;
mod operator;
mod pattern;
mod policy;
mod request;
mod telling;
mod token;
mod truth;

use std::path::Path;

use super::{ProviderArn, RoleArn};
use crate::document::Document;
use crate::error::Usage;
use crate::judgement::Judgement;
use crate::subject::Claims;
use policy::{Kind, Policy};
use request::{Provider, Request};

/// A trust policy, and whose it is.
#[derive(Debug)]
pub struct Rule {
    policy: Policy,
    /// The role, where that is known.
    role: Option<RoleArn>,
    /// The provider for the token's issuer, where it was named.
    provider: Option<ProviderArn>,
}

/// Reads the file that `--trust-policy` names.
///
/// # Errors
/// As [`Document::read`].
pub fn document(path: &Path) -> Result<Document, Usage> {
    Document::read_with("--trust-policy", path, policy::decoded)
}

impl Rule {
    /// Reads the policy from what `aws iam get-role` prints, or from the document alone. `role` is what the user
    /// says it is of, with where that was said; `provider` is what `--provider-arn` says.
    ///
    /// # Errors
    /// When it is no trust policy, with the place of its fault, or the document says that it is another role's.
    pub fn new(
        document: &Document,
        role: Option<(&'static str, RoleArn)>,
        provider: Option<&str>,
    ) -> Result<Self, Usage> {
        let (policy, written) = Policy::read(document)?;
        let role = match (role, written) {
            (Some((origin, said)), Some(written)) if said != written => {
                return Err(Usage::new(format!(
                    "{origin} says {}, and {} is of the role {}",
                    said.as_str(),
                    document.name(),
                    written.as_str()
                ))
                .hint("the file says itself whose it is: name that role, or none"));
            }
            (Some((_, role)), _) | (None, Some(role)) => Some(role),
            (None, None) => None,
        };
        let provider = provider.map(|arn| ProviderArn::parse("--provider-arn", arn)).transpose()?;
        Ok(Self { policy, role, provider })
    }

    /// Whether it lets a token with these claims in at `now`, in seconds since 1970.
    #[must_use]
    pub fn judge(&self, claims: &Claims, now: i64) -> Judgement {
        let provider = self.provider(claims.issuer_host().unwrap_or_default());
        let request = Request::new(claims, &provider);
        telling::judgement(self, &request, now)
    }

    /// The provider that STS looks the issuer up by: as it was named, in the role's account, or else as the policy
    /// itself has it.
    fn provider(&self, host: &str) -> Provider {
        if let Some(provider) = &self.provider {
            return Provider::Known(provider.as_str().to_owned());
        }
        if let Some(role) = &self.role {
            return Provider::Known(role.provider_arn(host));
        }
        let mut candidates = Vec::new();
        for (kind, name) in self.policy.statements.iter().filter_map(|one| one.principals.named.as_ref()).flatten() {
            let fits = ProviderArn::parse("", name).is_ok_and(|arn| arn.host() == host);
            if *kind == Kind::Federated && fits && !candidates.contains(name) {
                candidates.push(name.clone());
            }
        }
        match &mut candidates[..] {
            [one] => Provider::Known(std::mem::take(one)),
            _ => Provider::OneOf(candidates),
        }
    }
}
