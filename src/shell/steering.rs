//! Names of variables that programs of a job are steered by. What somebody else chose may not be written to them.

use super::Name;

/// Who reads variables, and which.
#[derive(Debug)]
pub struct Steered {
    /// Who reads them, for a person.
    pub who: &'static str,
    /// Where that is documented.
    pub source: &'static str,
    names: &'static [&'static str],
    /// Beginnings of further names.
    beginnings: &'static [&'static str],
    /// Ends of further names.
    ends: &'static [&'static str],
}

/// All of them.
pub const ALL: &[Steered] = &[
    Steered {
        who: "a shell",
        source: "bash(1) Shell Variables, zshparam(1), POSIX.1-2024 XCU 2.5.3",
        names: &[
            "CDPATH",
            "COLUMNS",
            "EDITOR",
            "ENV",
            "EXECIGNORE",
            "FCEDIT",
            "FIGNORE",
            "FPATH",
            "GLOBIGNORE",
            "GLOBSORT",
            "HISTCMD",
            "HISTCONTROL",
            "HISTFILE",
            "HISTFILESIZE",
            "HISTIGNORE",
            "HISTSIZE",
            "HISTTIMEFORMAT",
            "HOME",
            "IFS",
            "IGNOREEOF",
            "INPUTRC",
            "INSIDE_EMACS",
            "KEYTIMEOUT",
            "LANG",
            "LANGUAGE",
            "LINES",
            "MAIL",
            "MAILCHECK",
            "MAILPATH",
            "MANPATH",
            "MODULE_PATH",
            "NULLCMD",
            "OPTERR",
            "PATH",
            "POSIXLY_CORRECT",
            "PROMPT",
            "PROMPT2",
            "PROMPT3",
            "PROMPT4",
            "PROMPT_COMMAND",
            "PROMPT_DIRTRIM",
            "PS0",
            "PS1",
            "PS2",
            "PS3",
            "PS4",
            "PSVAR",
            "READNULLCMD",
            "REPORTTIME",
            "RPROMPT",
            "RPROMPT2",
            "RPS1",
            "RPS2",
            "SAVEHIST",
            "SHELL",
            "SPROMPT",
            "STTY",
            "TERM",
            "TERMCAP",
            "TERMINFO",
            "TERMINFO_DIRS",
            "TIMEFMT",
            "TIMEFORMAT",
            "TMOUT",
            "VISUAL",
            "WATCHFMT",
            "ZDOTDIR",
        ],
        beginnings: &["BASH_", "COMP_", "FISH_", "LC_", "READLINE_", "ZSH_", "__FISH_"],
        ends: &[],
    },
    Steered {
        who: "the dynamic linker or the C library",
        source: "ld.so(8), dyld(1), environ(7), resolver(3), tzset(3), nl_langinfo(3)",
        names: &[
            "GCONV_PATH",
            "GETCONF_DIR",
            "HOSTALIASES",
            "LOCALDOMAIN",
            "LOCPATH",
            "NLSPATH",
            "RES_OPTIONS",
            "TEMP",
            "TMP",
            "TMPDIR",
            "TZ",
            "TZDIR",
        ],
        beginnings: &["DYLD_", "GLIBC_", "LD_", "MALLOC_", "_RLD"],
        ends: &[],
    },
    Steered {
        who: "an interpreter",
        source: "python(1), perlrun(1), ruby(1), node(1), lua(1), php(1), gawk(1), java (JVM TI, JAVA_TOOL_OPTIONS), \
                 dotnet (Environment variables), tclsh(1)",
        names: &[
            "AWKLIBPATH",
            "AWKPATH",
            "CLASSPATH",
            "COREHOST_TRACE",
            "ELECTRON_RUN_AS_NODE",
            "JVM_OPTS",
            "MANPAGER",
            "PHPRC",
            "PHP_INI_SCAN_DIR",
            "TCLLIBPATH",
            "_JAVA_OPTIONS",
        ],
        beginnings: &[
            "BUN_", "COMPLUS_", "CORECLR_", "DENO_", "DOTNET_", "JAVA_", "JDK_", "LUA_", "NODE_", "PERL", "PYTHON",
            "RUBY", "V8_",
        ],
        ends: &[],
    },
    Steered {
        who: "a compiler or a package manager",
        source: "make(1), gcc(1), go help environment, the Cargo book (Environment Variables), npm config, pip (Configuration), \
                 Bundler, Gradle, Maven, Yarn",
        names: &[
            "AR",
            "CC",
            "CFLAGS",
            "COMPILER_PATH",
            "CPATH",
            "CPPFLAGS",
            "CXX",
            "CXXFLAGS",
            "C_INCLUDE_PATH",
            "GEM_HOME",
            "GEM_PATH",
            "GNUMAKEFLAGS",
            "GOBIN",
            "GOCACHE",
            "GODEBUG",
            "GOENV",
            "GOFLAGS",
            "GOINSECURE",
            "GONOPROXY",
            "GONOSUMDB",
            "GOPATH",
            "GOPRIVATE",
            "GOPROXY",
            "GOROOT",
            "GOSUMDB",
            "GOTOOLCHAIN",
            "LDFLAGS",
            "LIBRARY_PATH",
            "MAKEFILES",
            "MAKEFLAGS",
            "RUSTC",
            "RUSTDOCFLAGS",
            "RUSTFLAGS",
            "SBT_OPTS",
            "VIRTUAL_ENV",
        ],
        beginnings: &[
            "BUNDLE_",
            "CARGO_",
            "CGO_",
            "COMPOSER_",
            "CONDA_",
            "GCC_",
            "GRADLE_",
            "MAVEN_",
            "NPM_CONFIG_",
            "PIP_",
            "PKG_CONFIG_",
            "PNPM_",
            "POETRY_",
            "RUSTC_",
            "RUSTUP_",
            "UV_",
            "YARN_",
        ],
        ends: &[],
    },
    Steered {
        who: "git, ssh or what they start",
        source: "git(1) Environment Variables, ssh(1), gpg(1), less(1), sudo(8)",
        names: &["BROWSER", "GNUPGHOME", "HGRCPATH", "LESS", "LESSCLOSE", "LESSOPEN", "PAGER", "SVN_SSH"],
        beginnings: &["GIT_", "SSH_", "SUDO_"],
        ends: &[],
    },
    Steered {
        who: "a TLS library",
        source: "openssl-env(7), curl(1), Requests (SSL Cert Verification), gRPC (Environment Variables), wget(1)",
        names: &[
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
            "HTTPLIB2_CA_CERTS",
            "NETRC",
            "REQUESTS_CA_BUNDLE",
            "SSLKEYLOGFILE",
            "WGETRC",
        ],
        beginnings: &["CURL_", "OPENSSL_", "SSL_"],
        ends: &[],
    },
    Steered {
        who: "a client of proxies",
        source: "curl(1) Environment",
        names: &[],
        beginnings: &[],
        ends: &["_PROXY"],
    },
    Steered {
        who: "a cloud's tools",
        source: "AWS SDKs (Environment variables), boto, gcloud topic configurations, Google ADC, Azure SDKs, vault and bao \
                 (Environment variables), docker(1), kubectl, helm, terraform (Environment Variables), XDG Base Directory",
        names: &[
            "DOCKER_API_VERSION",
            "DOCKER_BUILDKIT",
            "DOCKER_CERT_PATH",
            "DOCKER_CONFIG",
            "DOCKER_CONTEXT",
            "DOCKER_DEFAULT_PLATFORM",
            "DOCKER_HOST",
            "DOCKER_TLS",
            "DOCKER_TLS_VERIFY",
            "DOCKER_TMPDIR",
            "KUBECONFIG",
            "MSI_ENDPOINT",
            "MSI_SECRET",
            "REGISTRY_AUTH_FILE",
            "TF_DATA_DIR",
            "TF_PLUGIN_CACHE_DIR",
        ],
        beginnings: &[
            "ARM_",
            "AWS_",
            "AZURE_",
            "BAO_",
            "BOTO_",
            "BUILDKIT_",
            "BUILDX_",
            "CLOUDSDK_",
            "COMPOSE_",
            "CONTAINERS_",
            "CONTAINER_",
            "DOCKER_CLI_",
            "DOCKER_CONTENT_TRUST",
            "GCE_METADATA_",
            "GCLOUD_",
            "GOOGLE_",
            "HELM_",
            "IDENTITY_",
            "KUBERNETES_",
            "KUBE_",
            "TF_CLI_",
            "VAULT_",
            "XDG_",
        ],
        ends: &[],
    },
    Steered {
        who: "this program or the job's runner",
        source: "docs/environment.md; Semaphore (Environment variables)",
        names: &["CI"],
        beginnings: &["OIDC_EXCHANGE_", "SEMAPHORE_"],
        ends: &[],
    },
];

