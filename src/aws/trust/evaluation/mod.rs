//! Evaluates a policy like IAM: a Deny that applies refuses; otherwise an Allow that applies allows; otherwise the
//! request is refused.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use super::operator::{Set, Test};
use super::pattern::{Filled, Pattern, Wanted};
use super::policy::{Actions, Condition, Kind, Policy, Principals, Statement};
use super::request::{Provider, Request, Shown};
use crate::explanation::Mark;
use crate::explanation::ternary::{all, any, known, not};

/// The result of the evaluation.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The result of each statement, in the policy's order.
    pub(super) statements: Vec<Applying>,
    /// The decision on each action that the token requires.
    pub(super) actions: Vec<Decision>,
}

/// Whether a statement applies to each of the actions, with the parts of that result.
#[derive(Debug)]
pub(super) struct Applying {
    /// Whether its principal is the token's provider.
    pub(super) principal: Mark,
    /// Whether it covers each of the actions.
    pub(super) covers: Vec<bool>,
    /// Whether each condition holds.
    pub(super) conditions: Vec<Found>,
}

/// The result of a condition.
#[derive(Debug)]
pub(super) struct Found {
    /// Whether it holds.
    pub(super) mark: Mark,
    /// The token's value of its key.
    pub(super) shown: Shown,
    /// The values that it was compared with, with their variables replaced.
    pub(super) wanted: Vec<String>,
    /// The reason, if the values do not show it.
    pub(super) because: Option<String>,
}

/// The policy's decision on one action.
#[derive(Debug)]
pub(super) struct Decision {
    /// The action.
    pub(super) action: &'static str,
    /// Whether an Allow applies.
    pub(super) allowed: Mark,
    /// Whether a Deny applies.
    pub(super) denied: Mark,
}

impl Decision {
    /// Whether the action is allowed.
    pub(super) fn mark(&self) -> Mark {
        all(&mut [self.allowed, not(self.denied)].into_iter())
    }
}

impl Outcome {
    /// Whether all actions that the token requires are allowed.
    pub(super) fn mark(&self) -> Mark {
        all(&mut self.actions.iter().map(Decision::mark))
    }
}

impl Applying {
    /// Whether the statement applies to the action of this index.
    pub(super) fn mark(&self, action: usize) -> Mark {
        let covers = known(self.covers.get(action).copied().unwrap_or_default());
        let conditions = self.conditions.iter().map(|found| found.mark);
        all(&mut [self.principal, covers].into_iter().chain(conditions))
    }
}

/// Evaluates the policy.
pub(super) fn evaluate(policy: &Policy, request: &Request<'_>) -> Outcome {
    let actions = request.actions();
    let apply = |statement: &Statement| Applying {
        principal: principal(&statement.principals, request),
        covers: actions.iter().map(|action| covers(&statement.actions, action)).collect(),
        conditions: statement.conditions.iter().map(|condition| condition.find(request)).collect(),
    };
    let statements: Vec<Applying> = policy.statements.iter().map(apply).collect();
    let decide = |(index, action): (usize, &&'static str)| {
        let applying = |denies: bool| {
            let those = policy.statements.iter().zip(&statements).filter(|(statement, _)| statement.denies == denies);
            any(&mut those.map(|(_, applying)| applying.mark(index)))
        };
        Decision { action, allowed: applying(false), denied: applying(true) }
    };
    let actions = actions.iter().enumerate().map(decide).collect();
    Outcome { statements, actions }
}

fn principal(principals: &Principals, request: &Request<'_>) -> Mark {
    let named = match &principals.named {
        None => Mark::Holds,
        Some(names) => any(&mut names.iter().map(|(kind, name)| names_provider(*kind, name, request))),
    };
    if principals.except { not(named) } else { named }
}

/// Whether the principal is the token's provider.
fn names_provider(kind: Kind, name: &str, request: &Request<'_>) -> Mark {
    match (kind, name, request.provider) {
        // According to AWS, `"AWS": "*"` equals `"*"`, and providers have no wildcard. Neither was verified.
        (Kind::Federated | Kind::Aws, "*", _) => Mark::Unknown,
        (Kind::Federated, host, _) if request.is_built_in() => known(host == request.host),
        (Kind::Federated, arn, Provider::Known(own)) => known(arn == own),
        (Kind::Federated, arn, Provider::OneOf(candidates)) if candidates.iter().any(|own| own == arn) => Mark::Unknown,
        (Kind::Aws | Kind::Other, ..) | (Kind::Federated, _, Provider::OneOf(_)) => Mark::Fails,
    }
}

