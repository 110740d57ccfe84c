//! A command line and an environment, a word or `$NAME=VALUE` a line: the plan or its refusal, and the output of a failure.
#![no_main]

use std::ffi::OsString;

use oidc_exchange::plan::fail_closed::FailureOutput;
use oidc_exchange_fuzz::{check_error, plan};

/// Not for a fuzzer to read: devices, and what the file system has of processes.
const SPECIAL: [&str; 3] = ["/dev", "/proc", "/sys"];

libfuzzer_sys::fuzz_target!(|text: &str| {
    if SPECIAL.iter().any(|place| text.contains(place)) || text.contains('\0') {
        return;
    }
    let (variables, words): (Vec<&str>, Vec<&str>) = text.split('\n').partition(|line| line.starts_with('$'));
    let arguments: Vec<OsString> = ["oidc-exchange"].iter().chain(&words).map(OsString::from).collect();
    let failure = FailureOutput::for_arguments(&arguments);
    for code in [2, 4] {
        let text = failure.text(code);
        assert!(!text.contains(['*', '?', '[', ']', '{', '}', '^', '\\', '~']), "a shell expands it: {text}");
        assert!(text.is_ascii() && !text.contains(|c: char| c.is_ascii_control() && c != '\n'), "{text:?}");
    }
    let variables: Vec<_> = variables.iter().filter_map(|line| line[1..].split_once('=')).collect();
    if !words.iter().any(|word| *word == "-" || word.ends_with("=-"))
        && let Err(error) = plan(&arguments, &variables)
    {
        check_error(&error);
    }
});
