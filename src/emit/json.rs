//! One JSON object, a member per variable, in the order of the other formats.

use serde::Serializer;

use super::{Error, Exports};

/// The answer of a `credential_process`: the members after its version
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).
pub(crate) fn process(exports: &Exports) -> Result<String, Error> {
    let object = object(exports)?;
    Ok(object.replacen('{', "{\n  \"Version\": 1,", 1))
}

/// The object, with a line break at its end.
pub(super) fn object(exports: &Exports) -> Result<String, Error> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::pretty(&mut out);
    let written = serializer.collect_map(exports.variables().map(|(name, value)| (name.as_str(), value)));
    written.map_err(|error| Error::Stdout { why: error.to_string() })?;
    out.push(b'\n');
    String::from_utf8(out).map_err(|error| Error::Stdout { why: error.to_string() })
}
