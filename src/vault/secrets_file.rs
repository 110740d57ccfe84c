//! `--secrets-file`: a selection a line, in our words or in those of HashiCorp's action for GitHub.
//!
//! <https://github.com/hashicorp/vault-action#key-syntax>: `path selector | NAME`, several with `;` between.

use super::names;
use super::selection::Selection;
use crate::error::Usage;

/// Reads every line of a file; empty ones and those that start with `#` say nothing.
///
/// # Errors
/// The first line that cannot be meant, by its number.
pub fn lines(text: &str) -> Result<Vec<Selection>, Usage> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        found.extend(line_of_file(line).map_err(|error| error.at(&format!("--secrets-file, line {}", index + 1)))?);
    }
    if found.is_empty() {
        return Err(Usage::new("--secrets-file: it names no secret"));
    }
    Ok(found)
}

fn line_of_file(line: &str) -> Result<Vec<Selection>, Usage> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') { Ok(Vec::new()) } else { selections(line) }
}

/// The selections that one argument, or one line, makes: one in our words, or one or more in the action's.
///
/// # Errors
/// What is wrong with them.
pub fn selections(text: &str) -> Result<Vec<Selection>, Usage> {
    let first = text.split_whitespace().next().unwrap_or_default();
    // In the action's words a path comes first, and a blank after it.
    let ours = first.split_once('=').is_some_and(|(name, _)| !name.contains('/')) || first.len() == text.trim().len();
    if ours {
        return Selection::parse(text).map(|one| vec![one]);
    }
    text.split(';').map(str::trim).filter(|entry| !entry.is_empty()).map(of_action).collect()
}

fn of_action(entry: &str) -> Result<Selection, Usage> {
    let wrong = |why: &str| {
        Usage::new(format!("`{entry}` is no secret to read: {why}"))
            .hint("it reads `secret/data/ci password | DB_PASSWORD`")
    };
    let (left, name) = match entry.rsplit_once('|') {
        Some((left, name)) => (left.trim(), Some(name.trim())),
        None => (entry, None),
    };
    let (path, selector) = left.split_once(char::is_whitespace).ok_or_else(|| wrong("after the path comes a key"))?;
    let selector = selector.trim();
    let (field, key) =
        field(selector).ok_or_else(|| wrong("the key is an expression").hint("write it as NAME=path#/json/pointer"))?;
    let name = match (name, selector) {
        (Some(name), _) => name.to_owned(),
        (None, "*" | "**") => String::new(),
        (None, _) => names::made("", &key).ok_or_else(|| wrong("the key makes no variable's name"))?.to_string(),
    };
    Selection::parse(&format!("{name}={path}#{field}"))
}

/// Our field for the action's selector, and the key that a name is made of.
fn field(selector: &str) -> Option<(String, String)> {
    if matches!(selector, "*" | "**") {
        return Some(("*".into(), String::new()));
    }
    if let Some(quoted) = selector.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        let plain = !quoted.is_empty() && !quoted.contains(['"', '\\']);
        return plain.then(|| (exact(quoted), quoted.to_owned()));
    }
    let plain = !selector.is_empty()
        && selector.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
        && selector.split('.').all(|part| !part.is_empty());
    if !plain {
        return None;
    }
    let field = if selector.contains('.') { format!("/{}", selector.replace('.', "/")) } else { selector.to_owned() };
    Some((field, selector.to_owned()))
}

/// A key that our words would take for something else is reached by a pointer.
fn exact(key: &str) -> String {
    if key.starts_with('/') || key == "*" {
        format!("/{}", key.replace('~', "~0").replace('/', "~1"))
    } else {
        key.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(text: &str, expected: &[&str]) {
        let expected: Vec<Selection> = expected.iter().map(|one| Selection::parse(one).unwrap()).collect();
        assert_eq!(selections(text).unwrap_or_else(|error| panic!("{text}: {error}")), expected, "{text}");
    }

    #[test]
    fn the_actions_lines_are_read() {
        same("secret/data/ci key | NAME ;", &["NAME=secret/data/ci#key"]);
        same("secret/data/ci key | NAME; secret/ci other", &["NAME=secret/data/ci#key", "OTHER=secret/ci#other"]);
        same("secret/data/ci a.b | NAME", &["NAME=secret/data/ci#/a/b"]);
        same("secret/data/ci \"a.b\" | NAME", &["NAME=secret/data/ci#a.b"]);
        same("secret/data/ci \"/a\" | NAME", &["NAME=secret/data/ci#/~1a"]);
        same("secret/data/ci * | DB_", &["DB_=secret/data/ci#*"]);
        same("secret/data/ci *", &["=secret/data/ci#*"]);
        same("secret/data/ci my-key", &["MY_KEY=secret/data/ci#my-key"]);
    }

    #[test]
    fn ours_may_hold_blanks_and_semicolons() {
        same("A=secret/a b#c d", &["A=secret/a b#c d"]);
        same("A=secret/a?default=x;y#c", &["A=secret/a?default=x;y#c"]);
    }

    #[test]
    fn an_expression_is_refused() {
        for bad in ["secret/data/ci $keys(data) | A", "secret/data/ci a[0] | A", "secret/data/ci a..b | A"] {
            let error = selections(bad).unwrap_err().to_string();
            assert!(error.ends_with("the key is an expression"), "{error}");
        }
        assert!(selections("secret/data/ci").is_err());
    }

    #[test]
    fn a_file_is_read_line_by_line() {
        let text = "# database\n\nA=secret/a#b\n  secret/data/ci key | B ;\n";
        assert_eq!(lines(text).unwrap().len(), 2);
        let error = lines("A=secret/a#b\nnonsense\n").unwrap_err().to_string();
        assert!(error.starts_with("--secrets-file, line 2: "), "{error}");
        assert_eq!(lines("# nothing\n").unwrap_err().to_string(), "--secrets-file: it names no secret");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>(), words in "[a-z/=|;*\". #]{0,40}") {
            let _ = lines(&text);
            let _ = lines(&words);
        }

        #[test]
        fn an_argument_means_the_same_in_a_file(text in "[A-Z]{2,4}=[a-z]{1,4}/[a-z ]{1,6}#[a-z ]{1,6}[a-z]") {
            prop_assert_eq!(lines(&text).unwrap(), selections(&text).unwrap());
        }
    }
}
