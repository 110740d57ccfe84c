//! Text for people: fit for a log and a terminal.

/// `text` fit for a log and a terminal: control characters, which could move the cursor or forge the
/// CI agent's markers, and the marks that reorder text, are dropped; line breaks become blanks.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\t' => Some(' '),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
            c if c.is_control() => None,
            c => Some(c),
        })
        .collect()
}

/// Seconds since 1970 as RFC 3339, or as they are where a calendar has no such day.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_cannot_move_the_cursor() {
        assert_eq!(printable("a\x1b[2J\x01b\r\nc\u{202e}d\u{9b}e"), "a[2Jb  cde");
    }

    #[test]
    fn a_time_is_shown_as_a_date_where_there_is_one() {
        assert_eq!(time(1_786_400_000), "2026-08-10T22:13:20Z");
        assert_eq!(time(-5), "-5");
        assert_eq!(time(i64::MAX), i64::MAX.to_string());
    }
}
