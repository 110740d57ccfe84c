//! Parses `--secrets-file`: one selection per line, in our syntax or that of HashiCorp's GitHub action.
//!
//! <https://github.com/hashicorp/vault-action#key-syntax>: `path selector | NAME`; several are separated by `;`.

use super::selection::{Field, Nameless, Naming, Selection, Target};
use crate::error::Usage;
use crate::shell::Name;

/// Parses every line of a file. Empty lines, and lines that start with `#`, are ignored.
///
/// # Errors
/// The first invalid line, with its number.
pub fn lines(text: &str) -> Result<Vec<Selection>, Usage> {
    let mut found = Vec::new();
    // A file of an old Mac has only `\r`.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
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
    if line.is_empty() || line.starts_with('#') {
        return Ok(Vec::new());
    }
    if !line.contains('/') {
        // It may be a file of variables with the secrets themselves: the line is neither shown nor sent.
        return Err(Usage::new("there is no path of a secret: every path has a slash")
            .hint("write it like DB_PASSWORD=secret/production/db#password, and no secret itself"));
    }
    let found = selections(line)?;
    let comment = found.iter().find_map(|selection| match &selection.field {
        Field::Key(key) => key.find(" #").or_else(|| key.find("\t#")).map(|at| &key[at + 1..]),
        Field::Whole | Field::Pointer(_) | Field::All => None,
    });
    match comment {
        None => Ok(found),
        Some(comment) => Err(Usage::new(format!(
            "`{comment}` would be a part of the field: a comment has a line of its own"
        ))
        .hint("put the comment on the line before; a key that has ` #` in it is written as a pointer, path#/KEY")),
    }
}

/// The selections in one argument or line: one in our syntax, or one or more in the action's syntax.
///
/// # Errors
/// What is wrong with them.
pub fn selections(text: &str) -> Result<Vec<Selection>, Usage> {
    let first = text.split_whitespace().next().unwrap_or_default();
    if first == "export" {
        return Err(Usage::new("`export` is the shell's: a secret begins with its variable's name")
            .hint("remove `export`: DB_PASSWORD=secret/production/db#password"));
    }
    // In the action's syntax, a path comes first, and a space after it.
    let ours = first.split_once('=').is_some_and(|(name, _)| !name.contains('/')) || first.len() == text.trim().len();
    if ours {
        return Selection::parse(text).map(|one| vec![one]);
    }
    text.split(';').map(str::trim).filter(|entry| !entry.is_empty()).map(of_action).collect()
}

fn of_action(entry: &str) -> Result<Selection, Usage> {
    let wrong = |why: &str| Usage::new(format!("`{entry}` is not a valid secret argument: {why}"));
    let example = "write it as `secret/data/ci password | DB_PASSWORD`";
    let (left, name) = match entry.rsplit_once('|') {
        Some((_, name)) if name.trim().is_empty() => {
            return Err(wrong("a variable is missing after `|`").hint(example));
        }
        Some((left, name)) => (left.trim(), Some(name.trim())),
        None => (entry, None),
    };
    let (path, selector) =
        left.split_once(char::is_whitespace).ok_or_else(|| wrong("after the path comes a key").hint(example))?;
    let selector = selector.trim();
    let parse = |name: &str, field: &str| Selection::parse(&format!("{name}={path}#{field}"));
    if let "*" | "**" = selector {
        let naming = Naming::Action { upper: selector == "*" };
        let prefix = name.unwrap_or_default().to_owned();
        if naming.name(&prefix, "key").is_err() {
            return Err(
                wrong("no shell has variables of this prefix").hint("it has letters, digits and _, and no digit first")
            );
        }
        return Ok(Selection { target: Target::Each { prefix, naming }, ..parse("", "*")? });
    }
    if selector.starts_with('=') && Name::new(path).is_some() {
        return Err(
            wrong("there is a space before `=`").hint(format!("write it as {path}{}", selector.replacen("= ", "=", 1)))
        );
    }
    if !path.contains('/') {
        return Err(
            wrong("the first word is not a path").hint("write it like DB_PASSWORD=secret/production/db#password")
        );
    }
    let key = Key::read(selector)
        .ok_or_else(|| wrong("the key is an expression").hint("write it as NAME=path#/json/pointer"))?;
    let name = match name {
        Some(name) => Name::new(name).ok_or_else(|| {
            wrong("no shell has a variable of this name").hint("it has letters, digits and _, and no digit first")
        })?,
        None if key.needs_quotes => {
            return Err(wrong("the action requires this key in quotation marks, or with a name")
                .hint(format!("write it as `{path} \"{selector}\"`, or `{path} {selector} | NAME`")));
        }
        None => Naming::Action { upper: true }.name("", &key.text).map_err(|nameless| {
            let why = match nameless {
                Nameless::NotAName => "no shell has a variable of the name that the action gives this key",
                Nameless::Unsettled => nameless.why(),
            };
            wrong(why).hint(format!("name the variable: `{path} {selector} | NAME`"))
        })?,
    };
    parse(name.as_str(), &key.field)
}

