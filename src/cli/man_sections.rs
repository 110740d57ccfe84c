//! The manual's sections on variables and files. Tests compare the variables with those that the program reads.

/// The variables, grouped by purpose, with their descriptions.
pub(super) const ENVIRONMENT: [(&str, &str); 23] = [
    ("SEMAPHORE_OIDC_TOKEN", "the token, unless `--token-env` or `--token-file` names another place"),
    ("OIDC_EXCHANGE_DIR, HOME, SEMAPHORE_JOB_ID", "the private directory: see FILES"),
    ("OIDC_EXCHANGE_TARGETS", "the file of targets for `use`"),
    ("OIDC_EXCHANGE_VAULT_ADDRS", "the addresses of Vaults that the file of targets may have"),
    ("SEMAPHORE", "whether this is a Semaphore job, for the hints of a missing token"),
    ("AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME", "the role and the session's name"),
    ("AWS_REGION, AWS_DEFAULT_REGION", "the region; without it, that of the ARN's partition"),
    (
        "AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT",
        "the endpoint of STS, as AWS SDKs read them",
    ),
    (
        "AWS_ENDPOINT_URL_ECR, AWS_ENDPOINT_URL_ECR_PUBLIC, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "the endpoints of `aws --registry`, and whether these variables are ignored",
    ),
    ("DOCKER_CONFIG, PATH", "Docker's configuration and its credential helper, for `--registry`"),
    (
        "DOCKER_AUTH_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME",
        "other passwords of a registry, which `--registry` warns of",
    ),
    ("KUBERNETES_EXEC_INFO", "what a Kubernetes client asks of `--format kubernetes`"),
    ("AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE", "the files that `aws --profile` writes"),
    (
        "CLOUDSDK_CONFIG, CLOUDSDK_ACTIVE_CONFIG_NAME, BOTO_CONFIG, BOTO_PATH",
        "the settings of gcloud and gsutil, which `gcp` keeps",
    ),
    (
        "CLOUDSDK_CORE_PROJECT, CLOUDSDK_PROJECT, GCLOUD_PROJECT, GCP_PROJECT, GOOGLE_CLOUD_PROJECT",
        "the Google project; if one of them is set, `gcp` sets none",
    ),
    ("AZURE_TENANT_ID, ARM_TENANT_ID", "the tenant"),
    ("AZURE_CLIENT_ID, ARM_CLIENT_ID", "the application or managed identity"),
    ("ARM_SUBSCRIPTION_ID, AZURE_AUTHORITY_HOST", "the subscription and the cloud of `azure`"),
    ("AZURE_CONFIG_DIR, AZURE_CLOUD_NAME, AZURE_EXTENSION_DIR", "the configuration of az, for `azure --az`"),
    (
        "VAULT_ADDR, VAULT_AGENT_ADDR, VAULT_NAMESPACE, VAULT_CLIENT_TIMEOUT, VAULT_PROXY_ADDR, VAULT_HTTP_PROXY, \
         VAULT_SRV_LOOKUP, VAULT_SKIP_VERIFY",
        "the settings of Vault's client; the last two are refused if they are true. the same name with BAO_ in place of VAULT_ \
         has precedence, even if it is empty",
    ),
    (
        "VAULT_CACERT, VAULT_CACERT_BYTES, VAULT_CAPATH, VAULT_CLIENT_CERT, VAULT_CLIENT_CERT_BYTES, VAULT_CLIENT_KEY, \
         VAULT_CLIENT_KEY_BYTES, VAULT_TLS_SERVER_NAME",
        "the certificates of Vault's client; BAO_ has precedence here too",
    ),
    (
        "HTTPS_PROXY, ALL_PROXY, NO_PROXY, https_proxy, all_proxy, no_proxy",
        "the proxy for https, and the hosts without it; loopback never has one",
    ),
    ("SSL_CERT_FILE, SSL_CERT_DIR, AWS_CA_BUNDLE", "certificates to trust in place of the system's"),
];

/// Files and directories.
pub(super) const FILES: [(&str, &str); 6] = [
    (
        "~/.oidc-exchange/JOB",
        "the private directory of a job (0700): the files that an exchange made, and `manifest`, which lists them, and \
         the variables that a run named, for `clean`. JOB is the job's id",
    ),
    ("~/.aws/config, ~/.aws/credentials", "`aws --profile` writes a profile there"),
    ("~/.config/gcloud", "`gcp` reads which project is set"),
    ("/etc/boto.cfg, ~/.boto", "`gcp` keeps gsutil's settings"),
    ("/etc/hosts, /etc/resolv.conf", "how host names are resolved"),
    ("/etc/ssl", "the certificates that the system trusts, in the place that it has; built-in ones if it has none"),
];
