//! Parses numbers like Go (<https://pkg.go.dev/strconv#ParseInt>, <https://go.dev/ref/spec#Conversions>).

use serde_json::Number;

/// Parses an integer in any form of a Go literal: with a sign, a base prefix (`0x`, `0b`, `0o`, `0`), and `_` between
/// digits. `None` if it is invalid or too large.
pub(super) fn whole(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let prefixed = |marks: [char; 2]| digits.strip_prefix('0').and_then(|rest| rest.strip_prefix(marks));
    let (radix, rest, prefix) = match (prefixed(['x', 'X']), prefixed(['b', 'B']), prefixed(['o', 'O'])) {
        (Some(rest), ..) => (16, rest, true),
        (_, Some(rest), _) => (2, rest, true),
        (.., Some(rest)) => (8, rest, true),
        // The zero counts as a digit, so `_` may follow it.
        _ if digits.len() > 1 && digits.starts_with('0') => (8, digits, false),
        _ => (10, digits, false),
    };
    let good = rest.chars().all(|c| c == '_' || c.is_digit(radix))
        && !rest.contains("__")
        && !rest.ends_with('_')
        && (prefix || !rest.starts_with('_'));
    let value = i128::from_str_radix(&rest.replace('_', ""), radix).ok().filter(|_| good)?;
    i64::try_from(if negative { -value } else { value }).ok()
}

/// Converts a time of a token: to the nearest floating-point number, then truncated to an integer. Outside of
/// `int64`, the result is the smallest `int64`, as on x86-64. `None` if the number is too large for a `float64`.
pub(super) fn seconds(number: &Number) -> Option<i64> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    let value = number.as_f64().filter(|value| value.is_finite())?;
    if !(-BEYOND..BEYOND).contains(&value) {
        return Some(i64::MIN);
    }
    #[allow(clippy::cast_possible_truncation, reason = "it is within bounds")]
    Some(value as i64)
}

/// The time in the form that Go compares: it counts from another year, and overflows.
pub(super) fn instant(seconds: i64) -> i64 {
    const FROM_THE_YEAR_1: i64 = 62_135_596_800;
    seconds.wrapping_add(FROM_THE_YEAR_1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_has_many_forms() {
        for (text, value) in [
            ("0", 0),
            ("17", 17),
            ("-17", -17),
            ("+17", 17),
            ("0x1F", 31),
            ("0X1f", 31),
            ("0b101", 5),
            ("0o17", 15),
            ("017", 15),
            ("00", 0),
            ("1_000", 1000),
            ("0_7", 7),
            ("0x_f", 15),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(whole(text), Some(value), "{text}");
        }
        for text in [
            "",
            "+",
            "08",
            "0x",
            "1__0",
            "1_",
            "_1",
            "0b2",
            " 1",
            "1 ",
            "1.0",
            "1e0",
            "9223372036854775808",
            "--1",
            "0x-1",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_cut_and_what_is_too_large_is_the_least() {
        let of = |text: &str| seconds(&text.parse().unwrap());
        assert_eq!((of("1.9"), of("-1.9"), of("1e18")), (Some(1), Some(-1), Some(1_000_000_000_000_000_000)));
        assert_eq!(
            (of("1e30"), of("-1e30"), of("9223372036854775808")),
            (Some(i64::MIN), Some(i64::MIN), Some(i64::MIN))
        );
        assert_eq!((of("1e400"), of("1e-400")), (None, Some(0)));
    }
}
