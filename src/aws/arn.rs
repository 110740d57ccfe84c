//! ARNs of roles and of managed policies.

use crate::error::Usage;

/// A role's ARN: `arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME`, 20 to 2048 characters.
///
/// ```
/// use oidc_exchange::aws::RoleArn;
///
/// let role = RoleArn::parse("--role-arn", "arn:aws:iam::123456789012:role/ci/deploy")?;
/// assert_eq!(role.account(), "123456789012");
/// assert!(RoleArn::parse("--role-arn", "deploy").is_err());
/// # Ok::<(), oidc_exchange::error::Usage>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn(Iam);

/// The ARN of an OpenID Connect provider: `arn:PARTITION:iam::ACCOUNT:oidc-provider/HOST[/PATH]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderArn(Iam);

/// The ARN of a managed policy, which belongs to AWS (`…:iam::aws:policy/…`) or to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyArn(Iam);

/// `arn:PARTITION:iam::ACCOUNT:RESOURCE`
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns>).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Iam {
    text: String,
    partition: String,
    account: String,
}

impl RoleArn {
    /// Parses a role's ARN.
    ///
    /// # Errors
    /// If it is something else. A role name without an ARN, and a session's ARN, have their own messages.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        let wrong = |why: &str| {
            Usage::new(format!("{option}: `{text}` is not a role's ARN: {why}"))
                .hint("write it as arn:aws:iam::ACCOUNT:role/NAME; the role's page in the IAM console shows it")
        };
        if !text.contains(':') {
            return Err(wrong("it is only a name, without the role's account"));
        }
        if text.contains(":sts:") && text.contains(":assumed-role/") {
            return Err(wrong("it names a session of a role, not the role"));
        }
        let (iam, name) = Iam::parse(text, "role/").map_err(wrong)?;
        if !is_account(&iam.account) {
            return Err(wrong("the account is 12 digits"));
        }
        if !is_named(name) {
            return Err(wrong(
                "after `role/` comes a name of at most 64 letters, digits and +=,.@_-, with or without a path before it",
            ));
        }
        Ok(Self(iam))
    }

    /// The ARN itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The account's twelve digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.0.partition
    }

    /// The role's name, without its path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.text.rsplit('/').next().unwrap_or_default()
    }

    /// The path before the name. It starts and ends with a slash; usually it is only `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        let resource = self.0.text.split_once(":role").map_or("/", |(_, resource)| resource);
        resource.strip_suffix(self.name()).unwrap_or("/")
    }

    /// The ARN of the OIDC provider for `issuer_host` in this role's account, which STS looks up.
    #[must_use]
    pub fn provider_arn(&self, issuer_host: &str) -> String {
        format!("arn:{}:iam::{}:oidc-provider/{issuer_host}", self.0.partition, self.0.account)
    }
}

impl ProviderArn {
    /// Parses a provider's ARN.
    ///
    /// # Errors
    /// If it is something else.
    pub fn parse(option: &str, text: &str) -> Result<Self, Usage> {
        let wrong = |why: &str| {
            Usage::new(format!("{option}: `{text}` is not the ARN of an OpenID Connect provider: {why}"))
                .hint("write it as arn:aws:iam::ACCOUNT:oidc-provider/HOST, without https://")
        };
        let (iam, host) = Iam::parse(text, "oidc-provider/").map_err(wrong)?;
        if !is_account(&iam.account) {
            return Err(wrong("the account is 12 digits"));
        }
        if host.is_empty() || host.contains("://") {
            return Err(wrong("after `oidc-provider/` comes the issuer's address, without https://"));
        }
        Ok(Self(iam))
    }

    /// The ARN itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The issuer's address without its scheme.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.text.split_once(":oidc-provider/").map_or("", |(_, host)| host)
    }

    /// The account's twelve digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// `aws`, `aws-cn`, `aws-us-gov`, ….
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.0.partition
    }
}

impl PolicyArn {
    /// Parses the ARN of a managed policy. It must belong to AWS or to the role's account.
    ///
    /// # Errors
    /// If it is something else, or of another partition or account.
    pub fn parse(option: &str, text: &str, role: &RoleArn) -> Result<Self, Usage> {
        let wrong = |why: &str| {
            Usage::new(format!("{option}: `{text}` is not a managed policy's ARN: {why}"))
                .hint("write it as arn:aws:iam::aws:policy/NAME or arn:aws:iam::ACCOUNT:policy/NAME")
        };
        let (iam, name) = Iam::parse(text, "policy/").map_err(wrong)?;
        if name.is_empty() {
            return Err(wrong("after `policy/` comes a name"));
        }
        if iam.partition != role.partition() {
            return Err(wrong("it is in another partition than the role"));
        }
        if iam.account != "aws" && iam.account != role.account() {
            return Err(wrong("it is neither AWS's own nor of the role's account"));
        }
        Ok(Self(iam))
    }

