//! What to create in the account: an OpenID Connect provider, and a role that only the requested jobs can assume.

use super::RoleArn;
use crate::recipe::{Action, Command, Document, Recipe, Step};
use crate::subject::Claims;
use crate::subject::allowed_jobs::{AllowedJobs, Refs};
use crate::subject::claims::SESSION_TAGS;

/// The request: a role, in an account that may already have the provider.
#[derive(Debug)]
pub struct Request {
    /// The role.
    pub role: RoleArn,
    /// Whether the output is JSON, with documents in the form that the API accepts.
    pub json: bool,
}

impl Request {
    /// What to create. `claims` are those of the job's token, if it was read: they show whether its sessions have
    /// tags.
    #[must_use]
    pub fn recipe(&self, allowed: &AllowedJobs, claims: Option<&Claims>) -> Recipe {
        let tags = Tags::of(allowed, claims);
        let trust = self.trust_policy(allowed, tags);
        let issuer = allowed.issuer.as_str();
        let provider_arn = self.role.provider_arn(allowed.issuer.host());
        let client_ids = Document::list([issuer.into()]);
        let provider = Document::object([("Url", issuer.into()), ("ClientIDList", client_ids)]);
        let audience =
            Document::object([("OpenIDConnectProviderArn", provider_arn.into()), ("ClientID", issuer.into())]);
        let role = Document::object([
            ("RoleName", self.role.name().into()),
            ("Path", self.role.path().into()),
            ("AssumeRolePolicyDocument", trust.clone()),
        ]);
        let steps = self.steps(allowed, &provider, &audience, &trust);
        let documents = vec![("CreateOpenIDConnectProvider".to_owned(), provider), ("CreateRole".to_owned(), role)];
        let pipelines = if tags == Tags::WithJobType { ", only in pipelines" } else { "" };
        Recipe {
            lets_in: format!("{allowed}{pipelines}"),
            keeps_out: keeps_out(&allowed.refs, tags),
            warnings: self.warnings(allowed, tags, claims),
            steps,
            documents,
        }
    }

    /// Commands of the AWS CLI. Its version 1 downloads a plain argument that is a URL, so URLs are passed as JSON.
    fn steps(&self, allowed: &AllowedJobs, provider: &Document, audience: &Document, trust: &Document) -> Vec<Step> {
        const TRUST: &str = "trust";
        let provider_arn = self.role.provider_arn(allowed.issuer.host());
        let iam = |operation: &str| Command::new(&format!("aws iam {operation}"), &[]);
        let found = iam("get-open-id-connect-provider").line(&["--open-id-connect-provider-arn", &provider_arn]);
        let issuer = allowed.issuer.as_str().replace('\'', r"\'");
        let audiences = format!("ClientIDList[?@=='{issuer}']");
        let listed = found.clone().line(&["--query", &audiences, "--output", "text"]);
        let role = |operation: &str| iam(operation).line(&["--role-name", self.role.name()]);
        vec![
            Step::new(
                "the provider, once for the account",
                Action::Create {
                    exists: found,
                    create: iam("create-open-id-connect-provider").line(&["--cli-input-json", &provider.to_string()]),
                },
            ),
            Step::new(
                "the token's audience, if the provider existed without it",
                Action::Create {
                    exists: listed.piped("grep -q ."),
                    create: iam("add-client-id-to-open-id-connect-provider")
                        .line(&["--cli-input-json", &audience.to_string()]),
                },
            ),
            Step::new(
                "the role; if it exists, this replaces its trust policy",
                Action::Put {
                    exists: role("get-role"),
                    update: role("update-assume-role-policy").variable("--policy-document", TRUST),
                    create: role("create-role")
                        .line(&["--path", self.role.path()])
                        .variable("--assume-role-policy-document", TRUST),
                },
            )
            .with(TRUST, trust.pretty()),
        ]
    }

