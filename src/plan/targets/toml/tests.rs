//! Tests of valid documents, and of refused ones with the position of the fault.

use proptest::prelude::*;

use super::table::MOST;
use super::*;

fn why(text: &str) -> (usize, String) {
    let fault = parse(text).unwrap_err();
    (fault.at, fault.why)
}

#[test]
fn each_way_to_write_a_table_comes_to_the_same() {
    let keys = |text: &str| {
        let root = parse(text).unwrap();
        let Node::Table(a) = &root.get("a").unwrap().node else { panic!() };
        let Node::Table(b) = &a.get("b").unwrap().node else { panic!() };
        let Node::Value(value, _) = &b.get("c").unwrap().node else { panic!() };
        assert_eq!(*value, Value::Text("x".into()), "{text}");
    };
    for text in [
        "[a.b]\nc = 'x'",
        "[a]\nb.c = \"x\"",
        "a.b.c = \"\"\"x\"\"\"",
        "a = {b = {c = 'x'}}",
        "a.b = {c='x',\n}",
        "\"a\".'b'.\"\\u0063\" = 'x'",
        "[a]\r\n[a.b]\r\nc = 'x' # comment\r\n",
        "[a.b]\nc='x'\n[a]\nd = [1, [2], {e = 3}]",
        "\u{feff}[ a . b ]\nc = 'x'",
    ] {
        keys(text);
    }
}

#[test]
fn what_is_there_twice_is_refused_where_it_is() {
    for (text, at, key) in [
        ("a = 1\na = 2", 6, "a"),
        ("[a]\n[a]", 5, "a"),
        ("[a]\nb = 1\n[a.b]", 13, "b"),
        ("a.b = 1\n[a]", 9, "a"),
        ("[a.b]\n[a]\nb.c = 1", 10, "b"),
        ("a = {b = 1}\na.c = 1", 12, "a"),
        ("a = {b.c = 1}\n[a.b.d]", 15, "a"),
        ("a = {b = 1, b = 2}", 12, "b"),
        ("a = 1\na.b = 2", 6, "a"),
        ("[a]\nb.c = 1\n[a.b]", 15, "b"),
    ] {
        assert_eq!(why(text), (at, format!("`{key}` is there twice")), "{text}");
    }
}

#[test]
fn what_has_no_meaning_here_is_refused() {
    assert!(why("[[a]]").1.contains("array of tables"));
    assert!(why("a.b.c.d.e.f.g = 1").1.contains("too many parts"));
    let many = (0..=MOST).fold(String::new(), |text, number| text + &format!("k{number} = 1\n"));
    assert!(why(&many).1.contains("more than 100 entries"));
    for text in
        ["a", "a =", "= 1", "a = 1 b = 2", "[a", "a = 'x", "a = \"\\x\"", "a = 01", "a = \"\u{1}\"", "a\n= 1", "{}"]
    {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn nesting_ends_in_an_error() {
    for text in [
        "[".repeat(20_000),
        format!("a = {}", "[".repeat(20_000)),
        format!("a = {}", "{b=".repeat(20_000)),
        format!("{}x = 1", "a.".repeat(60_000)),
    ] {
        assert!(parse(&text).is_err());
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), toml in "[\\[\\]{}a-c=.,'\"#\n 0-9\\\\-]{0,60}") {
        let _ = parse(&text);
        let _ = parse(&toml);
    }

    #[test]
    fn a_text_comes_back(text in any::<String>()) {
        let quoted = text.chars().fold(String::new(), |text, c| text + &format!("\\U{:08X}", u32::from(c)));
        let root = parse(&format!("a = \"{quoted}\"")).unwrap();
        let Node::Value(value, _) = &root.get("a").unwrap().node else { panic!() };
        prop_assert_eq!(value, &Value::Text(text));
    }
}
