use proptest::prelude::*;

use super::*;

fn settings(pairs: &[(&'static str, &str)]) -> Vec<Setting> {
    pairs.iter().map(|(key, value)| (*key, Value::new(key, *value).unwrap())).collect()
}

fn keys() -> Vec<Setting> {
    settings(&[("aws_access_key_id", "ASIANEW"), ("aws_secret_access_key", "new/secret")])
}

/// For the profile `ci`.
fn wanted(settings: &[Setting], overwrite: bool) -> Wanted<'_> {
    Wanted { profile: "ci", settings, overwrite, run: "r1", ..Wanted::default() }
}

fn set(text: &[u8], kind: Kind, wanted: &Wanted<'_>) -> Result<Option<Vec<u8>>, Refused> {
    super::set(text, kind, wanted).map(|changed| changed.map(|changed| changed.text))
}

fn set_text(text: &str, kind: Kind, overwrite: bool) -> Result<Option<String>, Refused> {
    let set = set(text.as_bytes(), kind, &wanted(&keys(), overwrite));
    set.map(|bytes| bytes.map(|bytes| String::from_utf8(bytes).unwrap()))
}

/// Sets the settings and removes them again.
fn there_and_back(text: &[u8], kind: Kind, wanted: &Wanted<'_>) -> Vec<u8> {
    let set = super::set(text, kind, wanted).unwrap().unwrap();
    unset(&set.text, kind, wanted.profile, &set.marks).unwrap().unwrap().text
}

/// The comment over these settings.
fn mark(scope: Scope, settings: &[Setting]) -> String {
    mark::line("r1", scope, settings.iter().map(|(key, value)| (*key, value.text())))
}

/// Our keys, in a section of this kind.
fn ours(scope: Scope) -> String {
    let lines: String = keys().iter().map(|(key, value)| value.line(key) + "\n").collect();
    format!("{}\n{lines}", mark(scope, &keys()))
}

#[test]
fn a_new_profile_goes_to_the_end() {
    let ours = ours(Scope::Section);
    let added = |text| set_text(text, Kind::Credentials, false).unwrap().unwrap();
    assert_eq!(added(""), format!("[ci]\n{ours}"));
    assert_eq!(added("[a]\nx = 1\n"), format!("[a]\nx = 1\n\n[ci]\n{ours}"));
    assert_eq!(added("[a]\nx = 1"), format!("[a]\nx = 1\n\n[ci]\n{ours}"), "a last line without its end");
    assert!(set_text("", Kind::Config, false).unwrap().unwrap().starts_with("[profile ci]\n"));
}

#[test]
fn line_ends_are_those_of_the_file() {
    let added = set_text("[a]\r\nx = 1\r\n", Kind::Credentials, false).unwrap().unwrap();
    assert_eq!(added.matches('\n').count(), added.matches("\r\n").count());
    let added = set_text("[ci]\r", Kind::Credentials, false).unwrap().unwrap();
    assert!(
        added.starts_with("[ci]\r\n# ") && added.matches('\n').count() == added.matches("\r\n").count(),
        "{added:?}"
    );
    assert_eq!(set_text(&added, Kind::Credentials, false), Ok(None));
    let added = set_text("# cut\r", Kind::Credentials, false).unwrap().unwrap();
    assert_eq!(set_text(&added, Kind::Credentials, false).unwrap(), None, "nothing to change");
}

#[test]
fn our_own_profile_is_replaced_and_what_others_added_to_it_stays() {
    let old = settings(&[("aws_access_key_id", "ASIAOLD"), ("aws_secret_access_key", "old")]);
    let first = set(b"", Kind::Credentials, &Wanted { run: "r0", ..wanted(&old, false) }).unwrap().unwrap();
    let before = format!("{}output = json\n; a note\n[b]\nx = 1\n", String::from_utf8(first).unwrap());
    let after = set_text(&before, Kind::Credentials, false).unwrap().unwrap();
    assert_eq!(after, format!("[ci]\n{}output = json\n; a note\n[b]\nx = 1\n", ours(Scope::Section)));
    assert_eq!(set_text(&after, Kind::Credentials, false).unwrap(), None, "nothing to change");
    let edited = before.replace("ASIAOLD", "AKIA");
    let refused = set_text(&edited, Kind::Credentials, false).unwrap_err();
    assert_eq!(refused, Refused::Foreign { keys: vec!["aws_access_key_id".into()] }, "its owner has changed it");
}

#[test]
fn anothers_profile_is_left_alone_unless_that_is_asked_for() {
    let ours = ours(Scope::Settings);
    let before = "[ci]\naws_access_key_id = AKIA\n  \n# mine\ns3 =\n  max = 1\nRole_Arn=x\n";
    let refused = set_text(before, Kind::Credentials, false).unwrap_err();
    assert_eq!(refused, Refused::Foreign { keys: vec!["aws_access_key_id".into(), "role_arn".into()] });
    let taken = set_text(before, Kind::Credentials, true).unwrap().unwrap();
    assert_eq!(taken, format!("[ci]\n{ours}  \n# mine\ns3 =\n  max = 1\n"));
}

/// At the left margin, our lines would become a part of the user's value.
#[test]
fn options_that_are_set_in_stay_options() {
    let before = "[ci]\n\toutput = json\n\t\tx\n\tregion = y\n";
    let after = set_text(before, Kind::Credentials, false).unwrap().unwrap();
    let ours = ours(Scope::Settings).lines().fold(String::new(), |text, line| text + "\t" + line + "\n");
    assert_eq!(after, format!("[ci]\n{ours}\toutput = json\n\t\tx\n\tregion = y\n"));
    assert_eq!(set_text(&after, Kind::Credentials, false).unwrap(), None, "nothing to change");
    assert_eq!(there_and_back(before.as_bytes(), Kind::Credentials, &wanted(&keys(), false)), before.as_bytes());
    let header = "[ci]\n# nothing yet\n [other]\nx = 1\n";
    let after = set_text(header, Kind::Credentials, false).unwrap().unwrap();
    assert!(Text::parse(after.as_bytes()).unwrap().sections.iter().any(|section| section.name == "other"), "{after}");
}

#[test]
fn a_vertical_tab_sets_in() {
    let before = "[ci]\n\u{b}output = json\n";
    let after = set_text(before, Kind::Credentials, false).unwrap().unwrap();
    assert_eq!(set_text(&after, Kind::Credentials, false).unwrap(), None, "it is ours: {after:?}");
}

#[test]
fn a_comment_within_a_value_that_goes_stays() {
    let ours = ours(Scope::Settings);
    let before = "[ci]\naws_access_key_id = old\n  # why\n  more\noutput = json\n";
    let after = set_text(before, Kind::Credentials, true).unwrap().unwrap();
    assert_eq!(after, format!("[ci]\n{ours}  # why\noutput = json\n"));
}

#[test]
fn a_profile_without_credentials_is_added_to() {
    let before = "[profile ci]\noutput = json\n";
    let after = set_text(before, Kind::Config, false).unwrap().unwrap();
    assert_eq!(after, format!("[profile ci]\n{}output = json\n", ours(Scope::Settings)));
    assert_eq!(there_and_back(before.as_bytes(), Kind::Config, &wanted(&keys(), false)), before.as_bytes());
}

#[test]
fn another_value_for_a_setting_of_ours_is_anothers() {
    let before = b"[profile ci]\nregion = us-east-1\n";
    let with = |region: &str| set(before, Kind::Config, &wanted(&settings(&[("region", region)]), false));
    assert!(matches!(with("eu-west-1"), Err(Refused::Foreign { .. })));
    assert!(with("us-east-1").is_ok());
}

#[test]
fn a_profile_that_no_longer_holds_keys_loses_them() {
    let ours = ours(Scope::Section);
    let before = format!("[a]\nx = 1\n\n[ci]\n{ours}");
    let after = set(before.as_bytes(), Kind::Credentials, &wanted(&[], false)).unwrap().unwrap();
    assert_eq!(after, b"[a]\nx = 1\n");
    assert_eq!(set(b"[a]\nx = 1\n", Kind::Credentials, &wanted(&[], false)).unwrap(), None);
}

#[test]
fn headers_are_found_as_the_aws_cli_finds_them() {
    for header in ["[profile ci]", "[profile  ci]", "[profile\tci] # note", "[profile \"ci\"]", "  [profile 'ci']"] {
        let text = format!("{header}\nrole_arn = x\n");
        assert!(matches!(set_text(&text, Kind::Config, false), Err(Refused::Foreign { .. })), "{header}");
    }
    for header in ["[ci]", "[profileci]", "[profile cii]", "[sso-session ci]"] {
        let text = format!("{header}\nrole_arn = x\n");
        assert!(set_text(&text, Kind::Config, false).unwrap().is_some(), "{header}");
    }
}

#[test]
fn what_the_aws_cli_cannot_read_is_told_with_its_line() {
    for (text, line, why) in [
        ("x = 1\n", 1, "a setting is before the first section"),
        ("[a]\n\n[b\n", 3, "a section's name has no `]` after it"),
        ("[a]\nnonsense\n", 2, "no `=` in it"),
        ("[ci]\na=1\n[ci]\n", 3, "the section [ci] is there twice"),
        ("[a]\n[b]\n[a]\n", 3, "the section [a] is there twice"),
        ("[a]\nx=1\ny=2\nX: 3\n", 4, "`x` is there twice in the section [a]"),
        ("[DEFAULT]\nx=1\n[DEFAULT]\nx=2\n", 4, "`x` is there twice in the section [DEFAULT]"),
        ("[a]\n= 1\n", 2, "no name before the `=`"),
        ("[a]\ns3 =\n  max = 1\n\n  # x\n  min\n", 6, "no `=` in it, below a key without a value"),
        ("[a]\nx=1\r[a]\r", 3, "the section [a] is there twice"),
        ("\u{feff}[a]\n", 1, "it begins with a byte order mark"),
        ("[]\n", 1, "a section's name has no `]` after it"),
        ("[a=b\n", 1, "a setting is before the first section"),
    ] {
        let expected = Refused::Malformed(Malformed { line, why: why.into() });
        assert_eq!(set_text(text, Kind::Credentials, true), Err(expected), "{text}");
    }
    let invalid = set(b"[a]\nx = 1\ny = \xff\n", Kind::Config, &wanted(&keys(), true));
    assert_eq!(invalid, Err(Refused::Malformed(Malformed { line: 3, why: "it is not UTF-8 text".into() })));
}

/// Tools differ in the spelling that they accept: each spelling gets the same settings.
#[test]
fn every_spelling_of_a_profile_gets_the_same() {
    let ours = ours(Scope::Settings);
    let before = "[default]\nregion = us-east-1\n\n[other]\nx = 1\n[profile default]\noutput = json\n";
    let keys = keys();
    let wanted = Wanted { profile: "default", ..wanted(&keys, false) };
    let after = set(before.as_bytes(), Kind::Config, &wanted).unwrap().unwrap();
    let expected =
        format!("[default]\n{ours}region = us-east-1\n\n[other]\nx = 1\n[profile default]\n{ours}output = json\n");
    assert_eq!(String::from_utf8(after.clone()).unwrap(), expected);
    assert_eq!(set(&after, Kind::Config, &wanted).unwrap(), None, "nothing to change");
    assert_eq!(there_and_back(before.as_bytes(), Kind::Config, &wanted), before.as_bytes());
    let one_is_anothers = "[default]\nx = 1\n[profile default]\nrole_arn = x\n";
    let refused = set(one_is_anothers.as_bytes(), Kind::Config, &wanted).unwrap_err();
    assert_eq!(refused, Refused::Foreign { keys: vec!["role_arn".into()] });
    let quoted = "[profile ci]\n[profile \"ci\"]\nrole_arn = x\ns3 =\n  a = b\n";
    let taken = set_text(quoted, Kind::Config, true).unwrap().unwrap();
    assert_eq!(taken, format!("[profile ci]\n{ours}[profile \"ci\"]\n{ours}s3 =\n  a = b\n"));
}

#[test]
fn a_header_that_some_tools_do_not_find_is_told() {
    let odd = |text: &str, kind, profile| odd_header(text.as_bytes(), kind, profile);
    assert_eq!(odd("[profile \"ci\"]\n", Kind::Config, "ci").as_deref(), Some("profile \"ci\""));
    assert_eq!(odd("[ ci ]\n", Kind::Credentials, "ci").as_deref(), Some(" ci "));
    for (text, kind, profile) in [
        ("[profile ci]\n[profile 'ci']\n", Kind::Config, "ci"),
        ("[profile default]\n", Kind::Config, "default"),
        ("[default]\n", Kind::Config, "default"),
        ("[ci]\n", Kind::Credentials, "ci"),
        ("[other]\n", Kind::Credentials, "ci"),
        ("", Kind::Config, "ci"),
    ] {
        assert_eq!(odd(text, kind, profile), None, "{text}");
    }
}

/// The region in the credentials file overrides the one in the configuration file.
#[test]
fn a_setting_that_beats_ours_in_the_other_file_is_in_the_way() {
    let ours = ours(Scope::Settings);
    let before = b"[ci]\nregion = us-west-2\noutput = json\n";
    let elsewhere = settings(&[("region", "eu-west-1")]);
    let with = |overwrite, elsewhere| {
        let settings = keys();
        set(before, Kind::Credentials, &Wanted { elsewhere, ..wanted(&settings, overwrite) })
    };
    assert_eq!(with(false, &elsewhere), Err(Refused::Foreign { keys: vec!["region".into()] }));
    let taken = String::from_utf8(with(true, &elsewhere).unwrap().unwrap()).unwrap();
    assert_eq!(taken, format!("[ci]\n{ours}output = json\n"));
    let same = settings(&[("region", "us-west-2")]);
    let kept = String::from_utf8(with(false, &same).unwrap().unwrap()).unwrap();
    assert_eq!(kept, format!("[ci]\n{ours}region = us-west-2\noutput = json\n"));
    let nothing_of_ours = Wanted { elsewhere: &elsewhere, ..wanted(&[], true) };
    assert_eq!(set(before, Kind::Credentials, &nothing_of_ours).unwrap().unwrap(), b"[ci]\noutput = json\n");
}

/// A setting that the user wrote with the same value is not ours to remove.
#[test]
fn a_setting_that_is_there_already_stays_its_owners() {
    let before = b"[profile ci]\nregion = eu-west-1\n";
    let settings = settings(&[("region", "eu-west-1")]);
    let region = settings;
    assert_eq!(set(before, Kind::Config, &wanted(&region, false)).unwrap(), None);
    let role = self::settings(&[("role_arn", "x")]);
    let both = [&region[..], &role].concat();
    let wanted = wanted(&both, false);
    let after = set(before, Kind::Config, &wanted).unwrap().unwrap();
    let mark = mark(Scope::Settings, &role);
    assert_eq!(after, format!("[profile ci]\n{mark}\nrole_arn = x\nregion = eu-west-1\n").as_bytes());
    assert_eq!(there_and_back(before, Kind::Config, &wanted), before);
    assert_eq!(set(&after, Kind::Config, &wanted).unwrap(), None, "nothing to change");
    let another = super::set(&after, Kind::Config, &Wanted { run: "r2", ..wanted }).unwrap().unwrap();
    assert_eq!(unset(&another.text, Kind::Config, "ci", &another.marks).unwrap().unwrap().text, before);
}

/// The section and the file may be made by different runs.
#[test]
fn a_section_and_a_file_go_with_the_last_run_if_the_first_one_made_them() {
    let keys = keys();
    for (before, new_file, section_goes) in [("", true, true), ("", false, true), ("[ci]\n", false, false)] {
        let run =
            |text: &[u8], run| super::set(text, Kind::Credentials, &Wanted { run, new_file, ..wanted(&keys, false) });
        let first = run(before.as_bytes(), "r1").unwrap().unwrap();
        let second = Wanted { run: "r2", ..wanted(&keys, false) };
        let second = super::set(&first.text, Kind::Credentials, &second).unwrap().unwrap();
        assert_eq!(unset(&second.text, Kind::Credentials, "ci", &first.marks).unwrap(), None, "it is the second run's");
        let restored = unset(&second.text, Kind::Credentials, "ci", &second.marks).unwrap().unwrap();
        let text = if section_goes { "" } else { "[ci]\n" };
        assert_eq!(restored, Restored { text: text.into(), ours: new_file });
    }
}

/// Somebody else may have changed the comment: then nothing is ours.
#[test]
fn a_comment_that_is_not_as_we_write_it_is_nobodys() {
    let text = String::from_utf8(set(b"", Kind::Credentials, &wanted(&keys(), false)).unwrap().unwrap()).unwrap();
    for (from, to) in [
        (": r1", ": r2"),
        (": r1 section", ":"),
        ("section", "all"),
        ("section", "section x"),
        ("aws_access_key_id=", "aws_access_key_id"),
        ("aws_access_key_id=", "role_arn="),
        ("# written", "; written"),
        ("removes it", "removes them"),
    ] {
        let edited = text.replacen(from, to, 1);
        assert_ne!(edited, text);
        let refused = set_text(&edited, Kind::Credentials, false).unwrap_err();
        assert!(matches!(refused, Refused::Foreign { keys } if keys.contains(&"aws_access_key_id".into())), "{edited}");
        let mark = mark(Scope::Section, &keys());
        assert_eq!(unset(edited.as_bytes(), Kind::Credentials, "ci", &[mark]).unwrap(), None, "{edited}");
    }
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\[(profile )?[a-z]{1,3}\\]",
        "[a-z_]{1,8} ?[=:] ?[ -~é]{0,12}",
        Just("aws_access_key_id = AKIA".to_owned()),
        Just(String::new()),
        "[#;] ?[ -~]{0,10}",
        "  [a-z]{1,4} = [a-z]{0,4}",
    ]
}

