//! A part of an OpenBao server for one test: a JWT mount, a role, a policy, two KV mounts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sandbox::{Job, Sandbox};
use serde_json::{Value, json};

use crate::support::peers::{OpenBao, openbao};
use crate::support::{Program, oidc_exchange};

/// A password that only the requested output may contain.
pub(crate) const PASSWORD: &str = "correct-horse-battery-staple-0815";

/// The parts of the server that a test needs. Varying names are `ID` in the output.
pub(crate) struct World {
    pub(crate) bao: Arc<OpenBao>,
    pub(crate) sandbox: Sandbox,
    pub(crate) id: String,
}

impl World {
    /// With the strict role `ci`, only for branch `main`, whose policy reads everything below `ci/`.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let id = format!("t{}x{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let world = Self { bao: openbao(), sandbox: Sandbox::start().unwrap(), id };
        let id = &world.id;
        world.must("sys/auth/jwt-ID", &json!({ "type": "jwt" }));
        let issuer = world.sandbox.issuer.url();
        world.must("auth/jwt-ID/config", &json!({ "oidc_discovery_url": issuer, "bound_issuer": issuer }));
        world.must("sys/mounts/ID/kv2", &json!({ "type": "kv", "options": { "version": "2" } }));
        world.must("sys/mounts/ID/kv1", &json!({ "type": "kv" }));
        world.must(&format!("{id}/kv1/ci/db"), &json!({ "user": "old", "password": PASSWORD, "data": "field" }));
        world.must(
            &format!("{id}/kv2/data/ci/db"),
            &json!({ "data": { "user": "app", "password": PASSWORD, "port": 5432, "on": true, "none": null,
                               "nested": { "list": [1, "two"] }, "dotted.key": "dot", "pem": "-----BEGIN-----\nabc\n" } }),
        );
        world.policy(&[("kv2/data/ci/*", "read"), ("kv1/ci/*", "read")]);
        world.role("ci", &json!({}));
        world
    }

    /// Makes the namespace `ns-ID`, with the same auth mount, a role `ci` for everybody, and a secret at `secret/x`.
    pub(crate) fn namespace(&self) {
        let issuer = self.sandbox.issuer.url();
        self.must("sys/namespaces/ns-ID", &json!({}));
        let within = |path: &str, body: &Value| self.must(&format!("ns-ID/{path}"), body);
        within("sys/auth/jwt-ID", &json!({ "type": "jwt" }));
        within("auth/jwt-ID/config", &json!({ "oidc_discovery_url": issuer, "bound_issuer": issuer }));
        within("sys/mounts/secret", &json!({ "type": "kv", "options": { "version": "2" } }));
        within("secret/data/x", &json!({ "data": { "v": "of the namespace" } }));
        within("sys/policies/acl/p", &json!({ "policy": "path \"secret/*\" { capabilities = [\"read\"] }" }));
        within(
            "auth/jwt-ID/role/ci",
            &json!({ "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": issuer, "token_policies": "p" }),
        );
    }

    /// A PKI whose certificates have leases, for the role `web`.
    pub(crate) fn with_pki() -> Self {
        let world = Self::new();
        world.must("sys/mounts/ID/pki", &json!({ "type": "pki" }));
        world.must("ID/pki/root/generate/internal", &json!({ "common_name": "root", "key_type": "ec", "ttl": "1h" }));
        world.must(
            "ID/pki/roles/web",
            &json!({ "allow_any_name": true, "key_type": "ec", "generate_lease": true, "no_store": false, "ttl": "10m" }),
        );
        world.policy(&[("pki/issue/web", "update"), ("kv2/data/ci/*", "read")]);
        world
    }

    /// Whether the certificate with this number was revoked, as it is with its lease.
    pub(crate) fn is_revoked(&self, serial: &str) -> bool {
        let path = format!("{}/pki/cert/{serial}", self.id);
        let answer = self.bao.must("GET", &path, &Value::Null);
        answer["data"]["revocation_time"].as_i64().unwrap() > 0
    }

    /// Sends a request as the administrator; `ID` is this test's own.
    #[track_caller]
    pub(crate) fn must(&self, path: &str, body: &Value) -> Value {
        self.bao.must("POST", &path.replace("ID", &self.id), body)
    }

    /// The policy of the test's roles: paths below its own mounts, and what may be done there.
    #[track_caller]
    pub(crate) fn policy(&self, rules: &[(&str, &str)]) {
        let rules: Vec<String> = rules
            .iter()
            .map(|(path, may)| format!("path \"{}/{path}\" {{ capabilities = [\"{may}\"] }}", self.id))
            .collect();
        self.must("sys/policies/acl/ID", &json!({ "policy": rules.join("\n") }));
    }

    /// A role for branch `main` of the job's project, with these settings over it.
    #[track_caller]
    pub(crate) fn role(&self, name: &str, over: &Value) {
        let job = self.sandbox.issuer.claims(&Job::branch("main"));
        let mut role = json!({
            "role_type": "jwt", "user_claim": "prj_id", "bound_audiences": self.sandbox.issuer.url(),
            "bound_claims": { "prj_id": job["prj_id"], "ref_type": "branch", "ref": "refs/heads/main", "job_type": "pipeline_job" },
            "token_policies": [self.id], "token_ttl": "15m",
        });
        for (key, value) in over.as_object().unwrap() {
            if value.is_null() {
                role.as_object_mut().unwrap().remove(key);
            } else {
                role[key] = value.clone();
            }
        }
        self.must(&format!("auth/jwt-ID/role/{name}"), &role);
    }

    /// `vault` in a job on branch `main`; `ID` in the arguments is this test's own.
    pub(crate) fn vault(&self, arguments: &[&str]) -> Program<'_> {
        self.vault_as("ci", arguments)
    }

    pub(crate) fn vault_as(&self, role: &str, arguments: &[&str]) -> Program<'_> {
        self.vault_at("jwt-ID", role, arguments)
    }

    pub(crate) fn vault_at(&self, mount: &str, role: &str, arguments: &[&str]) -> Program<'_> {
        let mount = mount.replace("ID", &self.id);
        let words = arguments.iter().map(|argument| argument.replace("ID", &self.id));
        self.named(oidc_exchange(["vault", "--role", role, "--mount", &mount]).args(words).job(&self.sandbox))
            .env("VAULT_ADDR", self.bao.url())
    }

    /// Varying parts get names, and the output is searched for the password.
    pub(crate) fn named<'s>(&self, program: Program<'s>) -> Program<'s> {
        program
            .word(&self.id, "ID")
            .word(&format!("127.0.0.1:{}", self.bao.port()), "BAO")
            .secret("the password", PASSWORD)
    }

    /// The client tokens of this test's roles that are alive, according to the server.
    pub(crate) fn tokens(&self) -> Vec<Value> {
        let (_, list) = self.bao.ask("root", "", "LIST", "auth/token/accessors", &Value::Null);
        let accessors = list["data"]["keys"].as_array().cloned().unwrap_or_default();
        let known = accessors.into_iter().filter_map(|accessor| {
            // Another test's token may have expired.
            let body = json!({ "accessor": accessor });
            let (status, answer) = self.bao.ask("root", "", "POST", "auth/token/lookup-accessor", &body);
            (status == 200).then(|| answer["data"].clone())
        });
        known.filter(|token| token["path"] == format!("auth/jwt-{}/login", self.id)).collect()
    }

    /// The paths of requests for this test's own tokens and mounts, in order, without the administrator's.
    pub(crate) fn requests(&self) -> Vec<String> {
        let entries = self.bao.audit().into_iter().filter(|entry| {
            let ours = entry["auth"]["policies"].as_array().is_some_and(|list| list.iter().any(|one| *one == *self.id));
            let path = entry["request"]["path"].as_str().unwrap_or_default();
            ours || path == format!("auth/jwt-{}/login", self.id)
        });
        let line = |entry: Value| {
            let request = &entry["request"];
            let text = |key: &str| request[key].as_str().unwrap_or_default().replace(&self.id, "ID");
            format!("{} {}", text("operation"), text("path"))
        };
        entries.map(line).collect()
    }
}
