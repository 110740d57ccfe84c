//! `AssumeRoleWithWebIdentity`, the only call that is not signed. The SDK's serializer and deserializer are called
//! directly. The SDK's client would also resolve an identity, sign, count retries and collect metrics: a tenth of the
//! instructions of an exchange, and this call needs none of it.

use aws_sdk_sts::operation::assume_role_with_web_identity::{
    AssumeRoleWithWebIdentity, AssumeRoleWithWebIdentityError, AssumeRoleWithWebIdentityInput,
    AssumeRoleWithWebIdentityOutput,
};
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{
    DeserializeResponse, SerializeRequest, SharedRequestSerializer, SharedResponseDeserializer,
};
use aws_smithy_types::config_bag::ConfigBag;

use super::answer::Answer;
use super::sts;
use crate::host::Clock;
use crate::http::{Attempt, Client, RawText, smithy};

/// Sends `input` to `endpoint` once.
///
/// # Errors
/// The service's error, an answer that is not from AWS STS, or a request that could not be built or sent.
pub(super) async fn assume_role_with_web_identity(
    input: AssumeRoleWithWebIdentityInput,
    endpoint: &str,
    http: &Client,
    clock: &Clock,
) -> Result<AssumeRoleWithWebIdentityOutput, Attempt<Answer>> {
    let unbuilt = |why: &dyn std::fmt::Display| sts::unbuilt(&RawText::new(&why.to_string()), http.shown());
    let mut operation = ConfigBag::base();
    if let Some(layer) = AssumeRoleWithWebIdentity::new().config() {
        operation.push_shared_layer(layer);
    }
    let request = serialized(input, endpoint, &mut operation).map_err(|why| unbuilt(&why))?;
    let response = smithy::send(http, &request).await?;
    let not_sts = || sts::not_sts(&response);
    if !sts::is_whole(&response) {
        return Err(not_sts());
    }
    let deserializer = operation.load::<SharedResponseDeserializer>().ok_or_else(|| unbuilt(&"no deserializer"))?;
    match deserializer.deserialize_nonstreaming_with_config(&response, &operation) {
        Ok(output) => output.downcast().map_err(|_| not_sts()),
        Err(error) => {
            let error = error.as_operation_error().and_then(|error| error.downcast_ref());
            let refused = |error: &AssumeRoleWithWebIdentityError| sts::refused(error, &response, http.shown(), clock);
            Err(error.map_or_else(not_sts, refused))
        }
    }
}

fn serialized(
    input: AssumeRoleWithWebIdentityInput,
    endpoint: &str,
    operation: &mut ConfigBag,
) -> Result<HttpRequest, String> {
    let serializer = operation.load::<SharedRequestSerializer>().cloned().ok_or("no serializer")?;
    let request = serializer.serialize_input(Input::erase(input), operation);
    let mut request = request.map_err(|error| error.to_string())?;
    request.uri_mut().set_endpoint(endpoint).map_err(|error| error.to_string())?;
    Ok(request)
}
