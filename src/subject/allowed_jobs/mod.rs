//! The jobs that a rule must allow: those for one kind of ref of one project, as Semaphore's claims describe them.
//!
//! The claims: <https://docs.semaphore.io/reference/openid>.

mod names;

use std::fmt;

pub use names::{Issuer, Organization, Pattern, ProjectId, Repository};

use super::Claims;
use super::claims::JobKind;
use crate::error::Usage;

/// The refs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refs {
    /// Pushes to branches.
    Branch(Pattern),
    /// Tags.
    Tag(Pattern),
    /// Pull requests, also from forks: their refs change with every push.
    PullRequests,
}

impl Refs {
    /// The `ref_type` claim.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Branch(_) => "branch",
            Self::Tag(_) => "tag",
            Self::PullRequests => "pull-request",
        }
    }

    /// The `ref` claim, in which `*` is a wildcard.
    #[must_use]
    pub fn reference(&self) -> String {
        match self {
            Self::Branch(pattern) => format!("refs/heads/{}", pattern.as_str()),
            Self::Tag(pattern) => format!("refs/tags/{}", pattern.as_str()),
            Self::PullRequests => "*".into(),
        }
    }

    /// Whether it is a single ref, so that [`Refs::reference`] contains no `*`.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        match self {
            Self::Branch(pattern) | Self::Tag(pattern) => pattern.is_exact(),
            Self::PullRequests => false,
        }
    }
}

/// A part of a sentence: `the branch main`.
impl fmt::Display for Refs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Branch(pattern) if pattern.is_exact() => write!(f, "the branch {}", pattern.as_str()),
            Self::Branch(pattern) => write!(f, "the branches {}", pattern.as_str()),
            Self::Tag(pattern) if pattern.is_exact() => write!(f, "the tag {}", pattern.as_str()),
            Self::Tag(pattern) => write!(f, "the tags {}", pattern.as_str()),
            Self::PullRequests => f.write_str("pull requests (including those from forks)"),
        }
    }
}

/// The jobs that a rule is to allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedJobs {
    /// The issuer, which is also the audience.
    pub issuer: Issuer,
    /// The organization.
    pub organization: Organization,
    /// The project.
    pub project: ProjectId,
    /// The project's repository.
    pub repository: Repository,
    /// The refs of the project.
    pub refs: Refs,
}

impl AllowedJobs {
    /// The `sub` claim, in which `*` is a wildcard.
    #[must_use]
    pub fn subject(&self) -> String {
        format!(
            "org:{}:project:{}:repo:{}:ref_type:{}:ref:{}",
            self.organization.as_str(),
            self.project.as_str(),
            self.repository.as_str(),
            self.refs.kind(),
            self.refs.reference()
        )
    }
}

/// A part of a sentence: `jobs for the branch main of the project 936a… (repository web) of
/// https://acme.semaphoreci.com`.
impl fmt::Display for AllowedJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, project, repository, refs, .. } = self;
        write!(
            f,
            "jobs for {refs} of the project {} (repository {}) of {}",
            project.as_str(),
            repository.as_str(),
            issuer.as_str()
        )
    }
}

/// [`AllowedJobs`] as far as options set them. The rest comes from a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialAllowedJobs {
    /// `--issuer`.
    pub issuer: Option<Issuer>,
    /// `--org`.
    pub organization: Option<Organization>,
    /// `--project-id`.
    pub project: Option<ProjectId>,
    /// `--repo`.
    pub repository: Option<Repository>,
    /// `--branch`, `--tag` or `--pull-requests`.
    pub refs: Option<Refs>,
}

impl PartialAllowedJobs {
    /// The options that are missing to work without a token.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let organization =
            self.organization.is_some() || self.issuer.as_ref().is_none_or(|it| Organization::of(it).is_some());
        let given = [
            (self.issuer.is_some(), "--issuer"),
            (organization, "--org"),
            (self.project.is_some(), "--project-id"),
            (self.repository.is_some(), "--repo"),
            (self.refs.is_some(), "--branch (or --tag, --pull-requests)"),
        ];
        given.into_iter().filter(|(is_given, _)| !is_given).map(|(_, option)| option).collect()
    }

    /// The jobs of the rule, if the options set issuer, project, repository and ref.
    #[must_use]
    pub fn complete(&self) -> Option<AllowedJobs> {
        let issuer = self.issuer.clone()?;
        Some(AllowedJobs {
            organization: self.organization.clone().or_else(|| Organization::of(&issuer))?,
            issuer,
            project: self.project.clone()?,
            repository: self.repository.clone()?,
            refs: self.refs.clone()?,
        })
    }

    /// The jobs of the rule. Values that the options do not set come from `claims`.
    ///
    /// # Errors
    /// If a value is missing in the claims too, or they are not from Semaphore.
    pub fn complete_with(self, claims: &Claims) -> Result<AllowedJobs, Usage> {
        let claim = |name: &str, option: &str| {
            claims.text(name).ok_or_else(|| {
                Usage::new(format!("the token has no `{name}` to make a rule of")).hint(format!("set it with {option}"))
            })
        };
        if claims.text("sub").is_some_and(|sub| !sub.starts_with("org:")) {
            return Err(Usage::new("the token is another CI system's, and `setup` makes rules of Semaphore's claims")
                .hint("write the rule by hand, and hold the token against it with `oidc-exchange explain`")
                .hint("for a project of Semaphore's, give all of them: --issuer, --project-id, --repo and --branch"));
        }
        let refs = self.refs.map_or_else(|| refs(claims), Ok)?;
        let issuer = match self.issuer {
            Some(issuer) => issuer,
            None => Issuer::parse("the token's `iss`", claim("iss", "--issuer")?)?,
        };
        let organization = match self.organization {
            Some(organization) => organization,
            None => organization(claims, &issuer)?,
        };
        let project = match self.project {
            Some(project) => project,
            None => ProjectId::parse("the token's `prj_id`", claim("prj_id", "--project-id")?)?,
        };
        let repository = match self.repository {
            Some(repository) => repository,
            None => Repository::parse("the token's `repo`", claim("repo", "--repo")?)?,
        };
        Ok(AllowedJobs { issuer, organization, project, repository, refs })
    }
}

