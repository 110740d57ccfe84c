//! The result for each bound claim, and the change that would allow this token.

use serde_json::Value;

use super::bound::{self, Outcome, look_up};
use super::checks::{Finding, Fix, Login, fault};
use super::lints::why_missing;
use crate::explanation::{Check, Mark};
use crate::subject::claims::shown;

impl Login<'_> {
    pub(super) fn bound_claims(&self) -> Option<Finding> {
        let role = self.role;
        if role.bound_claims.is_empty() {
            return None;
        }
        let found = role.bound_claims.iter().map(|(name, bound)| {
            let claim = look_up(self.claims, name);
            (name, bound, claim, bound::compare(bound, claim, role.glob))
        });
        let found: Vec<_> = found.collect();
        let parts: Vec<Check> =
            found.iter().map(|(name, bound, claim, outcome)| self.bound_claim(name, bound, *claim, *outcome)).collect();
        let has = |mark: Mark| parts.iter().any(|part| part.mark == mark);
        let mark = if has(Mark::Fails) {
            Mark::Fails
        } else if has(Mark::Unknown) {
            Mark::Unknown
        } else {
            Mark::Holds
        };
        let mendable = |claim: Option<&Value>, outcome: Outcome| match outcome {
            Outcome::Alike => true,
            Outcome::Unlike => claim.is_some_and(Value::is_string),
            Outcome::Missing | Outcome::ClaimType | Outcome::BoundType | Outcome::Fraction | Outcome::Incomparable => {
                false
            }
        };
        let all_are = found.iter().all(|(_, _, claim, outcome)| mendable(*claim, *outcome));
        let fix = (mark == Mark::Fails && all_are).then(|| {
            let widened = found.iter().map(|(name, bound, claim, outcome)| {
                let bound = if *outcome == Outcome::Unlike { widened(bound, *claim) } else { (*bound).clone() };
                ((*name).clone(), bound)
            });
            Fix::Admission("bound_claims", Value::Object(widened.collect()))
        });
        Some(Finding { check: Check::new(mark, "bound_claims").parts(parts), fix })
    }

    fn bound_claim(&self, name: &str, bound: &Value, claim: Option<&Value>, outcome: Outcome) -> Check {
        let wanted: Vec<String> = bound::each(bound).iter().map(shown).collect();
        let presented = claim.map(shown);
        let said = |words: &str| format!("400 error validating claims: {words}");
        match outcome {
            Outcome::Alike => {
                let presented = presented.unwrap_or_default();
                let exact = wanted.contains(&presented) || claim.is_some_and(Value::is_array);
                let by = if exact { String::new() } else { format!(", as {} has it", wanted.join(" or ")) };
                Check::new(Mark::Holds, format!("{name} is {presented}{by}"))
            }
            Outcome::Fraction => Check::new(Mark::Unknown, name)
                .fact("presented", presented.unwrap_or_default())
                .fact("because", "OpenBao cuts the fraction off before it compares; HashiCorp Vault does not"),
            Outcome::Unlike => {
                let said = said(&format!("claim {name:?} does not match any associated bound claim values"));
                if !self.role.glob && wanted.iter().any(|text| text.contains('*')) {
                    let check =
                        wanted.iter().fold(Check::new(Mark::Fails, name), |check, text| check.fact("wanted", text));
                    let check = check.fact("presented", presented.unwrap_or_default()).fact("answer", said);
                    return check.fact("because", "bound_claims_type is string: a `*` matches only itself");
                }
                fault(name, &wanted, presented, said)
            }
            Outcome::Missing => {
                fault(name, &wanted, self.claims.shown(name), said(&format!("claim {name:?} is missing")))
                    .fact("because", why_missing(name))
            }
            Outcome::ClaimType => {
                fault(name, &wanted, presented, said("received claim is not a string, bool, int or list: …"))
            }
            Outcome::Incomparable => {
                fault(name, &wanted, presented, "nothing: it ends the connection without an answer")
                    .fact("because", "the server compares no list with a list, and no object with an object")
            }
            Outcome::BoundType => {
                fault(name, &wanted, presented, said("bound claim is not a string, bool, int or list: …"))
            }
        }
    }
}

/// The bound values, and those of this claim.
fn widened(bound: &Value, claim: Option<&Value>) -> Value {
    let mut all = bound::each(bound).to_vec();
    all.extend(claim.cloned());
    Value::Array(all)
}
