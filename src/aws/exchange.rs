//! The wire: one unsigned call, repeated while its failure can heal.

use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use aws_sdk_sts::operation::assume_role_with_web_identity::{
    AssumeRoleWithWebIdentityError, AssumeRoleWithWebIdentityOutput,
};
use aws_sdk_sts::types::PolicyDescriptorType;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;

use super::refusal::{Answer, Attempt, Context};
use super::{Credentials, Request};
use crate::error::Error;
use crate::host::Clock;
use crate::http::retry::{self, Deadline};
use crate::http::{Client, Failure, smithy};
use crate::secret::Secret;
use crate::subject::{self, SubjectToken};

/// The longest `WebIdentityToken` that STS reads, in characters.
const LONGEST_TOKEN: usize = 20_000;

/// Trades `token` for the role's credentials.
///
/// # Errors
/// The service's refusal, or that it could not be reached until `deadline`.
pub async fn assume(
    request: &Request,
    token: &SubjectToken,
    http: &Client,
    clock: &Clock,
    deadline: Deadline,
) -> Result<Credentials, Error> {
    if token.jwt().reveal().len() > LONGEST_TOKEN {
        let why = format!("AWS STS takes at most {LONGEST_TOKEN} characters");
        return Err(subject::Error::NotJwt { why }.into());
    }
    let sts = aws_sdk_sts::Client::new(&configuration(request, http).await);
    let outcome = retry::run(deadline, async || call(&sts, request, token, clock).await).await;
    outcome.map_err(|(outcome, effort)| Context { request, token, clock }.explain(outcome, effort))
}

/// The SDK's own reading of the environment (endpoint, FIPS, dual-stack), with the region settled beforehand, so that
/// nothing asks the instance metadata service, and without credentials, so that nothing ambient can sign the call.
async fn configuration(request: &Request, http: &Client) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .no_credentials()
        .region(aws_config::Region::new(request.sts_region.as_str().to_owned()))
        .http_client(smithy::http_client(http))
        // Attempts, their bounds and their spacing are the retry module's, the same for every provider.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Ok(name) = AppName::new(env!("CARGO_PKG_NAME")) {
        loader = loader.app_name(name);
    }
    loader.load().await
}

async fn call(
    sts: &aws_sdk_sts::Client,
    request: &Request,
    token: &SubjectToken,
    clock: &Clock,
) -> Result<Credentials, Attempt> {
    let policies = request.policy_arns.iter().map(|arn| PolicyDescriptorType::builder().arn(arn.as_str()).build());
    let answer = sts
        .assume_role_with_web_identity()
        .role_arn(request.role.as_str())
        .role_session_name(request.session_name.as_str())
        .web_identity_token(token.jwt().reveal())
        .set_duration_seconds(request.duration.map(super::Duration::seconds))
        .set_policy(request.policy.as_ref().map(|policy| policy.as_str().to_owned()))
        .set_policy_arns((!request.policy_arns.is_empty()).then(|| policies.collect()))
        .send()
        .await;
    match answer {
        Ok(output) => credentials(output),
        Err(error) => Err(attempt(error, token, clock)),
    }
}

/// All of the credentials or none: a service may leave any field out.
fn credentials(output: AssumeRoleWithWebIdentityOutput) -> Result<Credentials, Attempt> {
    let missing = |field: &str| Attempt::Garbled { status: 200, why: format!("it lacks {field}") };
    let found = output.credentials.ok_or_else(|| missing("Credentials"))?;
    let filled = |value: String, field: &str| if value.is_empty() { Err(missing(field)) } else { Ok(value) };
    // The SDK puts 1970 for one that is absent.
    let seconds = u64::try_from(found.expiration.secs()).ok().filter(|seconds| *seconds > 0);
    let seconds = seconds.ok_or_else(|| missing("Expiration"))?;
    Ok(Credentials {
        access_key_id: filled(found.access_key_id, "AccessKeyId")?,
        secret_access_key: Secret::new(filled(found.secret_access_key, "SecretAccessKey")?),
        session_token: Secret::new(filled(found.session_token, "SessionToken")?),
        expiration: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
    })
}

/// What the SDK's error is, without its body: that of an answer which could not be read may hold the credentials.
fn attempt(
    error: SdkError<AssumeRoleWithWebIdentityError, HttpResponse>,
    token: &SubjectToken,
    clock: &Clock,
) -> Attempt {
    match error {
        SdkError::DispatchFailure(failure) => {
            let source = failure.as_connector_error().and_then(std::error::Error::source);
            let known = source.and_then(|source| source.downcast_ref::<Failure>()).cloned();
            Attempt::Transport(
                known.unwrap_or_else(|| Failure::Setup { why: "the AWS SDK could not send the request".into() }),
            )
        }
        SdkError::ConstructionFailure(failure) => {
            let why =
                SdkError::<AssumeRoleWithWebIdentityError, HttpResponse>::ConstructionFailure(failure).into_source();
            let why = why.map_or_else(|_| "unknown".into(), |source| source.to_string());
            Attempt::Transport(Failure::Setup { why: format!("the AWS SDK could not build the request: {why}") })
        }
        SdkError::ServiceError(answer) => {
            let raw = answer.raw();
            let retry_after = raw.headers().get("retry-after").and_then(|value| retry::retry_after(value, clock.now()));
            let error = answer.err();
            let request_id = error.request_id().or_else(|| raw.headers().get("x-amzn-requestid"));
            Attempt::Answered(Answer::new(
                raw.status().as_u16(),
                error.code(),
                error.message(),
                request_id,
                retry_after,
                token.jwt(),
            ))
        }
        SdkError::ResponseError(answer) => {
            let status = answer.raw().status().as_u16();
            Attempt::Garbled { status, why: "it is not an answer of AWS STS".into() }
        }
        SdkError::TimeoutError(_) | _ => Attempt::Transport(Failure::Setup { why: "the AWS SDK gave up".into() }),
    }
}
