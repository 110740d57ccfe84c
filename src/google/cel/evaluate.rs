//! Evaluates a syntax tree.

#![allow(clippy::wildcard_enum_match_arm, reason = "an operator is for some types, and an error for all others")]

use std::cell::{Cell, RefCell};

use super::ast::{Node, Operation};
use super::functions;
use super::operators::{binary, no_sum, overflow};
use super::scope::Scope;
use super::value::{self, Value};
use super::{Error, Kind};

/// The most work of an evaluation. Nested `exists` multiply, and texts grow.
const MOST: usize = 500_000;

struct Run<'s, 'a> {
    scope: &'s Scope<'a>,
    /// The variables of `exists` and `all`.
    bound: RefCell<Vec<(&'a str, Value<'a>)>>,
    /// The number of evaluated parts, and the size of their values.
    spent: Cell<usize>,
}

type Result<'a> = std::result::Result<Value<'a>, Error>;

pub(super) fn evaluate<'a>(node: &'a Node, scope: &Scope<'a>) -> Result<'a> {
    Run { scope, bound: RefCell::default(), spent: Cell::new(0) }.value(node)
}

impl<'a> Run<'_, 'a> {
    fn spend(&self, work: usize, node: &Node) -> std::result::Result<(), Error> {
        self.spent.set(self.spent.get().saturating_add(work));
        if self.spent.get() > MOST { Err(Error::unsupported(node.from, "it takes too long")) } else { Ok(()) }
    }

    fn value(&self, node: &'a Node) -> Result<'a> {
        self.spend(1, node)?;
        let value = self.value_of(node)?;
        let size = match &value {
            Value::Text(text) => text.len() / 16,
            Value::List(items) => items.len(),
            _ => 0,
        };
        self.spend(size, node)?;
        Ok(value)
    }

    fn value_of(&self, node: &'a Node) -> Result<'a> {
        match &node.operation {
            Operation::Null => Ok(Value::Null),
            Operation::Bool(truth) => Ok(Value::Bool(*truth)),
            Operation::Int(whole) => Ok(Value::Int(*whole)),
            Operation::Double(double) => Ok(Value::Double(*double)),
            Operation::Text(text) => Ok(Value::Text(text.clone())),
            Operation::Name(name) => self.variable(name, node.from),
            Operation::List(items) => self.values(items).map(Value::List),
            Operation::Member(..) if self.scope.may_be_type(node) => Err(another_type(node)),
            Operation::Member(of, member) => select(&self.value(of)?, member, node),
            Operation::Has(of, member) => match self.value(of)? {
                Value::Map(members) => Ok(Value::Bool(members.contains_key(member))),
                other => Err(no_member(&other, member, node)),
            },
            Operation::Index(two) => self.index(node, two),
            Operation::Call { function, .. } if !functions::is_known(function) => {
                // It may be a macro, which does not evaluate its arguments.
                Err(Error::unsupported(node.from, format!("this program does not evaluate `{function}`")))
            }
            Operation::Call { target: Some(target), function, .. } if self.is_namespace(target) => {
                let space = target.as_name().map(String::as_str).unwrap_or_default();
                Err(Error::unsupported(node.from, format!("this program does not evaluate `{space}.{function}`")))
            }
            Operation::Call { target, function, arguments } => {
                let target = target.as_deref().map(|target| self.value(target));
                let arguments = self.values(arguments);
                let (target, arguments) = match target {
                    None => (None, arguments?),
                    Some(target) => both(target, arguments).map(|(target, arguments)| (Some(target), arguments))?,
                };
                if function == "matches" {
                    let length = |value: &Value<'_>| if let Value::Text(text) = value { text.len() + 1 } else { 1 };
                    let work = target.iter().chain(&arguments).map(length).fold(1, usize::saturating_mul);
                    self.spend(work / 16, node)?;
                }
                functions::call(function, target.as_ref(), &arguments, node.from)
            }
            Operation::Not(of) => match self.value(of)? {
                Value::Bool(truth) => Ok(Value::Bool(!truth)),
                other => Err(Error::invalid(node.from, format!("{} is not true or false", other.kind()))),
            },
            Operation::Negative(of) => match self.value(of)? {
                Value::Int(whole) => whole.checked_neg().map(Value::Int).ok_or_else(|| overflow(node)),
                Value::Double(double) => Ok(Value::Double(-double)),
                other => Err(no_sum(&other, &other, node)),
            },
            Operation::Binary(operator, two) => {
                let (left, right) = both(self.value(&two[0]), self.value(&two[1]))?;
                binary(*operator, left, right, node)
            }
            Operation::All(parts) => decided(parts.iter().map(|part| self.truth(part)), false),
            Operation::Any(parts) => decided(parts.iter().map(|part| self.truth(part)), true),
            Operation::Choice(three) => {
                if self.truth(&three[0])? {
                    self.value(&three[1])
                } else {
                    self.value(&three[2])
                }
            }
            Operation::Each { all, name, list_and_body } => self.each(*all, name, list_and_body),
        }
    }

    fn truth(&self, node: &'a Node) -> std::result::Result<bool, Error> {
        match self.value(node)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(Error::invalid(node.from, format!("{} is not true or false", other.kind()))),
        }
    }

    /// The values of all parts. An error is certain, even if another part is not supported.
    fn values(&self, nodes: &'a [Node]) -> std::result::Result<Vec<Value<'a>>, Error> {
        let mut values = Vec::with_capacity(nodes.len());
        let mut unsupported = None;
        for node in nodes {
            match self.value(node) {
                Ok(value) => values.push(value),
                Err(error) if error.kind == Kind::Invalid => return Err(error),
                Err(error) => unsupported = unsupported.or(Some(error)),
            }
        }
        unsupported.map_or(Ok(values), Err)
    }

    /// Whether it is the first part of a function's name, such as `sets` in `sets.contains(a, b)`.
    fn is_namespace(&self, target: &Node) -> bool {
        target.as_name().is_some_and(|name| {
            !self.scope.knows(name) && !self.bound.borrow().iter().any(|(known, _)| *known == name.as_str())
        })
    }

    fn variable(&self, name: &str, at: usize) -> Result<'a> {
        if let Some((_, value)) = self.bound.borrow().iter().rev().find(|(known, _)| *known == name) {
            return Ok(value.clone());
        }
        let found = self.scope.members(name).map(Value::Map);
        found.or_else(|| value::type_named(name).map(Value::Type)).ok_or_else(|| {
            if value::is_type(name) {
                Error::unsupported(at, format!("this program does not evaluate values of the type `{name}`"))
            } else {
                Error::invalid(at, format!("there is no variable `{name}`"))
            }
        })
    }

    fn index(&self, node: &'a Node, two: &'a [Node; 2]) -> Result<'a> {
        match both(self.value(&two[0]), self.value(&two[1]))? {
            (of @ Value::Map(_), Value::Text(member)) => select(&of, &member, node),
            (Value::List(mut items), Value::Int(index)) => {
                let index = usize::try_from(index).ok().filter(|index| *index < items.len());
                let index =
                    index.ok_or_else(|| Error::invalid(node.from, format!("the list has {} items", items.len())))?;
                Ok(items.swap_remove(index))
            }
            (Value::List(_) | Value::Map(_), Value::Double(_) | Value::Claimed(_) | Value::Huge) => {
                Err(Error::unsupported(two[1].from, "Google does not document whether this number is an index"))
            }
            (of, index) => Err(Error::invalid(node.from, format!("{} has no index {}", of.kind(), index.kind()))),
        }
    }

    fn each(&self, all: bool, name: &'a str, list_and_body: &'a [Node; 2]) -> Result<'a> {
        let [list, body] = list_and_body;
        let items = match self.value(list)? {
            Value::List(items) => items,
            Value::Map(_) => return Err(Error::unsupported(list.from, "this program evaluates macros on lists only")),
            other => return Err(Error::invalid(list.from, format!("{} has no items", other.kind()))),
        };
        decided(
            items.into_iter().map(|item| {
                self.bound.borrow_mut().push((name, item));
                let truth = self.truth(body);
                self.bound.borrow_mut().pop();
                truth
            }),
            !all,
        )
    }
}

