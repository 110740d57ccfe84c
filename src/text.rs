//! Makes text safe to show in a log and a terminal.

use std::fmt::Write as _;

/// `text` as one line of visible characters. It removes control characters, which could move the cursor or imitate the
/// CI agent's markers. It also removes characters that reorder or format text or have no width. Line breaks and other
/// white space become spaces.
///
/// ```
/// use oidc_exchange::text::printable;
///
/// assert_eq!(printable("access\u{200b} denied\nfor\u{1b}[31m you"), "access denied for[31m you");
/// ```
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_whitespace() || c == '\u{2800}' { ' ' } else { c })
        .collect()
}

/// Control and format characters, and those that a renderer may leave out: `Cc`, `Cf` and
/// `Default_Ignorable_Code_Point` of <https://www.unicode.org/Public/17.0.0/ucd/>. Characters that break a line are
/// excluded.
fn is_invisible(c: char) -> bool {
    match c {
        '\n' | '\r' | '\t' => false,
        '\u{ad}'
        | '\u{34f}'
        | '\u{600}'..='\u{605}'
        | '\u{61c}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{110bd}'
        | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control(),
    }
}

/// Seconds since 1970 in RFC 3339 format; the number itself if it is outside the calendar.
///
/// ```
/// assert_eq!(oidc_exchange::text::time(1_700_000_000), "2023-11-14T22:13:20Z");
/// ```
#[must_use]
pub fn time(seconds: i64) -> String {
    let known = u64::try_from(seconds).ok().filter(|seconds| *seconds < 253_402_300_800);
    known.map_or_else(
        || seconds.to_string(),
        |seconds| {
            humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
                .to_string()
        },
    )
}

/// The beginning of a text that is longer than `most` bytes.
///
/// ```
/// assert_eq!(oidc_exchange::text::beginning("refused the connection", 10), "refused th…");
/// assert_eq!(oidc_exchange::text::beginning("refused", 10), "refused");
/// ```
#[must_use]
pub fn beginning(text: &str, most: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= most { text.into() } else { format!("{}…", &text[..text.floor_char_boundary(most)]).into() }
}

/// A duration as an option accepts it, without spaces. Parts of a second are left out.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(oidc_exchange::text::duration(Duration::from_secs(356_460)), "4d3h1m");
/// assert_eq!(oidc_exchange::text::duration(Duration::ZERO), "0s");
/// ```
#[must_use]
pub fn duration(length: std::time::Duration) -> String {
    let seconds = length.as_secs();
    let parts = [(seconds / 86400, 'd'), (seconds / 3600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let mut shown = String::new();
    for (number, unit) in parts.iter().filter(|(number, _)| *number > 0) {
        let _ = write!(shown, "{number}{unit}");
    }
    if shown.is_empty() { "0s".into() } else { shown }
}

/// Whether a text that a person is to read before running it may contain `c`: no control or format characters, which
/// can hide or reorder other text. Selectors of an emoji's style are allowed.
#[must_use]
pub fn is_readable(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}') || !is_invisible(c)
}

/// The first character of `text` that is not readable, by its number.
///
/// ```
/// assert_eq!(oidc_exchange::text::unreadable("a\u{200b}b").as_deref(), Some("U+200B"));
/// assert_eq!(oidc_exchange::text::unreadable("ключ 🔑"), None);
/// ```
#[must_use]
pub fn unreadable(text: &str) -> Option<String> {
    text.chars().find(|c| !is_readable(*c)).map(|c| format!("U+{:04X}", u32::from(c)))
}

/// JSON with an escape for each character that is not readable, which only texts in it can contain.
///
/// ```
/// assert_eq!(oidc_exchange::text::readable_json("{\"a\": \"b\u{202e}c\"}"), r#"{"a": "b\u202ec"}"#);
/// ```
#[must_use]
pub fn readable_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if is_readable(c) {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn readable_json_is_the_same_json(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            let readable = readable_json(&json);
            proptest::prop_assert!(readable.chars().all(is_readable));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&readable).unwrap(), text);
        }

        #[test]
        fn a_duration_is_read_back(seconds in 0..4_000_000_000_u64) {
            let length = std::time::Duration::from_secs(seconds);
            proptest::prop_assert_eq!(humantime::parse_duration(&duration(length)), Ok(length));
        }
    }

    #[test]
    fn what_a_server_says_cannot_move_the_cursor() {
        assert_eq!(printable("a\x1b[2J\x01b\r\nc\u{202e}d\u{9b}e"), "a[2Jb  cde");
    }

    #[test]
    fn what_cannot_be_seen_goes() {
        for invisible in "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{115f}\u{180e}\u{34f}\u{e0041}\u{61c}".chars()
        {
            assert_eq!(printable(&format!("a{invisible}b")), "ab", "{invisible:?}");
        }
        for blank in "\n\r\t\u{a0}\u{2028}\u{2029}\u{3000}\u{2800}".chars() {
            assert_eq!(printable(&format!("a{blank}b")), "a b", "{blank:?}");
        }
        assert_eq!(printable("Zürich, 東京, naïve: “ok”…"), "Zürich, 東京, naïve: “ok”…");
    }

    #[test]
    fn a_time_is_shown_as_a_date_where_there_is_one() {
        assert_eq!(time(1_786_400_000), "2026-08-10T22:13:20Z");
        assert_eq!(time(-5), "-5");
        assert_eq!(time(i64::MAX), i64::MAX.to_string());
    }
}
