//! MiniStack: AWS's condition keys, ARNs and refusals. It accepts any signature.

use std::sync::Arc;

use super::Shared;
use super::server::Server;
use super::venv::venv;

/// A MiniStack with access checks, shared by concurrent tests: each test has its own role.
pub(crate) fn ministack() -> Arc<Server> {
    static MINISTACK: Shared<Server> = Shared::new();
    MINISTACK.get(|| {
        let ministack = venv("ministack", &["ministack==1.5.33"]).program("ministack");
        // Its port is set by a variable, so the value is known only with the port.
        Server::start("ministack", "/_ministack/health", |port| {
            let script =
                "PORT=$1; export GATEWAY_PORT=$PORT AUTH=true BIND_HOST=127.0.0.1 IOT_MTLS_ENABLED=false; exec \"$2\"";
            let arguments = ["-c", script, "ministack", &port.to_string(), &ministack.display().to_string()];
            ("/bin/sh".into(), arguments.map(str::to_owned).to_vec())
        })
    })
}