fn file() -> impl Strategy<Value = String> {
    (proptest::collection::vec(line(), 0..12), prop_oneof![Just("\n"), Just("\r\n")], any::<bool>()).prop_map(
        |(lines, end, last)| {
            let mut text = format!("[first]{end}{}", lines.join(end));
            if last {
                text.push_str(end);
            }
            text
        },
    )
}

proptest! {
    #[test]
    fn a_new_profile_changes_no_byte_before_it_and_comes_out_again(text in file()) {
        if let Ok(Some(added)) = super::set(text.as_bytes(), Kind::Credentials, &Wanted { profile: "ours", ..wanted(&keys(), false) }) {
            prop_assert!(added.text.starts_with(text.as_bytes()));
            let removed = unset(&added.text, Kind::Credentials, "ours", &added.marks).unwrap().unwrap().text;
            let ended = if text.ends_with('\n') { text.clone() } else { format!("{text}{}", if text.starts_with("[first]\r\n") { "\r\n" } else { "\n" }) };
            prop_assert_eq!(String::from_utf8(removed).unwrap(), ended);
        }
    }

    #[test]
    fn a_profile_comes_out_from_between_others(text in file()) {
        let text = format!("{text}\n[x]\n");
        if let Ok(Some(added)) = super::set(text.as_bytes(), Kind::Credentials, &Wanted { profile: "ours", ..wanted(&keys(), false) }) {
            let next = "\n[next]\ny = 1\n";
            let text_after = [&added.text, next.as_bytes()].concat();
            let removed = unset(&text_after, Kind::Credentials, "ours", &added.marks).unwrap().unwrap().text;
            prop_assert_eq!(String::from_utf8(removed).unwrap(), format!("{text}{next}"));
        }
    }

    #[test]
    fn taking_a_profile_over_keeps_every_other_line_in_its_place(text in file()) {
        let text = format!("{text}\n[ci]\nrole_arn = x\noutput = json\n\n[last]\ny = 1\n");
        if let Ok(Some(changed)) = set(text.as_bytes(), Kind::Credentials, &wanted(&keys(), true)) {
            let changed = String::from_utf8(changed).unwrap();
            let ours = |line: &&str| !line.starts_with(MARK) && !line.starts_with("aws_") && !line.starts_with("role_arn");
            let rest = |text: &str| text.lines().filter(ours).map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(rest(&changed), rest(&text));
            prop_assert_eq!(set(changed.as_bytes(), Kind::Credentials, &wanted(&keys(), false)).unwrap(), None);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        for kind in [Kind::Credentials, Kind::Config] {
            let _ = set(&text, kind, &wanted(&keys(), true));
            let _ = unset(&text, kind, "ci", &["x".into()]);
        }
    }

    /// Several runs may change a file, and be undone in any order.
    #[test]
    fn what_two_runs_write_comes_out_again(text in file(), same in any::<bool>(), overwrite in any::<bool>(), first in any::<bool>()) {
        let text = format!("{text}\n[ci]\nregion = eu-west-1\n");
        let one = settings(&[("region", "eu-west-1"), ("output", "json")]);
        let two = if same { one.clone() } else { keys() };
        let run = |text: &[u8], settings: &[Setting], run| {
            super::set(text, Kind::Credentials, &Wanted { run, ..wanted(settings, overwrite) }).ok().flatten()
        };
        let Some(after) = run(text.as_bytes(), &one, "r1") else { return Ok(()) };
        let (text_after, second) = match run(&after.text, &two, "r2") {
            Some(second) => (second.text, second.marks),
            None => (after.text.clone(), Vec::new()),
        };
        let order = if first { [&after.marks, &second] } else { [&second, &after.marks] };
        let undone = order.iter().fold(text_after, |text, marks| {
            unset(&text, Kind::Credentials, "ci", marks).unwrap().map_or(text, |restored| restored.text)
        });
        prop_assert_eq!(String::from_utf8(undone).unwrap(), text);
    }
}
