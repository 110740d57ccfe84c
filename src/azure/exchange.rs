//! The call that exchanges the subject token for an access token.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};

use super::answer::Answer;
use super::cause::Cause;
use super::hints::Context;
use super::{Request, Scope};
use crate::cloud::{AccessToken, Given, Granted, unreadable};
use crate::error::Error;
use crate::http::retry::Deadline;
use crate::http::{self, Attempt, Failure};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Exchanges the token for the access token that `request` describes.
///
/// # Errors
/// If Entra refuses, or cannot be reached in time.
pub async fn exchange(request: &Request, given: &Given<'_>) -> Result<AccessToken, Error> {
    token_for(request, &request.scope, given).await
}

/// Exchanges the token as `request` describes, with another scope.
///
/// # Errors
/// As for [`exchange`].
pub(super) async fn token_for(request: &Request, scope: &Scope, given: &Given<'_>) -> Result<AccessToken, Error> {
    let Given { token, http, host, deadline, .. } = *given;
    let grace = request.wait_for_iam.map(Deadline::after);
    http.shown().add(token.jwt());
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("client_id", request.client.as_str())
        .append_pair("scope", scope.as_str())
        .append_pair("client_assertion_type", ASSERTION_TYPE)
        .append_pair("client_assertion", token.jwt().reveal())
        .finish();
    let once = async || {
        let response = http.send(call(request, form.as_bytes())?).await?;
        if !(200..300).contains(&response.status) {
            let retry_after = response.retry_after(host.clock.now());
            let answer = Answer::read(&response, http.shown());
            let cause = Cause::of(&answer);
            let covered = cause.may_be_young() && grace.is_some_and(|grace| !grace.remaining().is_zero());
            return Err(Attempt::answered(answer, cause.row().again().or_soon_if(covered), retry_after));
        }
        let garbled = |why: &str| Attempt::garbled(response.status, why);
        let granted: Granted = serde_json::from_slice(&response.body).map_err(|error| garbled(unreadable(&error)))?;
        granted.token(host.clock.now()).map_err(garbled)
    };
    let context = Context { request, scope, token, clock: &host.clock };
    let access_token = http.retry(deadline, once).await.map_err(|gave_up| gave_up.explain(&context))?;
    http.shown().add(&access_token.secret);
    Ok(access_token)
}

fn call(request: &Request, body: &[u8]) -> Result<http::Request, Failure> {
    let url = Url::parse(&request.authority.token(&request.tenant))
        .map_err(|error| Failure::Setup { why: format!("the authority is not an address: {error}") })?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(http::Request { method: Method::POST, url, headers, body: body.to_vec() })
}
