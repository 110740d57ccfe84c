//! Gets passwords of Amazon ECR, private and public: one signed `GetAuthorizationToken` for each API. Temporary
//! errors are retried (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html>).

mod answer;
mod cause;

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use super::registry::Registry;
use super::sdk_settings::SdkSettings;
use super::signature::Signer;
use super::{Credentials, Request, shared_files, words};
use crate::cloud::{Given, still_valid};
use crate::error::Error;
use crate::http::{self, Attempt};
use crate::registry::{Login, Password};
use answer::Answer;
use cause::{Cause, Context};

/// How long a region may not accept new credentials.
const FRESH: Duration = Duration::from_secs(10);

/// The registries in `request`, each with the address of its API.
///
/// # Errors
/// If a variable or the shared configuration file has an invalid address.
pub async fn registries(request: &Request, given: &Given<'_>) -> Result<Vec<Registry>, Error> {
    let hosts = &request.registries.hosts;
    if hosts.is_empty() {
        return Ok(Vec::new());
    }
    let env = &given.host.env;
    let settings = SdkSettings::read(shared_files::read(env, given.deadline).await?).await;
    Ok(hosts.iter().map(|host| Registry::new(host.clone(), &settings, env)).collect::<Result<_, _>>()?)
}

/// Gets the passwords of `registries`, the registries in `request`, with the session `credentials`.
///
/// # Errors
/// If the service refuses, or cannot be reached in time.
pub async fn logins(
    request: &Request,
    registries: &[Registry],
    credentials: &Credentials,
    given: &Given<'_>,
) -> Result<Vec<Login>, Error> {
    let mut found: Vec<(&Registry, Password)> = Vec::new();
    let mut logins = Vec::new();
    for registry in registries {
        // A password is valid for every registry in that region that the session may use.
        let same = |known: &Registry| {
            (&known.endpoint, known.host.region(), known.host.is_public())
                == (&registry.endpoint, registry.host.region(), registry.host.is_public())
        };
        let password = match found.iter().find(|(known, _)| same(known)) {
            Some((_, password)) => password.clone(),
            None => password(request, registry, credentials, given).await?,
        };
        found.push((registry, password.clone()));
        let server = registry.host.as_str().to_owned();
        logins.push(Login { renewal: words::renewal(request, &server), server, password });
    }
    Ok(logins)
}

async fn password(
    request: &Request,
    registry: &Registry,
    credentials: &Credentials,
    given: &Given<'_>,
) -> Result<Password, Error> {
    let Given { http, host, deadline, .. } = *given;
    http.shown().add(&credentials.secret_access_key);
    http.shown().add(&credentials.session_token);
    let fresh = Instant::now() + FRESH;
    let once = async || {
        let mut call = call(registry);
        let Registry { host: of, .. } = registry;
        let service = if of.is_public() { "ecr-public" } else { "ecr" };
        // Each attempt is signed with its own time.
        let signer = Signer { credentials, region: of.region(), service, time: host.clock.now() };
        signer.sign_headers(&mut call)?;
        let response = http.send(call).await?;
        if !(200..300).contains(&response.status) {
            let retry_after = response.retry_after(host.clock.now());
            let answer = Answer::read(of, &response, http.shown());
            let cause = Cause::of(&answer);
            let left = fresh.checked_duration_since(Instant::now()).filter(|_| cause == Cause::KeysUnknown);
            return Err(Attempt::answered(answer, cause.row().again(), retry_after).waited_out(left));
        }
        let password = answer::password(&response.body).map_err(|why| Attempt::garbled(response.status, why))?;
        // moto's passwords have all expired. Its users can go on.
        if let Err(why) = still_valid(password.expires, host.clock.now()) {
            tracing::warn!("the password of {}: {why}", of.as_str());
        }
        http.shown().add(&password.secret);
        Ok(password)
    };
    let context = Context { registry, role: request.last_role(), clock: &host.clock };
    http.retry(deadline, once).await.map_err(|gave_up| gave_up.explain(&context))
}

fn call(registry: &Registry) -> http::Request {
    let target = if registry.host.is_public() {
        "SpencerFrontendService.GetAuthorizationToken"
    } else {
        "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
    headers.insert(HeaderName::from_static("x-amz-target"), HeaderValue::from_static(target));
    http::Request { method: Method::POST, url: registry.endpoint.clone(), headers, body: b"{}".to_vec() }
}
