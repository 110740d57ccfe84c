//! JSON values that are small as text and large as a tree.

use std::fmt::Write;

/// The kinds.
pub(super) const KINDS: [&str; 16] = [
    "deep lists",
    "deep objects",
    "empty lists",
    "empty objects",
    "lists in lists",
    "objects with an empty name",
    "empty texts",
    "short texts",
    "nulls",
    "numbers",
    "digits",
    "one text",
    "escapes",
    "names",
    "one name",
    "broken off",
];

/// Some of them, for runs that read many.
pub(super) const SOME: [&str; 7] =
    ["deep lists", "empty lists", "lists in lists", "objects with an empty name", "one text", "escapes", "names"];

/// A value of nearly the largest size that is read, or one that needs ten times the limit as a tree.
pub(super) fn large(kind: &str) -> String {
    value(kind, if ["digits", "one text", "escapes", "one name"].contains(&kind) { 15 << 19 } else { 2 << 20 })
}

/// Nearly the largest answer that is read, with many small members, lists or elements.
pub(super) fn crowds() -> Vec<(&'static str, String)> {
    const SIZE: usize = (8 << 20) - 4096;
    let mut crowds: Vec<_> = ["names", "deep objects", "empty texts"].map(|kind| (kind, value(kind, SIZE))).into();
    let elements = |part: &str| format!("<a>{}</a>", part.repeat(SIZE / part.len()));
    crowds.push(("elements", elements("<b>0</b>")));
    crowds.push(("elements without an end", "<a>".repeat(SIZE / 3)));
    crowds.push(("attributes", elements("<b c='d' e='f'/>")));
    crowds
}

/// A value of about `size` bytes.
pub(super) fn value(kind: &str, size: usize) -> String {
    let repeated = |part: &str| part.repeat(size / part.len());
    let list = |part: &str, last: &str| format!("[{}{last}]", repeated(part));
    match kind {
        "deep lists" => format!("{}{}", "[".repeat(size / 2), "]".repeat(size / 2)),
        "deep objects" => format!("{}0{}", "{\"\":".repeat(size / 5), "}".repeat(size / 5)),
        "empty lists" => list("[],", "[]"),
        "empty objects" => list("{},", "{}"),
        "lists in lists" => list("[[[[[[]]]]]],", "[]"),
        "objects with an empty name" => list("{\"\":0},", "{}"),
        "empty texts" => list("\"\",", "\"\""),
        "short texts" => list("\"a\",", "\"a\""),
        "nulls" => list("null,", "null"),
        "numbers" => list("1.5,", "0"),
        "digits" => "9".repeat(size),
        "one text" => format!("\"{}\"", "a".repeat(size)),
        "escapes" => format!("\"{}\"", repeated("\\u0001")),
        "names" => {
            let mut text = String::from("{");
            let mut number = 0;
            while text.len() < size {
                write!(text, "\"{number:x}\":0,").unwrap();
                number += 1;
            }
            text + "\"\":0}"
        }
        "one name" => format!("{{\"{}\":0}}", "a".repeat(size)),
        "broken off" => format!("[{}", repeated("[],")),
        other => unreachable!("{other}"),
    }
}
