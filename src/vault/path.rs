//! Paths below `/v1/`, which are checked before anything is sent.
//!
//! The server normalises `//` and `..`, and redirects to another secret. Such a path is refused here.

use std::fmt;

use reqwest::Url;

use crate::error::Usage;
use crate::text::unreadable;

/// A path of the API without `/v1/`. Its segments are not empty, not `.` or `..`, and have only readable characters.
///
/// ```
/// use oidc_exchange::vault::path::Path;
///
/// assert!(Path::parse("a secret", "secret/production/db").is_ok());
/// assert!(Path::parse("a secret", "secret/production/../admin").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(String);

impl Path {
    /// Parses a path. `origin` is where it was written.
    ///
    /// # Errors
    /// If a server could read it as another path.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        let wrong = |why: &str| Usage::new(format!("{origin}: `{text}` is not a path: {why}"));
        if text.is_empty() {
            return Err(Usage::new(format!("{origin}: the path is empty")));
        }
        if text.chars().any(char::is_control) {
            return Err(wrong("it holds a control character"));
        }
        if let Some(invisible) = unreadable(text) {
            return Err(wrong(&format!("it holds the invisible character {invisible}")));
        }
        if text.contains(['?', '#']) {
            return Err(wrong("it holds `?` or `#`, which end a path"));
        }
        if text.starts_with('/') || text.ends_with('/') {
            return Err(wrong("it starts or ends with a slash").hint("write it like secret/production/db"));
        }
        if let Some((_, path)) = text.split_once("://") {
            let wrong = wrong("it holds `://`");
            // What is before `@` may be a password.
            return Err(if path.contains('@') { wrong } else { wrong.hint(format!("write only the path: {path}")) });
        }
        if text.split('/').any(str::is_empty) {
            return Err(wrong("a segment is empty"));
        }
        if text.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(wrong("`.` and `..` would lead elsewhere"));
        }
        Ok(Self(text.to_owned()))
    }

    /// A path of the API with these segments.
    #[must_use]
    pub fn fixed(segments: &[&'static str]) -> Self {
        Self(segments.join("/"))
    }

    /// The path with `below` appended.
    #[must_use]
    pub fn join(&self, below: &Self) -> Self {
        Self(format!("{self}/{below}"))
    }

    /// Parses `--mount`: the path of an auth method, below `auth/`.
    ///
    /// # Errors
    /// If it is not a valid path, or starts with `auth/`.
    pub fn parse_mount(text: &str) -> Result<Self, Usage> {
        let path = Self::parse("--mount", text.strip_suffix('/').unwrap_or(text))?;
        if path.first() == "auth" {
            return Err(Usage::new("--mount: write the mount without auth/ before it"));
        }
        Ok(path)
    }

    /// The path in our syntax, if it has the syntax of another tool: `vault:` before it, or a field or a version
    /// appended with `:`, `.`, `@` or a space. Each of these may also be part of a path. A prefix of ours in another
    /// case, the API's `v1/`, and spaces at the ends are corrected too.
    #[must_use]
    pub fn other_syntax(&self) -> Option<String> {
        let written = self.0.trim();
        let (engine, text) = match written.split_once(':') {
            Some((word, rest)) => match word.to_ascii_lowercase().as_str() {
                "vault" | "bao" | "openbao" | "secret" | "kv" | "get" | "read" => ("", rest),
                "kv1" => ("kv1:", rest),
                "kv2" => ("kv2:", rest),
                "post" | "put" | "write" => ("POST:", rest),
                _ => ("", written),
            },
            None => ("", written),
        };
        let text = text.trim();
        let text = text.strip_prefix("v1/").unwrap_or(text);
        let (before, last) = text.rsplit_once('/').unwrap_or(("MOUNT", text));
        let joined = last.rfind(['@', ':', '.', ' ']).filter(|at| *at > 0 && at + 1 < last.len());
        match joined {
            Some(at) if last[at..].starts_with('@') && last[at + 1..].bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(format!("NAME={engine}{before}/{}?version={}#field", &last[..at], &last[at + 1..]))
            }
            Some(at) => Some(format!("NAME={engine}{before}/{}#{}", last[..at].trim_end(), &last[at + 1..])),
            None => (text.len() < self.0.len()).then(|| format!("NAME={engine}{before}/{last}#field")),
        }
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rest of the path after `mount`, which ends with a slash; `None` if the path is not below it.
    #[must_use]
    pub fn below(&self, mount: &str) -> Option<&str> {
        self.0.strip_prefix(mount)
    }

    /// The path with `segment` inserted as the second segment.
    #[must_use]
    pub fn with_second(&self, segment: &str) -> Self {
        match self.0.split_once('/') {
            Some((first, rest)) => Self(format!("{first}/{segment}/{rest}")),
            None => Self(format!("{}/{segment}", self.0)),
        }
    }

    /// The paths that may be meant for KV version 2, if the end of the mount is unknown: without a segment `data`,
    /// or, if it has none, with one inserted.
    #[must_use]
    pub fn other_spellings(&self) -> Vec<Self> {
        let segments: Vec<&str> = self.0.split('/').collect();
        let without = (1..segments.len().saturating_sub(1)).filter(|at| segments[*at] == "data").map(|at| {
            let mut kept = segments.clone();
            kept.remove(at);
            Self(kept.join("/"))
        });
        let without: Vec<Self> = without.collect();
        if !without.is_empty() {
            return without;
        }
        let with = (1..segments.len()).map(|at| {
            let mut more = segments.clone();
            more.insert(at, "data");
            Self(more.join("/"))
        });
        with.collect()
    }

    /// The path without its second segment, if that is `segment` and is not the last one.
    #[must_use]
    pub fn without_second(&self, segment: &str) -> Option<Self> {
        let (first, rest) = self.0.split_once('/')?;
        let rest = rest.strip_prefix(segment)?.strip_prefix('/')?;
        Some(Self(format!("{first}/{rest}")))
    }

    /// The first segment.
    #[must_use]
    pub fn first(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The path with `segment` inserted after `mount`; unchanged if it is not below `mount`.
    #[must_use]
    pub fn with_behind(&self, mount: &str, segment: &str) -> Self {
        self.below(mount).map_or_else(|| self.clone(), |rest| Self(format!("{mount}{segment}/{rest}")))
    }

    /// The URL of this path below `base/v1/`, with each segment percent-encoded.
    #[must_use]
    pub fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(self.0.split('/'));
        }
        url
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for bad in
            ["", "/a", "a/", "a//b", "a/../b", "..", "a/./b", "a\nb", "a\0b", "a\u{7f}b", "a\u{85}b", "a?b", "a#b"]
        {
            assert!(Path::parse("x", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_path_is_put_below_the_addresss_own() {
        let url = |base: &str, path: &str| {
            Path::parse("x", path).unwrap().url(&Url::parse(base).unwrap()).as_str().to_owned()
        };
        assert_eq!(url("https://v:8200", "secret/data/a b+c"), "https://v:8200/v1/secret/data/a%20b+c");
        assert_eq!(url("https://v/below/", "a/%2e%2e/b\\c"), "https://v/below/v1/a/%252e%252e/b%5Cc");
        assert_eq!(url("https://v", "a/ü"), "https://v/v1/a/%C3%BC");
    }

    #[test]
    fn kv_spellings_are_made_from_one_another() {
        let path = |text: &str| Path::parse("x", text).unwrap();
        assert_eq!(path("secret/a/b").with_second("data"), path("secret/data/a/b"));
        assert_eq!(path("secret/data/a").without_second("data"), Some(path("secret/a")));
        assert_eq!(path("secret/database/a").without_second("data"), None);
        assert_eq!(path("secret/data").without_second("data"), None);
        assert_eq!(path("team/kv/data/a").other_spellings(), [path("team/kv/a")]);
        assert_eq!(path("team/kv/a").other_spellings(), [path("team/data/kv/a"), path("team/kv/data/a")]);
        assert_eq!(path("a").other_spellings(), []);
        assert_eq!(path("team/kv/a").with_behind("team/kv/", "data"), path("team/kv/data/a"));
    }

    proptest! {
        #[test]
        fn every_segment_arrives_as_it_was(segments in prop::collection::vec("[^/\u{0}-\u{1f}\u{7f}-\u{9f}?#]{1,12}", 1..5)) {
            let text = segments.join("/");
            prop_assume!(!segments.iter().any(|segment| segment == "." || segment == ".."));
            prop_assume!(unreadable(&text).is_none());
            let url = Path::parse("x", &text).unwrap().url(&Url::parse("https://v").unwrap());
            let arrived: Vec<String> = url.path_segments().unwrap().skip(1).map(decode).collect();
            prop_assert_eq!(arrived, segments);
            prop_assert!(url.query().is_none() && url.fragment().is_none());
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>()) {
            let _ = Path::parse("x", &text);
        }
    }

    /// An independent percent-decoder for the test.
    fn decode(segment: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = segment.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let pair = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    }
}
