//! The endpoint settings that the AWS CLI and every SDK read from the environment and the shared files. The SDK's own
//! parser reads them, in the SDK's order (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html>).
//!
//! `ConfigLoader::load` of `aws-config` reads these and many others that no exchange uses. It would also link the
//! clients of the instance and container metadata services, and the C library's resolver.

use aws_config::profile::{self, ProfileSet};
use aws_runtime::env_config::EnvConfigValue;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};

use super::shared_files;

/// The environment, and the shared files if they can be parsed.
#[derive(Debug)]
pub struct SdkSettings {
    env: Env,
    profiles: Option<ProfileSet>,
}

impl SdkSettings {
    /// Parses the texts of the shared files. A file with an error counts as missing, as in the SDK.
    pub async fn read(files: shared_files::Texts) -> Self {
        let files = EnvConfigFiles::builder()
            .with_contents(EnvConfigFileKind::Config, files.config)
            .with_contents(EnvConfigFileKind::Credentials, files.credentials)
            .build();
        let env = Env::real();
        let profiles = profile::load(&Fs::real(), &env, &files, None).await.ok();
        Self { env, profiles }
    }

    /// Whether the endpoints with FIPS 140 cryptography are requested.
    pub(super) fn use_fips(&self) -> Option<bool> {
        self.flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")
    }

    /// Whether the dual-stack endpoints (IPv6) are requested.
    pub(super) fn use_dual_stack(&self) -> Option<bool> {
        self.flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
    }

    /// The endpoint of the service with this id (`STS`, `ECR`), if one is set for it or for all services. It is a URL
    /// in its original form (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
    #[must_use]
    pub fn endpoint_url(&self, service_id: &str) -> Option<String> {
        if self.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") == Some(true) {
            return None;
        }
        let setting = || EnvConfigValue::new().env("AWS_ENDPOINT_URL").profile("endpoint_url");
        // An empty value counts as unset, as in the AWS CLI. Then the endpoint for all services applies.
        let settings = [setting().service_id(service_id), setting()].into_iter();
        settings
            .filter_map(|setting| setting.load(&self.env, self.profiles.as_ref()).map(|(url, _)| url.into_owned()))
            .find(|url| !url.is_empty())
    }

    /// The SDK ignores a value that is neither true nor false.
    fn flag(&self, variable: &str, key: &str) -> Option<bool> {
        let setting = EnvConfigValue::new().env(variable).profile(key);
        let (value, _) = setting.load(&self.env, self.profiles.as_ref())?;
        value.to_ascii_lowercase().parse().ok()
    }
}