/// Evaluates several operands of `&&` or `||`: one operand can decide, even if others before or after it have errors.
fn decided<'a>(truths: impl Iterator<Item = std::result::Result<bool, Error>>, decisive: bool) -> Result<'a> {
    let (mut invalid, mut unsupported) = (None, None);
    for truth in truths {
        match truth {
            Ok(truth) if truth == decisive => return Ok(Value::Bool(decisive)),
            Ok(_) => {}
            Err(error) if error.kind == Kind::Invalid => invalid = invalid.or(Some(error)),
            Err(error) => unsupported = unsupported.or(Some(error)),
        }
    }
    // The unsupported operand may be the one that decides.
    unsupported.or(invalid).map_or(Ok(Value::Bool(!decisive)), Err)
}

/// Both values. An error takes precedence over an unsupported part.
fn both<A, B>(
    one: std::result::Result<A, Error>,
    other: std::result::Result<B, Error>,
) -> std::result::Result<(A, B), Error> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        (Err(one), Err(other)) => Err(if one.kind == Kind::Invalid { one } else { other }),
    }
}

fn select<'a>(of: &Value<'a>, member: &str, node: &Node) -> Result<'a> {
    let Value::Map(members) = of else { return Err(no_member(of, member, node)) };
    members.get(member).map(Value::of).ok_or_else(|| {
        let why = match node.parts().next().and_then(Node::as_name).map(String::as_str) {
            Some("assertion") => format!("the token has no claim `{member}`"),
            Some(variable @ ("google" | "attribute")) => format!("nothing is mapped to `{variable}.{member}`"),
            _ => format!("there is no `{member}`"),
        };
        Error::invalid(node.from, why)
    })
}

fn no_member(of: &Value<'_>, member: &str, node: &Node) -> Error {
    Error::invalid(node.from, format!("{} has no `{member}`", of.kind()))
}

fn another_type(node: &Node) -> Error {
    Error::unsupported(
        node.from,
        "this may be the name of a type; this program does not evaluate types of other packages",
    )
}
