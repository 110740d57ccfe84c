//! A kept secret and its expiry.

use std::time::SystemTime;

use crate::secret::Secret;

/// A secret text, and its expiry.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// use oidc_exchange::cache::Entry;
/// use oidc_exchange::secret::Secret;
///
/// let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
/// let kept = Entry { secret: Secret::new("hunter2".into()), expires }.text();
/// assert_eq!(kept.reveal(), "2027-01-15T08:00:00Z\nhunter2");
/// let found = Entry::parse(kept.reveal()).unwrap();
/// assert_eq!((found.secret.reveal(), found.expires), ("hunter2", expires));
/// ```
#[derive(Debug)]
pub struct Entry {
    /// The secret.
    pub secret: Secret,
    /// Its expiry, in whole seconds.
    pub expires: SystemTime,
}

impl Entry {
    /// The content of its file: the expiry in the first line, then the secret unchanged.
    #[must_use]
    pub fn text(&self) -> Secret {
        Secret::new(format!("{}\n{}", humantime::format_rfc3339_seconds(self.expires), self.secret.reveal()))
    }

    /// Parses such a file; `None` if it is invalid.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (expires, secret) = text.split_once('\n')?;
        let expires = humantime::parse_rfc3339(expires).ok()?;
        (!secret.is_empty()).then(|| Self { secret: Secret::new(secret.to_owned()), expires })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(secret in "(?s).{1,80}", seconds in 0_u64..4_000_000_000) {
            let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let kept = Entry { secret: Secret::new(secret.clone()), expires }.text();
            let found = Entry::parse(kept.reveal()).unwrap();
            prop_assert_eq!((found.secret.reveal(), found.expires), (secret.as_str(), expires));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>()) {
            let _ = Entry::parse(&text);
        }
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        for text in ["", "\n", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00Z\n", "x\nhunter2", "{}\n{}"] {
            assert!(Entry::parse(text).is_none(), "{text:?}");
        }
    }
}
