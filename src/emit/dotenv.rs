//! Raw `K=V` lines: what `docker run --env-file` and dotenv readers take as it stands.

use super::{Error, Exports};

/// The lines. Nothing is quoted, since those readers take quotes for part of the value.
pub(super) fn lines(exports: &Exports) -> Result<String, Error> {
    let mut out = String::new();
    for (name, value) in exports.variables() {
        if value.contains(['\n', '\r']) {
            return Err(Error::LineBreak { name: name.clone() });
        }
        out.push_str(name.as_str());
        out.push('=');
        out.push_str(value);
        out.push('\n');
    }
    Ok(out)
}
