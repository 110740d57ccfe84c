//! A token's summary as text, in narrow columns.

use std::fmt::Write as _;

use serde_json::Value;

use super::claim_notes;
use super::relative_time::moment;
use super::summary::Summary;
use crate::explanation::Explanation;
use crate::secret::sanitized;
use crate::subject::Claims;
use crate::subject::claims::SESSION_TAGS;
use crate::text::time;

/// The width at which notes are wrapped. Values are not wrapped, so that they can be copied.
const WIDTH: usize = 80;
/// The column of the values.
const VALUES: usize = 13;
/// The longest value and the longest name that are shown completely, in characters.
const LONGEST: usize = 600;
const LONGEST_NAME: usize = 64;

/// The text. `explanation` is the result of the verification.
pub(super) fn text(summary: &Summary<'_>, explanation: Option<&Explanation>) -> String {
    let mut out = layout(summary, explanation.is_some());
    if let Some(explanation) = explanation {
        out.push('\n');
        out.push_str(&explanation.text());
    }
    out
}

/// The whole table. `verified`: whether the result of a verification follows.
fn layout(summary: &Summary<'_>, verified: bool) -> String {
    let mut out = head(summary, verified);
    out.push_str("\nclaims\n");
    for name in summary.names() {
        line(&mut out, name, &value(summary.claims, name));
        if let Some(note) = summary.note(name) {
            for (index, part) in wrapped(&sanitized(&note), WIDTH - VALUES - 2).iter().enumerate() {
                let _ = writeln!(out, "{:VALUES$}{} {part}", "", if index == 0 { "·" } else { " " });
            }
        }
    }
    let missing = summary.missing();
    if summary.job.of_semaphore {
        let which = if missing.is_empty() { "none".into() } else { missing.join(", ") };
        let why = format!(
            "all but {}: an organization can switch off any other, and org and prj are off until it switches them on; a rule that needs a missing claim refuses the token",
            claim_notes::ALWAYS.join(", ")
        );
        section(&mut out, "missing", &[("here", which), ("could be", why)]);
    }
    let limits: Vec<(&str, String)> = summary.limits.iter().map(|limit| (limit.cloud, limit.what.clone())).collect();
    if !limits.is_empty() {
        section(&mut out, "limits", &limits);
    }
    out
}

fn head(summary: &Summary<'_>, verified: bool) -> String {
    let header = summary.header;
    let key = header.kid.as_ref().map(|kid| format!(", key {kid}")).unwrap_or_default();
    let unsure = if verified { "" } else { " (--verify checks it)" };
    let mut lines = vec![("job", summary.job.words(summary.claims))];
    if let Some(at) = summary.claims.issued() {
        lines.push(("issued", moment(at, summary.now)));
    }
    lines.push(("expires", summary.expiry()));
    lines.push(("signed", format!("{}{key}{unsure}", header.alg.as_deref().unwrap_or("(no algorithm)"))));
    let lines = lines.into_iter().map(|(label, text)| format!("{label:<10} {}\n", cut(&sanitized(&text), LONGEST)));
    lines.collect()
}

/// A name and its value; a long name has its own line.
fn line(out: &mut String, name: &str, lines: &[String]) {
    let name = cut(&sanitized(name), LONGEST_NAME);
    let fits = name.chars().count() < VALUES - 2;
    if !fits {
        let _ = writeln!(out, "  {name}");
    }
    for (index, value) in lines.iter().enumerate() {
        let label = if fits && index == 0 { name.as_str() } else { "" };
        let _ = writeln!(out, "  {label:<10} {value}");
    }
}

fn section(out: &mut String, title: &str, items: &[(&str, String)]) {
    let _ = writeln!(out, "\n{title}");
    for (label, text) in items {
        for (index, part) in wrapped(&sanitized(text), WIDTH - VALUES).iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let _ = writeln!(out, "{}", format!("  {label:<10} {part}").trim_end());
        }
    }
}

/// The lines of a claim's value.
fn value(claims: &Claims, name: &str) -> Vec<String> {
    let dated = |at: Option<i64>, shown: String| match at {
        Some(at) if time(at) != shown => format!("{shown} = {}", time(at)),
        _ => shown,
    };
    let shown = claims.shown(name).unwrap_or_default();
    let shown = match name {
        SESSION_TAGS => return tags(claims).unwrap_or_else(|| vec![cut(&sanitized(&shown), LONGEST)]),
        "iat" => dated(claims.issued(), shown),
        "nbf" => dated(claims.not_before(), shown),
        "exp" => dated(claims.expiry(), shown),
        _ => shown,
    };
    vec![cut(&sanitized(&shown), LONGEST)]
}

/// Session tags in AWS's format, if the claim has it: `branch=main  job_type=pipeline_job; transitive: branch`.
fn tags(claims: &Claims) -> Option<Vec<String>> {
    let claim = claims.get(SESSION_TAGS)?;
    let pairs = claim.get("principal_tags")?.as_object()?.iter().map(|(name, values)| {
        let [Value::String(value)] = values.as_array()?.as_slice() else { return None };
        Some(format!("{name}={value}"))
    });
    let mut lines = pairs.collect::<Option<Vec<String>>>()?;
    let transitive = claim.get("transitive_tag_keys").and_then(Value::as_array);
    let transitive: Vec<&str> = transitive.into_iter().flatten().filter_map(Value::as_str).collect();
    lines.push(match transitive.len() {
        0 => "none of them transitive".into(),
        all if all == lines.len() => "all of them transitive".into(),
        _ => format!("transitive: {}", transitive.join(", ")),
    });
    Some(lines.iter().map(|line| cut(&sanitized(line), LONGEST)).collect())
}

fn cut(text: &str, longest: usize) -> String {
    let length = text.chars().count();
    if length <= longest {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest).collect();
    format!("{kept}… ({length} characters)")
}

/// Lines of at most `width` characters, wrapped at spaces; a longer word has its own line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_broken_at_blanks() {
        assert_eq!(wrapped("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrapped("abcdef g", 3), ["abcdef", "g"]);
        assert_eq!(wrapped("", 3), [""]);
    }

    #[test]
    fn what_is_too_long_is_cut_and_counted() {
        assert_eq!(cut("日本語", 3), "日本語");
        assert_eq!(cut("日本語", 2), "日本… (3 characters)");
    }

    proptest::proptest! {
        #[test]
        fn no_words_are_lost(text in "[a-z ]{0,60}", width in 1usize..20) {
            proptest::prop_assert_eq!(wrapped(&text, width).join(" "), text);
        }
    }
}
