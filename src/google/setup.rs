//! What to create in Google Cloud: a pool, a provider and a binding that allow only the requested jobs.

use super::cel::quote;
use super::provider::LONGEST_SUBJECT;
use super::{Provider, ServiceAccount};
use crate::error::Usage;
use crate::recipe::{Action, Command, Document, Recipe, Step};
use crate::subject::allowed_jobs::{AllowedJobs, Refs};

const ROLE: &str = "roles/iam.workloadIdentityUser";
const PIPELINE: &str = "pipeline_job";
/// The shell variable that contains the provider's condition.
const CONDITION: &str = "condition";

/// The request: a pool, a provider in it, and a binding that lets its principals impersonate a service account.
#[derive(Debug)]
pub struct Request {
    provider: Provider,
    account: Option<ServiceAccount>,
}

/// The rule that allows the jobs.
struct Gate {
    /// Keys and expressions. They contain no comma, because gcloud splits at commas.
    mapping: Vec<(&'static str, &'static str)>,
    condition: String,
    /// The IAM name of the resulting principals.
    member: String,
}

impl Request {
    /// The provider to create, and the service account that its principals may impersonate.
    ///
    /// # Errors
    /// If Google does not allow the id for a new pool or provider.
    pub fn new(provider: Provider, account: Option<ServiceAccount>) -> Result<Self, Usage> {
        for (what, id) in [("pool", provider.pool()), ("provider", provider.id())] {
            if id.len() < 4 || id.starts_with("gcp-") {
                return Err(Usage::new(format!("--provider: Google makes no {what} called `{id}`"))
                    .hint("an id has 4 to 32 characters and does not begin with gcp-"));
            }
        }
        Ok(Self { provider, account })
    }

    /// What to create so that exactly `allowed` is allowed.
    ///
    /// # Errors
    /// If the condition would be too long for Google.
    pub fn recipe(&self, allowed: &AllowedJobs) -> Result<Recipe, Usage> {
        const LONGEST: usize = 4096;
        let gate = self.gate(allowed);
        if gate.condition.chars().count() > LONGEST {
            return Err(Usage::new(format!(
                "the condition would have more than the {LONGEST} characters that Google accepts"
            )));
        }
        let acting = match &self.account {
            Some(account) => format!(", who may act as {}", account.email()),
            None => String::new(),
        };
        Ok(Recipe {
            lets_in: format!("{allowed}{acting}"),
            keeps_out: keeps_out(&allowed.refs),
            warnings: self.warnings(allowed, &gate),
            steps: self.steps(allowed, &gate),
            documents: self.documents(allowed, &gate),
        })
    }

    fn gate(&self, allowed: &AllowedJobs) -> Gate {
        let (project, refs) = (allowed.project.as_str(), &allowed.refs);
        let mut conditions = vec![
            format!("assertion.prj_id == {}", quote(project)),
            format!("assertion.job_type == {}", quote(PIPELINE)),
            format!("assertion.ref_type == {}", quote(refs.kind())),
        ];
        conditions.extend(on_refs(refs));
        // A provider with a wider condition may be added to this pool later. Its principals must have other names.
        let named = format!("{project}::{PIPELINE}::{}", refs.reference());
        let mut mapping = vec![
            ("google.subject", "assertion.prj_id + \"::\" + assertion.job_type + \"::\" + assertion.ref"),
            ("attribute.prj_id", "assertion.prj_id"),
            ("attribute.job_type", "assertion.job_type"),
            ("attribute.ref_type", "assertion.ref_type"),
            ("attribute.ref", "assertion.ref"),
        ];
        let pool = self.provider.pool_name();
        let member = if refs.is_exact() && fits(&named) {
            format!("principal://{pool}/subject/{named}")
        } else {
            // A subject that is short for every ref, and unique for each job.
            mapping[0].1 = "assertion.prj_id + \"::\" + assertion.job_id";
            mapping.push((
                "attribute.gate",
                "assertion.prj_id + \"::\" + assertion.job_type + \"::\" + assertion.ref_type",
            ));
            format!("principalSet://{pool}/attribute.gate/{project}::{PIPELINE}::{}", refs.kind())
        };
        Gate { mapping, condition: conditions.join(" && "), member }
    }

