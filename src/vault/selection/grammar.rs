//! The syntax of a selection.
//!
//! ```text
//! secret  = NAME "=" [ "kv1:" | "kv2:" ] path [ "?" option *( "&" option ) ] [ "#" field ]
//!         | NAME "=" "POST:" path [ json-object ] [ "?" option *( "&" option ) ] "#" field
//! NAME    = a variable's name; with the field "*" a prefix of names, which may be empty
//! field   = literal key | "/" json-pointer | "*"
//! option  = "version=" N | "optional" | "default=" text | "base64" | "file"
//! ```
//!
//! A POST has no version, and its result is not optional.

use serde_json::{Map, Value};

use super::super::path::Path;
use super::{Engine, Field, Missing, Naming, Query, Selection, Target, Treatment};
use crate::error::Usage;
use crate::json;
use crate::shell::{Name, steering};
use crate::text;

impl Selection {
    /// Parses a selection. Errors do not repeat it in full, because a default may be a secret.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Usage> {
        let Some((name, rest)) = text.split_once('=') else {
            return Err(Usage::new(format!("`{text}` is not a valid secret argument: it lacks `NAME=`"))
                .hint("write it like DB_PASSWORD=secret/production/db#password"));
        };
        let origin = if name.is_empty() { "the secret" } else { name };
        if rest.starts_with(['"', '\'', '`']) {
            return Err(Usage::new(format!("{origin}: the path begins with a quotation mark"))
                .hint("remove the quotation marks: nothing here reads them, and a path or a key may have blanks"));
        }
        // A password in an address may contain what ends a path.
        let path = rest.split(['?', '#', '{']).next().unwrap_or_default();
        if path.contains("://") && !path.contains('@') && rest.contains('@') {
            return Err(Usage::new(format!("{origin}: an address is not a path: it holds `://`"))
                .hint("write it like DB_PASSWORD=secret/production/db#password"));
        }
        match rest.strip_prefix("POST:") {
            Some(rest) => Self::parse_write(name, origin, rest),
            None => Self::parse_read(name, origin, rest),
        }
    }

    fn parse_read(name: &str, origin: &str, rest: &str) -> Result<Self, Usage> {
        let (engine, rest) = match (rest.strip_prefix("kv1:"), rest.strip_prefix("kv2:")) {
            (Some(rest), _) => (Engine::Kv1, rest),
            (_, Some(rest)) => (Engine::Kv2, rest),
            _ => (Engine::Unknown, rest),
        };
        let (address, field) = rest.split_once('#').map_or((rest, None), |(address, field)| (address, Some(field)));
        let (path, options) = address.split_once('?').map_or((address, None), |(path, list)| (path, Some(list)));
        let path = Path::parse(origin, path)?;
        if engine == Engine::Kv2 && !path.as_str().contains('/') {
            return Err(Usage::new(format!("{origin}: `kv2:{path}` names a mount and no secret in it"))
                .hint("write it like kv2:secret/production/db"));
        }
        let field = Field::parse(origin, field)?;
        let mut version = None;
        let treatment = Treatment::parse(origin, options, Some(&mut version))?;
        if version.is_some() && engine == Engine::Kv1 {
            return Err(Usage::new(format!("{origin}: KV version 1 keeps no versions of a secret")));
        }
        Self::new(name, Query::Read { engine, path, version }, field, treatment)
    }

    fn parse_write(name: &str, origin: &str, rest: &str) -> Result<Self, Usage> {
        let end = rest.find(['{', '?', '#']).unwrap_or(rest.len());
        let path = Path::parse(origin, &rest[..end])?;
        let rest = &rest[end..];
        let (body, rest) = if rest.starts_with('{') { object(origin, rest)? } else { (Map::new(), rest) };
        let (options, field) = rest.split_once('#').map_or((rest, None), |(options, field)| (options, Some(field)));
        let options = match options.strip_prefix('?') {
            Some(list) => Some(list),
            None if options.is_empty() => None,
            None => return Err(Usage::new(format!("{origin}: there is text between the JSON object and `#`"))),
        };
        if field.is_none() {
            return Err(Usage::new(format!("{origin}: a POST needs `#` and the field that is wanted of its answer"))
                .hint("write it like CERT=POST:pki/issue/web{\"common_name\":\"ci.example.com\"}#certificate"));
        }
        let treatment = Treatment::parse(origin, options, None)?;
        if treatment.missing != Missing::Refuse {
            return Err(Usage::new(format!("{origin}: what a POST makes is not optional")));
        }
        Self::new(name, Query::Write { path, body }, Field::parse(origin, field)?, treatment)
    }

    fn new(name: &str, query: Query, field: Field, treatment: Treatment) -> Result<Self, Usage> {
        let target = Target::parse(name, &field)?;
        if field == Field::All && matches!(treatment.missing, Missing::Default(_)) {
            return Err(Usage::new(format!("{name}: `default=` is for one value, `#*` is for many")));
        }
        if field == Field::Whole && treatment.base64 {
            return Err(Usage::new(format!("{name}: `base64` is for one field; name it with `#`")));
        }
        Ok(Self { target, query, field, treatment })
    }
}

