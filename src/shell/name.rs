//! Names of variables.

use std::fmt;

/// A variable name that every shell accepts: letters, digits and `_`, without a digit first
/// (POSIX.1-2024, Base Definitions, section 3.216).
///
/// ```
/// use oidc_exchange::shell::Name;
///
/// assert!(Name::new("AWS_REGION").is_some());
/// assert!(Name::new("2ND").is_none() && Name::new("a-b").is_none() && Name::new("x; y").is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    /// `text` as a name; `None` if it is invalid.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = text.bytes();
        let first = bytes.next()?;
        let good = (first.is_ascii_alphabetic() || first == b'_')
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        good.then(|| Self(text.to_owned()))
    }

    /// A name that is fixed in this program.
    #[must_use]
    pub fn fixed(text: &'static str) -> Self {
        debug_assert!(Self::new(text).is_some());
        Self(text.to_owned())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn names_are_what_every_shell_takes() {
        for good in ["A", "_", "aB_9"] {
            assert!(Name::new(good).is_some(), "{good}");
        }
        for bad in ["", "9A", "A-B", "A B", "A=B", "Ä", "A\n"] {
            assert!(Name::new(bad).is_none(), "{bad}");
        }
    }
}
