//! Recognizes an answer that violates HTTP. Another attempt would have the same answer.

use std::error::Error as StdError;
use std::io;

use super::causes::causes;

/// How the answer violates HTTP, after the word "answer"; `None` if the connection failed instead.
pub(super) fn fault(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    const NOT_HTTP: &str = "is not HTTP";
    // The library has no method for it in a client.
    const TOO_LARGE: &str = "message head is too large";
    let http = causes(error).find_map(|cause| cause.downcast_ref::<hyper::Error>())?;
    if http.is_parse() && http.to_string() == TOO_LARGE {
        return Some("has too many headers, or headers that are too long");
    }
    if http.is_parse() {
        return Some(NOT_HTTP);
    }
    let last = causes(error).last()?;
    if let Some(error) = last.downcast_ref::<h2::Error>() {
        let invalid = [h2::Reason::PROTOCOL_ERROR, h2::Reason::FRAME_SIZE_ERROR, h2::Reason::COMPRESSION_ERROR];
        let found_here = !error.is_remote() && error.reason().is_some_and(|reason| invalid.contains(&reason));
        return found_here.then_some("is not valid HTTP/2, or has headers that are too long");
    }
    // The parts of a body, each with its length in front. An alert of TLS is invalid data, too.
    let framing = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|error| {
        error.kind() == io::ErrorKind::InvalidInput
            || error.kind() == io::ErrorKind::InvalidData
                && ["chunk", "trailer"].iter().any(|part| error.to_string().contains(part))
    });
    framing.then_some(NOT_HTTP)
}