/// The organization in `sub`, to which the rule is compared.
fn organization(claims: &Claims, issuer: &Issuer) -> Result<Organization, Usage> {
    let subject = claims.text("sub").and_then(|sub| sub.strip_prefix("org:")?.split_once(":project:"));
    match (subject, Organization::of(issuer)) {
        (Some((name, _)), _) => Organization::parse("the token's `sub`", name),
        (None, Some(organization)) => Ok(organization),
        (None, None) => Err(Usage::new("neither the token's `sub` nor its issuer tells the organization's name")
            .hint("set it with --org")),
    }
}

fn refs(claims: &Claims) -> Result<Refs, Usage> {
    let reference = claims.text("ref").unwrap_or_default();
    let name = |prefix: &str| {
        let name = reference.strip_prefix(prefix).unwrap_or(reference);
        if name.contains('*') {
            return Err(Usage::new(format!("the token's `ref`: no branch or tag is called `{name}`")));
        }
        Pattern::parse("the token's `ref`", name)
    };
    match claims.job_kind() {
        Some(JobKind::Branch) => name("refs/heads/").map(Refs::Branch),
        Some(JobKind::Tag) => name("refs/tags/").map(Refs::Tag),
        Some(JobKind::PullRequest) => Ok(Refs::PullRequests),
        Some(JobKind::ProjectDebug) | None => Err(Usage::new("the token names no ref to make a rule of")
            .hint("name the jobs to allow with --branch, --tag or --pull-requests")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "936a5312-a3b8-4921-8b3f-2cec8baac574";

    fn claims(ref_type: &str, reference: &str) -> Claims {
        let sub = format!("org:acme:project:{ID}:repo:web:ref_type:{ref_type}:ref:{reference}");
        let payload = json!({ "iss": "https://acme.semaphoreci.com", "aud": "https://acme.semaphoreci.com", "sub": sub,
            "prj_id": ID, "repo": "web", "ref_type": ref_type, "ref": reference, "job_type": "pipeline_job" });
        Claims::new(serde_json::from_value(payload).unwrap())
    }

    #[test]
    fn a_tokens_own_ref_is_what_its_rule_lets_in() {
        for (ref_type, reference) in [("branch", "refs/heads/main"), ("tag", "refs/tags/v1.0.0")] {
            let claims = claims(ref_type, reference);
            let allowed = PartialAllowedJobs::default().complete_with(&claims).unwrap();
            assert_eq!(Some(allowed.subject().as_str()), claims.text("sub"));
            assert!(allowed.refs.is_exact());
        }
        let pull_request =
            PartialAllowedJobs::default().complete_with(&claims("pull-request", "refs/semaphoreci/5c84")).unwrap();
        assert!(pull_request.subject().ends_with(":ref_type:pull-request:ref:*"));
        assert!(PartialAllowedJobs::default().complete_with(&claims("", "")).is_err(), "a debug session is on no ref");
        assert!(
            PartialAllowedJobs::default().complete_with(&claims("branch", "refs/heads/*")).is_err(),
            "git has no such branch"
        );
    }

    #[test]
    fn options_alone_are_enough() {
        let options = PartialAllowedJobs {
            issuer: Some(Issuer::parse("--issuer", "https://acme.semaphoreci.com").unwrap()),
            project: Some(ProjectId::parse("--project-id", ID).unwrap()),
            repository: Some(Repository::parse("--repo", "web").unwrap()),
            refs: Some(Refs::Branch(Pattern::parse("--branch", "release/*").unwrap())),
            ..PartialAllowedJobs::default()
        };
        let allowed = options.complete().unwrap();
        assert_eq!(
            allowed.subject(),
            format!("org:acme:project:{ID}:repo:web:ref_type:branch:ref:refs/heads/release/*")
        );
        assert_eq!(PartialAllowedJobs { refs: None, ..options }.complete(), None);
        assert_eq!(
            allowed.to_string(),
            format!(
                "jobs for the branches release/* of the project {ID} (repository web) of https://acme.semaphoreci.com"
            )
        );
    }

    #[test]
    fn what_no_rule_can_be_made_of_is_refused() {
        for text in [
            "acme.semaphoreci.com",
            "http://acme.semaphoreci.com",
            "https://acme.semaphoreci.com/",
            "https://a@b.c",
            "https://Acme.semaphoreci.com",
            "https://a.b?x",
            "https://a.b/*",
        ] {
            assert!(Issuer::parse("--issuer", text).is_err(), "{text}");
        }
        for text in ["", "a b", "a..b", "refs/heads/main", "/a", "a/", "a\nb", "a:b", "a?b", "a[b", "**"] {
            assert!(Pattern::parse("--branch", text).is_err(), "{text}");
        }
        for text in ["", "a/b", "a*", "a:b", "${x}", "a\"b"] {
            assert!(Repository::parse("--repo", text).is_err(), "{text}");
        }
        assert!(ProjectId::parse("--project-id", "web").is_err());
        assert!(ProjectId::parse("--project-id", &ID.to_uppercase()).is_err());
    }
}