impl Target {
    fn parse(name: &str, field: &Field) -> Result<Self, Usage> {
        let known = Name::new(name);
        if *field == Field::All {
            return if name.is_empty() || known.is_some() {
                Ok(Self::Each { prefix: name.to_owned(), naming: Naming::Own })
            } else {
                Err(Usage::new(format!("`{name}` is not the beginning of a variable's name"))
                    .hint("use only letters, digits and _, and no digit first"))
            };
        }
        if let Some(invisible) = text::unreadable(name) {
            return Err(Usage::new(format!(
                "`{name}` is not a variable's name: it holds the invisible character {invisible}"
            )));
        }
        let known = known.ok_or_else(|| {
            Usage::new(format!("`{name}` is not a variable's name"))
                .hint("use only letters, digits and _, and no digit first")
        })?;
        if let Some(what) = steering::forbidden(&known) {
            return Err(Usage::new(format!("{name} is {what}")).hint("choose another name"));
        }
        Ok(Self::Variable(known))
    }
}

impl Field {
    fn parse(origin: &str, text: Option<&str>) -> Result<Self, Usage> {
        Ok(match text {
            None => Self::Whole,
            Some("") => {
                return Err(Usage::new(format!("{origin}: a field is missing after `#`"))
                    .hint("leave `#` out for the whole secret as JSON; `#*` selects every field"));
            }
            Some("*") => Self::All,
            Some(pointer) if pointer.starts_with('/') => {
                let escapes = pointer.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
                if !escapes {
                    return Err(Usage::new(format!("{origin}: `{pointer}` is not a JSON pointer: write ~ as ~0")));
                }
                Self::Pointer(pointer.to_owned())
            }
            Some(key) => Self::Key(key.to_owned()),
        })
    }
}

