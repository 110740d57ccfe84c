//! Values of variables in every format: each is read back, or refused.
#![no_main]

use oidc_exchange::emit::{Exports, Format, Rendered, render};
use oidc_exchange::shell::Name;

fn text(format: Format, exports: &Exports) -> Option<String> {
    match render(format, exports).ok()? {
        Rendered::Text(text) => Some(text.reveal().to_owned()),
        Rendered::Source(_) => None,
    }
}

/// The value of a word of single quotes and `"$_oidcNNN"`, which is the character with that octal code.
fn of_posix(mut word: &str) -> Option<String> {
    let mut value = String::new();
    while !word.is_empty() {
        if let Some((literal, rest)) = word.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
            value.push_str(literal);
            word = rest;
        } else {
            let (code, rest) = word.strip_prefix("\"$_oidc")?.split_once('"')?;
            value.push(u8::from_str_radix(code, 8).ok()?.into());
            word = rest;
        }
    }
    Some(value)
}

/// The value of a word in single quotes, in which a backslash is before a quote or another one.
fn of_fish(word: &str) -> Option<String> {
    let mut value = String::new();
    let mut rest = word.strip_prefix('\'')?.strip_suffix('\'')?.chars();
    while let Some(c) = rest.next() {
        match c {
            '\'' => return None,
            '\\' => value.push(rest.next().filter(|c| matches!(c, '\'' | '\\'))?),
            c => value.push(c),
        }
    }
    Some(value)
}

/// What is between `before` and the next `after`, for each variable in turn.
fn between<'t>(mut text: &'t str, before: impl Fn(usize) -> String, after: &str, count: usize) -> Vec<&'t str> {
    let mut found = Vec::new();
    for index in 0..count {
        let Some((_, rest)) = text.split_once(before(index).as_str()) else { break };
        let Some(end) = rest.find(after) else { break };
        found.push(&rest[..end]);
        text = &rest[end..];
    }
    found
}

libfuzzer_sys::fuzz_target!(|input: &str| {
    let values: Vec<&str> = input.split('\0').take(4).collect();
    let mut exports = Exports::new(Vec::new());
    for (index, value) in values.iter().enumerate() {
        let name = Name::new(&format!("V{index}")).expect("it is one");
        exports.set(name, (*value).to_owned()).expect("it has no NUL");
    }
    let posix = text(Format::Env, &exports).expect("it has every value");
    assert!(!posix.contains(['*', '?', '[', ']', '{', '}', '^']), "a shell expands it: {posix}");
    let words = between(&posix, |index| format!("\nexport V{index}="), ";\n", values.len());
    let read = words.iter().map(|word| of_posix(word));
    assert!(read.eq(values.iter().map(|value| Some((*value).to_owned()))) || input.contains(";\n"), "{posix}");

    let fish = text(Format::Fish, &exports).expect("it has every value");
    let words = between(&fish, |_| "set -l _oidc_value ".into(), "; set -gx V", values.len());
    let read = words.iter().map(|word| of_fish(word));
    assert!(read.eq(values.iter().map(|value| Some((*value).to_owned()))) || input.contains("; set -gx V"), "{fish}");

    let json = text(Format::Json, &exports).expect("it has every value");
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert!((0..values.len()).all(|index| json[format!("V{index}")] == values[index]));

    let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (format, quote) in [(Format::Dotenv, "'"), (Format::EnvNoExport, "")] {
        let line = |(index, value): (usize, &&str)| format!("V{index}={quote}{value}{quote}");
        let expected: Vec<String> = values.iter().enumerate().map(line).collect();
        assert!(text(format, &exports).map(lines).is_none_or(|lines| lines == expected));
    }
});
