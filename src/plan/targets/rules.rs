//! Values that a file must not set, although an option may: a pull request can edit the file.

use reqwest::Url;

use super::file::{Setting, Target, TargetsFile};
use crate::error::Usage;
use crate::shell::Name;
use crate::vault::names::reader;
use crate::vault::secrets_file;
use crate::vault::selection;

/// Checks every value of `target`, whether the target is used or not.
///
/// # Errors
/// The first value that a file must not set, with its position.
pub(super) fn check(file: &TargetsFile, target: &Target) -> Result<(), Usage> {
    for setting in &target.settings {
        for value in &setting.values {
            value_of(&setting.key.name, value).map_err(|why| file.at_setting(target, setting, &why))?;
        }
    }
    Ok(())
}

fn value_of(key: &str, value: &str) -> Result<(), String> {
    let is_laid_out = |c: char| key == "policy" && matches!(c, '\n' | '\r' | '\t');
    if value.contains(|c: char| c.is_control() && !is_laid_out(c)) {
        return Err("it has a line feed or another control character".into());
    }
    match key {
        "policy" if value.trim_start().starts_with('@') => {
            Err("a targets file names no file: write the policy itself".into())
        }
        "authority-host" if !CLOUDS.contains(&value) => {
            Err(format!("a targets file names a cloud only: {}", CLOUDS.join(", ")))
        }
        "addr" => https(value),
        "env-prefix" => prefix(value, "AWS_ACCESS_KEY_ID"),
        "id-token-env" | "access-token-env" => variable(value),
        "secrets" => secret(value),
        _ => Ok(()),
    }
}

const CLOUDS: [&str; 3] = ["AzureCloud", "AzureUSGovernment", "AzureChinaCloud"];

/// URL parsers drop line feeds and tabs, so the text would look different from the address that is used.
fn https(value: &str) -> Result<(), String> {
    let value = value.trim();
    match Url::parse(value) {
        Ok(url) if url.scheme() == "https" && url.has_host() && !value.contains(char::is_whitespace) => Ok(()),
        Ok(_) | Err(_) => Err("it is not an https address".into()),
    }
}

/// A value that starts like an option would be parsed as one.
fn secret(value: &str) -> Result<(), String> {
    if value.trim_start().starts_with('-') {
        return Err("a secret does not begin with a hyphen".into());
    }
    for selection in secrets_file::selections(value).map_err(|usage| usage.to_string())? {
        match selection.target {
            selection::Target::Variable(name) => variable(name.as_str())?,
            selection::Target::Each { prefix: before, .. } if !before.is_empty() => prefix(&before, "X")?,
            selection::Target::Each { .. } => {}
        }
    }
    Ok(())
}

/// Checks a variable that the file sets: it has only capital letters, digits and `_`, and affects no program.
fn variable(text: &str) -> Result<(), String> {
    let capitals = text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let Some(name) = Name::new(text).filter(|_| capitals) else {
        return Err("a variable's name has capital letters, digits and _, and a letter first".into());
    };
    match reader(&name) {
        None => Ok(()),
        Some(who) => Err(format!("{name} is read by {who}, which a targets file must not steer")),
    }
}

fn prefix(text: &str, example: &str) -> Result<(), String> {
    variable(&format!("{text}{example}"))
}

/// The Vault addresses that targets may use.
#[derive(Debug)]
pub(super) struct AllowedVaults(Vec<Url>);

impl AllowedVaults {
    pub(super) const VARIABLE: &'static str = "OIDC_EXCHANGE_VAULT_ADDRS";

