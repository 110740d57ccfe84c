//! Edits the text of Docker's `config.json`, which names the helper of each registry
//! (<https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties>).

use serde_json::Value;

use super::HELPER;
use super::json_text::{Object, member};
use crate::json;

/// The member with the name of each registry's helper.
const HELPERS: &str = "credHelpers";
/// The member with passwords.
const AUTHS: &str = "auths";

/// A change for registries.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The new text.
    pub text: String,
    /// The replaced settings of the registries for a message, one line each.
    pub replaced: Vec<String>,
}

/// Makes this program the helper of `servers`. `None` if it already is, and the file has no other password for them.
///
/// # Errors
/// The fault of a text that Docker cannot read, or reads in an unusual way.
pub fn register(text: &str, servers: &[String]) -> Result<Option<Change>, String> {
    check(text)?;
    let mut change = Change { text: text.to_owned(), replaced: Vec::new() };
    for server in servers {
        register_one(&mut change, server)?;
    }
    Ok((change.text != text).then_some(change))
}

/// Removes what [`register`] has added to `before` for `servers`, and restores what it removed. It is for a file that
/// was changed by somebody else since. `None` if nothing of ours is in it.
///
/// # Errors
/// As for [`register`].
pub fn unregister(text: &str, before: &str, servers: &[String]) -> Result<Option<String>, String> {
    check(text)?;
    let before = if check(before).is_ok() { before } else { "" };
    let mut now = text.to_owned();
    for server in servers {
        let whole = whole(&now);
        let Some((_, helpers)) = section(&now, &whole, HELPERS)? else { continue };
        let Some(index) = helpers.find(server).filter(|index| names_us(helpers.value(*index))) else { continue };
        now = match old_helper(before, server) {
            Some(old) => helpers.replaced(index, &old),
            None if helpers.members().len() == 1 && !has(before, HELPERS) => without(&now, HELPERS),
            None => helpers.without(index),
        };
        for (name, value) in old_passwords(before, server) {
            let whole = self::whole(&now);
            let Some((_, auths)) = section(&now, &whole, AUTHS)? else { continue };
            now = match auths.find(&name) {
                Some(index) if is_empty(auths.value(index)) => auths.replaced(index, &value),
                Some(_) => continue,
                None => {
                    let lead = inner_lead(&whole);
                    auths.with(&name, &value, auths.lead().unwrap_or(&lead), lead_of(&whole))
                }
            };
        }
    }
    Ok((now != text).then_some(now))
}

/// Whether the text contains a password, or another helper, for `server`. An invalid text contains none.
#[must_use]
pub fn has_another(text: &str, server: &str) -> bool {
    let helper = old_helper(text, server).is_some_and(|value| !names_us(&value));
    helper || !old_passwords(text, server).is_empty()
}

/// The names under which podman, buildah and skopeo would find another password of the text for images of `server`:
/// `server` itself, and its repositories, which they prefer.
#[must_use]
pub fn others_for_containers(text: &str, server: &str) -> Vec<String> {
    let mut names: Vec<String> = has_another(text, server).then(|| server.to_owned()).into_iter().collect();
    let Ok(Some((_, auths))) = section(text, &whole(text), AUTHS) else { return names };
    let is_below = |name: &str| name.strip_prefix(server).is_some_and(|rest| rest.starts_with('/'));
    let below = auths.members().iter().enumerate().filter(|(index, member)| {
        is_below(&member.name) && super::server_of(&member.name) != server && !is_empty(auths.value(*index))
    });
    names.extend(below.map(|(_, member)| member.name.clone()));
    names
}

/// Docker reads an empty file as one without settings. Its decoder is Go's, which ignores the case of names.
fn check(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    if text.starts_with('\u{feff}') {
        return Err("it begins with a byte order mark, which Docker cannot read".into());
    }
    let value = json::parse(text.as_bytes()).map_err(|fault| fault.to_string())?;
    let Some(members) = value.as_object() else { return Err("it is not an object of JSON".into()) };
    for (name, kind) in [(HELPERS, "a text"), (AUTHS, "an object")] {
        let fits = |value: &Value| if name == HELPERS { value.is_string() } else { value.is_object() };
        let mut same = members.iter().filter(|(member, _)| is_named(member, name));
        match same.next() {
            None | Some((_, Value::Null)) => {}
            Some((_, Value::Object(entries))) => {
                if !entries.values().all(|value| value.is_null() || fits(value)) {
                    return Err(format!("its {name} has a value that is not {kind}"));
                }
            }
            Some(_) => return Err(format!("its {name} is not an object")),
        }
        if same.next().is_some() {
            return Err(format!("it has {name} twice, in letters of different case"));
        }
    }
    Ok(())
}

