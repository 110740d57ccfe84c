//! Variables that shells manage, and those of this program's own text.

use super::{Words, has};
use crate::shell::Name;

/// Shells, and the variables that each manages: an `export` fails, does not last, or is not passed to child
/// processes. Sources: bash(1) Shell Variables, zshparam(1) Parameters Set By The Shell, mksh(1) Parameters, ksh(1),
/// fish-language(1).
const HELD: [(&str, Words); 5] = [
    ("every shell", "LINENO OLDPWD OPTARG OPTIND PPID PWD RANDOM SECONDS SHLVL _"),
    (
        "bash",
        "\
            BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_CMDS BASH_COMMAND BASH_LINENO BASH_MONOSECONDS \
            BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO BASH_VERSION DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME \
            FUNCNEST GROUPS HISTCMD PIPESTATUS SHELLOPTS SRANDOM UID",
    ),
    (
        "zsh",
        "\
            ARGC EGID ERRNO GID TRY_BLOCK_ERROR TRY_BLOCK_INTERRUPT TTYIDLE USERNAME WATCH ZSH_EVAL_CONTEXT \
            ZSH_SUBSHELL ZSH_VERSION aliases argv builtins cdpath commands dirstack fignore fpath functions \
            histchars history historywords jobdirs jobstates jobtexts mailpath manpath module_path modules nameddirs \
            options parameters patchars path pipestatus prompt psvar reswords saliases signals status userdirs \
            usergroups watch zsh_eval_context",
    ),
    ("mksh", "KSHEGID KSHGID KSHUID KSH_VERSION PGRP USER_ID"),
    ("fish", "FISH_VERSION fish_killring fish_pid"),
];

/// The prefix of the variables that the printed text uses itself. It runs `"$_oidc_intact"` as a command.
const OWN: &str = "_oidc";

/// The shell that manages this variable, or this program if its printed text uses it. It must never be set, even on request.
#[must_use]
pub fn holder(name: &Name) -> Option<&'static str> {
    if name.as_str().starts_with(OWN) {
        return Some("oidc-exchange");
    }
    HELD.iter().find(|(_, names)| has(names, name.as_str())).map(|(shell, _)| *shell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_makes_a_difference() {
        for (name, whose) in [("path", "zsh"), ("UID", "bash"), ("_", "every shell"), ("_oidc_intact", "oidc-exchange")]
        {
            assert_eq!(holder(&Name::new(name).unwrap()), Some(whose), "{name}");
        }
        for free in ["uid", "_OIDC", "oidc_token", "PATHS"] {
            assert_eq!(holder(&Name::new(free).unwrap()), None, "{free}");
        }
    }
}
