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
    Wanted { profile: "ci", settings, elsewhere: &[], overwrite }
}

fn set_text(text: &str, kind: Kind, overwrite: bool) -> Result<Option<String>, Refused> {
    let set = set(text.as_bytes(), kind, &wanted(&keys(), overwrite));
    set.map(|bytes| bytes.map(|bytes| String::from_utf8(bytes).unwrap()))
}

const OURS: &str = "# written by oidc-exchange, which replaces and removes it\naws_access_key_id = ASIANEW\naws_secret_access_key = new/secret\n";

#[test]
fn a_new_profile_goes_to_the_end() {
    let added = |text| set_text(text, Kind::Credentials, false).unwrap().unwrap();
    assert_eq!(added(""), format!("[ci]\n{OURS}"));
    assert_eq!(added("[a]\nx = 1\n"), format!("[a]\nx = 1\n\n[ci]\n{OURS}"));
    assert_eq!(added("[a]\nx = 1"), format!("[a]\nx = 1\n\n[ci]\n{OURS}"), "a last line without its end");
    assert!(set_text("", Kind::Config, false).unwrap().unwrap().starts_with("[profile ci]\n"));
}

#[test]
fn line_ends_are_those_of_the_file() {
    let added = set_text("[a]\r\nx = 1\r\n", Kind::Credentials, false).unwrap().unwrap();
    assert_eq!(added.matches('\n').count(), added.matches("\r\n").count());
    let added = set_text("# cut\r", Kind::Credentials, false).unwrap().unwrap();
    assert_eq!(set_text(&added, Kind::Credentials, false).unwrap(), None, "nothing to change");
}

#[test]
fn our_own_profile_is_replaced_and_what_others_added_to_it_stays() {
    let before = format!("[ci]\n{OURS}output = json\n; a note\n[b]\nx = 1\n").replace("ASIANEW", "ASIAOLD");
    let after = set_text(&before, Kind::Credentials, false).unwrap().unwrap();
    assert_eq!(after, format!("[ci]\n{OURS}output = json\n; a note\n[b]\nx = 1\n"));
    assert_eq!(set_text(&after, Kind::Credentials, false).unwrap(), None, "nothing to change");
}

#[test]
fn anothers_profile_is_left_alone_unless_that_is_asked_for() {
    let before = "[ci]\naws_access_key_id = AKIA\n  \n# mine\ns3 =\n  max = 1\nRole_Arn=x\n";
    let refused = set_text(before, Kind::Credentials, false).unwrap_err();
    assert_eq!(refused, Refused::Foreign { keys: vec!["aws_access_key_id".into(), "role_arn".into()] });
    let taken = set_text(before, Kind::Credentials, true).unwrap().unwrap();
    assert_eq!(taken, format!("[ci]\n{OURS}  \n# mine\ns3 =\n  max = 1\n"));
}

/// At the left margin, ours would have theirs for the rest of its value.
#[test]
fn options_that_are_set_in_stay_options() {
    let before = "[ci]\n\toutput = json\n\t\tx\n\tregion = y\n";
    let after = set_text(before, Kind::Credentials, false).unwrap().unwrap();
    let ours = OURS.lines().fold(String::new(), |text, line| text + "\t" + line + "\n");
    assert_eq!(after, format!("[ci]\n{ours}\toutput = json\n\t\tx\n\tregion = y\n"));
    assert_eq!(set_text(&after, Kind::Credentials, false).unwrap(), None, "nothing to change");
    let keys = keys().into_iter().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
    assert_eq!(unset(after.as_bytes(), Kind::Credentials, "ci", &keys).unwrap().unwrap(), before.as_bytes());
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
    let before = "[ci]\naws_access_key_id = old\n  # why\n  more\noutput = json\n";
    let after = set_text(before, Kind::Credentials, true).unwrap().unwrap();
    assert_eq!(after, format!("[ci]\n{OURS}  # why\noutput = json\n"));
}

#[test]
fn a_profile_without_credentials_is_added_to() {
    let before = "[profile ci]\noutput = json\n";
    let after = set_text(before, Kind::Config, false).unwrap().unwrap();
    assert_eq!(after, format!("[profile ci]\n{OURS}output = json\n"));
    let gone =
        unset(after.as_bytes(), Kind::Config, "ci", &["aws_access_key_id".into(), "aws_secret_access_key".into()]);
    assert_eq!(gone.unwrap().unwrap(), before.as_bytes());
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
    let before = format!("[a]\nx = 1\n\n[ci]\n{OURS}");
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
        ("x = 1\n", 1, "a setting stands before any section"),
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
        ("[a=b\n", 1, "a setting stands before any section"),
    ] {
        let expected = Refused::Malformed(Malformed { line, why: why.into() });
        assert_eq!(set_text(text, Kind::Credentials, true), Err(expected), "{text}");
    }
    let invalid = set(b"[a]\nx = 1\ny = \xff\n", Kind::Config, &wanted(&keys(), true));
    assert_eq!(invalid, Err(Refused::Malformed(Malformed { line: 3, why: "it is not UTF-8 text".into() })));
}

