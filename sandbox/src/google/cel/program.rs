//! The program's own evaluator, for the sandbox alone. It supports a part of the language, and reports everything else.

use oidc_exchange::google::cel::{self, Error, Kind, Scope, Value};

use super::{Failure, Found, Variables};

pub(super) struct Expression(cel::Expression);

impl Expression {
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        cel::Expression::parse(text).map(Self).map_err(|error| error.placed(text))
    }

    pub(super) fn evaluate(&self, variables: &Variables<'_>) -> Result<Found, Failure> {
        let scope = variables.iter().fold(Scope::new(), |scope, (name, members)| scope.with(name, members));
        let value = match self.0.undeclared(&scope) {
            Some(undeclared) => Err(undeclared),
            None => self.0.evaluate(&scope),
        };
        Ok(match value.map_err(|error| self.failure(&error))? {
            Value::Bool(truth) => Found::Truth(truth),
            Value::Text(text) => Found::Text(text),
            Value::List(list) => Found::Texts(list.into_iter().filter_map(text).collect()),
            Value::Null
            | Value::Int(_)
            | Value::Double(_)
            | Value::Claimed(_)
            | Value::Huge
            | Value::Map(_)
            | Value::Type(_) => Found::Other,
        })
    }

    fn failure(&self, error: &Error) -> Failure {
        Failure { why: error.placed(self.0.text()), unsupported: error.kind == Kind::Unsupported }
    }
}

fn text(value: Value<'_>) -> Option<String> {
    if let Value::Text(text) = value { Some(text) } else { None }
}
