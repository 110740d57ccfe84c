//! Checks where a registry's tokens come from, according to its challenge.

use std::iter::Peekable;
use std::str::Chars;

use reqwest::Url;

use crate::azure::RegistryHost;

/// Checks that the registry itself issues its tokens: an access token must not be sent anywhere else. `values` are
/// those of the header `WWW-Authenticate`
/// (<https://distribution.github.io/distribution/spec/auth/token/#how-to-authenticate>).
///
/// # Errors
/// What is wrong with them, without any part of them.
pub(super) fn check<'v>(values: impl Iterator<Item = &'v str>, host: &RegistryHost) -> Result<(), &'static str> {
    let mut realms = values.flat_map(realms).peekable();
    if realms.peek().is_none() {
        return Err("it has no Bearer challenge with a realm");
    }
    for realm in realms {
        let url = Url::parse(&realm).map_err(|_| "its realm is not an address")?;
        if url.scheme() != "https" {
            return Err("its realm is not an https address");
        }
        let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        if !plain || url.host_str() != Some(host.as_str()) {
            return Err("its realm is on another host");
        }
    }
    Ok(())
}

/// The realms of the `Bearer` challenges in a header's value (RFC 9110, section 11.6.1).
fn realms(value: &str) -> Vec<String> {
    let (mut found, mut bearer) = (Vec::new(), false);
    let mut rest = value.chars().peekable();
    loop {
        while rest.next_if(|c| [' ', '\t', ','].contains(c)).is_some() {}
        let name = token(&mut rest);
        if name.is_empty() {
            // An invalid name ends the list.
            return found;
        }
        while rest.next_if(|c| [' ', '\t'].contains(c)).is_some() {}
        if rest.next_if_eq(&'=').is_none() {
            bearer = name.eq_ignore_ascii_case("bearer");
            continue;
        }
        while rest.next_if(|c| [' ', '\t'].contains(c)).is_some() {}
        let text = if rest.next_if_eq(&'"').is_some() { quoted(&mut rest) } else { token(&mut rest) };
        if bearer && name.eq_ignore_ascii_case("realm") {
            found.push(text);
        }
    }
}

fn token(rest: &mut Peekable<Chars<'_>>) -> String {
    std::iter::from_fn(|| rest.next_if(|c| !c.is_whitespace() && !['=', ',', '"'].contains(c))).collect()
}

/// The text up to the closing quotation mark. The opening one was already read.
fn quoted(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(next) = rest.next() {
        match next {
            '"' => break,
            '\\' => text.extend(rest.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(values: &[&str]) -> Result<(), &'static str> {
        let host = RegistryHost::parse("--registry", "contoso.azurecr.io").unwrap();
        check(values.iter().copied(), &host)
    }

    #[test]
    fn a_realm_is_the_registrys_own() {
        for good in [
            r#"Bearer realm="https://contoso.azurecr.io/oauth2/token",service="contoso.azurecr.io""#,
            r#"bearer service="contoso.azurecr.io" , Realm = "https://CONTOSO.azurecr.io:443/oauth2/token""#,
            r#"Basic realm="https://evil.example", Bearer realm="https://contoso.azurecr.io/oauth2/token""#,
            r#"Bearer realm=https://contoso.azurecr.io/oauth2/token"#,
        ] {
            assert_eq!(checked(&[good]), Ok(()), "{good}");
        }
        let bearer = r#"Bearer realm="https://contoso.azurecr.io/oauth2/token""#;
        assert_eq!(checked(&[r#"Basic realm="x""#, bearer]), Ok(()));
        for (bad, why) in [
            ("", "it has no Bearer challenge with a realm"),
            ("Bearer", "it has no Bearer challenge with a realm"),
            (r#"Basic realm="https://contoso.azurecr.io""#, "it has no Bearer challenge with a realm"),
            (r#"Bearer service="contoso.azurecr.io""#, "it has no Bearer challenge with a realm"),
            (r#"Bearer realm="""#, "its realm is not an address"),
            (r#"Bearer realm="/oauth2/token""#, "its realm is not an address"),
            (r#"Bearer realm="http://contoso.azurecr.io/oauth2/token""#, "its realm is not an https address"),
            (r#"Bearer realm="https://evil.example/oauth2/token""#, "its realm is on another host"),
            (r#"Bearer realm="https://contoso.azurecr.io.evil.example/""#, "its realm is on another host"),
            (r#"Bearer realm="https://contoso.azurecr.io@evil.example/""#, "its realm is on another host"),
            (r#"Bearer realm="https://a@contoso.azurecr.io/""#, "its realm is on another host"),
            (r#"Bearer realm="https://contoso.azurecr.io:8443/""#, "its realm is on another host"),
            (r#"Bearer realm="https://other.azurecr.io/""#, "its realm is on another host"),
            (r#"Bearer realm="https:\\evil.example/""#, "its realm is on another host"),
        ] {
            assert_eq!(checked(&[bad]), Err(why), "{bad}");
        }
        assert_eq!(checked(&[bearer, r#"Bearer realm="https://evil.example""#]), Err("its realm is on another host"));
        let both = r#"Bearer realm="https://contoso.azurecr.io/", realm="https://evil.example/""#;
        assert_eq!(checked(&[both]), Err("its realm is on another host"));
    }

    proptest::proptest! {
        #[test]
        fn no_value_makes_the_reader_panic(value in r#"(Bearer |realm|=|"|\\|,| |https://|[a-z.:/@]|\PC){0,24}"#) {
            let _ = checked(&[&value]);
        }
    }
}
