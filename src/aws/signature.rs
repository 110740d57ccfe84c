//! Signs requests with AWS Signature Version 4
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).

use std::time::{Duration, SystemTime};

use aws_sdk_sts::config::Credentials as Identity;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningInstructions, SigningParams, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::Credentials;
use crate::http::{Failure, Request};
use crate::secret::Secret;

/// The inputs of a signature.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The session.
    pub credentials: &'a Credentials,
    /// The region of the service.
    pub region: &'a str,
    /// The service's name in the signature, for example `ecr`.
    pub service: &'static str,
    /// The time of the request. AWS accepts a signature for 5 minutes.
    pub time: SystemTime,
}

impl Signer<'_> {
    /// Signs `request`: adds headers that sign its method, address, headers and body. It must not change afterwards.
    /// A repeated request needs a new signature.
    ///
    /// # Errors
    /// If a header or the address cannot be signed.
    pub fn sign_headers(&self, request: &mut Request) -> Result<(), Failure> {
        let Request { method, url, headers, body } = &*request;
        let instructions =
            self.instructions(method.as_str(), url.as_str(), headers, body, SigningSettings::default())?;
        for (name, value) in instructions.headers() {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(cannot)?;
            let mut value = HeaderValue::from_str(value).map_err(cannot)?;
            value.set_sensitive(true);
            request.headers.insert(name, value);
        }
        Ok(())
    }

    /// A presigned address of a `GET` request with these headers: anyone who has it can send the request in the name of
    /// this session. `url` must have a query; the signature is appended in botocore's order. The address is valid for
    /// `lasting`.
    ///
    /// # Errors
    /// If a header or the address cannot be signed.
    pub fn presigned(&self, url: &str, headers: &HeaderMap, lasting: Duration) -> Result<Secret, Failure> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(lasting);
        let (_, mut parameters) = self.instructions("GET", url, headers, &[], settings)?.into_parts();
        parameters.sort_by_key(|(name, _)| *name == "X-Amz-Signature");
        let mut address = url.to_owned();
        for (name, value) in &parameters {
            address.extend(["&", name, "="]);
            address.extend(utf8_percent_encode(value, UNRESERVED));
        }
        Ok(Secret::new(address))
    }

    /// The headers, or the query parameters, that sign the request.
    fn instructions(
        &self,
        method: &str,
        url: &str,
        headers: &HeaderMap,
        body: &[u8],
        settings: SigningSettings,
    ) -> Result<SigningInstructions, Failure> {
        let Self { credentials, region, service, time } = *self;
        let identity = identity(credentials).into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(time)
            .settings(settings)
            .build()
            .map_err(cannot)?;
        let texts = headers.iter().map(|(name, value)| value.to_str().map(|value| (name.as_str(), value)));
        let texts = texts.collect::<Result<Vec<_>, _>>().map_err(cannot)?;
        let signable =
            SignableRequest::new(method, url, texts.into_iter(), SignableBody::Bytes(body)).map_err(cannot)?;
        let signed = sign(signable, &SigningParams::from(params)).map_err(cannot)?;
        Ok(signed.into_parts().0)
    }
}

/// The characters that are not encoded in a query (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The session in the SDK's type for signing.
pub(super) fn identity(session: &Credentials) -> Identity {
    Identity::new(
        &session.access_key_id,
        session.secret_access_key.reveal(),
        Some(session.session_token.reveal().to_owned()),
        None,
        env!("CARGO_PKG_NAME"),
    )
}

/// The libraries' errors quote no value.
fn cannot(error: impl std::fmt::Display) -> Failure {
    Failure::Setup { why: format!("the request cannot be signed: {error}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::{Method, Url};

    use super::*;
    use crate::aws::AccountId;
    use crate::secret::Secret;

    /// This is `post-sts-header-before` of AWS's own test suite.
    #[test]
    fn a_signature_is_the_one_that_aws_computes() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_mins(24_015_636);
        let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
        let credentials = Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into()),
            session_token: Secret::new(token.into()),
            expiration: time,
            account: AccountId::new("123456789012").unwrap(),
            confirmed: true,
        };
        let signer = Signer { credentials: &credentials, region: "us-east-1", service: "service", time };
        let mut request = Request {
            method: Method::POST,
            url: Url::parse("https://example.amazonaws.com/").unwrap(),
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        signer.sign_headers(&mut request).unwrap();
        let header = |name: &str| request.headers[name].to_str().unwrap();
        assert_eq!(header("x-amz-date"), "20150830T123600Z");
        assert_eq!(header("x-amz-security-token"), token);
        assert_eq!(
            header("authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
        );
        assert!(request.headers.values().all(HeaderValue::is_sensitive));
    }
}
