//! The variables of an expression.

#![allow(clippy::wildcard_enum_match_arm, reason = "only few parts of a tree have names")]

use serde_json::{Map, Value as Json};

use super::ast::{Node, Operation};
use super::value;

/// The variables and their values.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    variables: Vec<(&'a str, &'a Map<String, Json>)>,
}

impl<'a> Scope<'a> {
    /// A scope without variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a variable.
    #[must_use]
    pub fn with(mut self, name: &'a str, members: &'a Map<String, Json>) -> Self {
        self.variables.push((name, members));
        self
    }

    /// Whether a variable of this name exists.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.members(name).is_some()
    }

    pub(super) fn members(&self, name: &str) -> Option<&'a Map<String, Json>> {
        self.variables.iter().find(|(known, _)| *known == name).map(|(_, members)| *members)
    }

    /// Whether a member access may be the name of a type, for example `google.protobuf.Timestamp`; not if the mapping
    /// defines `google.protobuf`.
    pub(super) fn may_be_type(&self, node: &Node) -> bool {
        let Operation::Member(of, last) = &node.operation else { return false };
        let mut package = &**of;
        while let Operation::Member(of, member) = &package.operation {
            if of.as_name().is_some_and(|name| name == "google") {
                let mapped = self.members("google").is_some_and(|members| members.contains_key(member));
                return !mapped && last.starts_with(|first: char| first.is_ascii_uppercase());
            }
            package = of;
        }
        false
    }

    /// The first name in `node` that is not declared by this scope, a macro, or the language, with its position.
    pub(super) fn undeclared<'n>(&self, node: &'n Node, bound: &mut Vec<&'n str>) -> Option<(&'n str, usize)> {
        match &node.operation {
            Operation::Name(name) => {
                let known = bound.contains(&name.as_str()) || self.knows(name) || value::is_type(name);
                (!known).then_some((name.as_str(), node.from))
            }
            Operation::Member(..) if self.may_be_type(node) => None,
            Operation::Call { target: Some(target), arguments, .. } if target.as_name().is_some() => {
                // The name before a function may be a part of the function's name.
                arguments.iter().find_map(|argument| self.undeclared(argument, bound))
            }
            Operation::Each { name, list_and_body, .. } => {
                let list = self.undeclared(&list_and_body[0], bound);
                bound.push(name);
                let found = list.or_else(|| self.undeclared(&list_and_body[1], bound));
                bound.pop();
                found
            }
            _ => node.parts().find_map(|part| self.undeclared(part, bound)),
        }
    }
}
