//! The values of a rule. Invalid values are refused, with the place where they were written.

use reqwest::Url;

use crate::error::Usage;

/// The issuer's address, which is also the audience: exactly `https://ORG.semaphoreci.com`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// Parses an issuer's address. `origin` is where it was written.
    ///
    /// # Errors
    /// If no provider would accept it, or a provider would read it as another one (a trailing slash).
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        let wrong = |why: &str| {
            Usage::new(format!("{origin}: `{text}` is not an issuer's address: {why}"))
                .hint("write it as https://ORG.semaphoreci.com")
        };
        // What is before `@` may be a password.
        if text.contains('@') {
            return Err(Usage::new(format!("{origin}: an issuer's address has no user name and no password"))
                .hint("write it as https://ORG.semaphoreci.com"));
        }
        let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        let https = url.scheme() == "https" || (url.scheme() == "http" && crate::http::is_loopback(&url));
        if !https {
            return Err(wrong("it does not start with https://"));
        }
        if text.ends_with('/') {
            return Err(wrong("the slash at its end makes it another issuer"));
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._~:/".contains(c);
        if !text.chars().all(plain) {
            return Err(wrong("it has more in it than a host in lower case, and a path"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address without its scheme, as in AWS ARNs and condition keys.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.split_once("://").map_or(&self.0, |(_, host)| host)
    }
}

/// The organization's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization(String);

impl Organization {
    /// Parses an organization's name.
    ///
    /// # Errors
    /// If it has other characters than letters, digits, `-`, `_` and `.`.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        word(origin, text, "an organization's name").map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first label of the issuer's host, if it is a valid name.
    pub(super) fn of(issuer: &Issuer) -> Option<Self> {
        let host = issuer.host().split([':', '/']).next().unwrap_or_default();
        let named = host.parse::<std::net::IpAddr>().is_err();
        let (label, _) = host.split_once('.').filter(|_| named)?;
        Some(Self(label.to_owned()))
    }
}

/// A project's id, which is a UUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectId(String);

impl ProjectId {
    /// Parses a project's id.
    ///
    /// # Errors
    /// If it is not a UUID in lower case.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        let groups: Vec<usize> = text.split('-').map(str::len).collect();
        let digits = |c: char| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c);
        if groups == [8, 4, 4, 4, 12] && text.chars().all(digits) {
            return Ok(Self(text.to_owned()));
        }
        Err(Usage::new(format!("{origin}: `{text}` is not a project's id"))
            .hint("it is a UUID in lower case, which a job has in SEMAPHORE_PROJECT_ID"))
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A repository's name, without its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository(String);

impl Repository {
    /// Parses a repository's name.
    ///
    /// # Errors
    /// If it has other characters than letters, digits, `-`, `_` and `.`.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        word(origin, text, "a repository's name without its owner").map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks a value for a rule: it must not contain characters with a meaning in a rule's language.
fn word(origin: &str, text: &str, what: &str) -> Result<String, Usage> {
    let plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(Usage::new(format!("{origin}: `{text}` is not {what}")).hint("use only letters, digits, `-`, `_` and `.`"))
}

/// The name of a branch or tag, in which `*` is a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// If it is not valid as the name of a ref (<https://git-scm.com/docs/git-check-ref-format>).
    pub fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        let wrong = |why: &str| Usage::new(format!("{origin}: no branch or tag is called `{text}`: {why}"));
        if text.is_empty() || text.starts_with('/') || text.ends_with(['/', '.']) || text.contains("//") {
            return Err(wrong("a part of it is empty"));
        }
        if text.starts_with("refs/") {
            return Err(wrong("it is a whole ref").hint("write what comes after refs/heads/ or refs/tags/"));
        }
        if text.contains("..") || text.contains("@{") || text.contains("**") {
            return Err(wrong("it holds `..`, `@{` or `**`"));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || "~^:?[\\".contains(c)) {
            return Err(wrong("it holds a space or one of `~^:?[\\`"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it matches a single ref.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }
}
