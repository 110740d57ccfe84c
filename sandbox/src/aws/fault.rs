//! Error answers in the format of AWS.

use super::xml;
use crate::server::{Fault, Response};

impl Fault {
    /// An error of AWS STS: its status, a code such as `AccessDenied`, and a message.
    #[must_use]
    pub fn aws_error(status: u16, code: &str, message: &str) -> Self {
        let Response { status, headers, body } = xml::error(status, code, message);
        Self::Status { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}
