//! Tests of the parser.

use serde_json::json;

use super::*;

#[test]
fn what_is_there_twice_is_named_with_its_place() {
    let said = |text: &str| parse(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(said(r#"{"b":{"c":1,"c":2}}"#), "`c` is there twice in one object, at line 1 column 15");
    assert_eq!(said("[{\"a\":1,\n \"\\u0061\":1}]"), "`a` is there twice in one object, at line 2 column 9");
    assert_eq!(said(r#"{"":1,"":1}"#), "`` is there twice in one object, at line 1 column 8");
    assert!(parse(br#"{"a":{"a":1},"b":{"a":1},"A":1}"#).is_ok());
}

#[test]
fn what_is_not_json_is_told_by_the_parser() {
    for text in ["", "{} {}", "{\"a\":1,}", "[1", "nul", "\u{feff}{}", "{\"a\":1,\"a\"", &"[".repeat(100_000)] {
        let fault = parse(text.as_bytes()).unwrap_err();
        assert!(matches!(fault, Fault::NotJson(_)) || text.ends_with("\"a\""), "{text}: {fault}");
    }
}

#[test]
fn a_member_with_the_parsers_own_name_for_a_number_is_a_member() {
    for name in ["$serde_json::private::Number", "\\u0024serde_json::private::Number", "$serde_json::private::RawValue"]
    {
        for value in ["\"12\"", "\"text\"", "12", "null", "[1.50]"] {
            let text = format!("{{\"{name}\":{value}}}");
            let plain = name.replace("\\u0024", "$");
            let written = format!("{{\"{plain}\":{value}}}");
            assert_eq!(parse(text.as_bytes()).unwrap().to_string(), written);
            let within = members(format!("{{\"k\":{text}}}").as_bytes(), &mut 4096, |_| true).unwrap();
            assert_eq!(within["k"].to_string(), written);
        }
    }
    assert_eq!(
        parse(b"[1e400, 1.50, 123456789012345678901234567890]").unwrap().to_string(),
        "[1e+400,1.50,123456789012345678901234567890]"
    );
}

#[test]
fn the_first_of_several_is_read_to_its_end() {
    assert_eq!(parse_first(r#"{"a":1}#b"#).unwrap(), (json!({ "a": 1 }), 7));
    assert_eq!(parse_first(r#"{"a":{"b":1}} ?x"#).unwrap().1, 13);
    let twice = parse_first(r#"{"a":1,"a":2}#b"#).unwrap_err();
    assert!(matches!(twice, Fault::Twice { .. }), "{twice}");
    assert!(parse_first(r#"{"a""#).is_err() && parse_first("").is_err());
}

#[test]
fn texts_that_grow_a_hundredfold_are_refused_early() {
    for part in ["0,", "{\"\":0},", "[],", "\"\",", "1.5,", "\"a\",", "[[[]]],", "{},", "null,"] {
        let text = format!("[{}0]", part.repeat((8 << 20) / part.len()));
        assert!(matches!(parse_within(text.as_bytes(), &mut (24 << 20)), Err(Fault::TooLarge)), "{part}");
    }
    let names = format!("{{{}\"\":0}}", (0..900_000).map(|n| format!("\"{n:x}\":0,")).collect::<Vec<_>>().concat());
    assert!(matches!(parse_within(names.as_bytes(), &mut (24 << 20)), Err(Fault::TooLarge)));
    assert_eq!(members(names.as_bytes(), &mut 1024, |name| name == "ff").unwrap().len(), 1);
}

#[test]
fn of_an_object_only_the_wanted_members_take_room() {
    let text = format!("{{\"a\":[{}0],\"b\":\"y\"}}", "[],".repeat(1 << 16));
    let mut room = 2048;
    let found = members(text.as_bytes(), &mut room, |name| name == "b").unwrap();
    assert_eq!((Value::Object(found), room > 0), (json!({ "b": "y" }), true));
    assert!(matches!(members(text.as_bytes(), &mut 2048, |_| true), Err(Fault::TooLarge)));
    for none in ["[]", "3", "\"\"", "null", "{\"a\":", "{} {}"] {
        assert!(matches!(members(none.as_bytes(), &mut 2048, |_| true), Err(Fault::NotJson(_))), "{none}");
    }
}

proptest::proptest! {
    #[test]
    fn members_are_those_that_others_read(text in "\\{[\\[\\]{}:,\"a-c0-2 .e-]{0,24}") {
        let theirs = serde_json::from_str::<Map<String, Value>>(&text).ok();
        match members(text.as_bytes(), &mut (1 << 20), |_| true) {
            Err(Fault::Twice { .. }) => proptest::prop_assert!(theirs.is_some()),
            ours => proptest::prop_assert_eq!(ours.ok(), theirs),
        }
    }

    #[test]
    fn what_has_no_name_twice_is_read_as_by_others(text in "[\\[\\]{}:,\"a-c0-2 .e-]{0,24}") {
        let ours = parse(text.as_bytes());
        let theirs = serde_json::from_str::<Value>(&text);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => proptest::prop_assert_eq!(ours, theirs),
            (Err(_), Err(_)) | (Err(Fault::Twice { .. }), Ok(_)) => {}
            (ours, theirs) => proptest::prop_assert!(false, "{:?} {:?}", ours, theirs),
        }
    }
}
