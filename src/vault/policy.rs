//! Makes a policy that allows reading the named secrets, with the paths of KV version 1 and 2.
//!
//! <https://openbao.org/docs/concepts/policies/#policy-syntax>

use std::fmt::Write as _;

use super::path::Path;
use super::selection::{Engine, Query};
use crate::error::Usage;

/// A secret that may be read, or created by a POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The API paths: for one KV version, or for both.
    paths: Vec<Path>,
    capability: &'static str,
}

impl Grant {
    /// The permission that a query of `vault` needs. `origin` is where the query is from.
    ///
    /// # Errors
    /// If a policy would treat a character of the path as a wildcard.
    pub fn of(origin: &str, query: &Query) -> Result<Self, Usage> {
        let path = query.path();
        if path.as_str().contains('*') {
            return Err(Usage::new(format!("{origin}: `{path}` cannot be in a policy, where `*` is a wildcard")));
        }
        match query {
            Query::Read { engine: Engine::Unknown, .. } => Self::parse(origin, path.as_str()),
            Query::Read { engine: Engine::Kv2, .. } => Self::parse(origin, &format!("kv2:{path}")),
            Query::Read { engine: Engine::Kv1, .. } => Self::parse(origin, &format!("kv1:{path}")),
            Query::Write { .. } => Ok(Self { capability: "update", ..Self::parse(origin, &format!("kv1:{path}"))? }),
        }
    }

    /// Parses `kv1:PATH`, `kv2:PATH` or `PATH`: a secret that may be read. `origin` is the option.
    ///
    /// # Errors
    /// If a policy would treat a character of the path as a wildcard.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        let (kv1, kv2) = (text.strip_prefix("kv1:"), text.strip_prefix("kv2:"));
        let path = Path::parse(origin, kv1.or(kv2).unwrap_or(text))?;
        let shown = path.as_str();
        let wrong = |why: &str| Usage::new(format!("{origin}: `{shown}` cannot be written in a policy: {why}"));
        let exact = shown.strip_suffix('*').unwrap_or(shown);
        if exact.contains('*') || shown.split('/').any(|segment| segment == "+") {
            return Err(wrong("`*` is a wildcard only at the end, and `+` matches any segment"));
        }
        if shown.contains(['"', '\\']) || shown.contains("${") || shown.contains("{{") {
            return Err(wrong("it holds a quote, a backslash, `${` or `{{`"));
        }
        let (mount, below) = shown.split_once('/').unwrap_or((shown, ""));
        if below.is_empty() || mount.contains('*') {
            return Err(wrong("it names a mount and no secret in it").hint("write it like secret/production/db"));
        }
        let has_data = shown.split('/').skip(1).any(|segment| segment == "data");
        let behind_the_mount = path.with_second("data");
        let paths = if kv1.is_some() {
            vec![path]
        } else if kv2.is_some() {
            vec![if path.without_second("data").is_some() { path } else { behind_the_mount }]
        } else if has_data {
            vec![path]
        } else {
            vec![behind_the_mount, path]
        };
        Ok(Self { paths, capability: "read" })
    }
}

/// The text of the policy.
pub(super) fn text(grants: &[Grant]) -> String {
    let mut out = String::new();
    for Grant { paths, capability } in grants {
        for path in paths {
            let _ = writeln!(out, "path \"{path}\" {{ capabilities = [\"{capability}\"] }}");
        }
    }
    out
}

/// What else the policy allows, one sentence each.
pub(super) fn warnings(grants: &[Grant]) -> Vec<String> {
    let mut warnings = Vec::new();
    if grants.iter().any(|grant| grant.paths.len() > 1) {
        warnings.push(
            "a secret has both spellings, with data/ for KV version 2 and without it for version 1; kv2: or kv1: before its path leaves one; for a mount of several segments, write data/ after the mount".to_owned(),
        );
    }
    if grants.iter().flat_map(|grant| &grant.paths).any(|path| path.as_str().ends_with('*')) {
        warnings.push("`*` at the end of a secret's path matches all paths that begin so, now or later".to_owned());
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        Grant::parse("--secret", text).unwrap().paths.iter().map(Path::to_string).collect()
    }

    #[test]
    fn a_secret_is_named_as_each_engine_spells_it() {
        assert_eq!(paths("secret/production/db"), ["secret/data/production/db", "secret/production/db"]);
        assert_eq!(paths("secret/data/production/db"), ["secret/data/production/db"]);
        assert_eq!(paths("team/kv/data/db"), ["team/kv/data/db"]);
        assert_eq!(paths("kv1:secret/db"), ["secret/db"]);
        assert_eq!(paths("kv2:secret/db"), ["secret/data/db"]);
        assert_eq!(paths("kv2:secret/data/db"), ["secret/data/db"]);
        assert_eq!(paths("kv2:secret/a/data/db"), ["secret/data/a/data/db"]);
        assert_eq!(paths("secret/production/*"), ["secret/data/production/*", "secret/production/*"]);
        assert_eq!(paths("secret/my db"), ["secret/data/my db", "secret/my db"]);
    }

    #[test]
    fn what_a_policy_would_mean_more_by_is_refused() {
        for text in [
            "",
            "secret",
            "kv2:secret",
            "*",
            "secret*",
            "secret*/x",
            "a/*/b",
            "a/b*c",
            "a/+/b",
            "+/b",
            "a/b\"",
            "a/b\\c",
            "a/${x}",
            "a/{{identity}}",
            "a/b#c",
            "a/b?c",
            "/a/b",
            "a/../b",
        ] {
            assert!(Grant::parse("--secret", text).is_err(), "{text}");
        }
    }
}
