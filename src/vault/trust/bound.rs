//! Compares a role's bound claims with the token's claims, like the server.
//!
//! <https://github.com/openbao/openbao/blob/main/builtin/credential/jwt/claims.go>,
//! <https://github.com/ryanuber/go-glob/blob/master/glob.go>.

use std::slice;

use serde_json::{Number, Value};

use super::go;
use crate::subject::Claims;

/// The result for a bound claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// One of its values equals a bound value.
    Alike,
    /// No value equals a bound value.
    Unlike,
    /// The token lacks the claim, or it is null.
    Missing,
    /// The claim is an object.
    ClaimType,
    /// The role's value is an object or null.
    BoundType,
    /// OpenBao truncates a number to an integer; newer versions of Vault compare the fraction.
    Fraction,
    /// The comparison involves two lists or two objects, which Go cannot compare: the login fails.
    Incomparable,
}

/// A claim by its name, or by a JSON pointer if the name starts with a slash; `None` if it is null.
pub(super) fn look_up<'c>(claims: &'c Claims, name: &str) -> Option<&'c Value> {
    let found = match name.strip_prefix('/') {
        None => claims.get(name),
        Some(pointer) => {
            let mut parts = pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
            let first = parts.next().and_then(|first| claims.get(&first));
            first.and_then(|claim| parts.try_fold(claim, |value, part| within(value, &part)))
        }
    };
    found.filter(|claim| !claim.is_null())
}

