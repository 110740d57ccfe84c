//! Sends the AWS SDK's calls with our HTTP client.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::{Client, Exhausted, Failure, Request, Response};

/// `client` in the SDK's form. The caller's timeouts and retries apply, not the SDK's.
#[must_use]
pub fn http_client(client: &Client) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector(client.clone()));
    http_client_fn(move |_, _| connector.clone())
}

/// The SDK's copies of an answer at a time: the bytes, the XML, and the values, of which some are decoded.
const COPIES: usize = 5;

#[derive(Debug)]
struct Connector(Client);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            send(&client, &request).await.map_err(|failure| ConnectorError::other(failure.into(), None))
        })
    }
}

/// Sends a request that the SDK has built.
///
/// # Errors
/// As for [`Client::send`], and if the request or the answer cannot be converted.
pub async fn send(client: &Client, request: &HttpRequest) -> Result<HttpResponse, Failure> {
    let request = from_sdk(request).map_err(|why| Failure::Setup { why })?;
    let mut response = client.send(request).await?;
    let parsed = COPIES * response.body.len();
    response.held.add(parsed).map_err(|Exhausted| Failure::TooMuch)?;
    to_sdk(response).map_err(|why| Failure::Setup { why })
}

fn from_sdk(request: &HttpRequest) -> Result<Request, String> {
    let url = Url::parse(request.uri()).map_err(|error| format!("the endpoint is not an address: {error}"))?;
    let method = Method::from_bytes(request.method().as_bytes()).map_err(|error| error.to_string())?;
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
        headers.append(name, HeaderValue::from_str(value).map_err(|error| error.to_string())?);
    }
    let body = request.body().bytes().map(<[u8]>::to_vec).unwrap_or_default();
    Ok(Request { method, url, headers, body })
}

fn to_sdk(response: Response) -> Result<HttpResponse, String> {
    let status = StatusCode::try_from(response.status).map_err(|error| error.to_string())?;
    let mut answer = HttpResponse::new(status, SdkBody::from(response.body));
    for (name, value) in &response.headers {
        // The SDK does not read a header that is not text.
        if let Ok(value) = value.to_str() {
            answer.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(answer)
}
