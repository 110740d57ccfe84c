//! The calls of an exchange: an unsigned one with the token, a signed one for each additional role, and
//! `GetCallerIdentity`. Temporary errors are retried.

use std::time::{Duration, SystemTime};

use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityInput;
use aws_sdk_sts::types::{AssumedRoleUser, PolicyDescriptorType, Tag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::Instant;

use super::account::AccountId;
use super::answer::Answer;
use super::cause::Grace;
use super::chain::Hop;
use super::endpoint::{self, endpoint};
use super::hints::{Context, Step};
use super::sdk_settings::SdkSettings;
use super::web_identity::assume_role_with_web_identity;
use super::{Credentials, Request, RoleArn, shared_files, sts};
use crate::cloud::{Given, still_valid};
use crate::error::Error;
use crate::host::Clock;
use crate::http::retry::Deadline;
use crate::http::{Attempt, Client, Failure, RawText};
use crate::secret::Secret;
use crate::subject::{self, SubjectToken};

/// The longest `WebIdentityToken` that STS accepts, in characters.
pub(crate) const LONGEST_TOKEN: usize = 20_000;

/// How long a region may not accept new credentials.
const FRESH: Duration = Duration::from_secs(10);

/// Exchanges the token for the last role's credentials, and checks their account if that was requested.
///
/// # Errors
/// If the service refuses, the account is not allowed, or the service cannot be reached in time.
pub async fn exchange(request: &Request, given: &Given<'_>) -> Result<Credentials, Error> {
    let Given { token, http, host, deadline, .. } = *given;
    request.guard.foresee(request.last_role())?;
    if token.jwt().reveal().len() > LONGEST_TOKEN {
        let why = format!("AWS STS accepts at most {LONGEST_TOKEN} characters");
        return Err(subject::Error::NotJwt { why }.into());
    }
    let settings = SdkSettings::read(shared_files::read(&host.env, deadline).await?).await;
    endpoint::check_configured(&settings)?;
    endpoint::check_partition(&request.sts_region, &request.role, &settings)?;
    let iam = request.wait_for_iam.map(|wait| Instant::now() + wait);
    http.shown().add(token.jwt());
    let trade = Trade { request, token, http, clock: &host.clock, deadline, settings, iam };
    let mut credentials = trade.first().await?;
    let mut from = &request.role;
    for (index, hop) in request.chain.iter().enumerate() {
        credentials = Box::pin(trade.next(&credentials, index + 2, hop, from)).await?;
        from = &hop.role;
    }
    Box::pin(trade.check(&mut credentials)).await?;
    Ok(credentials)
}

/// The inputs of every call of one exchange.
struct Trade<'a> {
    request: &'a Request,
    token: &'a SubjectToken,
    http: &'a Client,
    clock: &'a Clock,
    deadline: Deadline,
    settings: SdkSettings,
    iam: Option<Instant>,
}

