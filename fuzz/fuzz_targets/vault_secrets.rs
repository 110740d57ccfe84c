//! The secrets that a command line or a file names, in both grammars.
#![no_main]

use oidc_exchange::cloud::Arguments;
use oidc_exchange::vault::{ABOUT, secrets_file};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let lines = secrets_file::lines(text);
    let by_line = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let has_no_path = by_line.clone().any(|line| !line.contains('/'));
    let each: Result<Vec<_>, _> = by_line.map(secrets_file::selections).collect();
    match (&lines, each) {
        (Ok(lines), Ok(each)) => assert_eq!(*lines, each.concat(), "a line means what an argument means"),
        (Err(_), Err(_)) => {}
        // A file without a secret is a mistake. So are a line without a path, and a comment at the end of a line.
        (Err(_), Ok(each)) => {
            assert!(has_no_path || each.concat().is_empty() || text.contains(" #") || text.contains("\t#"));
        }
        (Ok(_), Err(error)) => panic!("{error}"),
    }
    let mut arguments = Arguments::default();
    arguments.add_word(text);
    let _ = (ABOUT.credential_variables)(&arguments, text);
});
