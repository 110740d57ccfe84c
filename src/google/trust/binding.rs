//! Evaluates whether the mapped principal may impersonate the service account.

use serde_json::Value as Json;

use super::mapping::Mapped;
use super::policy::{Binding, Grants, Policy};
use super::provider::Configuration;
use crate::explanation::{Check, Mark};

/// <https://docs.cloud.google.com/iam/docs/principal-identifiers>
const HOST: &str = "iam.googleapis.com/";

/// Searches for the principal in every binding.
pub(super) fn evaluate(provider: &Configuration, policy: &Policy, mapped: &Mapped) -> Check {
    let (mut parts, mut others) = (Vec::new(), 0);
    for binding in &policy.bindings {
        let federated: Vec<&String> = binding.members.iter().filter(|member| may_be_federated(member)).collect();
        others += binding.members.len() - federated.len();
        if !federated.is_empty() {
            parts.push(one(provider, binding, &federated, mapped));
        }
    }
    let mark = super::best(parts.iter().map(|part| part.mark));
    let check = if mark == Mark::Fails {
        let check = Check::new(mark, "no binding allows it to act as the service account");
        let check = match (&provider.name, mapped.subject()) {
            (Some(name), Some(subject)) => {
                check.fact("principal", format!("principal://{}/subject/{subject}", name.pool_name()))
            }
            _ => check,
        };
        check.fact(
            "answer",
            "PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).",
        )
    } else {
        Check::new(mark, "a binding allows it to act as the service account")
    };
    let check = if others > 0 {
        let (members, are) = if others == 1 { ("member", "is") } else { ("members", "are") };
        check.fact("besides", format!("{others} {members} that {are} no workload identity"))
    } else {
        check
    };
    check.parts(parts)
}

/// Users, groups and service accounts are not federated. A member without a type prefix is reported as a fault.
fn may_be_federated(member: &str) -> bool {
    let others = ["user", "group", "serviceAccount", "domain", "projectOwner", "projectEditor", "projectViewer"];
    let kind = member.trim_start_matches("deleted:").split_once(':').map(|(kind, _)| kind);
    !kind.is_some_and(|kind| others.contains(&kind)) && member != "allAuthenticatedUsers"
}

fn one(provider: &Configuration, binding: &Binding, members: &[&String], mapped: &Mapped) -> Check {
    let mut parts = Vec::new();
    let role = |mark, why: &str| Check::new(mark, "the role grants an access token").fact("because", why);
    parts.extend(match binding.grants() {
        Grants::Yes => None,
        Grants::No => Some(role(Mark::Fails, "iam.serviceAccounts.getAccessToken is not among its permissions")),
        Grants::Untold => Some(role(
            Mark::Unknown,
            "its permissions are not known here: is iam.serviceAccounts.getAccessToken among them?",
        )),
    });
    if let Some(condition) = &binding.condition {
        let mark = match binding.applies() {
            Some(true) => Mark::Holds,
            Some(false) => Mark::Fails,
            None => Mark::Unknown,
        };
        parts.push(Check::new(mark, format!("its condition: {condition}")));
    }
    let members: Vec<Check> = members.iter().map(|text| member(provider, text, mapped)).collect();
    let best = super::best(members.iter().map(|check| check.mark));
    let mark = super::least(parts.iter().map(|part| part.mark).chain([best]));
    parts.extend(members);
    Check::new(mark, binding.role.clone()).parts(parts)
}

/// The parts of a member of a workload identity pool.
pub(super) struct Named<'m> {
    pub(super) set: bool,
    pub(super) project: &'m str,
    pub(super) pool: &'m str,
    /// `subject/S`, `attribute.k/v`, `group/g`, `*`.
    pub(super) who: &'m str,
}