/// Tools differ in which one they read: each gets the same.
#[test]
fn every_spelling_of_a_profile_gets_the_same() {
    let before = "[default]\nregion = us-east-1\n\n[other]\nx = 1\n[profile default]\noutput = json\n";
    let wanted = Wanted { profile: "default", settings: &keys(), elsewhere: &[], overwrite: false };
    let after = set(before.as_bytes(), Kind::Config, &wanted).unwrap().unwrap();
    let expected =
        format!("[default]\n{OURS}region = us-east-1\n\n[other]\nx = 1\n[profile default]\n{OURS}output = json\n");
    assert_eq!(String::from_utf8(after.clone()).unwrap(), expected);
    assert_eq!(set(&after, Kind::Config, &wanted).unwrap(), None, "nothing to change");
    let names: Vec<String> = keys().iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(unset(&after, Kind::Config, "default", &names).unwrap().unwrap(), before.as_bytes());
    let one_is_anothers = "[default]\nx = 1\n[profile default]\nrole_arn = x\n";
    let refused = set(one_is_anothers.as_bytes(), Kind::Config, &wanted).unwrap_err();
    assert_eq!(refused, Refused::Foreign { keys: vec!["role_arn".into()] });
    let quoted = "[profile ci]\n[profile \"ci\"]\nrole_arn = x\ns3 =\n  a = b\n";
    let taken = set_text(quoted, Kind::Config, true).unwrap().unwrap();
    assert_eq!(taken, format!("[profile ci]\n{OURS}[profile \"ci\"]\n{OURS}s3 =\n  a = b\n"));
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

/// The credentials file's region beats the configuration's.
#[test]
fn a_setting_that_beats_ours_in_the_other_file_is_in_the_way() {
    let before = b"[ci]\nregion = us-west-2\noutput = json\n";
    let elsewhere = settings(&[("region", "eu-west-1")]);
    let with = |overwrite, elsewhere| {
        let settings = keys();
        set(before, Kind::Credentials, &Wanted { profile: "ci", settings: &settings, elsewhere, overwrite })
    };
    assert_eq!(with(false, &elsewhere), Err(Refused::Foreign { keys: vec!["region".into()] }));
    let taken = String::from_utf8(with(true, &elsewhere).unwrap().unwrap()).unwrap();
    assert_eq!(taken, format!("[ci]\n{OURS}output = json\n"));
    let same = settings(&[("region", "us-west-2")]);
    let kept = String::from_utf8(with(false, &same).unwrap().unwrap()).unwrap();
    assert_eq!(kept, format!("[ci]\n{OURS}region = us-west-2\noutput = json\n"));
    let nothing_of_ours = Wanted { profile: "ci", settings: &[], elsewhere: &elsewhere, overwrite: true };
    assert_eq!(set(before, Kind::Credentials, &nothing_of_ours).unwrap().unwrap(), b"[ci]\noutput = json\n");
}

/// A setting that its owner has put there, with the very value: it is not ours to take out again.
#[test]
fn a_setting_that_is_there_already_stays_its_owners() {
    let before = b"[profile ci]\nregion = eu-west-1\n";
    let settings = settings(&[("region", "eu-west-1")]);
    let wanted = Wanted { profile: "ci", settings: &settings, elsewhere: &[], overwrite: false };
    assert_eq!(set(before, Kind::Config, &wanted).unwrap(), None);
    assert_eq!(written(before, Kind::Config, &wanted).unwrap(), Vec::<String>::new());
    let both = [&settings[..], &self::settings(&[("role_arn", "x")])].concat();
    let wanted = Wanted { settings: &both, ..wanted };
    let after = set(before, Kind::Config, &wanted).unwrap().unwrap();
    assert_eq!(after, format!("[profile ci]\n{MARK}\nrole_arn = x\nregion = eu-west-1\n").as_bytes());
    let keys = written(before, Kind::Config, &wanted).unwrap();
    assert_eq!(unset(&after, Kind::Config, "ci", &keys).unwrap().unwrap(), before);
    assert_eq!(set(&after, Kind::Config, &wanted).unwrap(), None, "nothing to change");
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
        if let Ok(Some(added)) = set(text.as_bytes(), Kind::Credentials, &Wanted { profile: "ours", ..wanted(&keys(), false) }) {
            prop_assert!(added.starts_with(text.as_bytes()));
            let names: Vec<String> = keys().iter().map(|(key, _)| (*key).to_owned()).collect();
            let removed = unset(&added, Kind::Credentials, "ours", &names).unwrap().unwrap();
            let ended = if text.ends_with('\n') { text.clone() } else { format!("{text}{}", if text.starts_with("[first]\r\n") { "\r\n" } else { "\n" }) };
            prop_assert_eq!(String::from_utf8(removed).unwrap(), ended);
        }
    }

    #[test]
    fn a_profile_comes_out_from_between_others(text in file()) {
        let text = format!("{text}\n[x]\n");
        if let Ok(Some(added)) = set(text.as_bytes(), Kind::Credentials, &Wanted { profile: "ours", ..wanted(&keys(), false) }) {
            let next = "\n[next]\ny = 1\n";
            let names: Vec<String> = keys().iter().map(|(key, _)| (*key).to_owned()).collect();
            let removed = unset(&[&added, next.as_bytes()].concat(), Kind::Credentials, "ours", &names).unwrap().unwrap();
            prop_assert_eq!(String::from_utf8(removed).unwrap(), format!("{text}{next}"));
        }
    }

    #[test]
    fn taking_a_profile_over_keeps_every_other_line_in_its_place(text in file()) {
        let text = format!("{text}\n[ci]\nrole_arn = x\noutput = json\n\n[last]\ny = 1\n");
        if let Ok(Some(changed)) = set(text.as_bytes(), Kind::Credentials, &wanted(&keys(), true)) {
            let changed = String::from_utf8(changed).unwrap();
            let ours = |line: &&str| *line != MARK && !line.starts_with("aws_") && !line.starts_with("role_arn");
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
}
