//! Unit tests of the language. `tests/it/google/cel.rs` compares it with other implementations.

use serde_json::{Map, Value as Json, json};

use super::*;

fn claims() -> Map<String, Json> {
    let claims = json!({
        "sub": "org:acme:ref:refs/heads/main", "ref": "refs/heads/main", "branch": "main", "pr": "", "exp": 1_786_400_000,
        "half": 1.5, "huge": 123_456_789_012_345_678_901_u128.to_string().parse::<serde_json::Number>().unwrap(),
        "groups": ["a", "b"], "nothing": null, "on": true, "tags": { "repo": ["web"] },
    });
    claims.as_object().unwrap().clone()
}

/// The value as text, or the kind and position of the error.
fn shown(text: &str) -> Result<String, (Kind, usize)> {
    let claims = claims();
    let scope = Scope::new().with("assertion", &claims);
    let expression = Expression::parse(text).map_err(|error| (error.kind, error.at))?;
    let value = expression.evaluate(&scope).map_err(|error| (error.kind, error.at))?;
    Ok(value.to_string())
}

#[track_caller]
fn all_true(texts: &[&str]) {
    for text in texts {
        assert_eq!(shown(text).as_deref(), Ok("true"), "{text}");
    }
}

#[track_caller]
fn all_are(kind: Kind, texts: &[&str]) {
    for text in texts {
        let found = shown(text).map_err(|(kind, _)| kind);
        assert_eq!(found, Err(kind), "{text}");
    }
}

#[test]
fn texts_are_written_in_many_ways() {
    all_true(&[
        r#"'a' == "a" && '''a''' == """a""" && r'\d' == '\\d' && R"\"  == '\\'"#,
        r#"'\a\b\f\n\r\t\v\\\'\"\`\?' == "\x07\X08\u000c\U0000000A\015\011\013\\'\"`?""#,
        "'''a'b\nc''' == 'a\\'b\\nc'",
        "'\\303\\251' == '\u{c3}\u{a9}'",
        "size('日本') == 2",
    ]);
    all_are(Kind::Unsupported, &["'a", "'a\nb'", r"'\q'", r"'\ud800'", r"'\400'", r"'\x4'", "b'a'", "x'a'", "'a'r"]);
}

#[test]
fn operators_bind_as_the_definition_says() {
    all_true(&[
        "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 - 2 - 1 == 4 && -7 / 2 == -3 && -7 % 2 == -1",
        "true || false && false",
        "false == false != true == false",
        "1 < 2 == true",
        "true ? true : false ? false : false",
        "!false && !!true && - -1 == 1 && -9223372036854775808 < -9223372036854775807",
        "0x10 == 16 && 1.5e1 == 15.0 && .5 == 0.5 && 1 == 1.0",
        "[1, 2,] == [1] + [2] && [1, 2][1] == 2",
        "// a comment\n true",
        "'b' in ['a', 'b'] && !('c' in assertion.groups) && 'sub' in assertion",
    ]);
    all_are(
        Kind::Invalid,
        &["1 + 'a'", "9223372036854775807 + 1", "1 / 0", "1 % 0", "-'a'", "!1", "1 < 'a'", "[1][1]"],
    );
    all_are(Kind::Unsupported, &["1u", "{'a': 1}", "a b", "", "1 +", "(1", "for", "a.in", "!-1", "f(1,)", "0x", "1a"]);
}

#[test]
fn one_that_decides_does_so_on_either_side() {
    all_true(&[
        "true || assertion.gone == 'x'",
        "assertion.gone == 'x' || true",
        "!(assertion.gone == 'x' && false)",
        "true || unknown()",
        "unknown() || true",
        "[1, 'a'].exists(x, x > 0)",
        "!['a', 0].all(x, x > 0)",
    ]);
    all_are(Kind::Invalid, &["assertion.gone == 'x' || false", "assertion.gone || 1 == 2", "1 || false", "nowhere"]);
    // The unsupported operand may be true.
    all_are(
        Kind::Unsupported,
        &["assertion.gone == 'x' || unknown()", "unknown() && true", "[unknown(), 1 + 1u] == []"],
    );
    all_are(Kind::Invalid, &["[unknown(), assertion.gone] == []", "unknown() == assertion.gone"]);
}

#[test]
fn claims_are_members() {
    all_true(&[
        "assertion['sub'] == assertion.sub",
        "assertion.tags.repo[0] == 'web'",
        "has(assertion.pr) && !has(assertion.gone) && has(assertion.nothing) && assertion.nothing == null",
        "assertion.on && assertion.pr == '' && assertion.groups.exists(g, g == 'b') && !assertion.groups.all(g, g == 'b')",
        "assertion.groups.exists(g, assertion.groups.all(h, h == g || g == 'a'))",
    ]);
    all_are(Kind::Invalid, &["assertion.gone", "assertion.pr.x", "has(assertion.pr.x)", "assertion['gone']"]);
    all_are(Kind::Unsupported, &["has(assertion)", "assertion.tags.all(k, true)", "assertion.tags == assertion.tags"]);
}

