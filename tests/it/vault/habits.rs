//! A field, a version or a prefix in another tool's syntax, and a forgotten field.

use super::World;

#[test]
fn a_path_in_other_words_is_told_in_ours() {
    let world = World::new();
    let hint = |selection: &str| {
        let output = world.vault(&[selection]).run();
        output.exits(4);
        let report = output.stderr().replace(&world.id, "ID");
        let hint = report.lines().find_map(|line| line.split_once("the field like this: "));
        hint.unwrap_or_else(|| panic!("{selection}: {report}")).1.to_owned()
    };
    for selection in ["A=ID/kv2/ci/db:password", "A=ID/kv2/ci/db.password", "A=ID/kv2/ci/db password"] {
        assert_eq!(hint(selection), "NAME=ID/kv2/data/ci/db#password", "{selection}");
    }
    for selection in ["A=db:password", "A=db.password", "A=db password", "A=vault:db:password"] {
        assert_eq!(hint(selection), "NAME=MOUNT/db#password", "{selection}");
    }
    assert_eq!(hint("A=db@2"), "NAME=MOUNT/db?version=2#field");
    assert_eq!(hint("A=vault:db"), "NAME=MOUNT/db#field");
    assert_eq!(hint("A=kv1:ID/kv1/ci/db:password"), "NAME=ID/kv1/ci/db#password");
    assert_eq!(hint("A=ID/kv2/ci/db@2"), "NAME=ID/kv2/data/ci/db?version=2#field");
    assert_eq!(hint("A=vault:ID/kv2/ci/db"), "NAME=ID/kv2/ci/db#field");
    assert_eq!(hint("A=vault:ID/kv2/ci/db:password"), "NAME=ID/kv2/ci/db#password");
    for (selection, written) in [
        ("A= ID/kv2/ci/db", "ID/kv2/ci/db"),
        ("A=ID/kv2/ci/db ", "ID/kv2/data/ci/db"),
        ("A=v1/ID/kv2/data/ci/db", "ID/kv2/data/ci/db"),
        ("A=KV2:ID/kv2/ci/db", "kv2:ID/kv2/ci/db"),
        ("A=get:ID/kv2/ci/db", "ID/kv2/ci/db"),
        ("A=PUT:ID/pki/issue/web", "POST:ID/pki/issue/web"),
    ] {
        assert_eq!(hint(selection), format!("NAME={written}#field"), "{selection}");
    }
    for variable in ["A=ID/kv2/ci/$ENV", "A=$MOUNT/ci/db", "A=ID/kv2/ci/{{env}}"] {
        let output = world.vault(&[variable]).run();
        let report = output.exits(4).stderr();
        assert!(report.contains("hint: nothing here replaces a variable in a path: "), "{report}");
    }
    let address = world.vault(&["A=vault://ID/kv2/ci/db#password"]).run();
    assert!(
        address
            .exits(2)
            .stderr()
            .ends_with("hint: write only the path: ID/kv2/ci/db\n".replace("ID", &world.id).as_str())
    );
    let other = world.vault(&["A=ID/kv2/ci/absent"]).run();
    assert!(other.exits(4).stderr().contains("check the exact path"), "{}", other.describe());
}

#[test]
fn a_forgotten_field_is_told() {
    let world = World::new();
    let note = |arguments: &[&str]| world.vault(arguments).run().exits(0).stderr().replace(&world.id, "ID");
    assert_eq!(
        note(&["A=ID/kv1/ci/db", "--format", "json"]),
        "warning: A is the whole secret as JSON; A=ID/kv1/ci/db#FIELD is one field of it (data, password, user)\n"
    );
    for quiet in [
        &["A=ID/kv1/ci/db", "--format", "raw"][..],
        &["A=ID/kv1/ci/db", "--quiet"],
        &["A=ID/kv1/ci/db?file"],
        &["A=ID/kv1/ci/db#password"],
        &["A_=ID/kv1/ci/db#*"],
    ] {
        assert_eq!(note(quiet), "", "{quiet:?}");
    }
}

#[test]
fn a_field_in_other_words_is_told_in_ours() {
    let world = World::new();
    for (field, title, hint) in [
        ("password?base64", "password?base64", "write the options before the field: NAME=ID/kv2/data/ci/db?…#password"),
        (
            "password?file&default=a-default-of-mine",
            "password?file&default=…",
            "write the options before the field: NAME=ID/kv2/data/ci/db?…#password",
        ),
        ("password;", "password;", "remove `;` after the field: NAME=ID/kv2/data/ci/db#password"),
        ("password\",", "password\",", "remove `\",` after the field: NAME=ID/kv2/data/ci/db#password"),
        (" password", " password", "remove the spaces around the field: NAME=ID/kv2/data/ci/db#password"),
        ("tls.key", "tls.key", "for a value inside a field, write a JSON pointer: NAME=ID/kv2/data/ci/db#/tls/key"),
    ] {
        let output = world.vault(&[&format!("A=ID/kv2/ci/db#{field}")]).run();
        let report = output.exits(4).stderr().replace(&world.id, "ID");
        let (first, last) = (report.lines().next().unwrap_or_default(), report.lines().last().unwrap_or_default());
        assert_eq!(first, format!("error: the secret at ID/kv2/data/ci/db has no field `{title}`"));
        assert_eq!(last, format!("hint: {hint}"));
        assert!(!report.contains("a-default-of-mine"), "{report}");
    }
}

#[test]
fn a_path_without_a_secrets_engine_is_told() {
    let world = World::new();
    for (path, hint) in [
        ("auth/token/lookup-self", "auth methods have no secrets engine: write NAME=kv1:auth/token/lookup-self#field"),
        ("sys", "name a secret below this mount: NAME=sys/SECRET#field"),
    ] {
        let output = world.vault(&[&format!("A={path}#id")]).run();
        let report = output.exits(4).stderr();
        assert_eq!(report.lines().last(), Some(format!("hint: {hint}").as_str()), "{report}");
    }
    world.vault(&["A=kv1:auth/token/lookup-self#path", "--format", "raw"]).run().exits(0);
}
