//! Evaluates the attribute condition, each operand of `&&` separately.

use serde_json::{Map, Value as Json};

use super::mapping::Mapped;
use super::provider::Formula;
use super::token::SAYS;
use crate::explanation::{Check, Mark};
use crate::google::cel::{self, Expression, Kind, Node, Operation, Operator, Scope, Value};

const LONGEST: usize = 4096;

/// Evaluates the condition.
pub(super) fn evaluate(condition: Option<&Formula>, claims: &Map<String, Json>, mapped: &Mapped) -> Check {
    let Some(formula) = condition else {
        return Check::new(Mark::Holds, "the attribute condition").fact("because", "there is none");
    };
    let scope =
        Scope::new().with("assertion", claims).with("google", &mapped.google).with("attribute", &mapped.attributes);
    let check = match (&formula.read, &super::undeclared(formula, &scope)) {
        _ if formula.text.chars().count() > LONGEST => Check::new(Mark::Fails, "the attribute condition")
            .fact("because", format!("it has more than {LONGEST} characters")),
        (Err(error), _) | (_, Some(error)) => {
            let error = with_error(Check::new(Mark::Unknown, formula.text.clone()), error, &formula.text);
            Check::new(error.mark, "the attribute condition").parts([error])
        }
        (Ok(expression), None) => {
            let tree = Tree { expression, scope: &scope, mapped };
            let part = tree.evaluate(expression.root());
            let check = Check::new(part.mark, "the attribute condition");
            // The operands of `&&` are shown without a common parent.
            if matches!(expression.root().operation, Operation::All(_)) {
                check.parts(part.parts)
            } else {
                check.parts([part])
            }
        }
    };
    if check.mark == Mark::Fails {
        return check.fact(SAYS, "unauthorized_client: The given credential is rejected by the attribute condition.");
    }
    check
}

struct Tree<'t, 'a> {
    expression: &'a Expression,
    scope: &'t Scope<'a>,
    mapped: &'t Mapped,
}

impl<'a> Tree<'_, 'a> {
    /// Whether this part allows the token. A part without a value does not.
    fn evaluate(&self, node: &'a Node) -> Check {
        if let Operation::All(parts) = &node.operation {
            let parts: Vec<Check> = parts.iter().map(|part| self.evaluate(part)).collect();
            return Check::new(super::least(parts.iter().map(|part| part.mark)), "all of").parts(parts);
        }
        if let Operation::Any(parts) = &node.operation {
            let mut parts: Vec<Check> = parts.iter().map(|part| self.evaluate(part)).collect();
            let mark = super::best(parts.iter().map(|part| part.mark));
            if mark == Mark::Holds {
                // One operand is enough, so the others are not faults.
                parts.retain(|part| part.mark == Mark::Holds);
            }
            return Check::new(mark, "one of").parts(parts);
        }
        self.leaf(node)
    }

    fn value(&self, node: &'a Node) -> Result<Value<'a>, cel::Error> {
        self.expression.part(node, self.scope)
    }

    fn leaf(&self, node: &'a Node) -> Check {
        let title = self.expression.source(node).to_owned();
        let mut untold = None;
        node.names(&mut |name, member, _| {
            if self.mapped.is_untold(name, member) {
                untold = Some(member.map_or_else(|| name.to_owned(), |member| format!("{name}.{member}")));
            }
        });
        if let Some(untold) = untold {
            return Check::new(Mark::Unknown, title)
                .fact("because", format!("what `{untold}` becomes is not known here"));
        }
        match self.value(node) {
            Ok(Value::Bool(true)) => Check::new(Mark::Holds, title),
            Ok(Value::Bool(false)) => self.why(node, Check::new(Mark::Fails, title)),
            Ok(other) => {
                let because = format!("it is {} ({other}), and must be true", other.kind());
                Check::new(Mark::Fails, title).fact("because", because)
            }
            Err(error) => with_error(Check::new(Mark::Unknown, title), &error, self.expression.text()),
        }
    }

    /// Adds the expected value and the token's value.
    fn why(&self, node: &'a Node, check: Check) -> Check {
        let values = |one: &'a Node, other: &'a Node| Some((self.value(one).ok()?, self.value(other).ok()?));
        if let Operation::Binary(operator, two) = &node.operation {
            let [left, right] = &**two;
            // The constant side is the expected value.
            let turned = left.is_constant() && !right.is_constant() && *operator != Operator::In;
            let (presented, wanted) = if turned { (right, left) } else { (left, right) };
            return match (operator, values(presented, wanted)) {
                (Operator::Equal, Some((presented, wanted))) => {
                    check.compared(&[wanted.to_string()], &presented.to_string())
                }
                (Operator::Unequal, Some((presented, _))) => check.fact("because", format!("both are {presented}")),
                (Operator::In, Some((presented, Value::List(items)))) if !items.is_empty() => {
                    let wanted: Vec<String> = items.iter().map(ToString::to_string).collect();
                    check.compared(&wanted, &presented.to_string())
                }
                (Operator::In, Some((presented, Value::List(_)))) => {
                    check.fact("because", "the list is empty").fact("presented", presented.to_string())
                }
                (_, Some((presented, _))) => check.fact("presented", presented.to_string()),
                (_, None) => check,
            };
        }
        if let Operation::Call { target: Some(target), function, arguments } = &node.operation
            && let [argument] = &arguments[..]
            && let Some((Value::Text(presented), Value::Text(wanted))) = values(target, argument)
        {
            let wanted = match function.as_str() {
                "startsWith" => format!("{wanted}*"),
                "endsWith" => format!("*{wanted}"),
                "contains" => format!("*{wanted}*"),
                _ => return check.fact("presented", presented),
            };
            return check.compared(&[wanted], &presented);
        }
        check.fact("because", "it is false")
    }
}

