//! A targets file: it is read or refused, and what is read has names and keys that the file may have.
#![no_main]

use oidc_exchange::plan::targets::TargetsFile;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match TargetsFile::parse("x", text) {
        Ok(file) => {
            assert!((1..=100).contains(&file.targets.len()));
            for target in &file.targets {
                assert!(
                    target.name.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit())
                );
                assert_eq!(file.target(&target.name).unwrap().name, target.name);
                let _ = target.arguments();
            }
        }
        Err(error) => assert!(error.to_string().starts_with("x:"), "{error}"),
    }
});
