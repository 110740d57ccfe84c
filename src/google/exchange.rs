//! The calls of an exchange: subject token to federated token, federated token to service account's token.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, Step};
use super::cause::Cause;
use super::hints::Context;
use super::{Credentials, IdToken, Impersonation, Request, Scope, ServiceAccount};
use crate::cloud::{AccessToken, Given, Granted, still_valid, token_of, unreadable};
use crate::error::Error;
use crate::host::Clock;
use crate::http::retry::Deadline;
use crate::http::{self, Attempt, Client, Failure};
use crate::secret::Secret;
use crate::subject::SubjectToken;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The subject token's type.
pub(super) const JWT_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Exchanges the token for the tokens in `request`, in all steps.
///
/// # Errors
/// If a service refuses, or cannot be reached in time.
pub async fn exchange(request: &Request, given: &Given<'_>) -> Result<Credentials, Error> {
    let Given { token, http, host, deadline, .. } = *given;
    let grace = request.wait_for_iam.map(Deadline::after);
    let trade = Trade { request, token, http, clock: &host.clock, deadline, grace };
    http.shown().add(token.jwt());
    trade.open_ahead();
    let federated = trade.federated().await?;
    http.shown().add(&federated.secret);
    let Some(impersonation) = &request.impersonation else {
        return Ok(Credentials { access_token: Some(federated), id_token: None });
    };
    let access_token = if request.wants_access_token() {
        let token = trade.access_token(impersonation, &federated.secret).await?;
        http.shown().add(&token.secret);
        Some(token)
    } else {
        None
    };
    let id_token = match &impersonation.id_token {
        Some(wanted) => Some(trade.id_token(impersonation, wanted, &federated.secret).await?),
        None => None,
    };
    Ok(Credentials { access_token, id_token })
}

/// The inputs of every call of one exchange.
struct Trade<'a> {
    request: &'a Request,
    token: &'a SubjectToken,
    http: &'a Client,
    clock: &'a Clock,
    deadline: Deadline,
    grace: Option<Deadline>,
}

/// It is never shown, because it contains the token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GeneratedAccessToken {
    access_token: String,
    expire_time: String,
}

#[derive(Deserialize)]
struct GeneratedIdToken {
    token: String,
}

impl Trade<'_> {
    /// Starts the connection to the second host during the call to the first one.
    fn open_ahead(&self) {
        let Some(impersonation) = &self.request.impersonation else { return };
        let endpoints = &self.request.endpoints;
        let parsed =
            (Url::parse(&endpoints.token()), Url::parse(&endpoints.generate_access_token(&impersonation.account)));
        if let (Ok(first), Ok(second)) = parsed
            && first.origin() != second.origin()
        {
            self.http.open_ahead(&second);
        }
    }

    async fn federated(&self) -> Result<AccessToken, Error> {
        // A federated token that is only exchanged again needs no other scope.
        let scope = match &self.request.impersonation {
            Some(_) => Scope::IAM.to_owned(),
            None => self.scopes().join(" "),
        };
        let url = self.request.endpoints.token();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT_TYPE)
            .append_pair("audience", &self.request.provider.audience())
            .append_pair("scope", &scope)
            .append_pair("requested_token_type", ACCESS_TOKEN_TYPE)
            .append_pair("subject_token_type", JWT_TYPE)
            .append_pair("subject_token", self.token.jwt().reveal())
            .finish();
        let call = Call { step: Step::Sts, url, content_type: "application/x-www-form-urlencoded", bearer: None };
        self.run(call, form.as_bytes(), |answer: Granted| Ok(answer.token(self.clock.now())?)).await
    }

    async fn access_token(&self, asked: &Impersonation, federated: &Secret) -> Result<AccessToken, Error> {
        let mut body = json!({ "scope": self.scopes() });
        if let Some(lifetime) = asked.lifetime {
            body["lifetime"] = format!("{}s", lifetime.seconds()).into();
        }
        add_delegates(&mut body, asked);
        let url = self.request.endpoints.generate_access_token(&asked.account);
        let call = Call { step: Step::AccessToken, url, content_type: "application/json", bearer: Some(federated) };
        self.run(call, body.to_string().as_bytes(), |answer: GeneratedAccessToken| {
            let expires = humantime::parse_rfc3339(&answer.expire_time).map_err(|_| "its expireTime is not a time")?;
            let expires = still_valid(expires, self.clock.now())?;
            Ok(AccessToken { secret: token_of(answer.access_token)?, expires: Some(expires) })
        })
        .await
    }

    async fn id_token(&self, asked: &Impersonation, wanted: &IdToken, federated: &Secret) -> Result<Secret, Error> {
        let mut body = json!({ "audience": wanted.audience, "includeEmail": wanted.include_email });
        add_delegates(&mut body, asked);
        let url = self.request.endpoints.generate_id_token(&asked.account);
        let call = Call { step: Step::IdToken, url, content_type: "application/json", bearer: Some(federated) };
        self.run(call, body.to_string().as_bytes(), |answer: GeneratedIdToken| Ok(token_of(answer.token)?)).await
    }

    fn scopes(&self) -> Vec<&str> {
        match self.request.scopes.as_slice() {
            [] => vec![Scope::CLOUD_PLATFORM],
            scopes => scopes.iter().map(Scope::as_str).collect(),
        }
    }

    /// Repeats `call` until `read` accepts the answer, or the call fails permanently.
    async fn run<A: for<'de> Deserialize<'de>, T>(
        &self,
        call: Call<'_>,
        body: &[u8],
        read: impl Fn(A) -> Result<T, String>,
    ) -> Result<T, Error> {
        let once = async || {
            let response = self.http.send(call.request(body)?).await?;
            if !(200..300).contains(&response.status) {
                return Err(self.refused(&call, &response));
            }
            let garbled = |why: String| Attempt::garbled(response.status, why);
            let answer = serde_json::from_slice(&response.body).map_err(|error| garbled(unreadable(&error).into()))?;
            read(answer).map_err(garbled)
        };
        let context = Context { request: self.request, token: self.token, clock: self.clock, step: call.step };
        self.http.retry(self.deadline, once).await.map_err(|gave_up| gave_up.explain(&context))
    }

    fn refused(&self, call: &Call<'_>, response: &http::Response) -> Attempt<Answer> {
        let retry_after = response.retry_after(self.clock.now());
        let answer = Answer::read(call.step, response, self.http.shown());
        let cause = Cause::of(&answer);
        let covered = cause.may_be_young() && self.grace.is_some_and(|grace| !grace.remaining().is_zero());
        Attempt::answered(answer, cause.row().again().or_soon_if(covered), retry_after)
    }
}

/// A call without its body.
struct Call<'a> {
    step: Step,
    url: String,
    content_type: &'static str,
    /// The federated token. STS itself requires no Authorization header.
    bearer: Option<&'a Secret>,
}

impl Call<'_> {
    fn request(&self, body: &[u8]) -> Result<http::Request, Failure> {
        let unfit = |why: &str| Failure::Setup { why: why.into() };
        let url = Url::parse(&self.url).map_err(|error| unfit(&format!("the endpoint is not an address: {error}")))?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = self.bearer {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
                .map_err(|_| unfit("the federated token does not fit into a header"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(http::Request { method: Method::POST, url, headers, body: body.to_vec() })
    }
}

fn add_delegates(body: &mut Value, asked: &Impersonation) {
    if !asked.delegates.is_empty() {
        body["delegates"] = asked.delegates.iter().map(ServiceAccount::resource).collect();
    }
}