/// A key in the action's syntax.
struct Key {
    /// Without its quotation marks.
    text: String,
    /// The field in our syntax.
    field: String,
    /// Without quotes and without a name, the action reads it as an expression.
    needs_quotes: bool,
}

impl Key {
    fn read(selector: &str) -> Option<Self> {
        let within = |mark: char| selector.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        if let Some(quoted) = within('"').or_else(|| within('`')) {
            let plain = !quoted.is_empty() && !quoted.contains(['"', '\\', '`']);
            return plain.then(|| Self { text: quoted.to_owned(), field: exact(quoted), needs_quotes: false });
        }
        let plain = !selector.is_empty()
            && selector.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
            && selector.split('.').all(|part| !part.is_empty());
        plain.then(|| Self {
            text: selector.to_owned(),
            field: if selector.contains('.') {
                format!("/{}", selector.replace('.', "/"))
            } else {
                selector.to_owned()
            },
            needs_quotes: selector.contains('-'),
        })
    }
}

/// A key with a special meaning in our syntax becomes a JSON pointer.
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
        same("secret/data/ci `a.b`", &["A__B=secret/data/ci#a.b"]);
        same("secret/data/ci nested.key", &["NESTED__KEY=secret/data/ci#/nested/key"]);
        same("secret/data/ci \"dash-key\"", &["DASHKEY=secret/data/ci#dash-key"]);
        same("secret/data/ci dash-key | DASH_KEY", &["DASH_KEY=secret/data/ci#dash-key"]);
        for (line, prefix, upper) in [
            ("secret/data/ci *", "", true),
            ("secret/data/ci * | DB_", "DB_", true),
            ("secret/data/ci ** | db_ ;", "db_", false),
        ] {
            let read = selections(line).unwrap().remove(0);
            assert_eq!(read.target, Target::Each { prefix: prefix.into(), naming: Naming::Action { upper } }, "{line}");
            assert_eq!(read.query, Selection::parse("=secret/data/ci#*").unwrap().query, "{line}");
        }
    }

    #[test]
    fn a_name_that_no_shell_has_is_refused() {
        let error = |text: &str| selections(text).unwrap_err().to_string();
        for (line, why) in [
            ("secret/ci ünï", "no shell has a variable of the name that the action gives this key"),
            ("secret/ci \"ünï\"", "no shell has a variable of the name that the action gives this key"),
            ("secret/ci a.b.c", "versions of the action name a key with several dots differently"),
            ("secret/ci dash-key", "the action requires this key in quotation marks, or with a name"),
            ("secret/ci key | my-name", "no shell has a variable of this name"),
            ("secret/ci key | A=B", "no shell has a variable of this name"),
            ("secret/ci * | 9_", "no shell has variables of this prefix"),
            ("secret/ci ** | ünï_", "no shell has variables of this prefix"),
            ("secret/ci key |", "a variable is missing after `|`"),
        ] {
            assert_eq!(error(line), format!("`{line}` is not a valid secret argument: {why}"));
        }
        assert_eq!(error("secret/ci key | UID"), "UID is a variable that bash manages");
    }

    #[test]
    fn what_a_shell_would_read_is_told() {
        let error = |text: &str| lines(text).unwrap_err().to_string();
        assert_eq!(
            error("A=secret/cfg#user # note"),
            "--secrets-file, line 1: `# note` would be a part of the field: a comment has a line of its own"
        );
        assert!(error("\nexport A=secret/cfg#user").starts_with("--secrets-file, line 2: `export` is the shell's"));
        assert_eq!(error("A=\"secret/cfg#user\""), "--secrets-file, line 1: A: the path begins with a quotation mark");
        assert_eq!(error("A='secret/cfg'#user"), "--secrets-file, line 1: A: the path begins with a quotation mark");
        same("A=secret/cfg#/user # note", &["A=secret/cfg#/user # note"]);
        same("A=secret/cfg##h", &["A=secret/cfg##h"]);
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
        fn a_line_ends_with_any_of_three_ends(words in prop::collection::vec("(A=[a-z]/[a-z ]{1,3}#[a-z]|# [a-z]{0,3}|A=b|)(\n|\r\n|\r)", 0..4)) {
            let text = words.concat();
            let by_line = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            let each: Result<Vec<_>, _> = by_line.clone().map(selections).collect();
            let expected = each.ok().map(|each| each.concat()).filter(|all| !all.is_empty());
            let expected = expected.filter(|_| by_line.clone().all(|line| line.contains('/')));
            prop_assert_eq!(lines(&text).ok(), expected);
        }

        #[test]
        fn an_argument_means_the_same_in_a_file(text in "DB_[A-Z]{2,4}=[a-z]{1,4}/[a-z ]{1,6}#[a-z ]{1,6}[a-z]") {
            prop_assert_eq!(lines(&text).unwrap(), selections(&text).unwrap());
        }
    }
}