/// Splits a member of a workload identity pool into its parts.
pub(super) fn take_apart(member: &str) -> Option<Named<'_>> {
    let (kind, rest) = member.split_once("://")?;
    let rest = rest.strip_prefix(HOST)?.strip_prefix("projects/")?;
    let (project, rest) = rest.split_once('/')?;
    let (pool, who) = rest.strip_prefix("locations/global/workloadIdentityPools/")?.split_once('/')?;
    match kind {
        "principal" | "principalSet" => Some(Named { set: kind == "principalSet", project, pool, who }),
        _ => None,
    }
}

fn member(provider: &Configuration, text: &str, mapped: &Mapped) -> Check {
    let check = |mark| Check::new(mark, text.to_owned());
    let fails = |why: &str| check(Mark::Fails).fact("because", why);
    if text == "allUsers" {
        return check(Mark::Holds).fact("because", "it is everybody");
    }
    if text.starts_with("deleted:") {
        return fails("it was deleted");
    }
    if text.contains(['$', '<', '>']) || text == "MEMBER_ID" {
        return fails("it is a placeholder: a variable's name without its $, perhaps, or one that no shell replaced");
    }
    let Some(named) = take_apart(text) else {
        if text.starts_with("principalSet://cloudresourcemanager.googleapis.com/") {
            return check(Mark::Unknown).fact("because", "whether this set has it in it is not known here");
        }
        if text.contains("/workforcePools/") {
            return fails("a workforce pool is for people");
        }
        return fails("it names nobody of a workload identity pool");
    };
    if named.project.is_empty() || !named.project.bytes().all(|byte| byte.is_ascii_digit()) {
        return fails("IAM identifies the pool's project by its number, not by its id");
    }
    if let Some(name) = &provider.name {
        if named.project != name.project_number() {
            return fails("the pool is in another project").compared(&[named.project.into()], name.project_number());
        }
        if named.pool != name.pool() {
            return fails("it is another pool").compared(&[named.pool.into()], name.pool());
        }
    }
    let check = who(&named, mapped, check);
    if provider.name.is_none() && check.mark == Mark::Holds {
        return Check { mark: Mark::Unknown, ..check }
            .fact("because", "the provider's file has no `name`, which tells the pool");
    }
    check
}

fn who(named: &Named<'_>, mapped: &Mapped, check: impl Fn(Mark) -> Check) -> Check {
    let fails = |why: &str| check(Mark::Fails).fact("because", why);
    let compared = |wanted: &str, presented: &str| {
        if wanted == presented {
            return check(Mark::Holds);
        }
        let differs = check(Mark::Fails).compared(&[wanted.to_owned()], presented);
        if wanted.eq_ignore_ascii_case(presented) { differs.fact("because", "capital letters count") } else { differs }
    };
    let untold = |key: &str| check(Mark::Unknown).fact("because", format!("what `{key}` becomes is not known here"));
    match named.who.split_once('/') {
        None if named.who == "*" && named.set => check(Mark::Holds),
        None if named.who == "*" => fails("a set is written principalSet://"),
        Some(("subject", _)) if named.set => fails("a subject is written principal://"),
        Some(("subject", wanted)) => match mapped.subject() {
            Some(subject) => compared(wanted, subject),
            None if mapped.is_untold("google", Some("subject")) => untold("google.subject"),
            None => fails("the mapping makes no google.subject"),
        },
        Some(_) if !named.set => fails("a set is written principalSet://"),
        Some(("group", wanted)) => {
            let groups = mapped.google.get("groups").and_then(Json::as_array);
            match groups {
                None if mapped.is_untold("google", Some("groups")) => untold("google.groups"),
                None => fails("the mapping makes no google.groups"),
                Some(groups) if groups.iter().any(|group| group == wanted) => check(Mark::Holds),
                Some(_) => fails("it is in no such group"),
            }
        }
        Some((key, wanted)) => {
            let Some(name) = key.strip_prefix("attribute.") else { return fails("no principal is written so") };
            match mapped.attributes.get(name).and_then(Json::as_str) {
                Some(value) => compared(wanted, value),
                None if mapped.is_untold("attribute", Some(name)) => untold(key),
                None => fails(&format!("the mapping makes no `{key}`")),
            }
        }
        None => fails("no principal is written so"),
    }
}
