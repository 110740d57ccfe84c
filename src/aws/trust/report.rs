//! The result as text: statement by statement, condition by condition.

use super::Rule;
use super::evaluation::{Applying, Decision, Found, Outcome, evaluate};
use super::operator::Test;
use super::policy::{Condition, Kind, Statement};
use super::request::{Provider, Request, SET_IDENTITY, Shown, TAG};
use super::{lints, token};
use crate::explanation::ternary::{all, any, known};
use crate::explanation::{Check, Explanation, Mark, Verdict};
use crate::subject::claims::JobKind;

/// Explains the result of the rule for the request.
pub(super) fn explanation(rule: &Rule, request: &Request<'_>, now: i64) -> Explanation {
    let outcome = evaluate(&rule.policy, request);
    let parts = token::checks(request, now);
    let token = Check::new(all(&mut parts.iter().map(|part| part.mark)), "the token").parts(parts);
    let provider = provider(rule, request);
    let no_provider = provider.as_ref().is_some_and(|check| check.mark == Mark::Fails);
    let (lets_in, wanted) = (outcome.mark(), wanted_role(rule));
    let (verdict, title) = if let Some(part) = token.parts.iter().find(|part| part.mark == Mark::Fails) {
        (Verdict::Refused, format!("STS does not take this token: {}", part.title))
    } else if no_provider {
        (Verdict::Refused, "STS finds no provider for this token's issuer".into())
    } else {
        match all(&mut [lets_in, token.mark].into_iter()) {
            Mark::Holds => (Verdict::Accepted, format!("the trust policy allows this token to assume {wanted}")),
            Mark::Fails => (Verdict::Refused, refusal(rule, &outcome, &wanted)),
            Mark::Unknown => (Verdict::CannotTell, turns_on(rule, &outcome, request.provider, &token)),
        }
    };
    let mut checks = vec![token];
    checks.extend(provider);
    let statements = rule.policy.statements.iter().zip(&outcome.statements);
    checks.extend(statements.map(|(statement, applying)| self::statement(statement, applying, request, &outcome)));
    checks.extend(outcome.actions.iter().enumerate().map(|(index, decision)| action(rule, &outcome, index, decision)));
    let notes = notes(rule, request, verdict);
    Explanation { verdict, title, checks, lints: lints::lints(rule, request), notes }
}

fn wanted_role(rule: &Rule) -> String {
    rule.role.as_ref().map_or_else(|| "the role".into(), |role| role.as_str().to_owned())
}

/// Why it is refused, in one line.
fn refusal(rule: &Rule, outcome: &Outcome, wanted: &str) -> String {
    let Some((index, decision)) =
        outcome.actions.iter().enumerate().find(|(_, decision)| decision.mark() == Mark::Fails)
    else {
        return format!("the trust policy does not allow this token to assume {wanted}");
    };
    let denying = places(rule, outcome, index, true, Mark::Holds);
    match (decision.denied, decision.action) {
        (Mark::Holds, _) => format!("{denying} denies this token {wanted}"),
        (_, TAG) => "no statement allows sts:TagSession, which the token's session tags need".into(),
        (_, SET_IDENTITY) => {
            "no statement allows sts:SetSourceIdentity, which the token's source identity needs".into()
        }
        _ => format!("no statement allows this token to assume {wanted}"),
    }
}

/// What the unknown result depends on, in one line.
fn turns_on(rule: &Rule, outcome: &Outcome, provider: &Provider, token: &Check) -> String {
    let accounts = matches!(provider, Provider::OneOf(names) if !names.is_empty());
    let (mut hidden, mut unclear): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for (index, decision) in outcome.actions.iter().enumerate().filter(|(_, one)| one.mark() == Mark::Unknown) {
        for (statement, applying) in rule.policy.statements.iter().zip(&outcome.statements) {
            let effect = if statement.denies { decision.denied } else { decision.allowed };
            if effect != Mark::Unknown || applying.mark(index) != Mark::Unknown {
                continue;
            }
            if applying.principal == Mark::Unknown {
                if accounts {
                    hidden.push("the role's account".into());
                } else {
                    unclear.push(format!("how AWS reads the principal of {}", statement.place));
                }
            }
            let conditions = statement.conditions.iter().zip(&applying.conditions);
            for (condition, found) in conditions.filter(|(_, found)| found.mark == Mark::Unknown) {
                match (&found.shown, &found.because) {
                    (Shown::Values(_), Some(because)) => {
                        unclear.push(format!("how AWS compares {} ({because})", condition.key));
                    }
                    _ => hidden.push(condition.key.clone()),
                }
            }
        }
    }
    for matters in [&mut hidden, &mut unclear] {
        matters.sort_unstable();
        matters.dedup();
    }
    let (hidden, unclear) = (hidden.join(" and "), unclear.join(" and "));
    match (hidden.as_str(), unclear.as_str(), token.parts.iter().find(|part| part.mark == Mark::Unknown)) {
        ("", "", Some(part)) => format!("it turns on what STS makes of the token: {}", part.title),
        (hidden, "", _) => format!("it turns on {hidden}, which the token does not show"),
        ("", unclear, _) => format!("it turns on {unclear}"),
        (hidden, unclear, _) => format!("it turns on {hidden}, which the token does not show, and on {unclear}"),
    }
}

