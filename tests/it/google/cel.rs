//! Compares the CEL evaluator with two others: the `cel` crate (in the sandbox) and cel-python.
//!
//! Expressions are random, from a fixed seed. If values differ, a rule below must name the reason.

use std::io::Write;
use std::process::{Command, Stdio};

use oidc_exchange::google::cel::{Expression, Kind, Scope, Value};
use serde_json::{Map, Value as Json, json};

use crate::support::peers;

const MANY: usize = 900;

/// The result of an implementation for an expression.
#[derive(Clone, Debug)]
enum Outcome {
    Value(Json),
    Error(String),
    Unreadable,
}

fn claims() -> Map<String, Json> {
    let claims = json!({
        "sub": "org:acme:ref:refs/heads/main", "ref": "refs/heads/main", "branch": "main", "pr": "", "exp": 1_786_400_000,
        "half": 1.5, "groups": ["main", "b", ""], "nothing": null, "on": true, "mixed": [1, "b", null, true],
        "tags": { "repo": ["web"] },
    });
    claims.as_object().unwrap().clone()
}

fn ours(text: &str, claims: &Map<String, Json>) -> Outcome {
    let value = Expression::parse(text).and_then(|expression| {
        expression.evaluate(&Scope::new().with("assertion", claims)).map(|value| json_of(&value))
    });
    match value {
        Ok(value) => Outcome::Value(value),
        Err(error) if error.kind == Kind::Invalid => Outcome::Error(error.placed(text)),
        Err(_) => Outcome::Unreadable,
    }
}

fn json_of(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(whole) | Value::Claimed(whole) => (*whole).into(),
        Value::Double(double) if double.is_infinite() => double.to_string().into(),
        Value::Double(double) => (*double).into(),
        Value::Huge => "huge".into(),
        Value::Text(text) => text.clone().into(),
        Value::List(items) => items.iter().map(json_of).collect(),
        Value::Map(members) => Json::Object((*members).clone()),
        Value::Type(name) => format!("type {name}").into(),
    }
}

fn crates(text: &str, claims: &Map<String, Json>) -> Outcome {
    sandbox::google::cel::evaluate(text, claims).map_or_else(Outcome::Error, Outcome::Value)
}

fn pythons(texts: &[String], claims: &Map<String, Json>) -> Vec<Outcome> {
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/google/cel.py");
    let mut python =
        Command::new(peers::cel().python()).arg(driver).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let questions: Vec<String> =
        texts.iter().map(|text| format!("{}\n", json!({ "expression": text, "claims": claims }))).collect();
    let asking =
        std::thread::spawn(move || questions.iter().for_each(|line| stdin.write_all(line.as_bytes()).unwrap()));
    let output = python.wait_with_output().unwrap();
    asking.join().unwrap();
    let outcome = |line: &str| {
        let answer: Json = serde_json::from_str(line).unwrap();
        match answer.get("value") {
            Some(value) => Outcome::Value(value.clone()),
            None => Outcome::Error(answer["error"].to_string()),
        }
    };
    String::from_utf8(output.stdout).unwrap().lines().map(outcome).collect()
}

