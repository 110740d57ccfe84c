//! The reactions of the clouds to a token with a fault.

use crate::cloud::{About, Reaction, TokenFault};
use crate::clouds;
use crate::explanation::{Check, Mark};

/// Adds a line to the check for each cloud with a known message for `fault`.
pub(super) fn on(fault: TokenFault<'_>, check: Check) -> Check {
    among(&clouds::ALL, fault, check)
}

fn among(clouds: &[&About], fault: TokenFault<'_>, check: Check) -> Check {
    if check.mark == Mark::Unknown {
        return check;
    }
    clouds.iter().fold(check, |check, about| match (about.reaction)(fault) {
        Reaction::Says(words) => check.fact(about.name, words),
        Reaction::Ignores | Reaction::Refuses => check,
    })
}

/// The clouds that refuse a token for `fault`, with the verb for one or for several: `AWS and Google require`.
pub(super) fn refusing(fault: TokenFault<'_>, one: &str, several: &str) -> String {
    let refuse = |about: &&&About| (about.reaction)(fault) != Reaction::Ignores;
    let names: Vec<&str> = clouds::ALL.iter().filter(refuse).map(|about| about.name).collect();
    match &names[..] {
        [name] => format!("{name} {one}"),
        [first @ .., last] => format!("{} and {last} {several}", first.join(", ")),
        [] => format!("no cloud {one}"),
    }
}
