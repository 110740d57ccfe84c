//! `completions`: shell completions, made from clap's definitions.
//!
//! `clap_complete` and `clap_mangen` would create the completions and the manual page too. They add 63 KB and 75 KB to
//! the binary. This code, including the examples in the help texts, has 38 KB.

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

/// Appends texts. These scripts are made of many small pieces, for which `format!` would add much code.
fn add(out: &mut String, parts: &[&str]) {
    for part in parts {
        out.push_str(part);
    }
}