/// Numbers are the same as numbers: `1` and `1.0`.
fn same(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

/// The number of comparisons, and the differences without a reason.
#[derive(Default)]
struct Tally {
    compared: usize,
    values: usize,
    unreadable: usize,
    explained: std::collections::BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

impl Tally {
    fn add(
        &mut self,
        text: &str,
        ours: &Outcome,
        theirs: &Outcome,
        why: fn(&str, &Outcome, &Outcome) -> Option<&'static str>,
    ) {
        let agree = match (ours, theirs) {
            (Outcome::Unreadable, _) => {
                self.unreadable += 1;
                return;
            }
            (Outcome::Value(ours), Outcome::Value(theirs)) => {
                self.values += 1;
                same(ours, theirs)
            }
            (Outcome::Error(_), Outcome::Error(_)) => true,
            _ => false,
        };
        self.compared += 1;
        if agree {
            return;
        }
        match why(text, ours, theirs) {
            Some(rule) => *self.explained.entry(rule).or_default() += 1,
            None => self.unexplained.push(format!("{text}\n    ours   {ours:?}\n    theirs {theirs:?}")),
        }
    }

    #[track_caller]
    fn check(&self, reader: &str, least: usize) {
        let explained: Vec<String> = self.explained.iter().map(|(rule, count)| format!("{count} × {rule}")).collect();
        eprintln!(
            "{reader}: {} compared, {} of them values, {} unreadable here; {}",
            self.compared,
            self.values,
            self.unreadable,
            explained.join(", ")
        );
        assert!(self.unexplained.is_empty(), "{reader}, {}:\n{}", self.unexplained.len(), self.unexplained.join("\n"));
        assert!(self.compared >= least && self.values * 2 >= least, "{reader}: {} compared", self.compared);
        let explained: usize = self.explained.values().sum();
        assert!(explained * 5 < self.compared, "{reader}: {explained} of {} explained", self.compared);
    }
}

#[test]
fn the_cel_crate_agrees() {
    let claims = claims();
    let mut tally = Tally::default();
    let mut maker = Maker::new(1, true);
    for _ in 0..MANY {
        let text = maker.expression();
        tally.add(&text, &ours(&text, &claims), &crates(&text, &claims), |_, _, _| None);
    }
    tally.check("the cel crate", 500);
}

#[test]
fn cel_python_agrees() {
    let claims = claims();
    let mut maker = Maker::new(2, false);
    let texts: Vec<String> = (0..MANY).map(|_| maker.expression()).collect();
    let theirs = pythons(&texts, &claims);
    assert_eq!(theirs.len(), texts.len());
    let mut tally = Tally::default();
    for (text, theirs) in texts.iter().zip(&theirs) {
        tally.add(text, &ours(text, &claims), theirs, differs_from_python);
    }
    tally.check("cel-python", 500);
    assert_eq!(tally.explained.len(), 7, "a rule that explains nothing");
}

/// Places in which cel-python differs from the language's definition.
fn differs_from_python(text: &str, ours: &Outcome, theirs: &Outcome) -> Option<&'static str> {
    let different =
        regex_lite::Regex::new(r"no such overload: .*<class .*'([\w.]+)\W*'> != .*<class .*'([\w.]+)\W*'>").unwrap();
    match (ours, theirs) {
        (Outcome::Value(_), Outcome::Error(said)) if different.captures(said).is_some_and(|two| two[1] != two[2]) => {
            Some("values of different types are not compared")
        }
        (Outcome::Value(_), Outcome::Error(said))
            if text.contains(" ? ") && said.contains("Unexpected <class 'celpy.evaluation.CELEvalError'> ? ") =>
        {
            Some("a choice that turns on such a comparison")
        }
        (Outcome::Value(_), Outcome::Error(said)) if said.contains("'str' object has no attribute") => {
            Some("a sum of texts has no functions")
        }
        (Outcome::Value(_), Outcome::Value(_)) if text.contains("string(true)") => Some("truth is written True"),
        (Outcome::Error(said), Outcome::Value(_)) if text.contains("[-1]") && said.contains(", the list has ") => {
            Some("an index of -1 is the last")
        }
        (Outcome::Error(said), Outcome::Value(_)) if said.contains("is not true or false") => {
            Some("what is not true or false decides")
        }
        (Outcome::Error(said), Outcome::Value(_))
            if said.contains("this operator does not take a number and a number") =>
        {
            Some("an int and a double have a sum")
        }
        _ => None,
    }
}

/// The conformance suite of the language's definition (google/cel-spec), from cel-python's source archive.
///
/// It covers every case with an expression without variables: literals, operators, conversions, lists, macros, texts,
/// numbers, times. Left out are cases with variables or with types that only the suite declares. Unsupported
/// expressions must be reported as such, and never as an error.
#[test]
fn the_definitions_own_suite_agrees() {
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/google/cel_spec.py");
    let output = Command::new(peers::cel().python()).arg(driver).arg(peers::cel_source()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let none = Map::new();
    let (mut alike, mut unreadable, mut wrong) = (0, 0, Vec::new());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let outcome = ours(case["expression"].as_str().unwrap(), &none);
        let agree = match (&outcome, case.get("value"), case.get("type"), case.get("error")) {
            (Outcome::Unreadable, ..) => {
                unreadable += 1;
                continue;
            }
            (Outcome::Value(ours), Some(value), None, None) => same(ours, value),
            (Outcome::Value(ours), None, Some(name), None) => *ours == format!("type {}", name.as_str().unwrap()),
            (Outcome::Error(_), None, None, error) => error.is_some(),
            _ => false,
        };
        if agree {
            alike += 1;
        } else {
            wrong.push(format!("{case}: {outcome:?}"));
        }
    }
    eprintln!("cel-spec: {alike} alike, {unreadable} unreadable here, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(alike >= 380 && alike + unreadable >= 1_300, "{alike} alike, {unreadable} unreadable");
}

/// Makes expressions, most of them of types that fit.
struct Maker {
    random: fastrand::Rng,
    /// `extract`, `split` and `join`, which not every implementation supports.
    googles: bool,
}

impl Maker {
    fn new(seed: u64, googles: bool) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), googles }
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.random.usize(..from.len())]
    }

    fn expression(&mut self) -> String {
        match self.random.usize(..10) {
            0..=5 => self.truth(3),
            6 | 7 => self.text(3),
            8 => self.whole(3),
            _ => self.list(2),
        }
    }

    /// Sometimes a value of another type.
    fn odd(&mut self, depth: usize) -> Option<String> {
        if self.random.usize(..100) >= 4 {
            return None;
        }
        Some(match self.random.usize(..6) {
            0 => self.text(depth),
            1 => self.whole(depth),
            2 => self.truth(depth),
            3 => "null".into(),
            4 => "assertion.gone".into(),
            _ => self.list(depth),
        })
    }

    fn truth(&mut self, depth: usize) -> String {
        if let (Some(less), true) = (depth.checked_sub(1), self.random.usize(..8) > 0) {
            if let Some(odd) = self.odd(less) {
                return odd;
            }
            return match self.random.usize(..16) {
                0 | 1 => format!("{} && {}", self.truth(less), self.truth(less)),
                2 | 3 => format!("({} || {})", self.truth(less), self.truth(less)),
                4 => format!("!({})", self.truth(less)),
                5 => format!("({} ? {} : {})", self.truth(less), self.truth(less), self.truth(less)),
                6 | 7 => {
                    let operator = self.pick(&["==", "!=", "<", "<=", ">", ">="]);
                    format!("{} {operator} {}", self.text(less), self.text(less))
                }
                8 => {
                    let operator = self.pick(&["==", "!=", "<", "<=", ">", ">="]);
                    format!("{} {operator} {}", self.whole(less), self.whole(less))
                }
                9 => format!("{} in {}", self.text(less), self.list(less)),
                10 | 11 => {
                    let function = self.pick(&["startsWith", "endsWith", "contains"]);
                    format!("{}.{function}({})", self.text(less), self.text(less))
                }
                12 => {
                    let pattern = self.pick(&[
                        "^refs/heads/(main|x.*)$",
                        "[a-m]+",
                        "^$",
                        "m?n",
                        r"^\\w+/",
                        "(a|b|)c*",
                        "[^/]*n$",
                    ]);
                    format!("{}.matches('{pattern}')", self.text(less))
                }
                13 => {
                    let member = self.pick(&["pr", "gone", "nothing", "tags"]);
                    format!("has(assertion.{member})")
                }
                14 => {
                    let each = self.pick(&["exists", "all"]);
                    let body =
                        self.pick(&["x == 'b'", "x != ''", "size(x) > 1", "x in ['main', 'b']", "x.startsWith('m')"]);
                    format!("{}.{each}(x, {body})", self.list(less))
                }
                _ => {
                    let operator = self.pick(&["==", "!="]);
                    format!("{} {operator} {}", self.list(less), self.list(less))
                }
            };
        }
        self.pick(&[
            "true",
            "false",
            "assertion.on",
            "assertion.pr == ''",
            "assertion.gone == 'x'",
            "'sub' in assertion",
        ])
        .into()
    }

    fn text(&mut self, depth: usize) -> String {
        if let (Some(less), true) = (depth.checked_sub(1), self.random.usize(..3) == 0) {
            if let Some(odd) = self.odd(less) {
                return odd;
            }
            return match self.random.usize(..if self.googles { 9 } else { 5 }) {
                0 | 1 => format!("({} + {})", self.text(less), self.text(less)),
                2 => format!("({} ? {} : {})", self.truth(less), self.text(less), self.text(less)),
                3 => format!("{}[{}]", self.list(less), self.pick(&["0", "1", "2", "7", "-1"])),
                4 => format!(
                    "string({})",
                    self.pick(&["1", "-12", "true", "'a'", "9223372036854775807", "assertion.ref"])
                ),
                5 | 6 => {
                    let template = self.pick(&["refs/heads/{b}", "org:{o}:", "{all}", "{first}/", "x{y}z", ":{a}:"]);
                    format!("{}.extract('{template}')", self.text(less))
                }
                7 => format!(
                    "{}.split('{}').join('{}')",
                    self.text(less),
                    self.pick(&["/", ":", "a", "ai"]),
                    self.pick(&["", "::"])
                ),
                _ => format!("{}.split('/')[0]", self.text(less)),
            };
        }
        self.pick(&[
            "assertion.ref",
            "assertion['sub']",
            "assertion.branch",
            "assertion.pr",
            "assertion.gone",
            "assertion.tags.repo[0]",
            "'main'",
            "\"a\"",
            "''",
            "'refs/heads/'",
            "r'\\d'",
            "'it\\'s'",
            "'\\x61\\u00e9\\101'",
            "'''b'c'''",
            "'日本'",
        ])
        .into()
    }

    fn whole(&mut self, depth: usize) -> String {
        if let (Some(less), true) = (depth.checked_sub(1), self.random.usize(..3) > 0) {
            if let Some(odd) = self.odd(less) {
                return odd;
            }
            return match self.random.usize(..8) {
                0 => format!("size({})", self.text(less)),
                1 => format!("{}.size()", self.list(less)),
                2 | 3 => {
                    let operator = self.pick(&["+", "-", "*", "/", "%"]);
                    format!("({} {operator} {})", self.whole(less), self.whole(less))
                }
                4 => format!("int({})", self.pick(&["'12'", "'-7'", "1.9", "-1.9", "assertion.exp", "7", "'x'"])),
                5 => format!("-({})", self.whole(less)),
                6 => format!("({} ? {} : {})", self.truth(less), self.whole(less), self.whole(less)),
                _ => "(1.5 + 0.25)".into(),
            };
        }
        self.pick(&[
            "0",
            "1",
            "-3",
            "12",
            "0x1F",
            "9223372036854775807",
            "-9223372036854775808",
            "assertion.exp",
            "1.0",
            "2.5e1",
        ])
        .into()
    }

    fn list(&mut self, depth: usize) -> String {
        let less = depth.saturating_sub(1);
        match self.random.usize(..if depth == 0 { 4 } else { 7 }) {
            0 | 1 => "assertion.groups".into(),
            2 => "[]".into(),
            3 => self.pick(&["assertion.mixed", "['main', 'b']", "[1, 2.0, 'a']", "[true, null]", "['main']"]).into(),
            4 => format!("[{}, {}]", self.text(less), self.text(less)),
            5 => format!("[{}]", self.whole(less)),
            _ => format!("({} + {})", self.list(less), self.list(less)),
        }
    }
}
