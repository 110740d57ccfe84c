//! The two answers of the query protocol: a result, an error.

use crate::random;
use crate::server::Response;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An XML element with a text.
pub(super) fn element(name: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    group(name, &[text])
}

/// An XML element with child elements.
pub(super) fn group(name: &str, inside: &[String]) -> String {
    format!("<{name}>{}</{name}>", inside.concat())
}

pub(super) fn result(action: &str, inside: &[String]) -> Response {
    let request = random::uuid();
    let metadata = group("ResponseMetadata", &[element("RequestId", &request)]);
    let body = format!(
        "<{action}Response xmlns=\"{NAMESPACE}\">{}{metadata}</{action}Response>\n",
        group(&format!("{action}Result"), inside)
    );
    answer(200, &request, body)
}

/// An error in the format of AWS STS. Below 500, the fault is the caller's.
pub(super) fn error(status: u16, code: &str, message: &str) -> Response {
    let request = random::uuid();
    let blame = if status < 500 { "Sender" } else { "Receiver" };
    let error = group("Error", &[element("Type", blame), element("Code", code), element("Message", message)]);
    let body =
        format!("<ErrorResponse xmlns=\"{NAMESPACE}\">{error}{}</ErrorResponse>\n", element("RequestId", &request));
    answer(status, &request, body)
}

fn answer(status: u16, request: &str, body: String) -> Response {
    Response::new(status, "text/xml", body).with_header("x-amzn-RequestId", request)
}
