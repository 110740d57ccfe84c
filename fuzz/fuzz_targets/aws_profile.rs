//! The shared files of the AWS CLI: a profile set and taken out again, and what is not ours kept.
#![no_main]

use oidc_exchange::aws::profile::ini::{Changed, Kind, MARK, Wanted, set, unset};
use oidc_exchange::emit::ini::Value;

/// What nobody but its owner may change: comments, and other profiles' headers. (What is set in may be a value's.)
fn others(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let is_comment = |line: &str| line.trim().starts_with(['#', ';']) && !line.trim().starts_with(MARK);
    let is_header = |line: &str| line.starts_with('[') && !line.contains("ci");
    text.split(['\n', '\r'])
        .filter(|line| is_comment(line) || is_header(line))
        .map(|line| line.trim().to_owned())
        .collect()
}

fn show(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let settings = [("aws_access_key_id", "AKIA"), ("role_arn", "arn:aws:iam::1:role/x")];
    let settings = settings.map(|(key, value)| (key, Value::new(key, value).unwrap()));
    for kind in [Kind::Credentials, Kind::Config] {
        let wanted =
            |overwrite| Wanted { profile: "ci", settings: &settings, overwrite, run: "r1", ..Wanted::default() };
        let Ok(Some(Changed { text: with, marks })) = set(text, kind, &wanted(true)) else { continue };
        let again = set(&with, kind, &wanted(false));
        assert_eq!(
            again,
            Ok(None),
            "twice is once: {:?}, then {:?}",
            show(&with),
            again.as_ref().map(|changed| changed.as_ref().map(|changed| show(&changed.text)))
        );
        assert_eq!(others(&with), others(text));
        let Ok(Some(without)) = unset(&with, kind, "ci", &marks) else { panic!("it is ours") };
        let without = without.text;
        assert_eq!(others(&without), others(text));
        assert_eq!(unset(&without, kind, "ci", &marks), Ok(None), "nothing of it is left");
        let was_there = text.split(|byte| *byte == b'\n').any(|line| line.contains(&b'['));
        if !was_there {
            assert!(without.starts_with(text.trim_ascii_end()), "what was there is there to the byte");
        }
    }
});
