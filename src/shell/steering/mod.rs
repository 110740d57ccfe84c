//! Variables that affect programs of a job. They must not be set to a value that somebody else chose.

mod held;
mod table;

pub use self::held::holder;
use self::table::ALL;
use super::Name;

/// Words with spaces between them. A slice of them would be as many addresses to relocate at each start of the program.
type Words = &'static str;

/// A program, and the variables that it reads.
#[derive(Debug)]
pub struct Steered {
    /// The program's name in messages.
    pub who: &'static str,
    /// The documentation.
    pub source: &'static str,
    names: Words,
    /// Prefixes of more names.
    beginnings: Words,
    /// Suffixes of more names.
    ends: Words,
    /// The variables whose values are run as commands, or as a file of commands.
    executed: Words,
    /// Whether these are a shell's own, or those of all programs that it starts.
    is_for_all: bool,
}

impl Steered {
    /// The program that reads `name`; `None` if none is known. Case is ignored: zsh's `path` is `PATH`, and curl
    /// reads `http_proxy`.
    #[must_use]
    pub fn by(name: &Name) -> Option<&'static Self> {
        let name = name.as_str().to_ascii_uppercase();
        ALL.iter().find(|it| {
            has(it.names, &name)
                || it.beginnings.split_terminator(' ').any(|beginning| name.starts_with(beginning))
                || it.ends.split_terminator(' ').any(|end| name.ends_with(end))
        })
    }
}

fn has(words: Words, name: &str) -> bool {
    words.split(' ').any(|word| word == name)
}

/// Whether a shell runs the value of `name`.
fn is_executed(name: &Name) -> bool {
    ALL.iter().any(|it| has(it.executed, name.as_str()))
}

/// Whether a shell can do without `name`, so that a list of names may ask to remove it.
///
/// ```
/// use oidc_exchange::shell::{Name, steering::is_removable};
///
/// assert!(is_removable(&Name::fixed("DB_PASSWORD")) && is_removable(&Name::fixed("AWS_SECRET_ACCESS_KEY")));
/// assert!(!is_removable(&Name::fixed("PATH")) && !is_removable(&Name::fixed("LD_PRELOAD")));
/// ```
#[must_use]
pub fn is_removable(name: &Name) -> bool {
    holder(name).is_none() && Steered::by(name).is_none_or(|it| !it.is_for_all)
}

