//! Checks an issuer's discovery document for the requirements of the clouds.
//!
//! <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata>

use reqwest::Url;
use serde_json::Value;

use super::algorithm::Algorithm;
use super::issuer::{Page, quoted};
use super::provider_errors::{on, refusing};
use crate::cloud::TokenFault;
use crate::explanation::{Check, Mark};

/// Without these lists AWS STS does not use the issuer's keys, and reports that it could not retrieve them.
const LISTS: [&str; 3] = ["response_types_supported", "subject_types_supported", SIGNED_WITH];
const SIGNED_WITH: &str = "id_token_signing_alg_values_supported";

/// The address of the document.
pub(super) fn address(issuer: &str) -> Result<Url, String> {
    let url = Url::parse(issuer).map_err(|error| error.to_string())?;
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err("it has more in it than a host and a path".into());
    }
    let text = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    Url::parse(&text).map_err(|error| error.to_string())
}

/// Checks that the document belongs to the issuer. Returns the address of its keys.
pub(super) fn check(page: &Page, address: &Url, issuer: &str, alg: &str) -> (Check, Option<Url>) {
    let title = format!("discovery document at {address}");
    let document = match page.json() {
        Ok(document) => document,
        Err((mark, why)) => return (on(TokenFault::NoDiscovery, Check::new(mark, title).fact("because", why)), None),
    };
    let own = document.get("issuer").and_then(Value::as_str).unwrap_or("(none)");
    let same = if own == issuer {
        Check::new(Mark::Holds, "`issuer` is exactly the token's iss")
    } else {
        let check = Check::new(Mark::Fails, "`issuer` is exactly the token's iss");
        on(TokenFault::NoDiscovery, check.compared(&[issuer.to_owned()], quoted(own).as_str()))
    };
    let (keys, jwks) = keys(document.get("jwks_uri"));
    let mut parts = vec![same, keys];
    parts.extend(LISTS.map(|name| list(document.get(name), name, alg)));
    (Check::all(title, parts), jwks)
}

fn keys(value: Option<&Value>) -> (Check, Option<Url>) {
    const TITLE: &str = "`jwks_uri` is an address";
    let wrong = |why: String| (on(TokenFault::NoDiscovery, Check::new(Mark::Fails, TITLE).fact("because", why)), None);
    let Some(text) = value.and_then(Value::as_str) else { return wrong("there is none".into()) };
    match Url::parse(text) {
        // No request is sent to an address with a password, and the password is not shown: it comes from the token.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            wrong("it has a user or a password in it".into())
        }
        Ok(url) if url.has_host() => {
            (Check::new(Mark::Holds, format!("`jwks_uri` is {}", quoted(url.as_str()))), Some(url))
        }
        Ok(_) => wrong(format!("it is {}", quoted(text))),
        Err(error) => wrong(format!("it is {}: {error}", quoted(text))),
    }
}

fn list(value: Option<&Value>, name: &str, alg: &str) -> Check {
    let values = value.and_then(Value::as_array).filter(|values| !values.is_empty());
    let Some(values) = values else {
        let check = Check::new(Mark::Fails, format!("`{name}` is a list"));
        return on(
            TokenFault::NoList,
            check.fact(
                "because",
                format!("there is none, and {} it", refusing(TokenFault::NoList, "requires", "require")),
            ),
        );
    };
    let sound = !matches!(Algorithm::named(alg), Algorithm::Unsound);
    if name == SIGNED_WITH && sound && !values.iter().any(|value| value == alg) {
        let listed: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        let check = Check::new(Mark::Fails, format!("`{name}` holds {alg}"));
        return on(
            TokenFault::UnlistedAlgorithm(alg),
            check.fact("because", format!("it holds {}", quoted(&listed.join(", ")))),
        );
    }
    Check::new(Mark::Holds, format!("`{name}` is a list"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://acme.semaphoreci.com";

    fn page(document: &Value) -> Page {
        Page {
            status: 200,
            media_type: quoted("application/json"),
            body: document.to_string().into(),
            ..Page::default()
        }
    }

    fn good() -> Value {
        json!({ "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/keys"), "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"] })
    }

    fn marks(document: &Value) -> (Mark, Vec<Mark>, bool) {
        let (check, jwks) = check(&page(document), &address(ISSUER).unwrap(), ISSUER, "RS256");
        (check.mark, check.parts.iter().map(|part| part.mark).collect(), jwks.is_some())
    }

    #[test]
    fn an_issuer_is_an_address() {
        assert_eq!(address(ISSUER).unwrap().as_str(), "https://acme.semaphoreci.com/.well-known/openid-configuration");
        assert_eq!(address("https://a.b/c/").unwrap().as_str(), "https://a.b/c/.well-known/openid-configuration");
        for bad in ["", "acme", "https://a.b?x", "https://me@a.b", "https://a.b/#c"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_fault_is_found() {
        use Mark::{Fails, Holds};
        assert_eq!(marks(&good()), (Holds, vec![Holds; 5], true));
        let mut document = good();
        document["issuer"] = format!("{ISSUER}/").into();
        document["response_types_supported"] = json!("id_token");
        document["id_token_signing_alg_values_supported"] = json!(["ES256"]);
        assert_eq!(marks(&document), (Fails, vec![Fails, Holds, Fails, Holds, Fails], true), "all of them at once");
        for uri in [
            json!("keys"),
            json!(3),
            json!("data:,x"),
            json!(""),
            json!("https://me@acme.example/keys"),
            json!("https://:secret@acme.example/keys"),
        ] {
            let mut document = good();
            document["jwks_uri"] = uri;
            assert_eq!(marks(&document), (Fails, vec![Holds, Fails, Holds, Holds, Holds], false));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_document_makes_the_reader_panic(body: Vec<u8>, status: u16, media_type in ".{0,20}") {
            let page = Page { status, media_type: quoted(&media_type), body, ..Page::default() };
            let _ = check(&page, &address(ISSUER).unwrap(), ISSUER, "RS256");
        }

        #[test]
        fn nor_does_a_member(issuer in ".{0,20}", uri in ".{0,40}", list in "[\\[\\]\",a]{0,8}") {
            let text = format!(r#"{{"issuer":{issuer:?},"jwks_uri":{uri:?},"response_types_supported":{list}}}"#);
            let page = Page { status: 200, body: text.into(), ..Page::default() };
            let _ = (check(&page, &address(ISSUER).unwrap(), ISSUER, "RS256"), address(&issuer));
        }
    }
}
