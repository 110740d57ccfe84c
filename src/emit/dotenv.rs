//! `K='v'` lines for dotenv files: python-dotenv, npm's dotenv, Node's `--env-file`.

use super::{Error, Exports};

/// Characters that these parsers treat differently in single quotes, and their descriptions.
const UNSETTLED: [(&str, &str); 5] = [
    ("'", "an apostrophe"),
    // python-dotenv treats `\\` and `\'` as escapes; others keep both characters.
    ("\\", "a backslash"),
    // python-dotenv replaces it with the variable's value.
    ("${", "`${`"),
    ("\n", "a line break"),
    ("\r", "a carriage return"),
];

/// The lines.
pub(super) fn lines(exports: &Exports) -> Result<String, Error> {
    let mut out = String::new();
    for (name, value) in exports.variables() {
        if let Some((_, what)) = UNSETTLED.iter().find(|(text, _)| value.contains(text)) {
            return Err(Error::Dotenv { name: name.clone(), what, by_file: exports.has_files() });
        }
        out.extend([name.as_str(), "='", value, "'\n"]);
    }
    Ok(out)
}