/// The value for one step of a JSON pointer, as the server's library resolves it. It parses an index like a Go number
/// (`01`, `0x1`; an empty text is 0), although RFC 6901 allows only one form.
///
/// <https://github.com/mitchellh/pointerstructure/blob/master/get.go>
fn within<'v>(value: &'v Value, part: &str) -> Option<&'v Value> {
    match value {
        Value::Object(members) => members.get(part),
        Value::Array(items) => items.get(usize::try_from(go::whole(if part.is_empty() { "0" } else { part })?).ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// Compares a bound claim with the token's claim.
pub(super) fn compare(bound: &Value, claim: Option<&Value>, glob: bool) -> Outcome {
    let Some(claim) = claim else { return Outcome::Missing };
    let Some(claimed) = listed(claim) else { return Outcome::ClaimType };
    let Some(wanted) = listed(bound) else { return Outcome::BoundType };
    let number = if glob { None } else { claim.as_number() };
    if let Some(number) = number {
        return compare_number(wanted, number);
    }
    let alike = |(bound, claim): (&Value, &Value)| match (bound, claim) {
        (Value::String(pattern), Value::String(text)) if glob => self::glob(pattern, text),
        (Value::String(_) | Value::Bool(_) | Value::Null, _) => bound == claim,
        // Within a list, numbers of the token and the role have different types.
        (Value::Number(_) | Value::Array(_) | Value::Object(_), _) => false,
    };
    for pair in wanted.iter().flat_map(|bound| claimed.iter().map(move |claim| (bound, claim))) {
        if matches!(pair, (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_))) {
            return Outcome::Incomparable;
        }
        if alike(pair) {
            return Outcome::Alike;
        }
    }
    Outcome::Unlike
}

/// The items of a list, or a single item; `None` for values that are not compared.
fn listed(value: &Value) -> Option<&[Value]> {
    (!value.is_null() && !value.is_object()).then(|| each(value))
}

/// The items of a list, or the value itself.
pub(super) fn each(value: &Value) -> &[Value] {
    value.as_array().map_or(slice::from_ref(value), Vec::as_slice)
}

/// Compares numbers: the role's as text, the token's truncated to an integer.
fn compare_number(wanted: &[Value], claim: &Number) -> Outcome {
    let value = claim.as_f64().unwrap_or_default();
    let has = |text: &str| wanted.iter().filter_map(Value::as_number).any(|bound| bound.as_str() == text);
    #[allow(clippy::cast_possible_truncation, reason = "this is what the server does")]
    let is = has(&(value as i64).to_string());
    match (is, value.fract() != 0.0 && is != has(claim.as_str())) {
        (_, true) => Outcome::Fraction,
        (true, false) => Outcome::Alike,
        (false, false) => Outcome::Unlike,
    }
}

/// Whether the pattern matches the text. `*` matches any number of characters; nothing else is special. One pass is
/// enough: each piece is matched at its first occurrence.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(last) = pieces.next_back() else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        Claims::new(serde_json::from_value(value).unwrap())
    }

    #[test]
    fn a_claim_is_named_or_pointed_to() {
        let claims = claims(json!({ "a": { "b": ["c"] }, "d/e": { "f~g": "h" }, "": "i", "n": null, "x": "y" }));
        let found = |name: &str| look_up(&claims, name).map(crate::subject::claims::shown);
        assert_eq!(found("x").as_deref(), Some("y"));
        assert_eq!(found("/x").as_deref(), Some("y"));
        assert_eq!(found("/a/b/0").as_deref(), Some("c"));
        assert_eq!(found("/d~1e/f~0g").as_deref(), Some("h"));
        assert_eq!(found("/").as_deref(), Some("i"));
        for index in ["00", "0x0", "0b0", "0o0", "+0", "-0", "0_0", ""] {
            assert_eq!(found(&format!("/a/b/{index}")).as_deref(), Some("c"), "{index}");
        }
        for absent in
            ["n", "/n", "/a/b/1", "/a/b/-1", "/a/b/0.0", "/a/b/x", "/a/b/0/", "/x/y", "nope", "/nope/x", "a/b"]
        {
            assert_eq!(found(absent), None, "{absent}");
        }
    }

    #[test]
    fn any_value_of_the_claim_may_be_any_of_the_role() {
        let compare =
            |bound: Value, claim: Value| compare(&bound, Some(&claim).filter(|claim| !claim.is_null()), false);
        for (bound, claim) in [
            (json!("a"), json!("a")),
            (json!("a"), json!(["b", "a"])),
            (json!(["a", "b"]), json!("b")),
            (json!(["a", "b"]), json!(["c", "b"])),
            (json!(""), json!("")),
            (json!(true), json!(true)),
            (json!(5), json!(5)),
            (json!([5]), json!(5)),
            (json!(-5), json!(-5)),
            (json!([null]), json!([null])),
            (json!("a*"), json!("a*")),
        ] {
            assert_eq!(compare(bound.clone(), claim.clone()), Outcome::Alike, "{bound} {claim}");
        }
        for (bound, claim) in [
            (json!("a"), json!("A")),
            (json!("a*"), json!("ab")),
            (json!([]), json!("a")),
            (json!("a"), json!([])),
            (json!(5), json!("5")),
            (json!("5"), json!(5)),
            (json!([5]), json!([5])),
            (json!(true), json!("true")),
            (serde_json::from_str("5.0").unwrap(), json!(5)),
            (
                serde_json::from_str("12345678901234567890").unwrap(),
                serde_json::from_str("12345678901234567890").unwrap(),
            ),
        ] {
            assert_eq!(compare(bound.clone(), claim.clone()), Outcome::Unlike, "{bound} {claim}");
        }
        assert_eq!(compare(json!("a"), Value::Null), Outcome::Missing);
        assert_eq!(compare(json!("a"), json!({})), Outcome::ClaimType);
        assert_eq!(compare(json!({}), json!("a")), Outcome::BoundType);
        assert_eq!(compare(Value::Null, json!("a")), Outcome::BoundType);
        assert_eq!(compare(json!(5), json!(5.7)), Outcome::Fraction);
        assert_eq!(compare(json!(5.7), json!(5.7)), Outcome::Fraction);
        assert_eq!(compare(json!(6), json!(5.7)), Outcome::Unlike);
        // Values are compared in the server's order, up to the first match.
        assert_eq!(compare(json!([["a"]]), json!([["a"]])), Outcome::Incomparable);
        assert_eq!(compare(json!([{}, "s"]), json!(["s", {}])), Outcome::Incomparable);
        assert_eq!(compare(json!(["s", ["x"]]), json!([["a"], "s"])), Outcome::Alike);
        assert_eq!(compare(json!([["x"], "s"]), json!("s")), Outcome::Alike);
        assert_eq!(compare(json!([["a"]]), json!(["a", { "a": 1 }])), Outcome::Unlike);
    }

    #[test]
    fn patterns_are_for_texts_alone() {
        let compare = |bound: Value, claim: Value| compare(&bound, Some(&claim), true);
        assert_eq!(compare(json!("a*"), json!(["b", 5, "ac"])), Outcome::Alike);
        assert_eq!(compare(json!(["a*", "b"]), json!("b")), Outcome::Alike);
        assert_eq!(compare(json!("5"), json!(5)), Outcome::Unlike);
        assert_eq!(compare(json!("*"), json!(true)), Outcome::Unlike);
        assert_eq!(compare(json!("*"), json!([])), Outcome::Unlike);
    }

    #[test]
    fn a_star_stands_for_anything_and_nothing_else_does() {
        for (pattern, text) in [
            ("", ""),
            ("a", "a"),
            ("*", ""),
            ("**", "x"),
            ("a*", "a"),
            ("*b", "abb"),
            ("*ab", "aab"),
            ("a*b", "axbxb"),
            ("a**b", "ab"),
            ("*a*", "bab"),
            ("a*b*c", "aXbYc"),
            ("refs/heads/*", "refs/heads/a/b"),
            ("é*", "éa"),
            ("a?[b]", "a?[b]"),
        ] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("a*a", "a"),
            ("ab*ba", "aba"),
            ("a*b*c", "ac"),
            ("a?b", "axb"),
            ("a*", "ba"),
            ("*a", "ab"),
        ] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn no_pattern_takes_long() {
        let started = Instant::now();
        assert!(!glob(&format!("{}b", "a*".repeat(20_000)), &"a".repeat(40_000)));
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    /// The definition of `*`: tries all possibilities.
    fn by_definition(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| by_definition(rest, &text[at..])),
            Some((letter, rest)) => text.first() == Some(letter) && by_definition(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn the_pass_finds_what_every_way_finds(pattern in "[ab*]{0,10}", text in "[ab]{0,10}") {
            prop_assert_eq!(glob(&pattern, &text), by_definition(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