#[test]
fn a_number_of_the_tokens_is_used_where_its_type_does_not_matter() {
    all_true(&["assertion.exp > 1786399999", "assertion.exp == 1786400000.0", "int(assertion.exp) + 1 == 1786400001"]);
    all_true(&["assertion.half == 1.5", "1 < assertion.half", "assertion.half + 0.5 == 2.0", "assertion.huge != 'x'"]);
    all_are(
        Kind::Unsupported,
        &["assertion.exp + 1", "string(assertion.exp)", "assertion.huge == 1", "['a'][assertion.exp]", "string(1.5)"],
    );
}

#[test]
fn the_name_of_a_type_is_a_value() {
    all_true(&[
        "type(assertion.ref) == string && type(assertion.on) == bool && type(assertion.nothing) == null_type",
        "type(assertion.groups) == list && type(assertion.tags) == map && type(assertion.half) == double",
        "type(1) == int && type(1) != double && type(int) == type && type(type(1)) == type && string != 'string'",
        "type(assertion.ref) in [int, string] && [1].exists(int, int == 1)",
    ]);
    all_are(
        Kind::Unsupported,
        &[
            "type(assertion.exp) == int",
            "type(assertion.ref) == bytes",
            "uint == uint",
            "type(assertion.ref) == google.protobuf.Timestamp",
            "google.protobuf.NullValue.NULL_VALUE == null",
            "sets.contains(assertion.groups, ['a'])",
        ],
    );
    all_are(Kind::Invalid, &["google.subject == 'x'", "type(assertion.gone) == string", "strings == 'x'"]);
    let undeclared = |text: &str| {
        let claims = claims();
        let scope = Scope::new().with("assertion", &claims);
        Expression::parse(text).unwrap().undeclared(&scope).map(|error| error.why)
    };
    for known in ["type(assertion.ref) == string", "google.protobuf.Timestamp == bytes", "sets.contains([1], [1])"] {
        assert_eq!(undeclared(known), None, "{known}");
    }
    assert_eq!(undeclared("[1].all(x, x > y)").as_deref(), Some("there is no variable `y`"));
}

#[test]
fn functions_do_as_google_documents() {
    all_true(&[
        "assertion.sub.extract('org:{org}:') == 'acme' && assertion.ref.extract('refs/heads/{b}') == 'main'",
        "assertion.ref.extract('refs/tags/{t}') == '' && 'id/1'.extract('{all}') == 'id/1' && 'id/1'.extract('{a}/') == 'id'",
        "'/orders/order_date'.extract('/orders/{empty}order_date') == ''",
        "assertion.ref.split('/')[2] == 'main' && 'a b c'.split(' ', 2) == ['a', 'b c'] && 'ab'.split('') == ['a', 'b']",
        "'a b'.split(' ', 0) == [] && 'a b'.split(' ', 1) == ['a b'] && 'a b'.split(' ', -1) == ['a', 'b']",
        "'abc'.split('', 2) == ['a', 'bc'] && ''.split(',') == [''] && ''.split('') == []",
        "['a', 'b'].join('::') == 'a::b' && ['a', 'b'].join() == 'ab' && [].join('x') == ''",
        "'MAIN'.lowerAscii() == assertion.branch && string(12) == '12' && string(true) == 'true' && int('-12') == -12",
        "size(assertion) == 11 && 'a'.size() == 1 && int(1.9) == 1 && int(-1.9) == -1",
    ]);
    all_are(Kind::Invalid, &["assertion.groups.startsWith('a')", "size(1)", "[1].join()", "'a'.split(1)", "int(1e30)"]);
    all_are(
        Kind::Unsupported,
        &[
            "'a'.extract('a')",
            "'a'.extract('{}')",
            "'a'.extract('{a}{b}')",
            "'a'.upperAscii()",
            "timestamp(1)",
            "int('x')",
        ],
    );
}

