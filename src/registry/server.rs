//! A registry's name.

use crate::error::Usage;
use crate::secret::redact_jwt_shaped;

/// Checks the host name of a registry, which Docker compares exactly. `option` is the option that it came from.
/// `like` is an example for errors, and `is_one` recognizes valid names.
///
/// # Errors
/// If it has a scheme, a path, a wildcard, a port, or a character that is not valid in Docker's configuration.
pub fn host_name<'t>(option: &str, text: &'t str, like: &str, is_one: impl Fn(&str) -> bool) -> Result<&'t str, Usage> {
    let wrong = |why: &str| Usage::new(format!("{option}: `{}` {why}", redact_jwt_shaped(text)));
    // A suggestion must itself be valid.
    let meant = bare(text).filter(|name| is_one(name)).unwrap_or_else(|| like.to_owned());
    let only = format!("write only the host's name: {option} {meant}");
    if text.contains('@') {
        return Err(Usage::new(format!("{option}: the value has a user name or a digest in it")).hint(only));
    }
    if text.is_empty() {
        return Err(wrong("is empty").hint(only));
    }
    if text.contains("://") {
        return Err(wrong("has a scheme").hint(only));
    }
    if text.contains('/') {
        return Err(wrong("has a path").hint(only));
    }
    if text.contains('*') {
        return Err(wrong("has a wildcard, which Docker does not support")
            .hint(format!("name each registry: {option} {like}; the option may be repeated")));
    }
    if text.contains(':') {
        return Err(wrong("has a port, or the tag of an image").hint(only));
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(wrong("has capital letters").hint(only));
    }
    if !is_host_name(text) {
        return Err(wrong("is not a host's name").hint(only));
    }
    Ok(text)
}

fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// The host name at the start of an address or an image's name: without a scheme, a path, a port or a tag, in lower
/// case. `None` if that is not a host name.
///
/// ```
/// use oidc_exchange::registry::bare;
///
/// assert_eq!(bare("https://GCR.io:443/v2/").as_deref(), Some("gcr.io"));
/// assert_eq!(bare("gcr.io/project/web@sha256:00").as_deref(), Some("gcr.io"));
/// assert_eq!(bare("*.gcr.io"), None);
/// ```
#[must_use]
pub fn bare(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let host = host.trim().trim_end_matches('.').to_ascii_lowercase();
    is_host_name(&host).then_some(host)
}

/// The owner of the registry, if it is a well-known one that accepts no cloud's credentials.
#[must_use]
pub fn owner_without_exchange(name: &str) -> Option<&'static str> {
    const OWNERS: [(&str, &str); 5] = [
        ("docker.io", "Docker Hub"),
        ("docker.com", "Docker Hub"),
        ("ghcr.io", "GitHub"),
        ("quay.io", "Quay"),
        ("registry.gitlab.com", "GitLab"),
    ];
    let is_of = |domain: &str| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    OWNERS.iter().find(|(domain, _)| is_of(domain)).map(|(_, owner)| *owner)
}

/// The registry in an address: Docker's callers add a scheme, or the path of a version.
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
            assert_eq!(host_name("--registry", good, "x", |_| true), Ok(good));
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
            let error = host_name("--registry", bad, "x", |_| true).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{bad}: {error}");
        }
    }

    #[test]
    fn what_is_proposed_is_a_name_that_is_taken() {
        let hint = |text: &str, is_one: fn(&str) -> bool| {
            let error = crate::error::Error::from(host_name("--registry", text, "like.test", is_one).unwrap_err());
            error.report().hints[0].clone()
        };
        for text in
            ["https://gcr.io", "gcr.io/x", "gcr.io:443", "GCR.io", "docker://GCR.IO:443/x:1", "gcr.io.", " gcr.io"]
        {
            assert_eq!(hint(text, |name| name == "gcr.io"), "write only the host's name: --registry gcr.io", "{text}");
            assert_eq!(hint(text, |_| false), "write only the host's name: --registry like.test", "{text}");
        }
        assert!(hint("*.gcr.io", |_| false).contains("--registry like.test"));
    }

    #[test]
    fn an_owner_is_found_by_the_whole_domain() {
        for (name, owner) in [
            ("docker.io", Some("Docker Hub")),
            ("index.docker.io", Some("Docker Hub")),
            ("ghcr.io", Some("GitHub")),
            ("evilghcr.io", None),
            ("ghcr.io.evil.example", None),
            ("", None),
        ] {
            assert_eq!(owner_without_exchange(name), owner, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_address_of_a_registry_names_it(host in "[a-z0-9]{1,9}(-[a-z0-9]{1,5})?(\\.[a-z0-9]{1,9}){0,3}", text: String) {
            for address in ["HOST", "https://HOST", "http://HOST/", "https://HOST/v2/", "HOST/v1", "https://HOST/web"] {
                let address = address.replace("HOST", &host);
                proptest::prop_assert_eq!(server_of(&address), &host);
            }
            proptest::prop_assert!(host_name("x", &host, "x", |_| true).is_ok());
            proptest::prop_assert!(text.contains(server_of(&text)));
            if let Ok(name) = host_name("x", &text, "x", |_| true) {
                proptest::prop_assert_eq!(server_of(name), name);
            }
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in ".{0,60}") {
            let _ = host_name("--registry", &text, "x", |name| owner_without_exchange(name).is_some());
            if let Some(name) = bare(&text) {
                proptest::prop_assert_eq!(host_name("--registry", &name, "x", |_| true), Ok(name.as_str()));
            }
        }
    }
}
