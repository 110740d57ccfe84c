//! A registry's name.

use crate::error::Usage;
use crate::secret::redact_jwt_shaped;

/// Reads the host name of a registry, as Docker compares it: exactly. `option` is the option it came from, and `like` is a name
/// of that kind.
///
/// # Errors
/// When it has a scheme, a path, a wildcard, a port, or another character that no host name in Docker's configuration has.
pub fn host_name<'t>(option: &str, text: &'t str, like: &str) -> Result<&'t str, Usage> {
    let wrong = |why: &str| Usage::new(format!("{option}: `{}` {why}", redact_jwt_shaped(text)));
    let only = |host: &str| format!("write only the host's name: {option} {host}");
    if text.contains('@') {
        return Err(Usage::new(format!("{option}: the value has a user name or a digest in it")).hint(only(like)));
    }
    if text.is_empty() {
        return Err(wrong("is empty").hint(only(like)));
    }
    if text.contains("://") {
        return Err(wrong("has a scheme").hint(only(before_path(server_of(text)))));
    }
    if text.contains('/') {
        return Err(wrong("has a path").hint(only(before_path(text))));
    }
    if text.contains('*') {
        return Err(wrong("has a wildcard, which Docker does not support")
            .hint(format!("name each registry: {option} {like}; the option may be repeated")));
    }
    if let Some((host, _)) = text.split_once(':') {
        return Err(wrong("has a port, or the tag of an image").hint(only(host)));
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(wrong("has capital letters").hint(only(&text.to_ascii_lowercase())));
    }
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    if text.len() > 253 || !text.split('.').all(label) {
        return Err(wrong("is not a host's name").hint(only(like)));
    }
    Ok(text)
}

fn before_path(text: &str) -> &str {
    text.rsplit("://").next().and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

/// The registry that an address names: Docker's callers write it with a scheme, or with a version's path.
///
/// ```
/// use oidc_exchange::registry::server_of;
///
/// assert_eq!(server_of("https://gcr.io/v2/"), "gcr.io");
/// assert_eq!(server_of("gcr.io"), "gcr.io");
/// assert_eq!(server_of("gcr.io/project/image"), "gcr.io/project/image");
/// ```
#[must_use]
pub fn server_of(address: &str) -> &str {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address);
    match rest.split_once('/') {
        Some((host, "" | "v1" | "v1/" | "v2" | "v2/")) => host,
        Some((host, _)) if rest.len() < address.len() => host,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_and_nothing_else() {
        for good in ["gcr.io", "a", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"] {
            assert_eq!(host_name("--registry", good, "x"), Ok(good));
        }
        for (bad, why) in [
            ("", "`` is empty"),
            ("https://gcr.io", "has a scheme"),
            ("docker://gcr.io/x", "has a scheme"),
            ("gcr.io/project", "has a path"),
            ("gcr.io/", "has a path"),
            ("*.gcr.io", "has a wildcard"),
            ("gcr.io:443", "has a port"),
            ("gcr.io:latest", "has a port"),
            ("GCR.io", "has capital letters"),
            ("gcr.io.", "is not a host's name"),
            (".gcr.io", "is not a host's name"),
            ("gcr..io", "is not a host's name"),
            ("gcr io", "is not a host's name"),
            ("gcr.io\n", "is not a host's name"),
            ("gcr.io\u{200b}", "is not a host's name"),
            ("gcr.іo", "is not a host's name"),
            ("-gcr.io", "is not a host's name"),
            ("gcr,us.gcr.io", "is not a host's name"),
            ("user:hunter2@gcr.io", "the value has a user name"),
        ] {
            let error = host_name("--registry", bad, "x").unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{bad}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_address_of_a_registry_names_it(host in "[a-z0-9]{1,9}(-[a-z0-9]{1,5})?(\\.[a-z0-9]{1,9}){0,3}", text: String) {
            for address in ["HOST", "https://HOST", "http://HOST/", "https://HOST/v2/", "HOST/v1", "https://HOST/web"] {
                let address = address.replace("HOST", &host);
                proptest::prop_assert_eq!(server_of(&address), &host);
            }
            proptest::prop_assert!(host_name("x", &host, "x").is_ok());
            proptest::prop_assert!(text.contains(server_of(&text)));
            if let Ok(name) = host_name("x", &text, "x") {
                proptest::prop_assert_eq!(server_of(name), name);
            }
        }
    }
}