/// Whether the statement covers this action. Upper and lower case are equal.
pub(super) fn covers(actions: &Actions, action: &str) -> bool {
    let action = action.to_lowercase();
    let named = actions.patterns.iter().any(|pattern| Pattern::new(&pattern.to_lowercase()).is_like(&action));
    named != actions.except
}

impl Condition {
    /// Evaluates the condition.
    fn find(&self, request: &Request<'_>) -> Found {
        let filled: Vec<Filled> =
            self.values.iter().map(|wanted| wanted.fill(request, self.operator.test == Test::Like)).collect();
        let show = |(wanted, filled): (&Wanted, &Filled)| match filled {
            Filled::In(pattern) => pattern.literally(),
            Filled::Missing(_) | Filled::Unknown(_) => wanted.text.clone(),
        };
        let wanted = self.values.iter().zip(&filled).map(show).collect();
        let shown = request.shown(&self.key);
        let (mark, because) = self.compare(&shown, &filled);
        Found { mark, shown, wanted, because }
    }

    fn compare(&self, shown: &Shown, filled: &[Filled]) -> (Mark, Option<String>) {
        let operator = &self.operator;
        let values = match shown {
            Shown::Unknown(why) => return (Mark::Unknown, Some(why.clone())),
            Shown::Absent(why) => return (self.without(filled), Some(why.clone())),
            Shown::Values(values) => values,
        };
        if operator.test == Test::Null {
            // An empty text counts as no value for ForAllValues. AWS does not document it for Null.
            if values.iter().all(String::is_empty) {
                return (
                    Mark::Unknown,
                    Some("it is empty, and AWS does not document whether Null treats that as missing".into()),
                );
            }
            return (null(filled, false), None);
        }
        if let Test::Other(what) = operator.test {
            return (Mark::Unknown, Some(format!("{} compares {what}", operator.name)));
        }
        if operator.set.is_none() && values.len() != 1 {
            let why = "it has several values, which AWS compares only with ForAnyValue or ForAllValues";
            return (Mark::Unknown, Some(why.into()));
        }
        let because = filled.iter().find_map(|filled| match filled {
            Filled::In(_) => None,
            Filled::Missing(key) => Some(format!("the request has no `{key}` to fill the variable with")),
            Filled::Unknown(why) => Some(why.clone()),
        });
        let compared = |value: &String| {
            let matches = any(&mut filled.iter().map(|filled| self.matches(filled, value)));
            if operator.negated { not(matches) } else { matches }
        };
        // AWS: "A null dataset, such as an empty string" counts as missing for set operators.
        let mut several = values.iter().filter(|value| operator.set.is_none() || !value.is_empty()).map(compared);
        let mark = if operator.set == Some(Set::Any) { any(&mut several) } else { all(&mut several) };
        (mark, because)
    }

    /// Whether a value matches one of the policy's values.
    fn matches(&self, filled: &Filled, value: &str) -> Mark {
        let pattern = match filled {
            Filled::In(pattern) => pattern,
            Filled::Unknown(_) => return Mark::Unknown,
            // AWS calls such a statement invalid. Whether its negation applies is not documented.
            Filled::Missing(_) if self.operator.negated => return Mark::Unknown,
            Filled::Missing(_) => return Mark::Fails,
        };
        known(match self.operator.test {
            Test::Equals => pattern.literally() == value,
            Test::EqualsIgnoringCase => pattern.literally().to_lowercase() == value.to_lowercase(),
            Test::Bool => pattern.literally().eq_ignore_ascii_case(value),
            Test::Like => pattern.is_like(value),
            Test::Null | Test::Other(_) => return Mark::Unknown,
        })
    }

    /// The result if the request does not have the key.
    fn without(&self, filled: &[Filled]) -> Mark {
        let operator = &self.operator;
        match (operator.test, operator.set) {
            (Test::Null, _) => null(filled, true),
            _ if operator.if_exists => Mark::Holds,
            (_, Some(set)) => known(set == Set::All),
            (_, None) => known(operator.negated),
        }
    }
}

/// The result of the `Null` operator.
fn null(filled: &[Filled], is_missing: bool) -> Mark {
    let word = if is_missing { "true" } else { "false" };
    let says =
        |filled: &Filled| matches!(filled, Filled::In(pattern) if pattern.literally().eq_ignore_ascii_case(word));
    known(filled.iter().any(says))
}

#[cfg(test)]
mod tests;
