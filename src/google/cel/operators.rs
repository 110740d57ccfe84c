//! Operators with two operands.

#![allow(clippy::wildcard_enum_match_arm, reason = "an operator is for some types, and an error for all others")]

use super::Error;
use super::ast::{Node, Operator};
use super::value::{Untold, Value};

type Result<'a> = std::result::Result<Value<'a>, Error>;

pub(super) fn overflow(node: &Node) -> Error {
    Error::invalid(node.from, "it is larger than an `int`")
}

pub(super) fn no_sum(left: &Value<'_>, right: &Value<'_>, node: &Node) -> Error {
    let claimed = |value: &Value<'_>| matches!(value, Value::Claimed(_) | Value::Huge);
    let number = |value: &Value<'_>| value.kind() == "a number";
    if number(left) && number(right) && (claimed(left) || claimed(right)) {
        return Error::unsupported(node.from, "Google does not document the type of the token's numbers");
    }
    Error::invalid(node.from, format!("this operator does not take {} and {}", left.kind(), right.kind()))
}

pub(super) fn binary<'a>(operator: Operator, left: Value<'a>, right: Value<'a>, node: &Node) -> Result<'a> {
    let untold = |Untold| Error::unsupported(node.from, "Google does not document how these two compare");
    let ordered = |wanted: fn(std::cmp::Ordering) -> bool| {
        let comparable = matches!((&left, &right), (Value::Bool(_), Value::Bool(_)) | (Value::Text(_), Value::Text(_)))
            || (left.kind() == "a number" && right.kind() == "a number");
        if !comparable {
            return Err(no_sum(&left, &right, node));
        }
        Ok(Value::Bool(left.compare(&right).map_err(untold)?.is_some_and(wanted)))
    };
    match operator {
        Operator::Equal => left.equals(&right).map(Value::Bool).map_err(untold),
        Operator::Unequal => left.equals(&right).map(|equal| Value::Bool(!equal)).map_err(untold),
        Operator::Less => ordered(std::cmp::Ordering::is_lt),
        Operator::AtMost => ordered(std::cmp::Ordering::is_le),
        Operator::More => ordered(std::cmp::Ordering::is_gt),
        Operator::AtLeast => ordered(std::cmp::Ordering::is_ge),
        Operator::In => match right {
            Value::List(items) => {
                let mut found = Ok(false);
                for item in &items {
                    match item.equals(&left) {
                        Ok(true) => return Ok(Value::Bool(true)),
                        Ok(false) => {}
                        Err(untold) => found = Err(untold),
                    }
                }
                found.map(Value::Bool).map_err(untold)
            }
            Value::Map(members) => match left {
                Value::Text(member) => Ok(Value::Bool(members.contains_key(&member))),
                other => Err(Error::unsupported(
                    node.from,
                    format!("this program does not evaluate {} as a member's name", other.kind()),
                )),
            },
            other => Err(Error::invalid(node.from, format!("`in` does not take {}", other.kind()))),
        },
        Operator::Plus | Operator::Minus | Operator::Times | Operator::Over | Operator::Modulo => {
            arithmetic(operator, left, right, node)
        }
    }
}

fn arithmetic<'a>(operator: Operator, left: Value<'a>, right: Value<'a>, node: &Node) -> Result<'a> {
    match (operator, left, right) {
        (Operator::Plus, Value::Text(left), Value::Text(right)) => Ok(Value::Text(left + &right)),
        (Operator::Plus, Value::List(mut left), Value::List(right)) => {
            left.extend(right);
            Ok(Value::List(left))
        }
        (Operator::Over | Operator::Modulo, Value::Int(_), Value::Int(0)) => {
            Err(Error::invalid(node.from, "it divides by zero"))
        }
        (_, Value::Int(left), Value::Int(right)) => {
            let compute = match operator {
                Operator::Plus => i64::checked_add,
                Operator::Minus => i64::checked_sub,
                Operator::Times => i64::checked_mul,
                Operator::Over => i64::checked_div,
                _ => i64::checked_rem,
            };
            compute(left, right).map(Value::Int).ok_or_else(|| overflow(node))
        }
        (Operator::Plus, Value::Double(left), Value::Double(right)) => Ok(Value::Double(left + right)),
        (Operator::Minus, Value::Double(left), Value::Double(right)) => Ok(Value::Double(left - right)),
        (Operator::Times, Value::Double(left), Value::Double(right)) => Ok(Value::Double(left * right)),
        (Operator::Over, Value::Double(left), Value::Double(right)) => Ok(Value::Double(left / right)),
        (_, left, right) => Err(no_sum(&left, &right, node)),
    }
}
