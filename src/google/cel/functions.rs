//! The functions: those of CEL, those of its string extension that Google documents, and Google's `extract`.

use super::Error;
use super::ast::{Node, Operation};
use super::pattern::Pattern;
use super::value::Value;

type Result<'a> = std::result::Result<Value<'a>, Error>;

/// Calls `function`, on `target` if it is a method.
pub(super) fn call<'a>(function: &str, target: Option<&Value<'a>>, arguments: &[Value<'a>], at: usize) -> Result<'a> {
    let global = target.is_none();
    let all: Vec<&Value<'a>> = target.into_iter().chain(arguments).collect();
    match (function, global, &all[..]) {
        ("size", _, [Value::Text(text)]) => count(text.chars().count(), at),
        ("size", _, [Value::List(items)]) => count(items.len(), at),
        ("size", _, [Value::Map(members)]) => count(members.len(), at),
        ("type", true, [value]) => value
            .type_name()
            .map(Value::Type)
            .ok_or_else(|| Error::unsupported(at, "Google does not document of what type a number in a token is")),
        ("string", true, [Value::Text(text)]) => Ok(Value::Text(text.clone())),
        ("string", true, [Value::Int(whole)]) => Ok(Value::Text(whole.to_string())),
        ("string", true, [Value::Bool(truth)]) => Ok(Value::Text(truth.to_string())),
        ("string", true, [Value::Double(_) | Value::Claimed(_) | Value::Huge]) => {
            Err(Error::unsupported(at, "Google does not document how it writes this number"))
        }
        ("int", true, [Value::Int(whole) | Value::Claimed(whole)]) => Ok(Value::Int(*whole)),
        ("int", true, [Value::Double(double)]) => truncated(*double, at),
        ("int", true, [Value::Text(text)]) => whole(text, at),
        ("startsWith", false, [Value::Text(text), Value::Text(part)]) => {
            Ok(Value::Bool(text.starts_with(part.as_str())))
        }
        ("endsWith", false, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.ends_with(part.as_str()))),
        ("contains", false, [Value::Text(text), Value::Text(part)]) => Ok(Value::Bool(text.contains(part.as_str()))),
        ("matches", _, [Value::Text(text), Value::Text(pattern)]) => {
            let pattern = Pattern::parse(pattern).map_err(|why| Error::unsupported(at, why))?;
            Ok(Value::Bool(pattern.is_in(text)))
        }
        ("lowerAscii", false, [Value::Text(text)]) => Ok(Value::Text(text.to_ascii_lowercase())),
        ("extract", false, [Value::Text(text), Value::Text(template)]) => extract(text, template, at),
        ("split", false, [Value::Text(text), Value::Text(mark)]) => Ok(list(split(text, mark, None))),
        ("split", false, [Value::Text(text), Value::Text(mark), Value::Int(most)]) => {
            // A negative limit means no limit.
            Ok(list(split(text, mark, usize::try_from(*most).ok())))
        }
        ("join", false, [Value::List(items)]) => join(items, "", at),
        ("join", false, [Value::List(items), Value::Text(mark)]) => join(items, mark, at),
        _ => Err(wrong(function, global, &all, at)),
    }
}

/// The functions: whether a call needs no target, and the smallest and largest number of values. `string` and `int`
/// accept more types than are supported here.
const KNOWN: [(&str, bool, usize, usize); 12] = [
    ("type", true, 0, 0),
    ("string", true, 0, 0),
    ("int", true, 0, 0),
    ("size", true, 1, 1),
    ("startsWith", false, 2, 2),
    ("endsWith", false, 2, 2),
    ("contains", false, 2, 2),
    ("matches", true, 2, 2),
    ("lowerAscii", false, 1, 1),
    ("extract", false, 2, 2),
    ("split", false, 2, 3),
    ("join", false, 1, 2),
];

/// Whether the function is supported.
pub(super) fn is_known(function: &str) -> bool {
    KNOWN.iter().any(|(name, ..)| *name == function)
}

