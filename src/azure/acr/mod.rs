//! Gets passwords of Azure Container Registry: exchanges an access token of Microsoft Entra for a refresh token of
//! the registry. Temporary errors are retried (<https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md>).
//!
//! ```text
//! GET /v2/ ──▶ 401 and a realm, which must be the registry itself
//! POST /oauth2/exchange, with the access token ──▶ a refresh token
//! ```

mod answer;
mod cause;
mod challenge;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, Url};

use super::{RegistryHost, Request, exchange, registry};
use crate::cloud::{AccessToken, Given, still_valid};
use crate::error::Error;
use crate::http::{self, Attempt, Failure, Response};
use crate::registry::{Login, Password, Renewal};
use answer::Answer;
use cause::{Cause, Context};

/// The service's name in messages.
const PROVIDER: &str = "Azure Container Registry";

/// Gets the passwords of the registries in `request`. `access_token` is the one for the scope of `request`.
///
/// # Errors
/// If Entra or a registry refuses, or cannot be reached in time.
pub async fn logins(request: &Request, access_token: &AccessToken, given: &Given<'_>) -> Result<Vec<Login>, Error> {
    let hosts = &request.registries.hosts;
    if hosts.is_empty() {
        return Ok(Vec::new());
    }
    let scope = registry::scope();
    let own = if request.scope == scope { None } else { Some(exchange::token_for(request, &scope, given).await?) };
    let access_token = own.as_ref().unwrap_or(access_token);
    let mut logins = Vec::new();
    for host in hosts {
        let password = password(request, host, access_token, given).await?;
        let server = host.as_str().to_owned();
        logins.push(Login { renewal: renewal(request, &server), server, password });
    }
    Ok(logins)
}

async fn password(
    request: &Request,
    host: &RegistryHost,
    access_token: &AccessToken,
    given: &Given<'_>,
) -> Result<Password, Error> {
    let Given { http, deadline, .. } = *given;
    let challenged = async || {
        let response = http.send(call(host, Method::GET, "/v2/", Vec::new())?).await?;
        match response.status {
            401 => challenge::check(response.values(&WWW_AUTHENTICATE), host)
                .map_err(|why| Attempt::garbled(response.status, why)),
            200..300 => Err(Attempt::garbled(response.status, "it asks for no password")),
            _ => Err(refused(&response, given)),
        }
    };
    let context = Context { host, presented: None };
    http.retry(deadline, challenged).await.map_err(|gave_up| gave_up.explain(&context))?;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "access_token")
        .append_pair("service", host.as_str())
        .append_pair("tenant", request.tenant.as_str())
        .append_pair("access_token", access_token.secret.reveal())
        .finish();
    let exchanged = async || {
        let response = http.send(call(host, Method::POST, "/oauth2/exchange", form.clone().into_bytes())?).await?;
        if !(200..300).contains(&response.status) {
            return Err(refused(&response, given));
        }
        let password = answer::password(&response.body).map_err(|why| Attempt::garbled(response.status, why))?;
        if let Err(why) = still_valid(password.expires, given.host.clock.now()) {
            tracing::warn!("the password of {}: {why}", host.as_str());
        }
        http.shown().add(&password.secret);
        Ok(password)
    };
    let context = Context { host, presented: Some(&request.client) };
    http.retry(deadline, exchanged).await.map_err(|gave_up| gave_up.explain(&context))
}

fn refused(response: &Response, given: &Given<'_>) -> Attempt<Answer> {
    let answer = Answer::read(response, given.http.shown());
    let cause = Cause::of(&answer);
    Attempt::answered(answer, cause.row().again(), response.retry_after(given.host.clock.now()))
}

fn call(host: &RegistryHost, method: Method, path: &str, body: Vec<u8>) -> Result<http::Request, Failure> {
    let url = Url::parse(&format!("https://{}{path}", host.as_str()))
        .map_err(|error| Failure::Setup { why: format!("the registry's name gives no address: {error}") })?;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if method == Method::POST {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    }
    Ok(http::Request { method, url, headers, body })
}

/// The command line that gets the password of the registry `server` again.
fn renewal(request: &Request, server: &str) -> Renewal {
    let options = [
        ("--registry", server),
        ("--tenant-id", request.tenant.as_str()),
        ("--client-id", request.client.as_str()),
        ("--authority-host", request.authority.as_str()),
    ];
    let words = options.into_iter().flat_map(|(name, value)| [name.to_owned(), value.to_owned()]);
    Renewal(std::iter::once("azure".to_owned()).chain(words).collect())
}