    fn warnings(&self, allowed: &AllowedJobs, gate: &Gate) -> Vec<String> {
        let mut warnings = Vec::new();
        match &allowed.refs {
            Refs::PullRequests => {
                warnings.push("a pull request from a fork is allowed too, and what it runs is its author's".into());
            }
            refs if !refs.is_exact() => {
                warnings.push("anyone who may push a branch or tag with such a name is allowed".into());
            }
            Refs::Branch(_) | Refs::Tag(_) => {}
        }
        warnings
            .push("anyone who attaches to a running job (`sem attach`) can use its token; no claim shows this".into());
        warnings.push(
            "every provider of a pool names the same principals: let this pool have no provider that others can change"
                .into(),
        );
        if self.account.is_none() {
            warnings.push(format!("nothing is granted yet: give a role on what the job needs to {}", gate.member));
        }
        warnings
    }

    fn steps(&self, allowed: &AllowedJobs, gate: &Gate) -> Vec<Step> {
        let issuer = allowed.issuer.as_str();
        let mapping: Vec<String> = gate.mapping.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let pools = |verb: &str| {
            Command::new(&format!("gcloud iam workload-identity-pools {verb}"), &[])
                .line(&[&self.provider.pool_resource()])
        };
        let providers = |verb: &str| {
            Command::new(&format!("gcloud iam workload-identity-pools providers {verb}"), &[])
                .line(&[&self.provider.resource()])
        };
        let rule = |verb: &str| {
            providers(verb)
                .line(&[&format!("--issuer-uri={issuer}"), &format!("--allowed-audiences={issuer}")])
                .line(&["--attribute-mapping", &mapping.join(",")])
                .variable("--attribute-condition", CONDITION)
        };
        let mut steps = vec![
            Step::new(
                "the services; this changes nothing if they are enabled",
                Action::Run(
                    Command::new("gcloud services enable", &[])
                        .line(&["iam.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com"])
                        .line(&[&format!("--project={}", self.provider.project_number())]),
                ),
            ),
            Step::new("the pool", Action::Create { exists: pools("describe"), create: pools("create") }),
            Step::new(
                "the provider: the issuer, and which of its tokens are allowed; if it exists, this replaces its rule",
                Action::Put { exists: providers("describe"), update: rule("update-oidc"), create: rule("create-oidc") },
            )
            .with(CONDITION, gate.condition.clone()),
        ];
        steps.extend(self.account.as_ref().map(|account| {
            let bind = Command::new("gcloud iam service-accounts add-iam-policy-binding", &[]).line(&[account.email()]);
            let bind = match account.project() {
                Some(project) => bind.line(&[&format!("--project={project}")]),
                None => bind,
            };
            let (with_role, member) = (format!("--role={ROLE}"), format!("--member={}", gate.member));
            let bind = bind.line(&[&with_role]).line(&[&member]).line(&["--condition=None"]);
            Step::new("who may act as the service account", Action::Run(bind))
        }));
        steps
    }

    /// Names and forms are those of <https://docs.cloud.google.com/iam/docs/reference/rest>.
    fn documents(&self, allowed: &AllowedJobs, gate: &Gate) -> Vec<(String, Document)> {
        let mapping = gate.mapping.iter().map(|(key, value)| (*key, (*value).into()));
        let issuer = allowed.issuer.as_str();
        let oidc = [("issuerUri", issuer.into()), ("allowedAudiences", Document::list([issuer.into()]))];
        let provider = Document::object([
            ("name", self.provider.resource().into()),
            ("attributeMapping", Document::object(mapping)),
            ("attributeCondition", gate.condition.as_str().into()),
            ("oidc", Document::object(oidc)),
        ]);
        let member: Document = gate.member.as_str().into();
        vec![
            ("WorkloadIdentityPool".to_owned(), Document::object([("name", self.provider.pool_resource().into())])),
            ("WorkloadIdentityPoolProvider".to_owned(), provider),
            if self.account.is_some() {
                let binding = [("role", ROLE.into()), ("members", Document::list([member]))];
                ("Binding".to_owned(), Document::object(binding))
            } else {
                ("member".to_owned(), member)
            },
        ]
    }
}

