//! Recognizes a token inside another text, and how to extract it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::json;
use crate::secret::redact_jwt_shaped;

/// The start of every JOSE header, which is a JSON object in base64url (RFC 7515, section 3.1).
const HEADER: &str = "eyJ";

/// What `text` is, and how to extract the token; `None` if it does not seem to contain a token. The result contains
/// no part of `text` except the name of a JSON member.
pub(super) fn around(text: &str) -> Option<(&'static str, String)> {
    if text.starts_with('{') {
        return Some(("it is JSON", in_json(text)));
    }
    let compact: String = text.split_whitespace().collect();
    if compact.len() < text.len() && is_jwt_shaped(&compact) && compact.starts_with(HEADER) {
        return Some(("there are spaces or line breaks in it", "remove them: tr -d '[:space:]'".into()));
    }
    // In a truncated token, the second part directly follows a dot.
    let apart = |before: char| !(before.is_ascii_alphanumeric() || "-_.".contains(before));
    let before = text.find(HEADER).map(|at| &text[..at]).unwrap_or_default();
    if redact_jwt_shaped(text) == text || !before.ends_with(apart) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let name = text.split_once('=').map(|(name, _)| name.trim_start_matches("export "));
    Some(if lower.starts_with("bearer ") || lower.starts_with("authorization:") {
        ("it is a header's value", "leave out what is before the token: `Bearer` and the space".into())
    } else if name.is_some_and(|name| crate::shell::Name::new(name).is_some()) {
        ("it is a line that sets a variable", "give only what is after the `=`".into())
    } else {
        ("there is other text before it", "give only the token, which begins with eyJ".into())
    })
}

fn in_json(text: &str) -> String {
    let Ok(Value::Object(members)) = json::parse(text.as_bytes()) else {
        return "give the token itself, which begins with eyJ".into();
    };
    let is_plain = |name: &str| name.len() <= 40 && crate::shell::Name::new(name).is_some();
    let token = members.iter().find(|(name, value)| is_plain(name) && value.as_str().is_some_and(is_jwt_shaped));
    match token {
        Some((name, _)) => format!("take the value of `{name}` out of it: jq -r .{name}"),
        None => "give the token itself, which begins with eyJ".into(),
    }
}

fn is_jwt_shaped(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && URL_SAFE_NO_PAD.decode(part).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";

    #[test]
    fn what_is_around_a_token_is_named() {
        let of = |text: &str| around(&text.replace("TOKEN", TOKEN)).map(|(what, fix)| format!("{what}: {fix}"));
        for (text, words) in [
            (r#"{"value":"TOKEN"}"#, "it is JSON: take the value of `value` out of it: jq -r .value"),
            (
                r#"{"count": 1, "id_token": "TOKEN"}"#,
                "it is JSON: take the value of `id_token` out of it: jq -r .id_token",
            ),
            (r#"{"a b":"TOKEN"}"#, "it is JSON: give the token itself, which begins with eyJ"),
            (r#"{"deep":{"value":"TOKEN"}}"#, "it is JSON: give the token itself, which begins with eyJ"),
            (r#"{"message":"forbidden"}"#, "it is JSON: give the token itself, which begins with eyJ"),
            ("{TOKEN}", "it is JSON: give the token itself, which begins with eyJ"),
            ("Bearer TOKEN", "it is a header's value: leave out what is before the token: `Bearer` and the space"),
            ("bearer  TOKEN", "it is a header's value: leave out what is before the token: `Bearer` and the space"),
            (
                "Authorization: Bearer TOKEN",
                "it is a header's value: leave out what is before the token: `Bearer` and the space",
            ),
            ("CI_JOB_JWT=TOKEN", "it is a line that sets a variable: give only what is after the `=`"),
            ("export T='TOKEN'", "it is a line that sets a variable: give only what is after the `=`"),
            ("warning: old\nTOKEN", "there is other text before it: give only the token, which begins with eyJ"),
        ] {
            assert_eq!(of(text).as_deref(), Some(words), "{text}");
        }
        let broken = format!("{}\n{}", &TOKEN[..25], &TOKEN[25..]);
        assert_eq!(around(&broken).unwrap().0, "there are spaces or line breaks in it");
        for nothing in [
            "TOKEN",
            "",
            "abc",
            "a.b.c",
            "ghp_0123456789",
            "TOKEN.x",
            "yJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
            "xTOKEN",
        ] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_part_of_the_token_is_in_the_words(before in ".{0,12}", after in ".{0,12}") {
            if let Some((what, fix)) = around(&format!("{before}{TOKEN}{after}")) {
                let words = what.to_owned() + &fix;
                proptest::prop_assert!(redact_jwt_shaped(&words) == words && !words.contains("c2ln"), "{}", words);
            }
        }
    }
}
