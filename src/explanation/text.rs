//! Writes an explanation as text.

use std::fmt::Write as _;

use super::{Check, Explanation};
use crate::secret::sanitized;

pub(super) fn layout(explanation: &Explanation) -> String {
    let mut out = format!("{}: {}\n\n", explanation.verdict.word(), sanitized(&explanation.title));
    for check in &explanation.checks {
        lay_out(check, 0, &mut out);
    }
    for (label, sentences) in [("lint", &explanation.lints), ("note", &explanation.notes)] {
        if !sentences.is_empty() {
            out.push('\n');
        }
        for sentence in sentences {
            let _ = writeln!(out, "{label}: {}", sanitized(sentence));
        }
    }
    out
}

fn lay_out(check: &Check, depth: usize, out: &mut String) {
    const LABEL: usize = 10;
    let indent = 2 * depth;
    let _ = writeln!(out, "{:indent$}{} {}", "", check.mark.sign(), sanitized(&check.title));
    let indent = indent + 4;
    let mut last = "";
    for fact in &check.facts {
        // Expected values are alternatives; of other facts, each one applies.
        let label = match fact.label {
            "wanted" if last == "wanted" => "or",
            label if label == last => "and",
            label => label,
        };
        last = fact.label;
        let _ = writeln!(out, "{:indent$}{label:<LABEL$} {}", "", sanitized(&fact.text));
        if let Some(at) = fact.parts_at {
            let at = indent + LABEL + 1 + at;
            let _ = writeln!(out, "{:at$}^ differs from here", "");
        }
    }
    for part in &check.parts {
        lay_out(part, depth + 1, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Check, Explanation, Mark, Verdict};

    #[test]
    fn an_explanation_is_laid_out_as_a_tree() {
        let explanation = Explanation {
            verdict: Verdict::Refused,
            title: "no statement allows this token".into(),
            checks: vec![
                Check::new(Mark::Fails, "statement 1 (Allow)").parts([
                    Check::new(Mark::Holds, "Action covers sts:AssumeRoleWithWebIdentity"),
                    Check::new(Mark::Fails, "StringLike host:sub").compared(&["a:*:x".into(), "b".into()], "a:b\x1b:y"),
                    Check::new(Mark::Unknown, "IpAddress aws:SourceIp")
                        .fact("because", "the token does not show it")
                        .fact("because", "nobody knows"),
                ]),
            ],
            lints: vec!["no `aud`".into()],
            notes: vec!["a".into(), "b".into()],
        };
        expect_test::expect![[r#"
            refused: no statement allows this token

            ✗ statement 1 (Allow)
              ✓ Action covers sts:AssumeRoleWithWebIdentity
              ✗ StringLike host:sub
                  wanted     a:*:x
                  or         b
                  presented  a:b:y
                                  ^ differs from here
              ? IpAddress aws:SourceIp
                  because    the token does not show it
                  and        nobody knows

            lint: no `aud`

            note: a
            note: b
        "#]]
        .assert_eq(&explanation.text());
    }
}