fn register_one(change: &mut Change, server: &str) -> Result<(), String> {
    let mut text = std::mem::take(&mut change.text);
    for (name, _) in old_passwords(&text, server) {
        let whole = whole(&text);
        if let Some((_, auths)) = section(&text, &whole, AUTHS)?
            && let Some(index) = auths.find(&name)
        {
            text = auths.without(index);
            change.replaced.push(format!("its password for {name}"));
        }
    }
    let helper = serde_json::Value::from(HELPER).to_string();
    let whole = whole(&text);
    let (lead, inner) = (lead_of(&whole).to_owned(), inner_lead(&whole));
    let fresh = || format!("{{{}{lead}}}", member(&inner, server, &helper));
    change.text = match (find(&whole, HELPERS), section(&text, &whole, HELPERS)?) {
        (Some(index), None) => whole.replaced(index, &fresh()),
        (Some(index), Some((_, helpers))) if helpers.members().is_empty() => whole.replaced(index, &fresh()),
        (_, Some((_, helpers))) => match helpers.find(server) {
            Some(index) if names_us(helpers.value(index)) => text.clone(),
            Some(index) => {
                change.replaced.push(format!("its helper{} for {server}", shown(helpers.value(index))));
                helpers.replaced(index, &helper)
            }
            None => helpers.with(server, &helper, helpers.lead().unwrap_or_default(), ""),
        },
        (None, None) if whole.is_missing() => {
            format!("{{\n\t\"{HELPERS}\": {{\n\t\t\"{server}\": {helper}\n\t}}\n}}\n")
        }
        (None, None) => whole.with(HELPERS, &fresh(), &lead, if lead.is_empty() { "" } else { "\n" }),
    };
    Ok(())
}

fn whole(text: &str) -> Object<'_> {
    Object::read(text, 0..text.len()).unwrap_or_else(|| Object::missing(text))
}

/// The text before each name in the file; Docker's own style if there is no name.
fn lead_of<'t>(whole: &Object<'t>) -> &'t str {
    whole.lead().unwrap_or("\n\t")
}

/// The text before each name one level below.
fn inner_lead(whole: &Object<'_>) -> String {
    let lead = lead_of(whole);
    let step = lead.rsplit_once('\n').map_or("", |(_, indentation)| indentation);
    format!("{lead}{step}")
}

fn find(whole: &Object<'_>, name: &str) -> Option<usize> {
    whole.members().iter().position(|member| is_named(&member.name, name))
}

/// A member that is an object, with its position; `None` if it is missing or null.
fn section<'t>(text: &'t str, whole: &Object<'t>, name: &str) -> Result<Option<(usize, Object<'t>)>, String> {
    let Some(index) = find(whole, name) else { return Ok(None) };
    if whole.value(index) == "null" {
        return Ok(None);
    }
    let range = whole.members().get(index).map(|member| member.value.clone()).unwrap_or_default();
    let object = Object::read(text, range).ok_or_else(|| format!("its {name} is not an object"))?;
    Ok(Some((index, object)))
}

/// Whether Docker's decoder takes `member` for `name`. Go folds the case of every letter of Unicode: `ſ` is an `s`.
fn is_named(member: &str, name: &str) -> bool {
    member.replace('ſ', "s").eq_ignore_ascii_case(name)
}

fn has(text: &str, name: &str) -> bool {
    find(&whole(text), name).is_some()
}

fn without(text: &str, name: &str) -> String {
    let whole = whole(text);
    find(&whole, name).map_or_else(|| text.to_owned(), |index| whole.without(index))
}

/// The existing helper of `server`, as JSON.
fn old_helper(text: &str, server: &str) -> Option<String> {
    let (_, helpers) = section(text, &whole(text), HELPERS).ok()??;
    helpers.find(server).map(|index| helpers.value(index).to_owned())
}

/// The non-empty members of `auths` for `server`.
fn old_passwords(text: &str, server: &str) -> Vec<(String, String)> {
    let Ok(Some((_, auths))) = section(text, &whole(text), AUTHS) else { return Vec::new() };
    let ours = auths
        .members()
        .iter()
        .enumerate()
        .filter(|(index, member)| super::server_of(&member.name) == server && !is_empty(auths.value(*index)));
    ours.map(|(index, member)| (member.name.clone(), auths.value(index).to_owned())).collect()
}

