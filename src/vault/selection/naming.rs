//! Makes variable names from a secret's keys, by our rule or by that of HashiCorp's GitHub action.
//!
//! <https://github.com/hashicorp/vault-action#using-wildcards>

use super::super::names;
use crate::shell::Name;

/// How a prefix and a secret's key become a variable name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// Our rule: the key is changed to upper case, and each invalid character to `_`. The prefix is not changed.
    Own,
    /// The action's rule: prefix and key together are changed to upper case for `*`, and not changed for `**`.
    Action {
        /// Whether they are changed to upper case.
        upper: bool,
    },
}

/// Why a key has no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nameless {
    /// The result is not a valid variable name.
    NotAName,
    /// Versions of the action make different names.
    Unsettled,
}

impl Nameless {
    /// The reason, as the end of a sentence that starts with the key.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::NotAName => "it is not a variable's name",
            Self::Unsettled => "versions of the action name a key with several dots differently",
        }
    }
}

impl Naming {
    /// The name for `key` with `prefix`.
    ///
    /// # Errors
    /// If there is no valid name.
    pub fn name(self, prefix: &str, key: &str) -> Result<Name, Nameless> {
        match self {
            Self::Own => names::made(prefix, key).ok_or(Nameless::NotAName),
            Self::Action { upper } => action_name(&format!("{prefix}{key}"), upper),
        }
    }
}

/// The action's rule: dots become `__`, and other characters than letters, digits and `_` are removed. Its older
/// versions replace only the first dot. Newer ones keep a dash, which no shell allows.
fn action_name(text: &str, upper: bool) -> Result<Name, Nameless> {
    if text.matches('.').count() > 1 {
        return Err(Nameless::Unsettled);
    }
    let kept: String = text.replace('.', "__").chars().filter(|c| *c == '_' || c.is_alphanumeric()).collect();
    Name::new(&if upper { kept.to_uppercase() } else { kept }).ok_or(Nameless::NotAName)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_the_actions_names() {
        let name =
            |prefix: &str, key: &str, upper| Naming::Action { upper }.name(prefix, key).map(|name| name.to_string());
        for (prefix, key, upper, lower) in [
            ("", "Password", "PASSWORD", "Password"),
            ("app_", "user", "APP_USER", "app_user"),
            ("app_", "db.host", "APP_DB__HOST", "app_db__host"),
            ("my-app-", "user", "MYAPPUSER", "myappuser"),
            ("", "dash-key", "DASHKEY", "dashkey"),
            ("", "a b/c:d", "ABCD", "abcd"),
            ("", "_x1", "_X1", "_x1"),
        ] {
            assert_eq!(name(prefix, key, true).as_deref(), Ok(upper), "{prefix} {key}");
            assert_eq!(name(prefix, key, false).as_deref(), Ok(lower), "{prefix} {key}");
        }
        assert_eq!(name("", "stra\u{df}e", true).as_deref(), Ok("STRASSE"));
        for key in ["ünï", "测试", "9lives", "-", "", "stra\u{df}e"] {
            assert_eq!(name("", key, false), Err(Nameless::NotAName), "{key}");
        }
        assert_eq!(name("", "a.b.c", true), Err(Nameless::Unsettled));
        assert_eq!(name("a.", "b.c", true), Err(Nameless::Unsettled));
    }

    #[test]
    fn our_own_keep_the_prefix() {
        let name = |key: &str| Naming::Own.name("app_", key).map(|name| name.to_string());
        assert_eq!(name("db.host-1").as_deref(), Ok("app_DB_HOST_1"));
        assert_eq!(Naming::Own.name("", "9lives"), Err(Nameless::NotAName));
    }
}
