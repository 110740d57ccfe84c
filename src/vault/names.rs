//! Names that secrets may not take: those that shells hold, and those that would change what a shell runs.

use crate::shell::Name;

/// Shells hold these read-only or change them by themselves: an `export` fails or does not last.
const HELD: [&str; 28] = [
    "BASHOPTS",
    "BASHPID",
    "BASH_VERSINFO",
    "BASH_VERSION",
    "EGID",
    "EUID",
    "FISH_VERSION",
    "FUNCNAME",
    "FUNCNEST",
    "GID",
    "HISTCMD",
    "KSH_VERSION",
    "LINENO",
    "OLDPWD",
    "OPTARG",
    "OPTIND",
    "PPID",
    "PWD",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "TTYIDLE",
    "UID",
    "ZSH_EVAL_CONTEXT",
    "ZSH_SUBSHELL",
    "ZSH_VERSION",
    "_",
];

/// These decide what the next command is, or how it is read.
const STEERING: [&str; 6] = ["PATH", "BASH_ENV", "ENV", "IFS", "PROMPT_COMMAND", "PS4"];

/// The same, by their beginning: the dynamic linkers'.
const STEERING_PREFIXES: [&str; 2] = ["LD_", "DYLD_"];

/// Why nothing may be written to this name, even where it was asked for.
#[must_use]
pub fn held(name: &Name) -> bool {
    HELD.contains(&name.as_str())
}

/// Whether a name that was made from a secret's key, and so by whoever writes the secret, may be used.
#[must_use]
pub fn may_be_made(name: &Name) -> bool {
    let text = name.as_str();
    !held(name) && !STEERING.contains(&text) && !STEERING_PREFIXES.iter().any(|beginning| text.starts_with(beginning))
}

/// `prefix` and a secret's key as a variable's name: upper-cased, what no name can hold turned into `_`.
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
        for bad in ["PATH", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "ENV", "PS4", "UID", "_", "SHELLOPTS"] {
            assert!(!may_be_made(&Name::new(bad).unwrap()), "{bad}");
        }
        for good in ["MY_PATH", "LDAP", "PASSWORD", "ENVIRONMENT"] {
            assert!(may_be_made(&Name::new(good).unwrap()), "{good}");
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
