//! What a Kubernetes client writes into `KUBERNETES_EXEC_INFO`.
#![no_main]

use oidc_exchange::cloud::ExecVersion;
use oidc_exchange::text::printable;
use oidc_exchange_fuzz::host;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match ExecVersion::asked(&host(&[("KUBERNETES_EXEC_INFO", text)]).env) {
        Ok(version) => {
            assert!(text.is_empty() || text.contains("ExecCredential") || text.contains('\\'), "{version:?}")
        }
        Err(error) => assert!(printable(&error.to_string()).len() < 1000),
    }
});