    /// The members have the order of AWS's documentation.
    fn trust_policy(&self, allowed: &AllowedJobs, tags: Tags) -> Document {
        let host = allowed.issuer.host();
        let audience = (format!("{host}:aud"), Document::from(literal(allowed.issuer.as_str())));
        let subject = (format!("{host}:sub"), Document::from(literal(&allowed.subject())));
        let job_type =
            (tags == Tags::WithJobType).then(|| ("aws:RequestTag/job_type".to_owned(), "pipeline_job".into()));
        let (exact, like) = if allowed.refs.is_exact() {
            (vec![audience, subject], None)
        } else {
            (vec![audience], Some(("StringLike", Document::object([subject]))))
        };
        let equals = ("StringEquals", Document::object(exact.into_iter().chain(job_type)));
        let action = match tags {
            Tags::Unknown | Tags::None => "sts:AssumeRoleWithWebIdentity".into(),
            Tags::WithoutJobType | Tags::WithJobType => {
                Document::list(["sts:AssumeRoleWithWebIdentity".into(), "sts:TagSession".into()])
            }
        };
        let statement = Document::object([
            ("Effect", "Allow".into()),
            ("Principal", Document::object([("Federated", self.role.provider_arn(host).into())])),
            ("Action", action),
            ("Condition", Document::object([equals].into_iter().chain(like))),
        ]);
        Document::object([("Version", "2012-10-17".into()), ("Statement", Document::list([statement]))])
    }

    fn warnings(&self, allowed: &AllowedJobs, tags: Tags, claims: Option<&Claims>) -> Vec<String> {
        let mut warnings =
            vec!["the new role has no permissions yet: attach the policies that its jobs need".to_owned()];
        match &allowed.refs {
            Refs::Branch(pattern) | Refs::Tag(pattern) if !pattern.is_exact() => {
                warnings.push("anyone who may push a ref with such a name is allowed".into());
            }
            Refs::PullRequests => {
                warnings.push(
                    "anyone who may open a pull request, from a fork too, runs code of their own with this role".into(),
                );
            }
            Refs::Branch(_) | Refs::Tag(_) => {}
        }
        if tags != Tags::WithJobType {
            warnings.push("a debug session of such a job has the same `sub`: the role allows it as well".into());
        }
        if tags == Tags::Unknown {
            warnings.push(
                "if the organization uses session tags for AWS, every job is refused until the role also allows sts:TagSession: run this in a job, since its token shows it"
                    .into(),
            );
        }
        if claims.is_some_and(|claims| claims.text("sub").is_none()) {
            warnings.push(
                "this token has no `sub`, which the organization's settings leave out: STS accepts no token without"
                    .into(),
            );
        }
        if self.json {
            warnings.push(
                "AssumeRolePolicyDocument is an object, to be read; the API expects a text: jq '.documents.CreateRole | .AssumeRolePolicyDocument |= tojson'"
                    .into(),
            );
        }
        warnings
    }
}

/// Whether the jobs' tokens have session tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tags {
    /// No token of the organization was read.
    Unknown,
    None,
    WithoutJobType,
    WithJobType,
}

impl Tags {
    fn of(allowed: &AllowedJobs, claims: Option<&Claims>) -> Self {
        let Some(claims) = claims.filter(|claims| claims.text("iss") == Some(allowed.issuer.as_str())) else {
            return Self::Unknown;
        };
        match claims.get(SESSION_TAGS).and_then(|tags| tags.get("principal_tags")) {
            None => Self::None,
            Some(tags) if tags.get("job_type").is_some() => Self::WithJobType,
            Some(_) => Self::WithoutJobType,
        }
    }
}

/// Escapes `$`, so that no variable starts in the text. The only other character with a meaning for IAM is `*`, which
/// was requested: a ref has no `?`.
fn literal(text: &str) -> String {
    text.replace('$', "${$}")
}

fn keeps_out(refs: &Refs, tags: Tags) -> String {
    let others = match refs {
        Refs::Branch(_) => "every other branch, tags, pull requests",
        Refs::Tag(_) => "every other tag, branches, pull requests",
        Refs::PullRequests => "branches and tags",
    };
    let debug = if tags == Tags::WithJobType { "debug sessions, " } else { "" };
    format!("{others}, {debug}other projects and other organizations")
}