/// Whether every function in it is supported.
pub(super) fn all_known(node: &Node) -> bool {
    let known = if let Operation::Call { function, .. } = &node.operation { is_known(function) } else { true };
    known && node.parts().all(all_known)
}

fn wrong(function: &str, global: bool, all: &[&Value<'_>], at: usize) -> Error {
    let fits = |(name, alone, least, most): &(&str, bool, usize, usize)| {
        *name == function && (*alone || !global) && (*least..=*most).contains(&all.len())
    };
    let told = !all.iter().any(|value| matches!(value, Value::Claimed(_) | Value::Huge));
    if !KNOWN.iter().any(fits) {
        return Error::unsupported(at, format!("this program does not evaluate `{function}` in this form"));
    }
    let kinds: Vec<&str> = all.iter().map(|value| value.kind()).collect();
    let why = format!("`{function}` does not take {}", kinds.join(" and "));
    if told { Error::invalid(at, why) } else { Error::unsupported(at, why) }
}

fn count<'a>(count: usize, at: usize) -> Result<'a> {
    i64::try_from(count).map(Value::Int).map_err(|_| Error::unsupported(at, "it is too large"))
}

fn list<'a>(parts: Vec<&str>) -> Value<'a> {
    Value::List(parts.into_iter().map(|part| Value::Text(part.to_owned())).collect())
}

fn truncated<'a>(double: f64, at: usize) -> Result<'a> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    // Implementations differ on the smallest value.
    if double.is_nan() || double.abs() >= BEYOND {
        return Err(Error::invalid(at, "it is larger than an `int`"));
    }
    #[allow(clippy::cast_possible_truncation, reason = "it is within bounds")]
    Ok(Value::Int(double as i64))
}

fn whole<'a>(text: &str, at: usize) -> Result<'a> {
    let plain = text.strip_prefix('-').unwrap_or(text);
    if plain.is_empty() || !plain.bytes().all(|byte| byte.is_ascii_digit()) {
        // Implementations differ on a plus sign, spaces, and 0x.
        return Err(Error::unsupported(at, "Google does not document whether this text is a number"));
    }
    text.parse().map(Value::Int).map_err(|_| Error::invalid(at, "it is larger than an `int`"))
}

/// Returns the text at the position of `{name}` in the template. It starts after the first occurrence of the text
/// before `{name}`, and ends before the next occurrence of the text after it. The result is empty if there is none.
fn extract<'a>(text: &str, template: &str, at: usize) -> Result<'a> {
    let odd = || Error::unsupported(at, "the template does not have one name in braces");
    let (before, rest) = template.split_once('{').ok_or_else(odd)?;
    let (name, after) = rest.split_once('}').ok_or_else(odd)?;
    let plain = |byte: u8| byte == b'_' || byte == b'-' || byte.is_ascii_alphanumeric();
    if name.is_empty() || !name.bytes().all(plain) || after.contains(['{', '}']) || before.contains('}') {
        return Err(odd());
    }
    let found = text.split_once(before).map(|(_, found)| found);
    let found =
        if after.is_empty() { found } else { found.and_then(|found| found.split_once(after)).map(|(found, _)| found) };
    Ok(Value::Text(found.unwrap_or_default().to_owned()))
}

/// Splits into at most so many parts; the last one has the rest. An empty separator splits into characters.
fn split<'t>(text: &'t str, mark: &str, most: Option<usize>) -> Vec<&'t str> {
    let most = most.unwrap_or(usize::MAX);
    if most == 0 {
        return Vec::new();
    }
    if !mark.is_empty() {
        return text.splitn(most, mark).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if parts.len() + 1 == most {
            parts.push(rest);
            return parts;
        }
        let (part, after) = rest.split_at(letter.len_utf8());
        parts.push(part);
        rest = after;
    }
    parts
}

fn join<'a>(items: &[Value<'a>], mark: &str, at: usize) -> Result<'a> {
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        let Value::Text(text) = item else {
            return Err(Error::invalid(at, format!("`join` accepts only texts, and one item is {}", item.kind())));
        };
        if index > 0 {
            joined.push_str(mark);
        }
        joined.push_str(text);
    }
    Ok(Value::Text(joined))
}
