//! The system's `PostgreSQL`, for roles that OpenBao creates and drops.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use super::super::shells;
use super::{Server, Shared};

/// The password of its administrator, `admin`.
pub(crate) const PASSWORD: &str = "administrator-of-the-database";

/// `PostgreSQL` refuses to run as root, so it runs as nobody then. After SIGTERM it would wait for the end of OpenBao's
/// connections; after SIGINT it does not.
const START: &str = r#"
programs=$1 port=$2
as_somebody() {
  if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi
}
printf %s "$PASSWORD" >password
[ "$(id -u)" -ne 0 ] || chown 65534:65534 . password
as_somebody "$programs/initdb" -D data -U admin -A scram-sha-256 --pwfile=password -E UTF8 --locale=C -N || exit
as_somebody "$programs/postgres" -D data -h 127.0.0.1 -p "$port" -k "$PWD" -F -c shared_buffers=16MB & server=$!
trap 'kill -INT "$server"' TERM
wait "$server"
wait "$server"
"#;

/// A running server.
pub(crate) struct Postgres {
    server: Server,
    programs: PathBuf,
}

/// The server, shared by concurrent tests; `None` if the system has no `PostgreSQL`, which is reported, and an error
/// in CI.
pub(crate) fn postgres() -> Option<Arc<Postgres>> {
    static POSTGRES: Shared<Postgres> = Shared::new();
    let programs = programs()?;
    Some(POSTGRES.get(|| Postgres::start(programs)))
}

/// The directory of its programs: on Debian it is not on PATH.
fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin")).find(|bin| bin.join("initdb").is_file());
    if debian.is_some() {
        return debian;
    }
    let initdb = shells::required("PostgreSQL", shells::on_path("initdb"))?;
    Some(initdb.canonicalize().unwrap().parent().unwrap().to_owned())
}

impl Postgres {
    fn start(programs: PathBuf) -> Self {
        let ready = |server: &Server| server.log().contains("database system is ready to accept connections");
        let server = Server::start_until("postgres", &[("PASSWORD", PASSWORD)], ready, |port| {
            let words = ["-c", START, "postgres", &programs.to_string_lossy(), &port.to_string()];
            ("/bin/sh".into(), words.map(str::to_owned).to_vec())
        });
        Self { server, programs }
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// The path of its client program.
    pub(crate) fn psql(&self) -> PathBuf {
        self.programs.join("psql")
    }

    /// Whether the role exists.
    #[track_caller]
    pub(crate) fn has_role(&self, name: &str) -> bool {
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{name}");
        self.ask(&format!("SELECT count(*) FROM pg_roles WHERE rolname = '{name}'")) == "1"
    }

    fn ask(&self, query: &str) -> String {
        let output = Command::new(self.psql())
            .args(["-X", "-A", "-t", "-h", "127.0.0.1", "-U", "admin", "-d", "postgres", "-c", query])
            .args(["-p", &self.port().to_string()])
            .env_clear()
            .env("PGPASSWORD", PASSWORD)
            .current_dir(Path::new("/"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}
