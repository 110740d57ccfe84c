//! Faults and risks in a provider and its bindings that do not depend on this token.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::Rule;
use super::binding::{self, Named};
use super::mapping;
use super::policy::Grants;
use super::provider::Formula;
use crate::explanation::Mark;
use crate::google::cel::{Expression, Node, Operation, Scope, Value};
use crate::google::provider::LONGEST_SUBJECT;
use crate::subject::Claims;
use crate::subject::other_jobs::{self, OtherJob};

const SUBJECT: &str = "google.subject";

/// All findings, one sentence each, and notes.
pub(super) fn lints(rule: &Rule, claims: &Claims) -> (Vec<String>, Vec<String>) {
    let lints = Lints { rule, claims };
    let gates = lints.gates();
    let used = lints.used();
    let mut found = Vec::new();
    lints.keys(&mut found);
    lints.constants(&mut found);
    lints.other_jobs(&mut found);
    lints.whole_pool(&mut found);
    let audiences = &rule.provider.audiences;
    if audiences.len() > 10 || audiences.iter().any(|audience| audience.chars().count() > 256) {
        found.push("Google accepts at most 10 audiences, of 256 characters at most".into());
    }
    if gates.contains("branch")
        && !["ref_type", "ref", "sub", "pr", "pr_branch"].iter().any(|name| gates.contains(*name))
    {
        found.push(
            "a pull request's `branch` is its target: `branch` without `ref_type` or `ref` does not tell a push to main from a pull request into it"
                .into(),
        );
    }
    let mut named = gates.clone();
    if rule.policy.is_none() {
        // A member would most likely name the subject.
        lints.claims_of(&[("google", Some("subject"))], &mut named);
    }
    if named.contains("sub127") && !gates.contains("ref") && !gates.contains("sub") {
        found.push(
            "`sub127` is shortened: branches with the same first 29 characters have the same value; compare `ref` as well"
                .into(),
        );
    }
    for (name, why) in [
        ("tag", "is empty in Semaphore's tokens, a tag's too: compare `ref` (refs/tags/…) and `ref_type`"),
        ("actor", "is always empty in Semaphore's tokens"),
    ] {
        if used.contains(name) {
            found.push(format!("`assertion.{name}` {why}"));
        }
    }
    lints.near_the_bound(&mut found);
    let mut notes = Vec::new();
    filtered(&used.into_iter().filter(|name| claims.has(name)).collect(), &mut found, &mut notes);
    (found, notes)
}

/// Reports claims that an organization's filter can remove: those that it removes by default, and those that a
/// self-hosted Semaphore removes.
fn filtered(used: &BTreeSet<&str>, found: &mut Vec<String>, notes: &mut Vec<String>) {
    const ALWAYS: [&str; 6] = ["exp", "iat", "nbf", "iss", "aud", "jti"];
    const OFF: [&str; 2] = ["org", "prj"];
    const OFF_AT_HOME: [&str; 2] = ["repo", "pr_branch"];
    let list = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let among = |of: &[&'static str]| -> Vec<&str> { of.iter().copied().filter(|name| used.contains(name)).collect() };
    for (names, where_) in
        [(among(&OFF), "if an organization filters its claims"), (among(&OFF_AT_HOME), "in a Semaphore of one's own")]
    {
        if !names.is_empty() {
            found.push(format!(
                "{} {} not in the token {where_}, unless switched on; without it every token is refused",
                list(&names),
                if names.len() == 1 { "is" } else { "are" }
            ));
        }
    }
    let others: Vec<&str> = used
        .iter()
        .copied()
        .filter(|name| !ALWAYS.contains(name) && !OFF.contains(name) && !OFF_AT_HOME.contains(name))
        .collect();
    if !others.is_empty() {
        notes.push(format!("the organization can switch off {}; every token is then refused", list(&others)));
    }
}

struct Lints<'r> {
    rule: &'r Rule,
    claims: &'r Claims,
}

