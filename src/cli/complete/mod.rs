//! `completions`: what the shells get from clap's own definitions.
//!
//! `clap_complete` and `clap_mangen` make the completions and the manual page as well, for 63 KB and 75 KB of a small
//! binary's release build. Ours, with the examples in the help texts, are 38 KB.

mod bash;
mod fish;
mod zsh;

use super::outline::outline;

/// The shells that completions are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// For `eval "$(oidc-exchange completions bash)"`, or a file in bash-completion's directory.
    Bash,
    /// For a file named `_oidc-exchange` in a directory of `fpath`.
    Zsh,
    /// For a file named `oidc-exchange.fish` in fish's directory of completions.
    Fish,
}

/// The script with which this shell completes our command lines.
#[must_use]
pub fn completions(shell: Shell) -> String {
    let commands = outline();
    match shell {
        Shell::Bash => bash::script(&commands),
        Shell::Zsh => zsh::script(&commands),
        Shell::Fish => fish::script(&commands),
    }
}

/// `format!` without its machinery: these scripts are many small pieces.
fn add(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}
