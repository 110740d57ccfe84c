//! The causes of a library's error.

use std::error::Error as StdError;
use std::io;

pub(super) fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        // `io::Error::source` skips the wrapped error.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}

/// Whether an HTTP/2 server certainly did not start with the request: it refused the stream, or closed the connection
/// first (RFC 9113, section 8.7). After GOAWAY, h2 fails the streams above the last one.
pub(super) fn is_refused_stream(error: &(dyn StdError + 'static)) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(|error| {
        error.is_remote()
            && (error.is_go_away() || (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)))
    })
}

/// An error of a connection. Libraries have several texts for its end, for their own users.
pub(super) fn io_cause(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        "it was closed in the middle of an answer".into()
    } else {
        error.to_string()
    }
}

/// The innermost cause. The outer ones contain the request's address, which our own messages name.
pub(in crate::http) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let Some(cause) = causes(error).last() else { return String::new() };
    match cause.downcast_ref::<h2::Error>().and_then(h2::Error::reason) {
        // The library's message repeats the peer's text in the form of Rust code.
        Some(reason) => format!("HTTP/2: {reason}"),
        None => cause.downcast_ref::<io::Error>().map_or_else(|| cause.to_string(), io_cause),
    }
}
