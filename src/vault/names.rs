//! Names that variables from secrets must not have: those that shells manage, and those that affect programs.

use crate::shell::Name;
use crate::shell::steering::{Steered, holder};

/// The program that reads this variable. A name that is made from a secret's key must not be such a variable: the
/// author of the secret could control the program.
#[must_use]
pub fn reader(name: &Name) -> Option<&'static str> {
    match holder(name) {
        Some(own @ "oidc-exchange") => Some(own),
        Some(_) => Some("a shell"),
        None => Steered::by(name).map(|it| it.who),
    }
}

/// The variable name for a secret's key with `prefix`: upper case, with `_` for characters that are not allowed.
#[must_use]
pub fn made(prefix: &str, key: &str) -> Option<Name> {
    let key: String =
        key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_uppercase() } else { '_' }).collect();
    if key.is_empty() {
        return None;
    }
    Name::new(&format!("{prefix}{key}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_becomes_a_name() {
        let name = |prefix, key| made(prefix, key).map(|name| name.to_string());
        assert_eq!(name("DB_", "user-name.1").as_deref(), Some("DB_USER_NAME_1"));
        assert_eq!(name("", "9lives"), None);
        assert_eq!(name("X", ""), None);
        assert_eq!(name("", "ä").as_deref(), Some("_"));
    }

    #[test]
    fn a_made_name_steers_nothing() {
        for bad in ["PATH", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "ENV", "PS4", "UID", "_", "SHELLOPTS", "PYTHONPATH"]
        {
            assert!(reader(&Name::new(bad).unwrap()).is_some(), "{bad}");
        }
        for own in ["_oidc_intact", "_oidc_exchange", "_oidc_value", "_oidc_other", "_oidc052", "_oidc"] {
            assert_eq!(reader(&Name::new(own).unwrap()), Some("oidc-exchange"), "{own}");
        }
        for good in ["_OIDC_TOKEN", "oidc_token", "MY_PATH", "LDAP", "PASSWORD", "ENVIRONMENT"] {
            assert_eq!(reader(&Name::new(good).unwrap()), None, "{good}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_key_is_the_name_is_one(prefix in "[A-Z_]{1,4}", key in any::<String>()) {
            if let Some(name) = made(&prefix, &key) {
                prop_assert!(name.as_str().starts_with(&prefix));
                prop_assert!(!name.as_str()[prefix.len()..].bytes().any(|byte| byte.is_ascii_lowercase()));
            } else {
                prop_assert!(key.is_empty());
            }
        }
    }
}