fn with_error(mut check: Check, error: &cel::Error, text: &str) -> Check {
    check.mark = if error.kind == Kind::Invalid { Mark::Fails } else { Mark::Unknown };
    check.fact("because", error.placed(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn formula(text: &str) -> Formula {
        Formula { text: text.to_owned(), read: Expression::parse(text) }
    }

    fn claims() -> Map<String, Json> {
        json!({ "ref": "refs/heads/main", "pr": "" }).as_object().unwrap().clone()
    }

    #[test]
    fn a_name_that_stands_for_nothing_is_a_fault_wherever_it_is() {
        let check = evaluate(Some(&formula("assertion.pr == '' || brunch == 'x'")), &claims(), &Mapped::default());
        assert_eq!(check.mark, Mark::Fails);
        let check =
            evaluate(Some(&formula("assertion.pr == '' || assertion.filter(b, b)")), &claims(), &Mapped::default());
        assert_eq!(check.mark, Mark::Holds);
        let check = evaluate(
            Some(&formula(&format!("assertion.pr == '{}'", "x".repeat(4_096)))),
            &claims(),
            &Mapped::default(),
        );
        assert_eq!(check.mark, Mark::Fails);
    }

    /// Checks that the parts never claim more than the evaluation of the whole.
    fn agree(text: &str) {
        let (claims, formula) = (claims(), formula(text));
        let Ok(expression) = &formula.read else { panic!("{text}") };
        let check = evaluate(Some(&formula), &claims, &Mapped::default());
        let none = Map::new();
        let scope = Scope::new().with("assertion", &claims).with("google", &none).with("attribute", &none);
        match expression.evaluate(&scope) {
            Ok(Value::Bool(true)) => assert_eq!(check.mark, Mark::Holds, "{text}"),
            Ok(_) => assert_eq!(check.mark, Mark::Fails, "{text}"),
            Err(error) if error.kind == Kind::Invalid => assert_eq!(check.mark, Mark::Fails, "{text}"),
            // If the whole is an error or false, any result except true is correct.
            Err(_) => assert_ne!(check.mark, Mark::Holds, "{text}"),
        }
    }

    proptest::proptest! {
        #[test]
        fn the_tree_agrees_with_the_whole(
            leaves in proptest::collection::vec(proptest::sample::select(LEAVES), 1..6),
            between in proptest::collection::vec(proptest::sample::select(&["&&", "||", ") && (", "|| !("][..]), 6)
        ) {
            let mut text = "(".to_owned();
            for (index, leaf) in leaves.iter().enumerate() {
                let operator = if index == 0 { "" } else { between[index] };
                text.extend([" ", operator, " ", leaf]);
            }
            let open = text.matches('(').count() - text.matches(')').count();
            agree(&(text + &")".repeat(open)));
        }
    }

    const LEAVES: &[&str] = &[
        "true",
        "false",
        "assertion.ref == 'refs/heads/main'",
        "assertion.ref.startsWith('refs/tags/')",
        "assertion.gone == 'x'",
        "assertion.pr",
        "frob(1)",
        "assertion.pr in ['a', '']",
        "attribute.x != 'y'",
    ];
}