    /// Reads the option's values, or else the variable. An empty list allows every address.
    ///
    /// # Errors
    /// If one of them is not an https address.
    pub(super) fn new(option: &[String], variable: Option<&str>) -> Result<Self, Usage> {
        let origin = if option.is_empty() { Self::VARIABLE } else { "--vault-addr-allowed" };
        let words = variable.filter(|_| option.is_empty()).unwrap_or_default().split([',', ' ', '\n']);
        let words = words.chain(option.iter().map(String::as_str)).filter(|word| !word.is_empty());
        let read = |word: &str| match (https(word), address(word)) {
            (Ok(()), Some(url)) => Ok(url),
            _ => Err(Usage::new(format!("{origin} is not an https address"))),
        };
        words.map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Checks the address that the file sets for `target`, if any.
    ///
    /// # Errors
    /// If it is not in the list.
    pub(super) fn check(&self, file: &TargetsFile, target: &Target) -> Result<(), Usage> {
        let is_address = |setting: &&Setting| setting.key.name == "addr";
        let Some(setting) = target.settings.iter().find(is_address).filter(|_| !self.0.is_empty()) else {
            return Ok(());
        };
        let allowed = setting.values.iter().all(|value| address(value).is_some_and(|url| self.0.contains(&url)));
        if allowed {
            return Ok(());
        }
        let usage = file.at_setting(target, setting, "this Vault is not allowed");
        Err(usage.hint(format!("allow it with --vault-addr-allowed URL or {}", Self::VARIABLE)))
    }
}

/// An address in the form that is sent, which shows look-alike letters.
pub(super) fn as_used(text: &str) -> String {
    address(text).map_or_else(|| text.to_owned(), |url| url.as_str().trim_end_matches('/').to_owned())
}

/// An address in the form for comparison.
fn address(text: &str) -> Option<Url> {
    let mut url = Url::parse(text.trim()).ok()?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_variables_steer_nobody() {
        for good in ["DB_PASSWORD=secret/a#b", "A=secret/a#b", "DB_=secret/a#*", "=secret/a#*", "secret/a b | TOKEN"] {
            assert_eq!(value_of("secrets", good), Ok(()), "{good}");
        }
        for bad in [
            "PATH=secret/a#b",
            "path=secret/a#b",
            "LD_PRELOAD=secret/a#b",
            "BASH_ENV=secret/a#b",
            "NODE_OPTIONS=secret/a#b",
            "GIT_SSH_COMMAND=secret/a#b",
            "PYTHONSTARTUP=secret/a#b",
            "AWS_ENDPOINT_URL=secret/a#b",
            "HTTPS_PROXY=secret/a#b",
            "db_password=secret/a#b",
            "_X=secret/a#b",
            "UID=secret/a#b",
            "OIDC_EXCHANGE_TARGETS=secret/a#b",
            "GIT_=secret/a#*",
            "LD_=secret/a#*",
            "lower_=secret/a#*",
            "--export-token",
            " --output=/x",
        ] {
            assert!(value_of("secrets", bad).is_err(), "{bad}");
        }
        for bad in ["LD_", "GIT_", "a", "", "1", "BASH_FUNC_"] {
            assert!(value_of("env-prefix", bad).is_err(), "{bad}");
        }
        assert_eq!(value_of("env-prefix", "STAGING_"), Ok(()));
        assert!(value_of("id-token-env", "NODE_OPTIONS").is_err() && value_of("access-token-env", "x").is_err());
    }

    #[test]
    fn a_file_names_no_server_but_a_vaults_and_that_by_https() {
        for bad in
            ["http://127.0.0.1:8200", "vault.test", "", "file:///x", "https://", "https://a\n.test", "https://a.te\tst"]
        {
            assert!(value_of("addr", bad).is_err(), "{bad}");
        }
        assert!(value_of("authority-host", "https://login.test").is_err());
        assert_eq!(value_of("authority-host", "AzureChinaCloud"), Ok(()));
        assert!(value_of("policy", "@x").is_err() && value_of("policy", " @x").is_err());
    }

    #[test]
    fn addresses_are_compared_as_addresses() {
        let same = |one: &str, other: &str| address(one) == address(other);
        assert!(same("https://V.test", "https://v.test:443/") && same("https://v.test/a/", "https://v.test/a"));
        assert!(!same("https://v.test", "https://v.test:8200") && !same("https://v.test", "https://v.test.evil.test"));
        assert!(AllowedVaults::new(&["http://v.test".into()], None).is_err());
        let both = AllowedVaults::new(&["https://a.test".into()], Some("https://b.test")).unwrap();
        assert_eq!(both.0.len(), 1, "the option beats the variable");
        assert_eq!(AllowedVaults::new(&[], Some("https://a.test, https://b.test/")).unwrap().0.len(), 2);
    }
}