fn any_action(applying: &Applying, outcome: &Outcome) -> Mark {
    any(&mut (0..outcome.actions.len()).map(|index| applying.mark(index)))
}

/// The statements of one effect that have this result for one action.
fn places(rule: &Rule, outcome: &Outcome, action: usize, denies: bool, mark: Mark) -> String {
    let statements = rule.policy.statements.iter().zip(&outcome.statements);
    let those = statements.filter(|(statement, applying)| statement.denies == denies && applying.mark(action) == mark);
    those.map(|(statement, _)| statement.place.as_str()).collect::<Vec<_>>().join(" and ")
}

/// Whether the account can have a provider for the issuer at all; `None` if there is nothing to report.
fn provider(rule: &Rule, request: &Request<'_>) -> Option<Check> {
    if request.is_built_in() || request.host.is_empty() {
        return None;
    }
    match (request.provider, &rule.provider, &rule.role) {
        (_, Some(provider), _) if provider.host() != request.host => Some(
            Check::new(Mark::Fails, "STS asks the provider of the token's own issuer, and this is another's")
                .compared_literally(&[provider.host().to_owned()], request.host),
        ),
        (_, Some(provider), Some(wanted))
            if (provider.partition(), provider.account()) != (wanted.partition(), wanted.account()) =>
        {
            Some(
                Check::new(Mark::Fails, "STS asks the provider in the role's own account, and this is in another")
                    .fact("provider", provider.as_str())
                    .fact("role", wanted.as_str()),
            )
        }
        (Provider::Known(arn), None, None) => Some(
            Check::new(Mark::Holds, format!("the issuer's provider is {arn}"))
                .fact("assumed", "the policy names it; whether it is in the role's account, --role-arn would tell"),
        ),
        (Provider::Known(arn), ..) => Some(Check::new(Mark::Holds, format!("the issuer's provider is {arn}"))),
        (Provider::OneOf(candidates), ..) if candidates.is_empty() => None,
        (Provider::OneOf(_), ..) => Some(
            Check::new(Mark::Unknown, "the issuer's provider is the one in the role's account")
                .fact("because", "the policy names it in several accounts: name the role with --role-arn"),
        ),
    }
}

fn statement(statement: &Statement, applying: &Applying, request: &Request<'_>, outcome: &Outcome) -> Check {
    let mark = any_action(applying, outcome);
    let effect = if statement.denies { "Deny" } else { "Allow" };
    let word = match mark {
        Mark::Holds => "applies",
        Mark::Fails => "does not apply",
        Mark::Unknown => "may apply",
    };
    let sid = statement.sid.as_ref().map(|sid| format!(" `{sid}`")).unwrap_or_default();
    let conditions =
        statement.conditions.iter().zip(&applying.conditions).map(|(written, found)| condition(written, found));
    Check::new(mark, format!("{}{sid}, {effect}: {word}", statement.place))
        .parts([principal(statement, applying.principal, request), actions(statement, applying, outcome)])
        .parts(conditions)
}

fn principal(statement: &Statement, mark: Mark, request: &Request<'_>) -> Check {
    let except = statement.principals.except;
    let element = if except { "NotPrincipal" } else { "Principal" };
    let Some(principals) = &statement.principals.named else {
        return Check::new(mark, format!("{element} is everybody"));
    };
    let names_it = match mark {
        Mark::Unknown => "may name",
        Mark::Holds if !except => "names",
        Mark::Fails if except => "names",
        Mark::Holds | Mark::Fails => "does not name",
    };
    let check = Check::new(mark, format!("{element} {names_it} the token's provider"));
    let label = if except { "not wanted" } else { "wanted" };
    let of = |wanted: Option<Kind>| {
        let names = principals.iter().filter(|(kind, _)| wanted.is_none_or(|wanted| *kind == wanted));
        names.map(|(_, name)| name.clone()).collect::<Vec<_>>()
    };
    let federated = of(Some(Kind::Federated));
    match (mark, federated.first()) {
        (Mark::Unknown, _) => {
            let wildcard = principals.iter().any(|(_, name)| name == "*");
            let because = if wildcard {
                "AWS has \"*\" alone for everybody; whether this means the same here is not known"
            } else {
                "the role's account is not known"
            };
            check.fact(label, of(None).join(", ")).fact("because", because)
        }
        (_, None) => check
            .fact(label, of(None).join(", "))
            .fact("because", "only a principal under Federated is a provider of tokens"),
        (Mark::Fails, Some(first)) if !except => check.compared_literally(&federated, &provider_like(first, request)),
        (Mark::Holds | Mark::Fails, Some(_)) => check.fact(label, federated.join(", ")),
    }
}

