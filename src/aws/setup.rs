//! What to create in the account: an OpenID Connect provider, and a role that trusts it for as few jobs as were asked for.

use serde_json::{Map, Value, json};

use super::{RoleArn, SESSION_TAGS};
use crate::cli::{SetupAws, SetupFormat};
use crate::error::Usage;
use crate::host::Env;
use crate::recipe::{Command, Recipe};
use crate::subject::Claims;
use crate::subject::admission::{Admission, Refs};

/// What is asked for.
#[derive(Debug)]
pub struct Request {
    role: RoleArn,
    json: bool,
}

impl Request {
    /// Checks it.
    ///
    /// # Errors
    /// When no role is named, or what is named is no role's ARN.
    pub fn new(args: &SetupAws, env: &Env) -> Result<Self, Usage> {
        let role = match (&args.role_arn, env.get("AWS_ROLE_ARN")?) {
            (Some(arn), _) => RoleArn::parse("--role-arn", arn)?,
            (None, Some(arn)) => RoleArn::parse("AWS_ROLE_ARN", &arn)?,
            (None, None) => {
                return Err(Usage::new("no role was named: the account that it is to be in is where its provider has to be")
                    .hint("name the role to create with --role-arn arn:aws:iam::ACCOUNT:role/NAME, or with the variable AWS_ROLE_ARN"));
            }
        };
        Ok(Self { role, json: args.whom.format == SetupFormat::Json })
    }

    /// What to create. `claims` are those of the job's token, where it was looked at: they say whether the sessions
    /// will have tags.
    #[must_use]
    pub fn recipe(&self, admission: &Admission, claims: Option<&Claims>) -> Recipe {
        let tags = Tags::of(admission, claims);
        let trust = self.trust_policy(admission, tags);
        let issuer = admission.issuer.as_str();
        let provider = json!({ "Url": issuer, "ClientIDList": [issuer] });
        let role = json!({
            "RoleName": self.role.name(), "Path": self.role.path(), "AssumeRolePolicyDocument": trust,
        });
        let documents: Map<String, Value> =
            [("CreateOpenIDConnectProvider".to_owned(), provider.clone()), ("CreateRole".to_owned(), role)]
                .into_iter()
                .collect();
        let iam = |purpose: &str, program: &str, arguments: Vec<Vec<String>>| Command {
            purpose: purpose.into(),
            program: format!("aws iam {program}"),
            arguments,
        };
        let option = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
        let commands = vec![
            iam(
                "the provider, once for the account: where it is there already, this fails and changes nothing",
                "create-open-id-connect-provider",
                // The AWS CLI 1 fetches a plain argument that is an address.
                vec![option("--cli-input-json", &provider.to_string())],
            ),
            iam(
                "the role",
                "create-role",
                vec![
                    option("--role-name", self.role.name()),
                    option("--path", self.role.path()),
                    option("--assume-role-policy-document", &format!("{trust:#}")),
                ],
            ),
        ];
        let pipelines = if tags == Tags::WithJobType { ", in pipelines alone" } else { "" };
        Recipe {
            lets_in: format!("{admission}{pipelines}"),
            keeps_out: keeps_out(&admission.refs, tags),
            beware: self.beware(admission, tags, claims),
            commands,
            documents,
        }
    }

    fn trust_policy(&self, admission: &Admission, tags: Tags) -> Value {
        let host = admission.issuer.host();
        let (audience, subject) = (format!("{host}:aud"), format!("{host}:sub"));
        let mut equals = json!({ audience: literal(admission.issuer.as_str()) });
        let mut conditions = Map::new();
        let wanted = json!(literal(&admission.subject()));
        if admission.refs.is_exact() {
            equals[subject] = wanted;
        } else {
            conditions.insert("StringLike".into(), json!({ subject: wanted }));
        }
        if tags == Tags::WithJobType {
            equals["aws:RequestTag/job_type"] = json!("pipeline_job");
        }
        conditions.insert("StringEquals".into(), equals);
        let action = match tags {
            Tags::Unknown | Tags::None => json!("sts:AssumeRoleWithWebIdentity"),
            Tags::WithoutJobType | Tags::WithJobType => json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]),
        };
        json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": self.role.provider_arn(host) },
            "Action": action,
            "Condition": conditions,
        }]})
    }

    fn beware(&self, admission: &Admission, tags: Tags, claims: Option<&Claims>) -> Vec<String> {
        let mut beware = vec!["the role may do nothing yet: attach the policies that its jobs need".to_owned()];
        match &admission.refs {
            Refs::Branch(pattern) | Refs::Tag(pattern) if !pattern.is_exact() => {
                beware.push("whoever may push a ref of such a name is let in".into());
            }
            Refs::PullRequests => {
                beware.push(
                    "whoever may open a pull request, from a fork too, runs code of their own with this role".into(),
                );
            }
            Refs::Branch(_) | Refs::Tag(_) => {}
        }
        if tags != Tags::WithJobType {
            beware.push(
                "a debug session of such a job has the same `sub` and cannot be told apart: it is let in as well"
                    .into(),
            );
        }
        if tags == Tags::Unknown {
            beware.push(
                "where the organization has session tags for AWS, every such job is refused until the role allows sts:TagSession as well: run this in a job, whose token shows it"
                    .into(),
            );
        }
        if claims.is_some_and(|claims| claims.text("sub").is_none()) {
            beware.push(
                "this token has no `sub`, which the organization's settings leave out: STS takes no token without"
                    .into(),
            );
        }
        if self.json {
            beware.push(
                "AssumeRolePolicyDocument is an object, to be read; the API takes it as a text: jq '.documents.CreateRole | .AssumeRolePolicyDocument |= tojson'"
                    .into(),
            );
        }
        beware
    }
}

/// What is known of the session tags that the jobs' tokens carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tags {
    /// No token of the organization was looked at.
    Unknown,
    None,
    WithoutJobType,
    WithJobType,
}

impl Tags {
    fn of(admission: &Admission, claims: Option<&Claims>) -> Self {
        let Some(claims) = claims.filter(|claims| claims.text("iss") == Some(admission.issuer.as_str())) else {
            return Self::Unknown;
        };
        match claims.get(SESSION_TAGS).and_then(|tags| tags.get("principal_tags")) {
            None => Self::None,
            Some(tags) if tags.get("job_type").is_some() => Self::WithJobType,
            Some(_) => Self::WithoutJobType,
        }
    }
}

/// A text in which `$` begins no variable. Nothing else in it has a meaning to IAM but the `*` that was asked for:
/// a ref has no `?`.
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
