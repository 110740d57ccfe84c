//! Escapes and marks in a text, which may stand for a letter of a secret or between two of them.

/// Decodes an escape at the start of `text`, and returns its length. A mark between letters, such as `\n`, `&nbsp;`,
/// `^M`, `[31m` or `<b>`, is a space.
pub(super) fn escape(text: &str) -> Option<(char, usize)> {
    match text.as_bytes().first()? {
        b'%' => percent(text),
        b'=' => code(text, 1, 16, 2, ""),
        b'0' if text[1..].starts_with(['x', 'X']) => code(text, 2, 16, 2, ""),
        b'U' | b'u' if text[1..].starts_with('+') => code(text, 2, 16, 6, ""),
        b'\\' => backslash(text),
        b'&' => entity(text),
        b'^' => text[1..].starts_with(|c| matches!(c, '?'..='_')).then_some((' ', 2)),
        b'[' => enclosed(&text[1..], |c| matches!(c, '0'..='?'), |c| c.is_ascii_alphabetic()),
        b'<' => enclosed(&text[1..], |c| c.is_ascii() && !matches!(c, '<' | '>'), |c| c == '>'),
        _ => None,
    }
}

/// `%70`, and `%2570`.
fn percent(text: &str) -> Option<(char, usize)> {
    let mut rest = &text[1..];
    while let Some(after) = rest.strip_prefix("25").filter(|after| after.starts_with(|c: char| c.is_ascii_hexdigit())) {
        rest = after;
    }
    code(text, text.len() - rest.len(), 16, 2, "")
}

/// `\x70`, `\u0070`, `\u{70}`, `\U00000070`, `\160`; and `\n`.
fn backslash(text: &str) -> Option<(char, usize)> {
    let known = [("x{", 8, "}"), ("x", 2, ""), ("u{", 8, "}"), ("u", 4, ""), ("U", 8, "")];
    let found = known.into_iter().find(|(start, ..)| text[1..].starts_with(start));
    let decoded = match found {
        Some((start, most, end)) => code(text, 1 + start.len(), 16, most, end),
        None => code(text, 1, 8, 3, ""),
    };
    decoded.or_else(|| text[1..].starts_with(|c: char| c.is_ascii_alphabetic()).then_some((' ', 2)))
}

/// `&#112;`, `&#x70;` and `&amp;#112;`; and `&nbsp;`. Readers of XML accept any number of zeros, and some a sign.
fn entity(text: &str) -> Option<(char, usize)> {
    let mut rest = &text[1..];
    while let Some(after) = rest.strip_prefix("amp;") {
        rest = after;
    }
    let start = text.len() - rest.len();
    let number = |digits: &str, radix| {
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        code(text, text.len() - digits.len(), radix, usize::MAX, ";")
    };
    let decoded = match rest.strip_prefix('#').map(|digits| (digits, digits.strip_prefix(['x', 'X']))) {
        Some((_, Some(digits))) => number(digits, 16),
        Some((digits, None)) => number(digits, 10),
        None => enclosed(rest, |c| c.is_ascii_alphanumeric(), |c| c == ';').map(|(c, length)| (c, start + length - 1)),
    };
    decoded.or_else(|| (start > 1).then_some((' ', start)))
}

/// The character whose code follows `start`, with at most so many digits, and perhaps `end`.
fn code(text: &str, start: usize, radix: u32, most: usize, end: &str) -> Option<(char, usize)> {
    let digits = &text[start..];
    let length = digits.chars().take(most).take_while(|c| c.is_digit(radix)).count();
    let code = u32::from_str_radix(&digits[..length], radix).ok()?;
    let end = if digits[length..].starts_with(end) { end.len() } else { 0 };
    Some((char::from_u32(code)?, start + length + end))
}

/// A mark of one character, a few ASCII characters for which `within` holds, and one for which `ends` holds.
fn enclosed(rest: &str, within: fn(char) -> bool, ends: fn(char) -> bool) -> Option<(char, usize)> {
    const MOST: usize = 20;
    let end = rest.chars().take(MOST).position(|c| ends(c) || !within(c))?;
    rest[end..].starts_with(ends).then_some((' ', end + 2))
}
