//! The one type that holds a secret, and the filter that keeps token-shaped text out of messages.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::text::printable;

/// A secret text: a token, a key, a password.
///
/// It cannot be displayed, serialised or dereferenced; `Debug` prints a placeholder and the memory
/// is zeroed on drop. Reading it takes a visible [`Secret::reveal`].
///
/// ```
/// use oidc_exchange::secret::Secret;
///
/// let password = Secret::new("hunter2".into());
/// assert_eq!(format!("{password:?}"), "[redacted]");
/// assert_eq!(password.reveal(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes ownership of `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The secret itself. Every caller is a place where it leaves our keeping: a request, or the
    /// job's own environment.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

const PLACEHOLDER: &str = "[redacted]";

/// `text` with everything that looks like a JWT replaced: somebody pasted one where a name was due.
///
/// A JOSE header is a JSON object, so its base64url form starts with `eyJ`
/// (RFC 7515, section 3.1).
#[must_use]
pub fn redact_jwt_shaped(text: &str) -> String {
    const MARK: &str = "eyJ";
    const SHORTEST: usize = 16;
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(MARK) {
        let (before, candidate) = rest.split_at(start);
        let end =
            candidate.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.=".contains(c))).unwrap_or(candidate.len());
        out.push_str(before);
        out.push_str(if end >= SHORTEST { PLACEHOLDER } else { &candidate[..end] });
        rest = &candidate[end..];
    }
    out.push_str(rest);
    out
}

/// `text` as it may be shown: fit for a log and a terminal ([`printable`]), and without token-shaped parts. For whatever
/// others have written: a policy, a claim, the command line.
///
/// ```
/// use oidc_exchange::secret::sanitized;
///
/// let line = "no variable eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln\u{1b}[2J";
/// assert_eq!(sanitized(line), "no variable [redacted][2J");
/// ```
#[must_use]
pub fn sanitized(text: &str) -> String {
    // First what cannot be seen: it could hide the shape.
    redact_jwt_shaped(&printable(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "[redacted]");
    }

    #[test]
    fn jwt_shaped_text_goes_and_the_rest_stays() {
        let text = "no variable 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln' here";
        assert_eq!(redact_jwt_shaped(text), "no variable '[redacted]' here");
        assert_eq!(redact_jwt_shaped("eyJ is a short word"), "eyJ is a short word");
    }
}
