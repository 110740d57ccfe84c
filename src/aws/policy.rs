//! The inline session policy.

use std::path::Path;

use crate::error::Usage;
use crate::input::{Kind, Reader};
use crate::json;

/// A session policy: JSON of at most 2048 characters
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPolicy(String);

/// The longest policy in characters, including the ARNs of managed policies.
pub const LONGEST: usize = 2048;

const FORMS: &str = "write the policy's JSON, or @ and the name of its file";

impl SessionPolicy {
    /// Reads the value of `--policy`: the JSON itself, or `@FILE`.
    ///
    /// # Errors
    /// If the file cannot be read, or STS would reject the text.
    pub fn from_option(reader: &Reader, value: &str) -> Result<Self, Usage> {
        const OPTION: &str = "--policy";
        let Some(file) = value.strip_prefix('@') else { return Self::parse(OPTION, value) };
        if file.is_empty() {
            return Err(Usage::new("--policy: the file's name is missing after `@`").hint(FORMS));
        }
        let path = Path::new(file);
        let text = reader.text(OPTION, path, Kind::Document).map_err(|fault| fault.at(OPTION, path))?;
        Self::parse(&format!("--policy: {file}"), &text)
    }

    /// Checks the text. If it is too long, white space outside of strings is removed.
    fn parse(origin: &str, text: &str) -> Result<Self, Usage> {
        if text.trim().is_empty() {
            return Err(Usage::new(format!("{origin} is empty")).hint(FORMS));
        }
        let value = json::parse(text.as_bytes()).map_err(|fault| {
            let hint = fault.hint().unwrap_or("IAM accepts no comments and no trailing commas");
            Usage::new(format!("{origin}: {fault}")).hint(hint)
        })?;
        if !value.is_object() {
            return Err(Usage::new(format!("{origin}: a policy is a JSON object")));
        }
        let text = text.trim();
        let text = if text.chars().count() <= LONGEST { text.to_owned() } else { value.to_string() };
        let length = text.chars().count();
        if length > LONGEST {
            return Err(Usage::new(format!(
                "{origin}: {length} characters, even without spaces; STS accepts at most {LONGEST}"
            ))
            .hint("put it into a managed policy and name that with --policy-arn"));
        }
        if let Some(bad) = text.chars().find(|c| !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}')) {
            return Err(Usage::new(format!(
                "{origin}: STS accepts no character above U+00FF, such as U+{:04X}",
                u32::from(bad)
            ))
            .hint("write it as a JSON escape, \\uXXXX"));
        }
        Ok(Self(text))
    }

    /// The text as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_option(value: &str) -> Result<SessionPolicy, Usage> {
        SessionPolicy::from_option(&Reader::of_a_test(), value)
    }

    #[test]
    fn a_policy_is_json_with_the_place_of_its_fault() {
        let fault = |text| from_option(text).unwrap_err().to_string();
        assert!(from_option(r#"{"Version":"2012-10-17","Statement":[]}"#).is_ok());
        assert_eq!(fault("{\"a\": 1,\n}"), "--policy: not JSON: trailing comma at line 2 column 1");
        assert_eq!(fault("[]"), "--policy: a policy is a JSON object");
        assert_eq!(fault("{\"a\":\"日\"}"), "--policy: STS accepts no character above U+00FF, such as U+65E5");
        assert!(fault("@/nonexistent/policy.json").starts_with("--policy: cannot read /nonexistent/policy.json: "));
    }

    #[test]
    fn blanks_go_before_a_long_policy_is_refused() {
        let padded = format!("{{{}\"a\":1}}", " ".repeat(3000));
        assert_eq!(from_option(&padded).unwrap().as_str(), "{\"a\":1}");
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LONGEST));
        assert!(from_option(&long).unwrap_err().to_string().contains("2056 characters"));
    }
}