/// Whose values a shell runs as commands, or as a file of commands: bash(1), ENV of POSIX.1-2024, zshmisc(1).
const EXECUTED: &[&str] =
    &["BASH_ENV", "ENV", "PROMPT", "PROMPT_COMMAND", "PS0", "PS1", "PS2", "PS4", "RPROMPT", "RPS1", "SPROMPT"];

impl Steered {
    /// Who reads `name`; none if nobody is known to. Case makes no difference: zsh's `path` is `PATH`, and curl reads
    /// `http_proxy`.
    #[must_use]
    pub fn by(name: &Name) -> Option<&'static Self> {
        let name = name.as_str().to_ascii_uppercase();
        ALL.iter().find(|it| {
            it.names.contains(&name.as_str())
                || it.beginnings.iter().any(|beginning| name.starts_with(beginning))
                || it.ends.iter().any(|end| name.ends_with(end))
        })
    }
}

/// Whether a shell runs the value of `name`.
#[must_use]
pub fn is_executed(name: &Name) -> bool {
    EXECUTED.contains(&name.as_str())
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
            ("OIDC_EXCHANGE_DIR", "this program or the job's runner"),
        ] {
            assert_eq!(Steered::by(&Name::new(name).unwrap()).map(|it| it.who), Some(who), "{name}");
        }
        for name in
            ["PASSWORD", "DB_PATH", "LDAP", "ENVIRONMENT", "TF_VAR_x", "DOCKER_PASSWORD", "NPM_TOKEN", "PGPASSWORD"]
        {
            assert!(Steered::by(&Name::new(name).unwrap()).is_none(), "{name}");
        }
    }

    #[test]
    fn what_is_executed_steers() {
        for name in EXECUTED {
            assert!(Steered::by(&Name::fixed(name)).is_some(), "{name}");
        }
    }

    /// A name in small letters would never be found, and one below a beginning is there twice.
    #[test]
    fn the_table_has_each_name_once() {
        for (index, it) in ALL.iter().enumerate() {
            for name in it.names {
                let name = Name::new(name).unwrap();
                assert_eq!(name.as_str(), name.as_str().to_ascii_uppercase());
                let others = ALL.iter().enumerate().filter(|(other, _)| *other != index);
                assert!(!others.into_iter().any(|(_, other)| other.names.contains(&name.as_str())), "{name}");
                assert!(!it.beginnings.iter().any(|beginning| name.as_str().starts_with(beginning)), "{name}");
            }
            assert!(!it.source.is_empty());
        }
    }
}
