//! Names that variables from secrets must not have: those that shells manage, and those that affect programs.

use crate::shell::Name;
use crate::shell::steering::Steered;

/// Shells, and the variables that each manages: an `export` fails, does not last, or is not passed to child
/// processes. Sources: bash(1) Shell Variables, zshparam(1) Parameters Set By The Shell, mksh(1) Parameters, ksh(1),
/// fish-language(1).
const HELD: [(&str, &[&str]); 5] = [
    ("every shell", &["LINENO", "OLDPWD", "OPTARG", "OPTIND", "PPID", "PWD", "RANDOM", "SECONDS", "SHLVL", "_"]),
    (
        "bash",
        &[
            "BASHOPTS",
            "BASHPID",
            "BASH_ALIASES",
            "BASH_ARGC",
            "BASH_ARGV",
            "BASH_CMDS",
            "BASH_COMMAND",
            "BASH_LINENO",
            "BASH_MONOSECONDS",
            "BASH_SOURCE",
            "BASH_SUBSHELL",
            "BASH_VERSINFO",
            "BASH_VERSION",
            "DIRSTACK",
            "EPOCHREALTIME",
            "EPOCHSECONDS",
            "EUID",
            "FUNCNAME",
            "FUNCNEST",
            "GROUPS",
            "HISTCMD",
            "PIPESTATUS",
            "SHELLOPTS",
            "SRANDOM",
            "UID",
        ],
    ),
    (
        "zsh",
        &[
            "ARGC",
            "EGID",
            "ERRNO",
            "GID",
            "TRY_BLOCK_ERROR",
            "TRY_BLOCK_INTERRUPT",
            "TTYIDLE",
            "USERNAME",
            "WATCH",
            "ZSH_EVAL_CONTEXT",
            "ZSH_SUBSHELL",
            "ZSH_VERSION",
            "aliases",
            "argv",
            "builtins",
            "cdpath",
            "commands",
            "dirstack",
            "fignore",
            "fpath",
            "functions",
            "histchars",
            "history",
            "historywords",
            "jobdirs",
            "jobstates",
            "jobtexts",
            "mailpath",
            "manpath",
            "module_path",
            "modules",
            "nameddirs",
            "options",
            "parameters",
            "patchars",
            "path",
            "pipestatus",
            "prompt",
            "psvar",
            "reswords",
            "saliases",
            "signals",
            "status",
            "userdirs",
            "usergroups",
            "watch",
            "zsh_eval_context",
        ],
    ),
    ("mksh", &["KSHEGID", "KSHGID", "KSHUID", "KSH_VERSION", "PGRP", "USER_ID"]),
    ("fish", &["FISH_VERSION", "fish_killring", "fish_pid"]),
];

/// The prefix of the variables that the printed text uses itself. It runs `"$_oidc_intact"` as a command.
const OWN: &str = "_oidc";

/// The shell that manages this variable, or this program if its printed text uses it. It must never be set, even on request.
#[must_use]
pub fn holder(name: &Name) -> Option<&'static str> {
    if name.as_str().starts_with(OWN) {
        return Some("oidc-exchange");
    }
    HELD.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(shell, _)| *shell)
}

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
