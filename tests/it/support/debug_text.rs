//! Detects Rust's debug text in output: it is for developers, and may contain secrets.

use std::sync::LazyLock;

use regex_lite::Regex;

/// The expressions are compiled once: thousands of runs use them.
static FORMS: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        // An enum's value: `Err("…")`, `Some(3)`.
        r"\b(Ok|Err|Some)\([^)]*",
        // A structure: `Os { code: 2, kind: NotFound`.
        r"\b[A-Z][A-Za-z]* \{ [a-z_]+: [^}]*",
        // Bytes: `[80, 82, 73, 86]`.
        r"\[(\d{1,3}, ){3,}\d{1,3}",
        // A text with Rust's own escapes.
        r"\\u\{[0-9a-f]+\}",
        r"\bcalled `(Option|Result)::",
    ]
    .map(|form| Regex::new(form).unwrap())
});

/// The first piece of debug text in `text`.
pub(super) fn find(text: &str) -> Option<String> {
    FORMS.iter().find_map(|form| form.find(text).map(|found| found.as_str().to_owned()))
}

#[test]
fn it_is_found() {
    let found = |text: &str| find(text).is_some();
    assert!(found("is not PEM: missing section end marker: [80, 82, 73, 86, 65]"));
    assert!(found("error: Os { code: 2, kind: NotFound, message: \"no such file\" }"));
    assert!(found("said Err(InvalidHeader)"));
    assert!(found("found \\u{202e} there"));
    assert!(!found("hint: write {\"Version\": \"2012-10-17\"}, or Some text, or 1, 2, 3"));
}
