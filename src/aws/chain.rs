//! Role chaining: each additional role is assumed with the previous session (`AssumeRole`, signed).
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use super::arn::is_in_name;
use std::time::Duration;

use super::RoleArn;
use crate::error::Usage;

/// The longest chained session that AWS allows, for any maximum of the role
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>).
pub const LONGEST_SESSION: Duration = Duration::from_hours(1);

/// An additional role of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The role.
    pub role: RoleArn,
    /// The external id, which its trust policy may require as `sts:ExternalId`.
    pub external_id: Option<ExternalId>,
}

/// An external id: 2 to 1224 of `[A-Za-z0-9_+=,.@:/-]`. According to AWS, it is not a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId(String);

impl ExternalId {
    /// Parses an external id.
    ///
    /// # Errors
    /// If STS would reject it.
    pub fn parse(text: &str) -> Result<Self, Usage> {
        if (2..=1224).contains(&text.len()) && text.bytes().all(|b| is_in_name(b) || b == b':' || b == b'/') {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("--external-id: `{text}` is not an external id"))
            .hint("it has 2 to 1224 letters, digits and +=,.@:/_- (no space)")
            .hint("for a role without one, give an empty --external-id"))
    }

    /// The external id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A source identity: 2 to 64 of `[A-Za-z0-9_+=,.@-]`. Once set, all later sessions of the chain have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceIdentity(String);

impl SourceIdentity {
    /// Parses a source identity.
    ///
    /// # Errors
    /// If STS would reject it.
    pub fn parse(text: &str) -> Result<Self, Usage> {
        if (2..=64).contains(&text.len()) && text.bytes().all(is_in_name) {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("--source-identity: `{text}` is not a source identity"))
            .hint("it has 2 to 64 letters, digits and +=,.@_- (no space, no slash, no colon)"))
    }

    /// The source identity as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tag of the last session: a key of 1 to 128 characters and a value of up to 256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionTag {
    /// The key.
    pub key: String,
    /// The value, which may be empty.
    pub value: String,
}

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_RequestParameters>
const MOST_TAGS: usize = 50;

impl SessionTag {
    /// Makes a tag of a key and a value.
    ///
    /// # Errors
    /// Why STS would reject it.
    pub fn new(key: &str, value: &str) -> Result<Self, String> {
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 {
            return Err("a key has 1 to 128 characters, a value at most 256".into());
        }
        if let Some(bad) = key.chars().chain(value.chars()).find(|c| !is_tag(*c)) {
            return Err(format!("STS accepts letters, digits, spaces and _.:/=+-@, but not {bad:?}"));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err("keys that begin with aws: are AWS's own".into());
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }

    /// Parses a session tag, `KEY=VALUE`.
    ///
    /// # Errors
    /// If STS would reject it.
    pub fn parse(text: &str) -> Result<Self, Usage> {
        let wrong = |why: &str| Usage::new(format!("--session-tag: `{text}`: {why}"));
        let Some((key, value)) = text.split_once('=') else { return Err(wrong("write it as KEY=VALUE")) };
        Self::new(key, value).map_err(|why| wrong(&why))
    }

    /// Parses the values of every `--session-tag`.
    ///
    /// # Errors
    /// If one is invalid, a key occurs twice, or there are too many.
    pub fn parse_all(texts: &[String]) -> Result<Vec<Self>, Usage> {
        let tags = texts.iter().map(|text| Self::parse(text)).collect::<Result<Vec<_>, _>>()?;
        if tags.len() > MOST_TAGS {
            return Err(Usage::new(format!(
                "--session-tag: {} were given; a session has at most {MOST_TAGS}",
                tags.len()
            )));
        }
        for (index, tag) in tags.iter().enumerate() {
            if tags[..index].iter().any(|before| before.key.to_lowercase() == tag.key.to_lowercase()) {
                return Err(Usage::new(format!(
                    "--session-tag: the key {} is given twice, and upper and lower case are one",
                    tag.key
                )));
            }
        }
        Ok(tags)
    }
}

/// Whether a tag may contain the character: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
pub(crate) fn is_tag(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_ids_and_source_identities_are_what_sts_takes() {
        for good in ["ab", "a:b/c", &"x".repeat(1224)] {
            assert!(ExternalId::parse(good).is_ok(), "{good}");
        }
        for bad in ["a", "a b", "ä-ä", "a#b", &"x".repeat(1225)] {
            assert!(ExternalId::parse(bad).is_err(), "{bad}");
        }
        assert!(SourceIdentity::parse("ci@acme").is_ok());
        for bad in ["", "a", "a:b", "a/b", &"x".repeat(65)] {
            assert!(SourceIdentity::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_tag_is_a_key_and_a_value() {
        let tag = SessionTag::parse("ref=refs/heads/a=b").unwrap();
        assert_eq!((tag.key.as_str(), tag.value.as_str()), ("ref", "refs/heads/a=b"));
        assert!(SessionTag::parse("team=").is_ok());
        assert!(SessionTag::parse("größe=ja nein").is_ok());
        for bad in ["team", "=x", "aws:x=y", "AWS:x=y", "branch=fix#1", "a=b\nc", &format!("k={}", "x".repeat(257))] {
            assert!(SessionTag::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tags_are_few_and_of_different_keys() {
        let all = |texts: &[&str]| SessionTag::parse_all(&texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        assert!(all(&["a=1", "b=2"]).is_ok());
        assert!(all(&["a=1", "A=2"]).is_err());
        let many: Vec<String> = (0..51).map(|n| format!("k{n}=v")).collect();
        assert!(SessionTag::parse_all(&many).unwrap_err().to_string().contains("51"));
    }
}
