//! The variables that a secret's keys become: in our own way, or in that of HashiCorp's action for GitHub.
//!
//! <https://github.com/hashicorp/vault-action#using-wildcards>

use super::super::names;
use crate::shell::Name;

/// How a secret's key, with a prefix before it, becomes a variable's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The key is upper-cased, and each other character becomes `_`; the prefix stays.
    Own,
    /// The action's way: prefix and key become a name together, upper-cased for `*` and as they are for `**`.
    Action {
        /// Whether it is upper-cased.
        upper: bool,
    },
}

/// Why a key has no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nameless {
    /// No shell has a variable of the name that it gets.
    NotAName,
    /// Versions of the action give it different names.
    Unsettled,
}

impl Nameless {
    /// What is wrong, in words that follow the key.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::NotAName => "it is not a variable's name",
            Self::Unsettled => "versions of the action name a key with several dots differently",
        }
    }
}

impl Naming {
    /// The name for `key` behind `prefix`.
    ///
    /// # Errors
    /// When the key has none.
    pub fn name(self, prefix: &str, key: &str) -> Result<Name, Nameless> {
        match self {
            Self::Own => names::made(prefix, key).ok_or(Nameless::NotAName),
            Self::Action { upper } => action_name(&format!("{prefix}{key}"), upper),
        }
    }
}

/// The action's rule: the dot becomes `__`, and everything but letters, digits and `_` goes. Its earlier versions replace the
/// first dot alone, and its later ones keep a dash, which no shell's variable has.
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
