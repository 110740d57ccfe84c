//! Validates the parameters of a request first. One answer contains all faults.

use std::time::Duration;

use super::refusal::Refusal;
use crate::server::Request;

/// The parameters of both ways to assume a role.
pub(super) struct Parameters<'a> {
    pub(super) role_arn: &'a str,
    pub(super) session_name: &'a str,
    pub(super) duration: Duration,
    /// The size of the session policies, in percent of the limit.
    pub(super) packed: Option<usize>,
}

const NAME: &str = r"[\w+=,.@-]*";
const EXTERNAL_ID: &str = r"[\w+=,.@:\/-]*";
const POLICY_LIMIT: usize = 2048;

/// Collects faults.
#[derive(Default)]
struct Checks(Vec<String>);

impl<'a> Parameters<'a> {
    pub(super) fn read(request: &'a Request) -> Result<Self, Refusal> {
        let mut checks = Checks::default();
        let web = request.field("Action") == Some("AssumeRoleWithWebIdentity");
        let role_arn = checks.required(request, "roleArn", 20, 2048);
        let session_name = checks.required(request, "roleSessionName", 2, 64);
        checks.pattern("roleSessionName", session_name, NAME, "+=,.@-");
        if web {
            checks.required(request, "webIdentityToken", 4, 20_000);
        }
        checks.optional(request, "policy", 1, POLICY_LIMIT);
        checks.optional(request, "externalId", 2, 1224);
        checks.pattern("externalId", request.field("ExternalId").unwrap_or_default(), EXTERNAL_ID, "+=,.@:/-");
        checks.optional(request, "sourceIdentity", 2, 64);
        checks.pattern("sourceIdentity", request.field("SourceIdentity").unwrap_or_default(), NAME, "+=,.@-");
        let policies = members(request, "PolicyArns", "arn");
        if policies.len() > 10 {
            checks.fails("policyArns", &policies.len().to_string(), "Member must have length less than or equal to 10");
        }
        let seconds = checks.duration(request);
        checks.result()?;
        if !is_role_arn(role_arn) {
            return Err(Refusal::validation("Request ARN is invalid"));
        }
        let policy = request.field("Policy");
        if policy.is_some_and(|policy| serde_json::from_str::<serde_json::Value>(policy).is_err()) {
            return Err(Refusal::malformed_policy());
        }
        let size = policy.map_or(0, str::len) + policies.iter().map(|arn| arn.len()).sum::<usize>();
        let packed = (size > 0).then(|| (size * 100).div_ceil(POLICY_LIMIT));
        Ok(Self { role_arn, session_name, duration: Duration::from_secs(seconds), packed })
    }
}

/// `prefix.member.N.field`, in order.
pub(super) fn members<'a>(request: &'a Request, prefix: &str, field: &str) -> Vec<&'a str> {
    (1..).map_while(|index| request.field(&format!("{prefix}.member.{index}.{field}"))).collect()
}

impl Checks {
    fn required<'a>(&mut self, request: &'a Request, name: &str, least: usize, most: usize) -> &'a str {
        if request.field(&capital(name)).is_none() {
            self.0.push(format!("Value null at '{name}' failed to satisfy constraint: Member must not be null"));
        }
        self.optional(request, name, least, most)
    }

    fn optional<'a>(&mut self, request: &'a Request, name: &str, least: usize, most: usize) -> &'a str {
        let Some(value) = request.field(&capital(name)) else { return "" };
        // The token is a secret, which AWS does not repeat.
        let shown = if name == "webIdentityToken" { "****" } else { value };
        let length = value.chars().count();
        if length < least {
            self.fails(name, shown, &format!("Member must have length greater than or equal to {least}"));
        } else if length > most {
            self.fails(name, shown, &format!("Member must have length less than or equal to {most}"));
        }
        value
    }

    fn pattern(&mut self, name: &str, value: &str, pattern: &str, also: &str) {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || also.contains(letter);
        if !value.chars().all(allowed) {
            self.fails(name, value, &format!("Member must satisfy regular expression pattern: {pattern}"));
        }
    }

    fn duration(&mut self, request: &Request) -> u64 {
        let Some(text) = request.field("DurationSeconds") else { return 3600 };
        let seconds = text.parse().unwrap_or(0);
        if seconds < 900 {
            self.fails("durationSeconds", text, "Member must have value greater than or equal to 900");
        } else if seconds > 43_200 {
            self.fails("durationSeconds", text, "Member must have value less than or equal to 43200");
        }
        seconds
    }

    fn fails(&mut self, name: &str, value: &str, constraint: &str) {
        self.0.push(format!("Value '{value}' at '{name}' failed to satisfy constraint: {constraint}"));
    }

    fn result(self) -> Result<(), Refusal> {
        let count = self.0.len();
        let noun = if count == 1 { "error" } else { "errors" };
        if count == 0 {
            return Ok(());
        }
        Err(Refusal::validation(format!("{count} validation {noun} detected: {}", self.0.join("; "))))
    }
}

fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

fn is_role_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, "iam", "", account, resource]
        if partition.starts_with("aws")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty()))
}