/// Whether it can be a principal's name: it is short enough, and has only characters that need no escaping.
fn fits(subject: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:".contains(&byte);
    subject.len() <= LONGEST_SUBJECT && subject.bytes().all(plain)
}

fn keeps_out(refs: &Refs) -> String {
    let others = match refs {
        Refs::Branch(_) => "other branches, tags, pull requests",
        Refs::Tag(_) => "other tags, branches, pull requests",
        Refs::PullRequests => "branches, tags",
    };
    format!("{others}, debug sessions, and every other project of the organization")
}

/// The condition on `ref`, if any.
fn on_refs(refs: &Refs) -> Option<String> {
    if *refs == Refs::PullRequests {
        return None;
    }
    let pattern = refs.reference();
    let parts: Vec<&str> = pattern.split('*').collect();
    Some(match parts[..] {
        [whole] => format!("assertion.ref == {}", quote(whole)),
        [before, ""] => format!("assertion.ref.startsWith({})", quote(before)),
        [before, after] => format!(
            // The two parts must not overlap.
            "assertion.ref.startsWith({}) && assertion.ref.endsWith({}) && size(assertion.ref) >= {}",
            quote(before),
            quote(after),
            before.chars().count() + after.chars().count()
        ),
        _ => format!(
            "assertion.ref.matches({})",
            quote(&format!("^{}$", parts.iter().map(|part| literal(part)).collect::<Vec<_>>().join(".*")))
        ),
    })
}

/// Escapes characters that are special in a regular expression.
fn literal(part: &str) -> String {
    let mut out = String::new();
    for letter in part.chars() {
        if letter.is_ascii_punctuation() && !matches!(letter, '/' | '-' | '_') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::google::cel::{Expression, Scope};
    use crate::subject::allowed_jobs::Pattern;

    fn admits(pattern: &str, name: &str) -> bool {
        let condition = on_refs(&Refs::Branch(Pattern::parse("--branch", pattern).unwrap())).unwrap();
        let claims = json!({ "ref": format!("refs/heads/{name}") });
        let expression = Expression::parse(&condition).unwrap();
        let scope = Scope::new().with("assertion", claims.as_object().unwrap());
        expression.evaluate(&scope).unwrap().to_string() == "true"
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in [
            ("main", "main"),
            ("it's", "it's"),
            ("release/*", "release/1/2"),
            ("release/*", "release/"),
            ("*", "x"),
            ("*/stable", "a/b/stable"),
            ("a*b", "ab"),
            ("a*b*c", "abc"),
            ("v1.*-(x)+*|y", "v1.0-(x)+日|y"),
        ] {
            assert!(admits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("main", "mainx"),
            ("main", "xmain"),
            ("release/*", "release"),
            ("ab*ba", "aba"),
            ("a*b*c", "acb"),
            ("v1.*-(x)+*|y", "v1x0-(x)+1|y"),
            ("a*b*c", "xabc"),
        ] {
            assert!(!admits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_subject_that_fits_is_plain_and_short() {
        assert!(fits("936a5312-a3b8-4921-8b3f-2cec8baac574::pipeline_job::refs/heads/main"));
        assert!(!fits(&"a".repeat(128)) && !fits("refs/heads/日本") && !fits("refs/heads/a#b"));
    }

    proptest::proptest! {
        #[test]
        fn the_condition_says_what_the_pattern_says(pattern in "[ab*./+']{1,8}", name in "[ab./+']{1,8}") {
            if Pattern::parse("--branch", &pattern).is_ok() {
                let parts: Vec<String> = pattern.split('*').map(regex_lite::escape).collect();
                let oracle = regex_lite::Regex::new(&format!("^{}$", parts.join(".*"))).unwrap();
                proptest::prop_assert_eq!(admits(&pattern, &name), oracle.is_match(&name));
            }
        }
    }
}
