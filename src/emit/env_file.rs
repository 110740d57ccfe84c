//! Raw `K=V` lines for `docker run --env-file`, podman and kubectl.

use super::{Error, Exports};

/// The longest line that these programs accept: Go's scanner stops at a longer one
/// (<https://pkg.go.dev/bufio#pkg-constants>, `MaxScanTokenSize`). docker and podman then refuse the file. kubectl
/// silently ignores this line and all that follow.
const LONGEST_LINE: usize = (64 << 10) - 1;

/// The lines. Nothing is quoted, because quotes would become part of the value.
pub(super) fn lines(exports: &Exports) -> Result<String, Error> {
    let mut out = String::new();
    for (name, value) in exports.variables() {
        if value.contains(['\n', '\r']) {
            return Err(Error::LineBreak { name: name.clone() });
        }
        if name.as_str().len() + 1 + value.len() > LONGEST_LINE {
            return Err(Error::LongLine { name: name.clone(), by_file: exports.has_files() });
        }
        out.push_str(name.as_str());
        out.push('=');
        out.push_str(value);
        out.push('\n');
    }
    Ok(out)
}