impl<'r> Lints<'r> {
    fn formula(&self, key: &str) -> Option<&'r Formula> {
        self.rule.provider.mapping.iter().find(|(known, _)| known == key).map(|(_, formula)| formula)
    }

    /// The claims behind these names. For a mapped attribute, these are the claims in its expression.
    fn claims_of(&self, uses: &[(&'r str, Option<&'r str>)], into: &mut BTreeSet<&'r str>) {
        for (variable, member) in uses {
            match (*variable, member) {
                ("assertion", Some(claim)) => drop(into.insert(claim)),
                ("google" | "attribute", Some(member)) => {
                    let formula = self.formula(&format!("{variable}.{member}"));
                    // A mapping can use only `assertion`.
                    let uses = formula.map(Formula::uses).unwrap_or_default();
                    into.extend(
                        uses.into_iter().filter(|(name, _)| *name == "assertion").filter_map(|(_, claim)| claim),
                    );
                }
                _ => {}
            }
        }
    }

    /// The claims in the mapping and the condition.
    fn used(&self) -> BTreeSet<&'r str> {
        let mut used = BTreeSet::new();
        let formulas =
            self.rule.provider.mapping.iter().map(|(_, formula)| formula).chain(&self.rule.provider.condition);
        for formula in formulas {
            self.claims_of(&formula.uses(), &mut used);
        }
        used
    }

    /// The claims that decide about access: those in the condition, and those that the members of bindings use.
    fn gates(&self) -> BTreeSet<&'r str> {
        let mut gates = BTreeSet::new();
        if let Some(condition) = &self.rule.provider.condition {
            self.claims_of(&condition.uses(), &mut gates);
        }
        for named in self.members() {
            match named.who.split_once('/') {
                Some(("subject", _)) => self.claims_of(&[("google", Some("subject"))], &mut gates),
                Some(("group", _)) => self.claims_of(&[("google", Some("groups"))], &mut gates),
                Some((key, _)) => self.claims_of(&[("attribute", key.strip_prefix("attribute."))], &mut gates),
                None => {}
            }
        }
        gates
    }

    /// The members of this provider's pool, in bindings that may grant a token.
    fn members(&self) -> Vec<Named<'r>> {
        let bindings = self.rule.policy.iter().flat_map(|policy| &policy.bindings);
        let members = bindings.filter(|binding| binding.grants() != Grants::No).flat_map(|binding| &binding.members);
        let ours = |named: &Named<'_>| {
            self.rule
                .provider
                .name
                .as_ref()
                .is_none_or(|name| name.pool() == named.pool && name.project_number() == named.project)
        };
        members.filter_map(|member| binding::take_apart(member)).filter(ours).collect()
    }

    fn keys(&self, found: &mut Vec<String>) {
        for (key, _) in self.rule.provider.mapping.iter().filter(|(key, _)| !mapping::is_key(key)) {
            let name = key.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            let instead = format!("attribute.{name}");
            let instead = if mapping::is_key(&instead) { format!(": write `{instead}`") } else { String::new() };
            found.push(format!(
                "`{key}` is not a key that Google accepts (google.subject, google.groups, attribute.NAME of a-z, 0-9 and _){instead}"
            ));
        }
    }

    /// Whether a part has the same value for every token, including mapped attributes.
    fn is_constant(&self, node: &Node) -> bool {
        let mut constant = true;
        node.names(&mut |variable, member, _| {
            let mapped = member.and_then(|member| self.formula(&format!("{variable}.{member}")));
            let mapped = mapped.and_then(|formula| formula.read.as_ref().ok());
            constant &= variable != "assertion" && mapped.is_some_and(|mapped| mapped.root().is_constant());
        });
        constant
    }

    fn constants(&self, found: &mut Vec<String>) {
        let subject = self.formula(SUBJECT).and_then(|formula| formula.read.as_ref().ok());
        if subject.is_some_and(|subject| subject.root().is_constant()) {
            found.push(
                "google.subject is the same for every token: each job of the organization, of every project, branch and pull request, is the same principal"
                    .into(),
            );
        }
        let Some(Ok(condition)) = self.rule.provider.condition.as_ref().map(|formula| formula.read.as_ref()) else {
            return;
        };
        let parts = if let Operation::All(parts) = &condition.root().operation {
            &parts[..]
        } else {
            std::slice::from_ref(condition.root())
        };
        for part in parts.iter().filter(|part| self.is_constant(part)) {
            let whole = parts.len() == 1;
            let what = if whole { "the condition" } else { "a part of the condition" };
            let outcome = match self.constant_value(condition, part) {
                Some(true) if whole => "it is true of every token of the issuer, and excludes nobody",
                Some(true) => "it is true of every token, and excludes nobody",
                Some(false) => "it is false of every token, and allows nobody",
                None => "it has the same result for every token",
            };
            found.push(format!("{what} compares only constants (`{}`): {outcome}", condition.source(part)));
        }
    }

    fn constant_value<'a>(&self, condition: &'a Expression, part: &'a Node) -> Option<bool> {
        let (_, mapped) = mapping::evaluate(&self.rule.provider, self.claims.payload());
        let scope = Scope::new().with("google", &mapped.google).with("attribute", &mapped.attributes);
        condition
            .part(part, &scope)
            .ok()
            .and_then(|value| if let Value::Bool(truth) = value { Some(truth) } else { None })
    }

    /// Texts in the condition and the members that may be refs or branches. Test tokens are made of them.
    fn texts(&self) -> Vec<String> {
        const MOST: usize = 16;
        fn gather(node: &Node, texts: &mut Vec<String>) {
            texts.extend(node.as_text().cloned());
            node.parts().for_each(|part| gather(part, texts));
        }
        let mut texts = Vec::new();
        if let Some(Ok(condition)) = self.rule.provider.condition.as_ref().map(|formula| &formula.read) {
            gather(condition.root(), &mut texts);
        }
        for named in self.members() {
            texts.extend(named.who.split_once('/').map(|(_, value)| value.to_owned()));
        }
        texts.truncate(MOST);
        texts
    }

    fn other_jobs(&self, found: &mut Vec<String>) {
        if !other_jobs::can_be_made_up(self.claims) {
            return;
        }
        let admitted = |claims: &Claims| self.rule.admits(claims.payload()) == Mark::Holds;
        let texts = self.texts();
        let branch = self.claims.get("branch").and_then(Json::as_str).unwrap_or("main");
        let targets = texts.iter().map(String::as_str).chain([branch, "main"]);
        if targets.into_iter().any(|into| admitted(&OtherJob::PullRequestInto(into).of(self.claims))) {
            found.push("it allows pull requests, and Semaphore gives a token to those from forks too".into());
        }
        let refs = texts.iter().filter_map(|text| {
            let start = text.find("refs/heads/").or_else(|| text.find("refs/tags/"))?;
            Some(OtherJob::OnRef(&text[start..]).of(self.claims))
        });
        let jobs: Vec<_> = refs.chain([self.claims.clone()]).collect();
        if jobs.iter().any(|job| admitted(job) && admitted(&OtherJob::Debug.of(job))) {
            found.push(
                "it allows debug sessions (`sem debug job`), since their `sub` is that of the job they debug: compare `job_type` with pipeline_job"
                    .into(),
            );
        }
    }

    fn whole_pool(&self, found: &mut Vec<String>) {
        if self.rule.provider.condition.is_none() && self.members().iter().any(|named| named.who == "*") {
            found.push(
                "there is no condition, and a binding is for the whole pool: every job of the organization may act as the service account"
                    .into(),
            );
        }
        let policy = self.rule.policy.iter().flat_map(|policy| &policy.bindings);
        if policy.flat_map(|binding| &binding.members).any(|member| member == "allUsers") {
            found.push("a binding is for allUsers: anybody at all".into());
        }
    }

    fn near_the_bound(&self, found: &mut Vec<String>) {
        const NEAR: usize = 100;
        let whole =
            |formula: &&Formula| formula.text.trim() == "assertion.sub" || formula.text.trim() == "assertion['sub']";
        let Some(sub) = self.formula(SUBJECT).filter(whole).and_then(|_| self.claims.get("sub")).and_then(Json::as_str)
        else {
            return;
        };
        let pull_request = OtherJob::PullRequestInto("main").of(self.claims);
        let other = pull_request.get("sub").and_then(Json::as_str).unwrap_or_default();
        if sub.len() >= NEAR || other.len() > LONGEST_SUBJECT {
            found.push(format!(
                "google.subject is `sub`, which has {} bytes here and {} in a pull request's token, and Google accepts {LONGEST_SUBJECT}: `sub127`, or prj_id with ref, is shorter",
                sub.len(),
                other.len()
            ));
        }
    }
}
