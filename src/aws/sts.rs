//! The AWS SDK's STS client on top of our HTTP client, and its errors as attempts.

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use aws_sdk_sts::primitives::{DateTime, DateTimeFormat as Format};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::config_bag::ConfigBag;

use super::answer::Answer;
use super::cause::Cause;
use super::sdk_settings::SdkSettings;
use super::signature::identity;
use super::{Credentials, Region};
use crate::host::Clock;
use crate::http::{Attempt, Client, Failure, RawText, Shown, retry, smithy};

/// The SDK's configuration for a call. The region is set, so that the SDK does not call the instance metadata
/// service. `settings` are those of the endpoint. There are no credentials, so that nothing from the environment can
/// sign a call.
pub(super) fn configuration(region: &Region, http: &Client, settings: &SdkSettings) -> SdkConfig {
    let mut configuration = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_config::Region::new(region.as_str().to_owned()))
        .http_client(smithy::http_client(http))
        // The retry module repeats attempts, in the same way for every provider.
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    configuration.set_use_fips(settings.use_fips());
    configuration.set_use_dual_stack(settings.use_dual_stack());
    configuration.set_endpoint_url(settings.endpoint_url("STS"));
    configuration.set_app_name(AppName::new(env!("CARGO_PKG_NAME")).ok());
    configuration.build()
}

/// A client that signs with `credentials`.
pub(super) fn signing_with(credentials: &Credentials, configuration: &SdkConfig) -> aws_sdk_sts::Client {
    let settings = aws_sdk_sts::config::Builder::from(configuration).credentials_provider(identity(credentials));
    aws_sdk_sts::Client::from_conf(settings.interceptor(WholeAnswers).build())
}

/// An answer that ends in the middle, or has markup in a text. The SDK parses it as far as possible, and a credential
/// may be incomplete. The first kind comes from a server that closes the connection and has not sent a length.
#[derive(Debug)]
struct WholeAnswers;

impl Intercept for WholeAnswers {
    fn name(&self) -> &'static str {
        "WholeAnswers"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if is_whole(context.response()) { Ok(()) } else { Err(NOT_STS.into()) }
    }
}

/// Whether the SDK reads every text of a successful answer completely.
pub(super) fn is_whole(answer: &HttpResponse) -> bool {
    let body = answer.body().bytes().unwrap_or_default().trim_ascii_end();
    !answer.status().is_success() || (body.ends_with(b"Response>") && is_plain(body))
}

/// Whether no text of a document has a comment, CDATA, a processing instruction or an element in it. The SDK would
/// read only the part of a credential before it. AWS STS sends nothing of the kind.
fn is_plain(body: &[u8]) -> bool {
    let mut pieces = body.split(|byte| *byte == b'<');
    let mut text: &[u8] = pieces.next().unwrap_or_default();
    pieces.enumerate().all(|(index, piece)| {
        let is_plain = match piece.first() {
            Some(b'/') => true,
            Some(b'!') => false,
            Some(b'?') => index == 0,
            _ => index == 0 || text.trim_ascii().is_empty(),
        };
        text = piece.splitn(2, |byte| *byte == b'>').nth(1).unwrap_or_default();
        is_plain
    })
}

const NOT_STS: &str = "it is not an answer of AWS STS";

/// Whether an answer's time is invalid. It is the only field that the SDK does not read as text.
fn has_a_bad_time(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let mut times = text.split("<Expiration>").skip(1).map(|rest| rest.split('<').next().unwrap_or_default());
    match (times.next(), times.next()) {
        (Some(time), None) => DateTime::from_str(time, Format::DateTimeWithOffset).is_err(),
        _ => false,
    }
}

/// Converts the SDK's error, without its body: an answer that could not be parsed may contain credentials. Secrets in
/// `shown` are removed from the service's message.
pub(super) fn attempt<E>(error: SdkError<E, HttpResponse>, shown: &Shown, clock: &Clock) -> Attempt<Answer>
where
    E: ProvideErrorMetadata + RequestId + std::error::Error + Send + Sync + 'static,
{
    let setup = |why: String| Attempt::from(Failure::Setup { why });
    match error {
        SdkError::DispatchFailure(failure) => {
            let source = failure.as_connector_error().and_then(std::error::Error::source);
            match source.and_then(|source| source.downcast_ref::<Failure>()) {
                Some(known) => known.clone().into(),
                None => setup("the AWS SDK could not send the request".into()),
            }
        }
        SdkError::ConstructionFailure(failure) => {
            let why = SdkError::<E, HttpResponse>::ConstructionFailure(failure).into_source();
            let why = why.map_or_else(|_| RawText::new("unknown"), |source| RawText::new(&source.to_string()));
            unbuilt(&why, shown)
        }
        SdkError::ServiceError(answer) => refused(answer.err(), answer.raw(), shown, clock),
        SdkError::ResponseError(answer) => not_sts(answer.raw()),
        SdkError::TimeoutError(_) | _ => setup("the AWS SDK gave up".into()),
    }
}

/// The attempt that ended with `error`, which the SDK has read from the answer `raw`.
pub(super) fn refused<E>(error: &E, raw: &HttpResponse, shown: &Shown, clock: &Clock) -> Attempt<Answer>
where
    E: ProvideErrorMetadata + RequestId,
{
    if raw.status().is_success() {
        let bad_time = has_a_bad_time(raw.body().bytes().unwrap_or_default());
        let why = if bad_time { "its Expiration cannot be read" } else { NOT_STS };
        return Attempt::garbled(raw.status().as_u16(), why);
    }
    let retry_after = raw.headers().get("retry-after").and_then(|value| retry::retry_after(value, clock.now()));
    let request_id = error.request_id().or_else(|| raw.headers().get("x-amzn-requestid"));
    let answer = Answer::new(raw.status().as_u16(), error.code(), error.message(), request_id, shown);
    let again = Cause::of(&answer).row().again();
    Attempt::answered(answer, again, retry_after)
}

/// The attempt that ended with an answer that the SDK cannot read.
pub(super) fn not_sts(answer: &HttpResponse) -> Attempt<Answer> {
    Attempt::garbled(answer.status().as_u16(), NOT_STS)
}

/// The attempt whose request could not be built.
pub(super) fn unbuilt(why: &RawText, shown: &Shown) -> Attempt<Answer> {
    Failure::Setup { why: format!("the AWS SDK could not build the request: {}", shown.clean(why)) }.into()
}