/// What `name` is, if no value may be put into it even on request: a shell manages it, or runs its value.
#[must_use]
pub fn forbidden(name: &Name) -> Option<String> {
    match holder(name) {
        Some(shell) => Some(format!("a variable that {shell} manages")),
        None if is_executed(name) => Some("a variable whose value shells run".into()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_reads_it_is_named() {
        for (name, who) in [
            ("PATH", "a shell"),
            ("path", "a shell"),
            ("BASH_FUNC_x", "a shell"),
            ("LD_PRELOAD", "the dynamic linker or the C library"),
            ("PERL5OPT", "an interpreter"),
            ("_JAVA_OPTIONS", "an interpreter"),
            ("npm_config_registry", "a compiler or a package manager"),
            ("GIT_SSH_COMMAND", "git, ssh or what they start"),
            ("SSL_CERT_FILE", "a TLS library"),
            ("https_proxy", "a client of proxies"),
            ("AWS_ENDPOINT_URL", "a cloud's tools"),
            ("COMMAND_NOT_FOUND_HANDLER", "a shell"),
            ("KRB5_CONFIG", "the dynamic linker or the C library"),
            ("R_PROFILE", "an interpreter"),
            ("JULIA_LOAD_PATH", "an interpreter"),
            ("GOCACHEPROG", "a compiler or a package manager"),
            ("PYTEST_ADDOPTS", "a compiler or a package manager"),
            ("TAR_OPTIONS", "git, ssh or what they start"),
            ("RSYNC_RSH", "git, ssh or what they start"),
            ("GNUTLS_SYSTEM_PRIORITY_FILE", "a TLS library"),
            ("ANSIBLE_CONFIG", "a cloud's tools"),
            ("KUBECTL_EXTERNAL_DIFF", "git, ssh or what they start"),
            ("ANY_TOOLS_EDITOR", "git, ssh or what they start"),
            ("KAFKA_OPTS", "git, ssh or what they start"),
            ("CUDA_INJECTION64_PATH", "the dynamic linker or the C library"),
            ("SPRING_APPLICATION_JSON", "an interpreter"),
            ("BAZELISK_BASE_URL", "a compiler or a package manager"),
            ("GITHUB_ENV", "this program or the job's runner"),
            ("OIDC_EXCHANGE_DIR", "this program or the job's runner"),
            ("DBUS_SESSION_BUS_ADDRESS", "the dynamic linker or the C library"),
            ("OMP_TOOL_LIBRARIES", "the dynamic linker or the C library"),
            ("TS_NODE_REQUIRE", "an interpreter"),
            ("CHROME_BIN", "a compiler or a package manager"),
            ("PASSWORD_STORE_EXTENSIONS_DIR", "git, ssh or what they start"),
            ("TG_TF_PATH", "a cloud's tools"),
            ("FLATTENED_PASSWORD_COMMAND", "git, ssh or what they start"),
            ("SOPS_AGE_KEY_CMD", "git, ssh or what they start"),
            ("GROFF_BIN_PATH", "git, ssh or what they start"),
            ("NUMBA_CACHE_DIR", "an interpreter"),
            ("UWSGI_EXEC_ASAP", "an interpreter"),
            ("GOTOOLDIR", "a compiler or a package manager"),
            ("LDSHARED", "a compiler or a package manager"),
            ("NVBLAS_CONFIG_FILE", "the dynamic linker or the C library"),
            ("PRTE_MCA_plm_ssh_agent", "the dynamic linker or the C library"),
            ("PODMAN_CONNECTIONS_CONF", "a cloud's tools"),
        ] {
            assert_eq!(Steered::by(&Name::new(name).unwrap()).map(|it| it.who), Some(who), "{name}");
        }
        for name in [
            "PASSWORD",
            "DB_PATH",
            "LDAP",
            "ENVIRONMENT",
            "TF_VAR_x",
            "DOCKER_PASSWORD",
            "NPM_TOKEN",
            "PGPASSWORD",
            "GH_TOKEN",
            "MYSQL_PWD",
            "NUGET_API_KEY",
            "HEX_API_KEY",
            "PULUMI_ACCESS_TOKEN",
            "CONSUL_HTTP_TOKEN",
            "LDAP_PASSWORD",
            "HOST",
            "GITHUB_TOKEN",
            "GITLAB_TOKEN",
            "CI_DEPLOY_PASSWORD",
            "HOMEBREW_GITHUB_API_TOKEN",
            "BAZELISK_GITHUB_TOKEN",
            "VK_TOKEN",
            "OPTS",
            "EDITOR_TOKEN",
            "JUPYTER_TOKEN",
            "PLAYWRIGHT_SERVICE_ACCESS_TOKEN",
            "SONAR_HOST_URL",
            "PGHOST",
            "SOPS_AGE_KEY",
            "RESTIC_PASSWORD",
            "RCLONE_CONFIG_PASS",
            "TURBO_TOKEN",
            "HF_TOKEN",
            "RAILS_MASTER_KEY",
            "COMMAND",
        ] {
            assert!(Steered::by(&Name::new(name).unwrap()).is_none(), "{name}");
        }
    }

    #[test]
    fn what_is_executed_steers() {
        for name in ALL.iter().flat_map(|it| it.executed.split_terminator(' ')) {
            assert!(Steered::by(&Name::fixed(name)).is_some(), "{name}");
        }
    }

    /// A name in lower case would never match, and a name with a listed prefix would be a duplicate.
    #[test]
    fn the_table_has_each_name_once() {
        for (index, it) in ALL.iter().enumerate() {
            for name in it.names.split_terminator(' ') {
                let name = Name::new(name).unwrap();
                assert_eq!(name.as_str(), name.as_str().to_ascii_uppercase());
                let others = ALL.iter().enumerate().filter(|(other, _)| *other != index);
                assert!(!others.into_iter().any(|(_, other)| has(other.names, name.as_str())), "{name}");
                assert!(
                    !it.beginnings.split_terminator(' ').any(|beginning| name.as_str().starts_with(beginning)),
                    "{name}"
                );
            }
            assert!(!it.source.is_empty());
        }
    }
}