/// The token's provider. If its account is unknown, that of `named` is used.
fn provider_like(named: &str, request: &Request<'_>) -> String {
    match request.provider {
        _ if request.is_built_in() => request.host.to_owned(),
        Provider::Known(arn) => arn.clone(),
        Provider::OneOf(_) => {
            let account = named.split_once(":oidc-provider/").map_or("…", |(account, _)| account);
            format!("{account}:oidc-provider/{}", request.host)
        }
    }
}

fn actions(statement: &Statement, applying: &Applying, outcome: &Outcome) -> Check {
    let except = statement.actions.except;
    let list = |covered: bool| {
        let actions = outcome.actions.iter().zip(&applying.covers).filter(|(_, covers)| **covers == covered);
        actions.map(|(decision, _)| decision.action).collect::<Vec<_>>().join(" and ")
    };
    let (element, yes, no) =
        if except { ("NotAction", "does not name", "names") } else { ("Action", "covers", "does not cover") };
    let (covered, left) = (list(true), list(false));
    let title = match (covered.as_str(), left.as_str()) {
        (covered, "") => format!("{element} {yes} {covered}"),
        ("", left) => format!("{element} {no} {left}"),
        (covered, left) => format!("{element} {yes} {covered}, and {no} {left}"),
    };
    let check = Check::new(known(!covered.is_empty()), title);
    if left.is_empty() { check } else { check.fact("it lists", statement.actions.patterns.join(", ")) }
}

fn condition(condition: &Condition, found: &Found) -> Check {
    let operator = &condition.operator;
    let mut check = Check::new(found.mark, format!("{} {}", operator.name, condition.key));
    for wanted in condition.values.iter().filter(|wanted| wanted.varies()) {
        check = check.fact("written", wanted.text.clone());
    }
    let presented = match &found.shown {
        Shown::Values(values) => Some(values.join(", ")),
        Shown::Absent(_) => Some("nothing".into()),
        Shown::Unknown(_) => None,
    };
    check = match (&found.shown, &presented, operator.test) {
        (Shown::Values(values), Some(presented), Test::Like) if values.len() == 1 && !operator.negated => {
            check.compared(&found.wanted, presented)
        }
        (Shown::Values(values), Some(presented), Test::Equals) if values.len() == 1 && !operator.negated => {
            check.compared_literally(&found.wanted, presented)
        }
        _ => {
            let label = if operator.negated { "not wanted" } else { "wanted" };
            check = found.wanted.iter().fold(check, |check, wanted| check.fact(label, wanted.clone()));
            presented.into_iter().fold(check, |check, presented| check.fact("presented", presented))
        }
    };
    if let Some(because) = &found.because {
        return check.fact("because", because.clone());
    }
    let exact = matches!(operator.test, Test::Equals | Test::EqualsIgnoringCase);
    let star = exact
        && !operator.negated
        && found.mark == Mark::Fails
        && condition.values.iter().any(super::pattern::Wanted::has_star);
    if star {
        check.fact("because", format!("`*` is a literal character in {}; use StringLike for a wildcard", operator.name))
    } else {
        check
    }
}

fn action(rule: &Rule, outcome: &Outcome, index: usize, decision: &Decision) -> Check {
    let name = decision.action;
    let of = |denies: bool, mark: Mark| places(rule, outcome, index, denies, mark);
    let title = match (decision.denied, decision.allowed) {
        (Mark::Holds, _) => format!("{name} is denied by {}", of(true, Mark::Holds)),
        (_, Mark::Fails) => format!("{name} is allowed by no statement"),
        (Mark::Unknown, _) => format!("{name} may be denied by {}", of(true, Mark::Unknown)),
        (Mark::Fails, Mark::Unknown) => format!("{name} may be allowed by {}", of(false, Mark::Unknown)),
        (Mark::Fails, Mark::Holds) => format!("{name} is allowed by {}", of(false, Mark::Holds)),
    };
    let check = Check::new(decision.mark(), title);
    match name {
        TAG => check.fact("because", "the token carries session tags"),
        SET_IDENTITY => check.fact("because", "the token carries a source identity"),
        _ => check,
    }
}

fn notes(rule: &Rule, request: &Request<'_>, verdict: Verdict) -> Vec<String> {
    let mut notes = Vec::new();
    if verdict == Verdict::Refused {
        match request.claims.job_kind() {
            Some(JobKind::PullRequest) => notes.push(
                "this is a pull-request job: its `ref` changes with every push, and its `ref_type` is pull-request"
                    .into(),
            ),
            Some(JobKind::ProjectDebug) => {
                notes.push("this is a debug session of the project: its `sub` names no ref at all".into());
            }
            Some(JobKind::Branch | JobKind::Tag) | None => {}
        }
    } else {
        notes.extend(lints::debug_sessions(rule, request));
    }
    let audience = request.claims.audience().unwrap_or_default();
    notes.push(format!(
        "only the trust policy is checked: the provider must exist with the audience {audience}, and the token's signature must be valid; a policy above the account (SCP, RCP) or a permissions boundary can still deny"
    ));
    notes
}
