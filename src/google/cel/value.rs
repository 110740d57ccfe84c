//! The values of expressions.

use std::cmp::Ordering;
use std::fmt;

use serde_json::{Map, Value as Json};

/// A value. Parts of the token are borrowed.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer from the expression.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// An integer from the token: an `int` or a `double` with the same value.
    Claimed(i64),
    /// A number from the token that a `double` cannot represent exactly.
    Huge,
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object from the token.
    Map(&'a Map<String, Json>),
    /// A type, by its name in the language.
    Type(&'static str),
}

/// The types of the values above, by their names in an expression.
const TYPES: [&str; 8] = ["bool", "double", "int", "list", "map", "null_type", "string", "type"];

/// The other types with a simple name. There are no values of these types here.
const OTHER_TYPES: [&str; 4] = ["bytes", "dyn", "optional_type", "uint"];

/// The value of a type's name, if values of that type exist here.
pub(super) fn type_named(name: &str) -> Option<&'static str> {
    TYPES.into_iter().find(|known| *known == name)
}

/// Whether a name is one of the language's own types.
pub(super) fn is_type(name: &str) -> bool {
    TYPES.contains(&name) || OTHER_TYPES.contains(&name)
}

/// There is no value: implementations differ, or the behaviour is not documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Untold;

impl<'a> Value<'a> {
    /// Converts a claim's value.
    #[must_use]
    pub fn of(json: &'a Json) -> Self {
        /// Up to this number, a `double` is exact.
        const EXACT: u64 = 1 << 53;
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::of).collect()),
            Json::Object(members) => Self::Map(members),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) if whole.unsigned_abs() <= EXACT => Self::Claimed(whole),
                #[allow(clippy::cast_precision_loss, reason = "it is a bound")]
                (None, Some(double)) if double.abs() <= EXACT as f64 => Self::Double(double),
                _ => Self::Huge,
            },
        }
    }

    /// The word for its type in messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Double(_) | Self::Claimed(_) | Self::Huge => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
            Self::Type(_) => "a type",
        }
    }

    /// The name of its type; `None` for a number from the token, which may be an `int` or a `double`.
    pub(super) fn type_name(&self) -> Option<&'static str> {
        Some(match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Double(_) => "double",
            Self::Claimed(_) | Self::Huge => return None,
            Self::Text(_) => "string",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Type(_) => "type",
        })
    }

    /// The number, if it is an integer.
    fn whole(&self) -> Option<i64> {
        if let Self::Int(whole) | Self::Claimed(whole) = self { Some(*whole) } else { None }
    }

    /// The operator `==`. Values of different types are unequal; numbers are compared by value.
    pub(super) fn equals(&self, other: &Self) -> Result<bool, Untold> {
        match (self, other) {
            (Self::Null, Self::Null) => Ok(true),
            (Self::Bool(one), Self::Bool(other)) => Ok(one == other),
            (Self::Text(one), Self::Text(other)) => Ok(one == other),
            (Self::Type(one), Self::Type(other)) => Ok(one == other),
            (Self::List(one), Self::List(other)) => {
                if one.len() != other.len() {
                    return Ok(false);
                }
                let mut equal = Ok(true);
                for (one, other) in one.iter().zip(other) {
                    match one.equals(other) {
                        Ok(false) => return Ok(false),
                        Ok(true) => {}
                        Err(untold) => equal = Err(untold),
                    }
                }
                equal
            }
            (Self::Map(_), Self::Map(_)) => Err(Untold),
            _ if self.kind() == "a number" && other.kind() == "a number" => {
                Ok(self.compare(other)?.is_some_and(Ordering::is_eq))
            }
            _ => Ok(false),
        }
    }

    /// Compares two values; `None` if their type has no order, or one is NaN.
    pub(super) fn compare(&self, other: &Self) -> Result<Option<Ordering>, Untold> {
        Ok(match (self, other) {
            (Self::Huge, other) | (other, Self::Huge) if other.kind() == "a number" => return Err(Untold),
            (Self::Bool(one), Self::Bool(other)) => Some(one.cmp(other)),
            (Self::Text(one), Self::Text(other)) => Some(one.cmp(other)),
            (Self::Double(one), Self::Double(other)) => one.partial_cmp(other),
            (Self::Double(one), other) => other.whole().and_then(|whole| order(whole, *one)).map(Ordering::reverse),
            (one, Self::Double(other)) => one.whole().and_then(|whole| order(whole, *other)),
            _ => self.whole().zip(other.whole()).map(|(one, other)| one.cmp(&other)),
        })
    }
}

/// Compares an integer and a floating-point number exactly.
fn order(whole: i64, double: f64) -> Option<Ordering> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if double.is_nan() {
        return None;
    }
    if double >= BEYOND {
        return Some(Ordering::Less);
    }
    if double < -BEYOND {
        return Some(Ordering::Greater);
    }
    #[allow(clippy::cast_possible_truncation, reason = "it is within bounds, and the fraction is looked at next")]
    let floor = double.floor() as i64;
    Some(whole.cmp(&floor).then(if double.fract() == 0.0 { Ordering::Equal } else { Ordering::Less }))
}

/// The value in a form for messages.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => truth.fmt(f),
            Self::Int(whole) | Self::Claimed(whole) => whole.fmt(f),
            Self::Double(double) => double.fmt(f),
            Self::Huge => f.write_str("a very large number"),
            Self::Text(text) if text.is_empty() => f.write_str("\"\" (empty)"),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Map(members) => write!(f, "an object with {} members", members.len()),
            Self::Type(name) => write!(f, "the type {name}"),
        }
    }
}