impl Treatment {
    fn parse(origin: &str, list: Option<&str>, mut version: Option<&mut Option<u32>>) -> Result<Self, Usage> {
        let mut treatment = Self::default();
        for option in list.iter().flat_map(|list| list.split('&')) {
            let (option, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            let twice = match (option, value) {
                ("version", Some(number)) if version.is_some() => {
                    let is_plain = number.bytes().all(|digit| digit.is_ascii_digit()) && !number.starts_with('0');
                    let number: u32 = number.parse().ok().filter(|_| is_plain).ok_or_else(|| {
                        Usage::new(format!(
                            "{origin}: `version=` requires a number, at least 1; without it, the latest version is read"
                        ))
                    })?;
                    version.as_mut().is_some_and(|version| version.replace(number).is_some())
                }
                ("optional", None) => treatment.replace_missing(Missing::Skip),
                ("default", Some(text)) => treatment.replace_missing(Missing::Default(text.to_owned())),
                ("base64", None) => std::mem::replace(&mut treatment.base64, true),
                ("file", None) => std::mem::replace(&mut treatment.file, true),
                _ => {
                    return Err(Usage::new(format!("{origin}: `{option}` is not an option of a secret"))
                        .hint("the options are version=N, optional, default=TEXT, base64 and file, with & between"));
                }
            };
            if twice {
                return Err(Usage::new(format!("{origin}: `{option}` contradicts an earlier option")));
            }
        }
        Ok(treatment)
    }

    /// Sets what to do if the value is missing. Returns whether it was set before.
    fn replace_missing(&mut self, missing: Missing) -> bool {
        std::mem::replace(&mut self.missing, missing) != Missing::Refuse
    }
}

/// The JSON object at the start of `text`, and the rest of the text.
fn object<'t>(origin: &str, text: &'t str) -> Result<(Map<String, Value>, &'t str), Usage> {
    match json::parse_first(text) {
        Ok((Value::Object(body), end)) => Ok((body, text.get(end..).unwrap_or_default())),
        Err(json::Fault::Twice { name, .. }) => {
            Err(Usage::new(format!("{origin}: the JSON object after the path of POST: has `{name}` twice")))
        }
        Ok(_) | Err(json::Fault::NotJson(_) | json::Fault::TooLarge) => {
            Err(Usage::new(format!("{origin}: what follows the path of POST: is not a JSON object"))
                .hint("quote the whole argument for the shell with single quotes"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn selection(text: &str) -> Selection {
        Selection::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn why(text: &str) -> String {
        Selection::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn a_read_is_taken_apart() {
        let one = selection("DB=kv2:secret/production/db?version=3&optional&file#user name");
        assert_eq!(one.target, Target::Variable(Name::new("DB").unwrap()));
        let path = Path::parse("x", "secret/production/db").unwrap();
        assert_eq!(one.query, Query::Read { engine: Engine::Kv2, path, version: Some(3) });
        assert_eq!(one.field, Field::Key("user name".into()));
        assert_eq!(one.treatment, Treatment { missing: Missing::Skip, base64: false, file: true });
        assert_eq!(selection("A=secret/x").field, Field::Whole);
        assert_eq!(selection("A=secret/x#/a/b").field, Field::Pointer("/a/b".into()));
        assert_eq!(selection("A=secret/x#a?b#c=d").field, Field::Key("a?b#c=d".into()));
        let each = |prefix: &str| Target::Each { prefix: prefix.into(), naming: Naming::Own };
        assert_eq!(selection("A_=secret/x#*").target, each("A_"));
        assert_eq!(selection("=secret/x#*").target, each(""));
        assert_eq!(selection("A=secret/x?default=a=b#k").treatment.missing, Missing::Default("a=b".into()));
        assert_eq!(selection("A=secret/x?default=#k").treatment.missing, Missing::Default(String::new()));
    }

    #[test]
    fn a_write_has_its_parameters() {
        let one = selection(r#"CERT=POST:pki/issue/web{"common_name":"a#b?c}"}#certificate"#);
        let Query::Write { path, body } = one.query else { panic!("{one:?}") };
        assert_eq!((path.as_str(), Value::Object(body)), ("pki/issue/web", json!({"common_name": "a#b?c}"})));
        assert_eq!(one.field, Field::Key("certificate".into()));
        assert!(selection("K=POST:pki/issue/web{}?file#private_key").treatment.file);
        assert!(matches!(selection("K=POST:transit/datakey/x#y").query, Query::Write { body, .. } if body.is_empty()));
    }

    #[test]
    fn what_cannot_be_meant_is_told_why() {
        for (text, expected) in [
            ("secret/x#y", "`secret/x#y` is not a valid secret argument: it lacks `NAME=`"),
            ("1A=secret/x#y", "`1A` is not a variable's name"),
            ("UID=secret/x#y", "UID is a variable that bash manages"),
            ("A=#y", "A: the path is empty"),
            ("A=secret/../x#y", "A: `secret/../x` is not a path: `.` and `..` would lead elsewhere"),
            ("A=secret/x#", "A: a field is missing after `#`"),
            ("A=secret/x?nonsense#y", "A: `nonsense` is not an option of a secret"),
            (
                "A=secret/x?version=0#y",
                "A: `version=` requires a number, at least 1; without it, the latest version is read",
            ),
            ("A=secret/x?version=1&version=2#y", "A: `version` contradicts an earlier option"),
            ("A=secret/x?optional&default=x#y", "A: `default` contradicts an earlier option"),
            ("A=secret/x?file=yes#y", "A: `file` is not an option of a secret"),
            ("A=secret/x?#y", "A: `` is not an option of a secret"),
            ("A=kv1:secret/x?version=2#y", "A: KV version 1 keeps no versions of a secret"),
            ("A=kv2:secret#y", "A: `kv2:secret` names a mount and no secret in it"),
            ("A=secret/x?base64", "A: `base64` is for one field; name it with `#`"),
            ("A_=secret/x?default=a#*", "A_: `default=` is for one value, `#*` is for many"),
            ("A=secret/x#/a~b", "A: `/a~b` is not a JSON pointer: write ~ as ~0"),
            ("A=POST:pki/issue/web{\"a\":1}", "A: a POST needs `#` and the field that is wanted of its answer"),
            ("A=POST:pki/issue/web{a}#b", "A: what follows the path of POST: is not a JSON object"),
            ("A=POST:pki/issue/web{}x#b", "A: there is text between the JSON object and `#`"),
            ("A=POST:pki/issue/web?version=1#b", "A: `version` is not an option of a secret"),
            ("A=POST:pki/issue/web?optional#b", "A: what a POST makes is not optional"),
            ("A=POST:#b", "A: the path is empty"),
        ] {
            assert_eq!(why(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>(), inner in "[=:?#&{}\"/a-z0-9*~]{0,40}") {
            let _ = Selection::parse(&text);
            let _ = Selection::parse(&format!("A={inner}"));
            let _ = Selection::parse(&format!("A=POST:{inner}"));
        }

        #[test]
        fn what_is_written_is_what_is_read(
            name in "[A-Z][A-Z0-9_]{0,8}Z",
            path in "[a-z0-9 +%=:{}-]{1,8}(/[a-z0-9 +%=:{}-]{1,8}){0,3}",
            version in prop::option::of(1u32..),
            fallback in prop::option::of("[^&#]{0,10}"),
            (base64, file) in any::<(bool, bool)>(),
            key in "[^/*].{0,12}",
        ) {
            let mut options = Vec::new();
            options.extend(version.map(|version| format!("version={version}")));
            options.extend(fallback.as_ref().map(|text| format!("default={text}")));
            options.extend(base64.then(|| "base64".to_owned()));
            options.extend(file.then(|| "file".to_owned()));
            let query = if options.is_empty() { String::new() } else { format!("?{}", options.join("&")) };
            prop_assume!(!path.starts_with("kv1:") && !path.starts_with("kv2:"));
            let one = Selection::parse(&format!("{name}={path}{query}#{key}")).unwrap();
            prop_assert_eq!(one.target, Target::Variable(Name::new(&name).unwrap()));
            prop_assert_eq!(one.query, Query::Read { engine: Engine::Unknown, path: Path::parse("x", &path).unwrap(), version });
            prop_assert_eq!(one.field, Field::Key(key));
            let missing = fallback.map_or(Missing::Refuse, Missing::Default);
            prop_assert_eq!(one.treatment, Treatment { missing, base64, file });
        }
    }
}