    /// The ARN itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl Iam {
    /// Parses the ARN. Also returns the part after `kind`.
    fn parse<'t>(text: &'t str, kind: &str) -> Result<(Self, &'t str), &'static str> {
        if !(20..=2048).contains(&text.len()) {
            return Err("it has 20 to 2048 characters");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("it has spaces, control or non-ASCII characters");
        }
        let fields: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = fields[..] else {
            return Err("it does not read arn:…:iam::…");
        };
        if !is_partition(partition) {
            return Err("the partition is aws, aws-cn, aws-us-gov or the like");
        }
        let name = resource.strip_prefix(kind).ok_or("it is of another kind")?;
        Ok((Self { text: text.to_owned(), partition: partition.to_owned(), account: account.to_owned() }, name))
    }
}

fn is_partition(text: &str) -> bool {
    text == "aws"
        || text
            .strip_prefix("aws-")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
}

/// Whether `text` is an account id.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A path may contain any printable ASCII character between slashes; the name after it may not.
fn is_named(resource: &str) -> bool {
    let name = resource.rsplit('/').next().unwrap_or_default();
    (1..=64).contains(&name.len()) && name.bytes().all(is_in_name)
}

/// Whether IAM allows the character in the name of a role or a session, or in a source identity.
pub(super) fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(text: &str) -> Result<RoleArn, Usage> {
        RoleArn::parse("--role-arn", text)
    }

    #[test]
    fn a_role_is_read_into_its_parts() {
        let arn = role("arn:aws-cn:iam::123456789012:role/ci/deploy").unwrap();
        assert_eq!((arn.partition(), arn.account()), ("aws-cn", "123456789012"));
        assert_eq!(
            arn.provider_arn("acme.semaphoreci.com"),
            "arn:aws-cn:iam::123456789012:oidc-provider/acme.semaphoreci.com"
        );
        assert_eq!((arn.path(), arn.name()), ("/ci/", "deploy"));
        let plain = role("arn:aws:iam::123456789012:role/role").unwrap();
        assert_eq!((plain.path(), plain.name()), ("/", "role"));
    }

    #[test]
    fn a_provider_is_read_into_its_parts() {
        let arn =
            ProviderArn::parse("--provider-arn", "arn:aws-cn:iam::123456789012:oidc-provider/a.example/b").unwrap();
        assert_eq!((arn.partition(), arn.account(), arn.host()), ("aws-cn", "123456789012", "a.example/b"));
        for bad in [
            "a.example",
            "arn:aws:iam::123456789012:role/deploy",
            "arn:aws:iam::1:oidc-provider/a.example",
            "arn:aws:iam::123456789012:oidc-provider/",
            "arn:aws:iam::123456789012:oidc-provider/https://a.example",
        ] {
            assert!(ProviderArn::parse("--provider-arn", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_role_is_told_why() {
        for (text, why) in [
            ("YOUR_AWS_ROLE_NAME", "it is only a name, without the role's account"),
            ("arn:aws:sts::123456789012:assumed-role/deploy/me", "it names a session of a role, not the role"),
            ("arn:aws:iam::12345:role/deploy", "the account is 12 digits"),
            ("arn:aws:iam::123456789012:user/deploy", "it is of another kind"),
            ("arn:aws:iam::123456789012:role/", "after `role/` comes a name"),
            ("arn:aws:iam::123456789012:role/a b", "it has spaces"),
            ("arn:azure:iam::123456789012:role/a", "the partition is"),
            ("arn:aws:iam:us-east-1:123456789012:role/a", "it does not read"),
        ] {
            let error = role(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn a_policy_must_be_within_reach_of_the_role() {
        let role = role("arn:aws:iam::123456789012:role/deploy").unwrap();
        let policy = |text| PolicyArn::parse("--policy-arn", text, &role);
        assert!(policy("arn:aws:iam::aws:policy/ReadOnlyAccess").is_ok());
        assert!(policy("arn:aws:iam::123456789012:policy/ci/narrow").is_ok());
        assert!(policy("arn:aws:iam::999999999999:policy/narrow").is_err());
        assert!(policy("arn:aws-cn:iam::aws:policy/ReadOnlyAccess").is_err());
        assert!(policy("arn:aws:iam::aws:role/ReadOnlyAccess").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_readers_panic(text in ".{0,80}") {
            let _ = role(&text).map(|role| (role.path().len(), role.name().len()));
            let _ = ProviderArn::parse("--provider-arn", &text);
        }
    }
}
