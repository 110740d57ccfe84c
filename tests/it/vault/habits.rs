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
