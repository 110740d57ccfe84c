//! The result of a login: the entity, its groups and its policies.
//!
//! <https://github.com/openbao/openbao/blob/main/builtin/credential/jwt/path_login.go>

use serde_json::{Map, Value};

use super::bound::{self, look_up};
use super::checks::{Finding, Fix, Login, holds, texts, unfit};
use crate::explanation::{Check, Mark};
use crate::subject::claims::shown;

impl Login<'_> {
    pub(super) fn user_claim(&self) -> Finding {
        let name = &self.role.user_claim;
        let title = format!("user_claim {name}");
        match self.named() {
            None => unfit(title, "a text", self.claims.shown(name), format!("400 claim {name:?} not found in token"))
                .fixed_by(self.better_user_claim()),
            Some(Value::String(_)) if name == "aud" && self.role.user_claim_is_pointer => listed_audience(title).into(),
            Some(Value::String(text)) if text.is_empty() => holds(format!("{title} is a text")),
            Some(Value::String(text)) => holds(format!("{title} is {text}")),
            Some(other) => unfit(
                title,
                "a text",
                Some(shown(other)),
                format!("400 claim {name:?} could not be converted to string"),
            )
            .fixed_by(self.better_user_claim()),
        }
    }

    pub(super) fn claim_mappings(&self) -> Vec<Finding> {
        let value = |claim: &str| look_up(self.claims, claim);
        let is_good = |claim: &str| value(claim).is_none_or(Value::is_string);
        let kept = self.role.claim_mappings.iter().filter(|(claim, _)| is_good(claim));
        let kept: Map<String, Value> = kept.map(|(claim, field)| (claim.clone(), field.as_str().into())).collect();
        let one = |(claim, _): &(String, String)| {
            let title = format!("claim_mappings: {claim}");
            if claim == "aud" && value("aud").is_some_and(Value::is_string) {
                return Some(listed_audience(title).into());
            }
            let found = value(claim).filter(|found| !found.is_string())?;
            let check = unfit(
                title,
                "a text, or none",
                Some(shown(found)),
                format!("400 error converting claim '{claim}' to string"),
            );
            Some(check.fixed_by(Fix::Role("claim_mappings", kept.clone().into())))
        };
        self.role.claim_mappings.iter().filter_map(one).collect()
    }

    pub(super) fn groups(&self) -> Option<Finding> {
        let name = &self.role.groups_claim;
        if name.is_empty() {
            return None;
        }
        let title = format!("groups_claim {name}");
        if self.mount.is_some_and(|mount| mount.has_provider) {
            let because = "the mount's provider_config may fetch the groups elsewhere";
            return Some(Check::new(Mark::Unknown, title).fact("because", because).into());
        }
        let found = look_up(self.claims, name);
        let said = match found {
            None => format!("400 failed to fetch groups: {name:?} claim not found in token"),
            Some(Value::Object(_)) => format!("400 {name:?} claim could not be converted to string list"),
            Some(groups) => {
                let items = bound::each(groups);
                // Other numbers, lists and objects have the text form of Go.
                let plain =
                    |item: &Value| item.is_boolean() || item.as_i64().is_some_and(|n| (0..1_000_000).contains(&n));
                match items.iter().find(|item| !item.is_string()) {
                    None => return Some(holds(title)),
                    Some(item) if plain(item) => {
                        format!("400 value {item} in groups claim could not be parsed as string")
                    }
                    Some(_) => "400 value …".into(),
                }
            }
        };
        Some(
            unfit(title, "a text or a list of texts", found.map(shown), said)
                .fixed_by(Fix::Role("groups_claim", "".into())),
        )
    }

    pub(super) fn templates(&self) -> Option<Finding> {
        let template = self.role.policies.iter().find(|policy| policy.contains("{{"))?;
        let check = Check::new(Mark::Unknown, format!("token_policies: {template}"));
        let because = "it is made of claims; if the token lacks one, the server answers 500 failed to template policy";
        self.role.policies_are_templates.then(|| check.fact("because", because).into())
    }

    /// The name of the login's entity must not be empty.
    pub(super) fn alias(&self) -> Option<Finding> {
        let text = self.named().and_then(Value::as_str)?;
        let title = format!("user_claim {}, as the entity's name", self.role.user_claim);
        text.is_empty().then(|| {
            unfit(title, "a text that is not empty", Some(shown(&text.into())), "500 missing name in alias")
                .fixed_by(self.better_user_claim())
        })
    }

    pub(super) fn root(&self) -> Option<Finding> {
        let others: Vec<String> = self.role.policies.iter().filter(|policy| *policy != "root").cloned().collect();
        (others.len() < self.role.policies.len()).then(|| {
            let check = Check::new(Mark::Fails, "token_policies has root");
            check
                .fact("answer", "400 auth methods cannot create root tokens")
                .fixed_by(Fix::Role("token_policies", texts(&others)))
        })
    }

    fn named(&self) -> Option<&Value> {
        let name = &self.role.user_claim;
        if self.role.user_claim_is_pointer {
            look_up(self.claims, name)
        } else {
            self.claims.get(name).filter(|claim| !claim.is_null())
        }
    }

    /// Suggests a claim that is the same for all jobs of a project.
    fn better_user_claim(&self) -> Fix {
        let name = if self.claims.text("prj_id").is_some() { "prj_id" } else { "sub" };
        Fix::Role("user_claim", name.into())
    }
}

fn listed_audience(title: String) -> Check {
    let because = "OpenBao makes a list of `aud`, which is not a text; HashiCorp Vault uses it unchanged";
    Check::new(Mark::Unknown, title).fact("because", because)
}
