//! Recognizes a token inside another text, and how to extract it.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
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
    if let Some((what, fix)) = stands_for_a_token(text) {
        return Some((what, fix.into()));
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

/// Recognizes a text that should have become a token, or that was made from one.
fn stands_for_a_token(text: &str) -> Option<(&'static str, &'static str)> {
    let is_expression = text.strip_prefix('$').is_some_and(|rest| {
        rest.trim_start_matches(['{', '(', ' ']).starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
    });
    if is_expression {
        return Some(("it is an expression with `$`", "nothing has replaced it: a shell does so in double quotes"));
    }
    if ["null", "undefined", "None", "nil"].contains(&text) {
        return Some(("it is a word for no value", "check the step that prints it: it has found no token"));
    }
    if !text.is_empty() && text.chars().all(|c| c == '*') || text.eq_ignore_ascii_case("[masked]") {
        return Some(("it is what a log shows in place of a secret", "pass the variable itself"));
    }
    if text.split('.').count() == 5 && text.starts_with(HEADER) {
        return Some(("it is encrypted (JWE)", "have the issuer make signed tokens"));
    }
    let packed: String = text.split_whitespace().collect();
    let decoded = STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded
        .is_some_and(|inner| is_jwt_shaped(inner.trim()))
        .then_some(("it is a token in base64", "decode it with: base64 -d"))
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
        for (text, words) in [
            ("$CI_JOB_JWT", "it is an expression with `$`"),
            ("${{ steps.token.outputs.jwt }}", "it is an expression with `$`"),
            ("$(cat token)", "it is an expression with `$`"),
            ("null", "it is a word for no value"),
            ("***", "it is what a log shows in place of a secret"),
            ("[MASKED]", "it is what a log shows in place of a secret"),
            ("TOKEN.x.y", "it is encrypted (JWE)"),
        ] {
            assert_eq!(around(&text.replace("TOKEN", TOKEN)).unwrap().0, words, "{text}");
        }
        for line_end in ["", "\n"] {
            let packed = STANDARD.encode(format!("{TOKEN}{line_end}"));
            assert_eq!(around(&packed).unwrap().0, "it is a token in base64");
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
