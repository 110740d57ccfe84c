//! Google's universes: separate clouds with their own domains.

use crate::error::Usage;

/// A universe's domain; `googleapis.com` by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniverseDomain(String);

const GOOGLE: &str = "googleapis.com";

impl Default for UniverseDomain {
    fn default() -> Self {
        Self(GOOGLE.to_owned())
    }
}

impl UniverseDomain {
    /// Parses a domain.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if text.len() <= 200 && text.contains('.') && text.split('.').all(label) {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("{option}: `{text}` is not a universe's domain"))
            .hint("it is a domain in lower case, like googleapis.com, without a service's name before it"))
    }

    /// The domain as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn is_default(&self) -> bool {
        self.0 == GOOGLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_universe_is_a_domain() {
        for bad in ["", "google", "https://googleapis.com", "GoogleApis.com", "a..b", "-a.b", "a b.c", "a.b/c"] {
            assert!(UniverseDomain::parse("--universe-domain", bad).is_err(), "{bad}");
        }
    }
}