/// Docker leaves such an entry for a registry with a helper.
fn is_empty(value: &str) -> bool {
    value == "null"
        || value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(|it| it.trim().is_empty())
}

/// A helper's name if it is valid; any other text may be a secret.
fn shown(value: &str) -> String {
    let plain = |name: &str| {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match serde_json::from_str::<String>(value) {
        Ok(name) if plain(&name) => format!(" {value}"),
        Ok(_) | Err(_) => String::new(),
    }
}

fn names_us(value: &str) -> bool {
    serde_json::from_str::<String>(value).is_ok_and(|name| name == HELPER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "gcr.io";

    fn servers() -> Vec<String> {
        vec![HOST.to_owned()]
    }

    fn after(text: &str) -> String {
        register(text, &servers()).unwrap().unwrap().text
    }

    #[test]
    fn a_helper_is_added_and_every_other_byte_stays() {
        for (before, expected) in [
            ("", "{\n\t\"credHelpers\": {\n\t\t\"gcr.io\": \"oidc-exchange\"\n\t}\n}\n"),
            ("{}", "{\n\t\"credHelpers\": {\n\t\t\"gcr.io\": \"oidc-exchange\"\n\t}\n}"),
            ("{ }\n", "{\n\t\"credHelpers\": {\n\t\t\"gcr.io\": \"oidc-exchange\"\n\t}\n}\n"),
            (r#"{"z":1.50,"a":[ ]}"#, r#"{"z":1.50,"a":[ ],"credHelpers":{"gcr.io":"oidc-exchange"}}"#),
            (
                "{\n  \"z\": 1,\n  \"a\": 2\n}\n",
                "{\n  \"z\": 1,\n  \"a\": 2,\n  \"credHelpers\": {\n    \"gcr.io\": \"oidc-exchange\"\n  }\n}\n",
            ),
            (r#"{"credHelpers":{}}"#, r#"{"credHelpers":{"gcr.io":"oidc-exchange"}}"#),
            (r#"{"credHelpers":null,"a":1}"#, r#"{"credHelpers":{"gcr.io":"oidc-exchange"},"a":1}"#),
            (r#"{"CredHelpers":{"b":"c"}}"#, r#"{"CredHelpers":{"b":"c","gcr.io":"oidc-exchange"}}"#),
            (r#"{"credHelpers":{"gcr.io":"gcloud","b":"c"}}"#, r#"{"credHelpers":{"gcr.io":"oidc-exchange","b":"c"}}"#),
        ] {
            assert_eq!(after(before), expected, "{before}");
            assert_eq!(register(&after(before), &servers()), Ok(None), "{before}");
            serde_json::from_str::<serde_json::Value>(&after(before)).unwrap();
        }
    }

    #[test]
    fn what_is_no_name_of_a_helper_is_not_shown() {
        for odd in ["a secret", "AWS:c2VjcmV0", "", "\\u001b[2J"] {
            let text = format!(r#"{{"credHelpers":{{"gcr.io":"{odd}"}}}}"#);
            let replaced = register(&text, &servers()).unwrap().unwrap().replaced;
            assert_eq!(replaced, ["its helper for gcr.io"], "{odd}");
        }
    }

    #[test]
    fn what_has_another_password_is_replaced_and_named() {
        let text = r#"{"auths":{"https://gcr.io/v2/":{"auth":"eA=="},"gcr.io":{},"x":{"auth":"eQ=="}},"credHelpers":{"gcr.io":"gcloud"}}"#;
        let change = register(text, &servers()).unwrap().unwrap();
        assert_eq!(
            change.text,
            r#"{"auths":{"gcr.io":{},"x":{"auth":"eQ=="}},"credHelpers":{"gcr.io":"oidc-exchange"}}"#
        );
        assert_eq!(change.replaced, ["its password for https://gcr.io/v2/", "its helper \"gcloud\" for gcr.io"]);
        assert!(has_another(text, HOST) && !has_another(&change.text, HOST));
    }

    #[test]
    fn what_docker_cannot_read_is_refused() {
        for (text, why) in [
            (" ", "not JSON"),
            ("{", "not JSON"),
            ("[]", "it is not an object of JSON"),
            ("null", "it is not an object of JSON"),
            ("{} {}", "not JSON"),
            ("\u{feff}{}", "it begins with a byte order mark"),
            (r#"{"a":1,"a":2}"#, "`a` is there twice"),
            (r#"{"credHelpers":[]}"#, "its credHelpers is not an object"),
            (r#"{"credHelpers":"ecr-login"}"#, "its credHelpers is not an object"),
            (r#"{"auths":1}"#, "its auths is not an object"),
            (r#"{"credHelpers":{"b":{"auth":"c2VjcmV0"}}}"#, "its credHelpers has a value that is not a text"),
            (r#"{"credHelpers":{"gcr.io":["secret"]}}"#, "its credHelpers has a value that is not a text"),
            (r#"{"auths":{"gcr.io":"secret"}}"#, "its auths has a value that is not an object"),
            (r#"{"auths":{"b":1}}"#, "its auths has a value that is not an object"),
            (r#"{"credHelpers":{},"CREDHELPERS":{}}"#, "it has credHelpers twice"),
            (r#"{"credHelpers":{},"credHelperſ":{}}"#, "it has credHelpers twice"),
        ] {
            let found = register(text, &servers()).unwrap_err();
            assert!(found.starts_with(why), "{text}: {found}");
        }
    }

    #[test]
    fn only_ours_is_taken_out_of_a_file_that_changed_and_what_was_there_comes_back() {
        let undone = |before: &str, now: &str| unregister(now, before, &servers()).unwrap();
        for (before, now, expected) in [
            ("{}", r#"{"credHelpers":{"gcr.io":"oidc-exchange"},"new":1}"#, Some(r#"{"new":1}"#)),
            (
                r#"{"credHelpers":{}}"#,
                r#"{"credHelpers":{"gcr.io":"oidc-exchange"},"n":1}"#,
                Some(r#"{"credHelpers":{},"n":1}"#),
            ),
            ("", r#"{"credHelpers":{"gcr.io":"oidc-exchange","b":"c"}}"#, Some(r#"{"credHelpers":{"b":"c"}}"#)),
            (
                r#"{"auths":{"gcr.io":{"auth":"eA=="}},"credHelpers":{"gcr.io":"gcloud"}}"#,
                r#"{"auths":{"gcr.io":{}},"credHelpers":{"gcr.io":"oidc-exchange"},"n":1}"#,
                Some(r#"{"auths":{"gcr.io":{"auth":"eA=="}},"credHelpers":{"gcr.io":"gcloud"},"n":1}"#),
            ),
            (
                r#"{"auths":{"gcr.io":{"auth":"eA=="}}}"#,
                r#"{"auths":{},"credHelpers":{"gcr.io":"oidc-exchange"},"n":1}"#,
                Some(r#"{"auths":{"gcr.io":{"auth":"eA=="}},"n":1}"#),
            ),
            ("{}", r#"{"credHelpers":{"gcr.io":"gcloud"}}"#, None),
            ("{}", r#"{"n":1}"#, None),
            ("not json", r#"{"credHelpers":{"gcr.io":"oidc-exchange"}}"#, Some("{}")),
        ] {
            let found = undone(before, now).map(|text| text.replace(['\n', '\t', ' '], ""));
            assert_eq!(found.as_deref(), expected, "{before} {now}");
        }
        assert!(unregister("{", "{}", &servers()).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_editor_panic(text: String, before: String) {
            let _ = register(&text, &servers());
            let _ = (unregister(&text, &before, &servers()), others_for_containers(&text, HOST));
        }

        #[test]
        fn what_is_registered_is_json_with_the_same_members(
            helpers in proptest::collection::btree_map("[a-z.:]{1,6}", "[a-z\\\\\"{},]{0,5}", 0..4),
            more in proptest::collection::btree_map("[m-z]{1,4}", proptest::prelude::any::<i32>(), 0..4),
            pretty: bool,
        ) {
            let mut value = serde_json::json!(more);
            if !helpers.is_empty() {
                value["credHelpers"] = serde_json::json!(helpers);
            }
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let registered = register(&text, &servers()).unwrap().unwrap().text;
            let mut expected = value.clone();
            expected["credHelpers"][HOST] = HELPER.into();
            proptest::prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&registered).unwrap(), expected);
            let undone = unregister(&registered, &text, &servers()).unwrap().unwrap();
            proptest::prop_assert_eq!(undone, text);
        }
    }
}