impl Trade<'_> {
    async fn run<T>(&self, step: Step<'_>, call: impl AsyncFn() -> Result<T, Attempt<Answer>>) -> Result<T, Error> {
        let keys = match step {
            Step::Token => None,
            Step::Hop { .. } | Step::Identity => Some(Instant::now() + FRESH),
        };
        let grace = Grace { iam: self.iam, keys };
        let context = Context { request: self.request, token: self.token, clock: self.clock, step };
        let covered = async || call().await.map_err(|attempt| grace.cover(attempt));
        self.http.retry(self.deadline, covered).await.map_err(|gave_up| gave_up.explain(&context))
    }

    /// Exchanges the token for the first role's credentials.
    async fn first(&self) -> Result<Credentials, Error> {
        let endpoint = endpoint(&self.request.sts_region, &self.settings).await;
        let Request { role, session_name, .. } = self.request;
        // In a chain, policies and duration are for the last session.
        let narrow = self.request.chain.is_empty();
        let call = async || {
            let unbuilt = |why: &str| sts::unbuilt(&RawText::new(why), self.http.shown());
            let input = AssumeRoleWithWebIdentityInput::builder()
                .role_arn(role.as_str())
                .role_session_name(session_name.as_str())
                .web_identity_token(self.token.jwt().reveal())
                .set_duration_seconds(self.duration().filter(|_| narrow))
                .set_policy(self.policy().filter(|_| narrow))
                .set_policy_arns(self.policy_arns().filter(|_| narrow))
                .build()
                .map_err(|error| unbuilt(&error.to_string()))?;
            let endpoint = endpoint.as_ref().map_err(|why| unbuilt(why))?;
            let output = assume_role_with_web_identity(input, endpoint, self.http, self.clock).await?;
            received(output.credentials, output.assumed_role_user.as_ref(), role, self.clock.now())
        };
        self.run(Step::Token, call).await
    }

    /// Exchanges the session `from` for the next role's credentials.
    async fn next(
        &self,
        session: &Credentials,
        number: usize,
        hop: &Hop,
        from: &RoleArn,
    ) -> Result<Credentials, Error> {
        let sts = self.signing_with(session);
        let last = number == self.request.chain.len() + 1;
        // Once set, AWS passes it on through the rest of the chain.
        let source_identity = self.request.source_identity.as_ref().filter(|_| number == 2);
        let call = async || {
            let answer = sts
                .assume_role()
                .role_arn(hop.role.as_str())
                .role_session_name(self.request.session_name.as_str())
                .set_external_id(hop.external_id.as_ref().map(|id| id.as_str().to_owned()))
                .set_source_identity(source_identity.map(|identity| identity.as_str().to_owned()))
                .set_duration_seconds(self.duration().filter(|_| last))
                .set_policy(self.policy().filter(|_| last))
                .set_policy_arns(self.policy_arns().filter(|_| last))
                .set_tags(self.tags()?.filter(|_| last))
                .send()
                .await;
            match answer {
                Ok(output) => {
                    received(output.credentials, output.assumed_role_user.as_ref(), &hop.role, self.clock.now())
                }
                Err(error) => Err(self.attempt(error)),
            }
        };
        self.run(Step::Hop { number, hop, from }, call).await
    }

    /// Checks that the account of the credentials is allowed, according to the service.
    async fn check(&self, credentials: &mut Credentials) -> Result<(), Error> {
        let guard = &self.request.guard;
        let known = credentials.confirmed.then_some("AWS STS answered with credentials for account");
        let source = match known {
            Some(source) if !guard.verify => source,
            None if !guard.verify && guard.allowed.is_empty() => return Ok(()),
            Some(_) | None => {
                credentials.account = self.identity(credentials).await?;
                "GetCallerIdentity answered with account"
            }
        };
        guard.check(&credentials.account, self.request.last_role(), source)
    }

    /// Gets the account of the credentials, which also shows that they work.
    async fn identity(&self, credentials: &Credentials) -> Result<AccountId, Error> {
        let sts = self.signing_with(credentials);
        let call = async || {
            let answer = sts.get_caller_identity().send().await;
            let output = answer.map_err(|error| self.attempt(error))?;
            let account = output.account().and_then(AccountId::new);
            let account = account.ok_or(Attempt::garbled(200, "it lacks an Account"))?;
            let arn = self.http.shown().clean(&RawText::new(output.arn().unwrap_or("somebody")));
            tracing::info!("the credentials work: {arn} in account {account}");
            Ok(account)
        };
        self.run(Step::Identity, call).await
    }

    fn signing_with(&self, session: &Credentials) -> aws_sdk_sts::Client {
        self.http.shown().add(&session.secret_access_key);
        self.http.shown().add(&session.session_token);
        let configuration = sts::configuration(&self.request.sts_region, self.http, &self.settings);
        sts::signing_with(session, &configuration)
    }

    /// Converts the SDK's error, without parts that must not be shown.
    fn attempt<E>(&self, error: SdkError<E, HttpResponse>) -> Attempt<Answer>
    where
        E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
    {
        sts::attempt(error, self.http.shown(), self.clock)
    }

    fn duration(&self) -> Option<i32> {
        self.request.duration.map(super::Duration::seconds)
    }

    fn policy(&self) -> Option<String> {
        self.request.policy.as_ref().map(|policy| policy.as_str().to_owned())
    }

    fn policy_arns(&self) -> Option<Vec<PolicyDescriptorType>> {
        let arns = &self.request.policy_arns;
        let descriptors = arns.iter().map(|arn| PolicyDescriptorType::builder().arn(arn.as_str()).build());
        (!arns.is_empty()).then(|| descriptors.collect())
    }

    fn tags(&self) -> Result<Option<Vec<Tag>>, Attempt<Answer>> {
        let tags = &self.request.tags;
        let made = tags.iter().map(|tag| Tag::builder().key(&tag.key).value(&tag.value).build());
        let made = made
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Attempt::from(Failure::Setup { why: format!("--session-tag: {error}") }))?;
        Ok((!made.is_empty()).then_some(made))
    }
}

/// The most bytes of a value. Linux starts no command with a variable of 128 KiB, including its name
/// (`MAX_ARG_STRLEN`).
const LONGEST: usize = 127 << 10;

/// Returns all fields of the credentials, or an error: a service may omit any field.
fn received(
    found: Option<aws_sdk_sts::types::Credentials>,
    user: Option<&AssumedRoleUser>,
    role: &RoleArn,
    now: SystemTime,
) -> Result<Credentials, Attempt<Answer>> {
    let missing = |field: &str| Attempt::garbled(200, format!("it lacks {field}"));
    let found = found.ok_or_else(|| missing("Credentials"))?;
    let filled = |value: String, field: &str| match value.len() {
        0 => Err(missing(field)),
        length if length > LONGEST => Err(Attempt::garbled(
            200,
            format!("its {field} is longer than {} KiB, and no command could be started with it", LONGEST >> 10),
        )),
        _ => Ok(value),
    };
    // The SDK uses 1970 if the field is missing.
    let seconds = u64::try_from(found.expiration.secs()).ok().filter(|seconds| *seconds > 0);
    let seconds = seconds.ok_or_else(|| missing("Expiration"))?;
    let expiration = still_valid(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), now)
        .map_err(|why| Attempt::garbled(200, why))?;
    let confirmed = user.and_then(|user| AccountId::of_arn(user.arn()));
    let account = confirmed.clone().or_else(|| AccountId::new(role.account()));
    Ok(Credentials {
        access_key_id: filled(found.access_key_id, "AccessKeyId")?,
        secret_access_key: Secret::new(filled(found.secret_access_key, "SecretAccessKey")?),
        session_token: Secret::new(filled(found.session_token, "SessionToken")?),
        expiration,
        account: account.ok_or_else(|| missing("an account"))?,
        confirmed: confirmed.is_some(),
    })
}
