//! A value of a policy, which may contain the wildcards `*` and `?`, and variables.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>

use super::request::{Request, Shown};

/// A value of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Its text as written.
    pub(super) text: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `${*}`, `${?}`, `${$}`: the character itself.
    Literal(char),
    Variable {
        key: String,
        default: Option<String>,
    },
}

/// A value with its variables replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    /// The pattern to compare with.
    In(Pattern),
    /// A variable has no value, so nothing matches.
    Missing(String),
    /// It depends on something that the token does not show; the reason.
    Unknown(String),
}

impl Wanted {
    /// A text without variables, which may contain `*` and `?`.
    pub(super) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), pieces: vec![Piece::Text(text.to_owned())] }
    }

    /// A text with variables.
    ///
    /// # Errors
    /// Why IAM would reject it.
    pub(super) fn with_variables(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (inside, after) = after.split_once('}').ok_or("a variable that `${` begins has no `}`")?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(variable(inside)?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { text: text.to_owned(), pieces })
    }

    /// Whether it contains a variable, not only an escaped character.
    pub(super) fn varies(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Variable { .. }))
    }

    /// Whether it contains a `*` as a wildcard.
    pub(super) fn has_star(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains('*')))
    }

    /// Replaces the variables. `like`: whether `*` and `?` are wildcards.
    pub(super) fn fill(&self, request: &Request<'_>, like: bool) -> Filled {
        let mut units = Vec::new();
        for piece in &self.pieces {
            let literal = match piece {
                Piece::Text(text) => {
                    units.extend(text.chars().map(Unit::of));
                    continue;
                }
                Piece::Literal(character) => character.to_string(),
                Piece::Variable { key, default } => match (request.shown(key), default) {
                    (Shown::Values(mut values), _) if values.len() == 1 => {
                        let value = values.remove(0);
                        if like && value.contains(['*', '?']) {
                            return Filled::Unknown(format!("the value of `${{{key}}}` has a `*` or `?` in it"));
                        }
                        value
                    }
                    (Shown::Values(_), _) => return Filled::Unknown(format!("`{key}` has several values")),
                    (Shown::Unknown(why), _) => {
                        return Filled::Unknown(format!("the value of `${{{key}}}` is not known: {why}"));
                    }
                    (Shown::Absent(_), Some(default)) => default.clone(),
                    (Shown::Absent(_), None) => return Filled::Missing(key.clone()),
                },
            };
            units.extend(literal.chars().map(Unit::Letter));
        }
        Filled::In(Pattern(units))
    }
}

/// Parses the text between `${` and `}`.
fn variable(inside: &str) -> Result<Piece, String> {
    if let "*" | "?" | "$" = inside {
        return Ok(Piece::Literal(inside.chars().next().unwrap_or_default()));
    }
    let wrong = |why: &str| Err(format!("the variable `${{{inside}}}` {why}"));
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, default)) => {
            let default = default.trim_start().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            if default.is_none() {
                return wrong("has a default that is not in single quotes");
            }
            (key, default)
        }
    };
    if key.is_empty() || key.contains(|c: char| c.is_whitespace() || "{$'".contains(c)) {
        return wrong("is not the name of a condition key");
    }
    Ok(Piece::Variable { key: key.to_owned(), default: default.map(str::to_owned) })
}

/// A text in which `*` matches any characters and `?` any one character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Unit>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Letter(char),
    Star,
    One,
}

impl Unit {
    fn of(character: char) -> Self {
        match character {
            '*' => Self::Star,
            '?' => Self::One,
            letter => Self::Letter(letter),
        }
    }

    fn is(self, letter: char) -> bool {
        match self {
            Self::Letter(own) => own == letter,
            Self::One => true,
            Self::Star => false,
        }
    }
}

impl Pattern {
    /// A pattern without variables.
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().map(Unit::of).collect())
    }

    /// The text itself, without wildcards.
    pub(super) fn literally(&self) -> String {
        let letter = |unit: &Unit| match unit {
            Unit::Letter(letter) => *letter,
            Unit::Star => '*',
            Unit::One => '?',
        };
        self.0.iter().map(letter).collect()
    }

    /// Whether `text` matches. Only the last star is ever moved. So the time is limited by the product of both
    /// lengths, for any number of stars.
    pub(super) fn is_like(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut read) = (0, 0);
        let mut star = None;
        while let Some(letter) = text.get(read) {
            match self.0.get(at) {
                Some(Unit::Star) => {
                    star = Some((at, read));
                    at += 1;
                }
                Some(unit) if unit.is(*letter) => {
                    at += 1;
                    read += 1;
                }
                _ => {
                    let Some((place, taken)) = star else { return false };
                    star = Some((place, taken + 1));
                    at = place + 1;
                    read = taken + 1;
                }
            }
        }
        self.0.iter().skip(at).all(|unit| *unit == Unit::Star)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).is_like(text)
    }

    #[test]
    fn a_star_is_any_characters_and_a_question_mark_any_one() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("a*", "a"),
            ("a*c", "abbc"),
            ("?", "日"),
            ("*a*b", "xaybzb"),
            ("a**b", "ab"),
            ("a*?", "ab"),
        ] {
            assert!(like(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("a", ""), ("a*c", "abb"), ("?", ""), ("a*?", "a"), ("A", "a"), ("*b*c", "cb")]
        {
            assert!(!like(pattern, text), "{pattern} {text}");
        }
    }

    /// Backtracking over every star would never finish here.
    #[test]
    fn many_stars_cost_no_more_than_one() {
        let started = std::time::Instant::now();
        let (pattern, text) = ("a*".repeat(2000) + "b", "a".repeat(40_000));
        assert!(!like(&pattern, &text));
        assert!(!like(&("*".repeat(4000) + "b"), &text));
        assert!(like(&pattern, &(text + "b")));
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    }

    #[test]
    fn variables_are_taken_apart() {
        let wanted = Wanted::with_variables("a${x:y}b${*}${x:z, 'd e'}").unwrap();
        assert!(wanted.varies() && !wanted.has_star());
        assert_eq!(
            wanted.pieces,
            [
                Piece::Text("a".into()),
                Piece::Variable { key: "x:y".into(), default: None },
                Piece::Text("b".into()),
                Piece::Literal('*'),
                Piece::Text(String::new()),
                Piece::Variable { key: "x:z".into(), default: Some("d e".into()) },
                Piece::Text(String::new()),
            ]
        );
        assert!(!Wanted::with_variables("${$}{a:b}").unwrap().varies());
        assert!(Wanted::with_variables("$x {y} *").unwrap().has_star());
        for bad in ["${a:b", "${}", "${a b}", "${a:b, c}", "${a:b, 'c}", "${a:b, '}", "${${a:b}}"] {
            assert!(Wanted::with_variables(bad).is_err(), "{bad}");
        }
    }

    /// A matcher that tries all possibilities, for short texts.
    fn tried(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some(('*', rest)), _) => (0..=text.len()).any(|taken| tried(rest, &text[taken..])),
            (Some((wanted, rest)), Some((letter, left))) => (*wanted == '?' || wanted == letter) && tried(rest, left),
            (Some(_), None) => false,
        }
    }

    proptest::proptest! {
        #[test]
        fn it_is_as_trying_everything_says(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let (letters, read): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            proptest::prop_assert_eq!(like(&pattern, &text), tried(&letters, &read));
        }

        #[test]
        fn no_text_makes_the_reader_of_variables_panic(text in ".{0,20}(\\$\\{.{0,10}\\}?){0,3}.{0,5}") {
            let _ = Wanted::with_variables(&text);
        }
    }
}