#[test]
fn patterns_are_found_anywhere_unless_anchored() {
    let matches = |text: &str, pattern: &str| shown(&format!("{}.matches({})", quote(text), quote(pattern)));
    for (text, pattern) in [
        ("refs/heads/main", "heads"),
        ("refs/heads/main", "^refs/heads/(main|release/.*)$"),
        ("refs/heads/release/1", "^refs/heads/(main|release/.*)$"),
        ("refs/tags/v1.20.3", r"^refs/tags/v[0-9]+\.[0-9]+[.]\d+(-beta)?$"),
        ("abcabc", "^(a|b|c)*$"),
        ("", "^$"),
        ("x", ""),
        ("aab", "^a+?b$"),
        ("a-b", r"^[\w-]+$"),
        ("a]b", r"[]]"),
        ("acb", "^(?:a(b|c|)+b|)$"),
        ("ab", "^((a*)*b|c)*$"),
    ] {
        assert_eq!(matches(text, pattern).as_deref(), Ok("true"), "{text} {pattern}");
    }
    for (text, pattern) in [
        ("refs/heads/mainx", "^refs/heads/main$"),
        ("refs/heads/main", "^refs/heads/(main|release)/"),
        ("a\nb", "a.b"),
        ("a", "^[^a]$"),
        ("ab", "^a$|^b$"),
        ("7", r"\D"),
    ] {
        assert_eq!(matches(text, pattern).as_deref(), Ok("false"), "{text} {pattern}");
    }
    for pattern in
        ["(?i)a", "a{2}", r"\bx", "[[:alpha:]]", "(", ")", "a**", "*a", r"\", "[a", "[z-a]", "^*", r"\1", "(?P<n>a)"]
    {
        assert!(matches!(matches("a", pattern), Err((Kind::Unsupported, _))), "{pattern}");
    }
}

#[test]
fn trouble_says_where() {
    let error = Expression::parse("'日' == a && @").unwrap_err();
    assert_eq!(error.placed("'日' == a && @"), "at character 13, `@`, this is not CEL");
    let text = "assertion.ref == 'x' && frob(assertion.something.rather.long)";
    assert_eq!(shown(text).as_deref(), Ok("false"));
    let text = text.replace("==", "!=");
    let (expression, claims) = (Expression::parse(&text).unwrap(), claims());
    let error = expression.evaluate(&Scope::new().with("assertion", &claims)).unwrap_err();
    assert_eq!(
        error.placed(&text),
        "at character 25, `frob(assertion.something…`, this program does not evaluate `frob`"
    );
    assert_eq!(Expression::parse("(1").unwrap_err().placed("(1"), "at its end, this is not CEL");
}

#[test]
fn names_are_those_of_the_token() {
    let expression = Expression::parse("a.b == c['d'] && has(e.f) && g.exists(h, h == i[j].k) && 'x' in l").unwrap();
    let mut seen = Vec::new();
    expression.root().names(&mut |name, member, _| seen.push((name, member)));
    assert_eq!(
        seen,
        [("a", Some("b")), ("c", Some("d")), ("e", Some("f")), ("g", None), ("i", None), ("j", None), ("l", None)]
    );
    assert!(Expression::parse("[1].all(x, x == 1)").unwrap().root().is_constant());
}

#[test]
fn no_depth_and_no_length_is_too_much() {
    for (before, middle, after) in
        [("(", "1", ")"), ("!", "true", ""), ("-", "1", ""), ("[", "1", "]"), ("a(", "1", ")")]
    {
        let text = before.repeat(20_000) + middle + &after.repeat(20_000);
        assert!(matches!(shown(&text), Err((Kind::Unsupported, _))), "{before}");
        let text = before.repeat(40) + middle + &after.repeat(40);
        assert!(Expression::parse(&text).is_ok(), "{before}");
    }
    for (first, more) in
        [("1", "+1"), ("a", ".a"), ("a", "[0]"), ("true ", "?true:true"), ("1", " in [1]"), ("1", "==1")]
    {
        let text = first.to_owned() + &more.repeat(20_000);
        assert!(matches!(shown(&text), Err((Kind::Unsupported, _))), "{more}");
    }
    all_true(&[&("true".to_owned() + &" && true".repeat(20_000)), &("false || ".repeat(20_000) + "true")]);
    let lists = "[1,1,1,1,1,1,1,1,1,1]".to_owned();
    let nested =
        format!("{lists}.all(a, {lists}.all(b, {lists}.all(c, {lists}.all(d, {lists}.all(e, {lists}.all(f, true))))))");
    assert!(matches!(shown(&nested), Err((Kind::Unsupported, _))), "it ends");
    let pattern = format!("'{}'.matches('{}')", "a".repeat(20_000), "(a*)*".repeat(1_000));
    assert!(matches!(shown(&pattern), Err((Kind::Unsupported, _))), "it ends");
}

#[test]
fn a_quoted_text_is_read_back() {
    for text in ["", "it's", r"a\b", "日本", "\"", "`?", "a\nb\r"] {
        assert_eq!(Expression::parse(&quote(text)).unwrap().root().as_text().map(String::as_str), Some(text));
    }
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in ".{0,60}") {
        let _ = shown(&text);
    }

    #[test]
    fn no_expression_makes_evaluation_panic(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 0..24)
    ) {
        let _ = shown(&words.concat());
    }

    #[test]
    fn no_pattern_makes_matching_panic(pattern in r"[ab|()*+?^$.\[\]\\dw-]{0,14}", text in "[ab\n]{0,6}") {
        let _ = shown(&format!("{}.matches({})", quote(&text), quote(&pattern)));
    }
}

const WORDS: &[&str] = &[
    "assertion",
    ".sub",
    ".exp",
    ".groups",
    "['ref']",
    "'a'",
    "1",
    "1.5",
    "-",
    "(",
    ")",
    "[",
    "]",
    ",",
    "==",
    "!=",
    "<",
    "&&",
    "||",
    "!",
    "?",
    ":",
    "+",
    " in ",
    "has(",
    ".exists(x, ",
    "x",
    ".split('/')",
    ".join(",
    ".matches('a.*')",
    "size(",
    "string(",
    "int(",
    "true",
    "null",
    "9223372036854775807",
    "%",
    "/",
    "0",
];
