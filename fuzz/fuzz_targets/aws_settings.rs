//! The shared files of the AWS SDKs, as far as they name an endpoint.
#![no_main]

use oidc_exchange::aws::shared_files::Texts;
use oidc_exchange_fuzz::sdk_settings;

// The configuration file, and after a NUL the credentials file.
libfuzzer_sys::fuzz_target!(|text: &str| {
    let (config, credentials) = text.split_once('\0').unwrap_or((text, ""));
    let texts = Texts { config: config.to_owned(), credentials: credentials.to_owned() };
    let settings = sdk_settings(texts);
    for service in ["STS", "ECR", "ECR_PUBLIC"] {
        assert_ne!(settings.endpoint_url(service), Some(String::new()));
    }
});
