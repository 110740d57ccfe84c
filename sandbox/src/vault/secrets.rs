//! The calls with a client token: reads below `secret/data/`, questions about mounts and the token, revocation.

use serde_json::{Map, Value, json};

use super::{Refusal, Room, State, envelope};
use crate::server::{Request, Response};
use crate::sync::lock;

/// The path of KV version 2 after the mount.
const DATA: &str = "secret/data/";

impl Room {
    pub(super) fn read(&self, request: &Request, path: &str) -> Result<Response, Refusal> {
        let state = lock(&self.state);
        let reads = state.reads(request)?;
        let secret = path.strip_prefix(DATA).filter(|below| may(reads, below)).ok_or_else(Refusal::by_policy)?;
        let versions = state.secrets.get(secret).map(Vec::as_slice).unwrap_or_default();
        let wanted = request.query.strip_prefix("version=").and_then(|number| number.parse().ok());
        let number: usize = wanted.unwrap_or(versions.len());
        let absent = || Response::json(404, &json!({ "errors": [] }));
        let Some(fields) = number.checked_sub(1).and_then(|index| versions.get(index)) else { return Ok(absent()) };
        let metadata = json!({
            "version": number, "created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": false,
            "custom_metadata": null,
        });
        Ok(envelope(&json!({ "data": fields, "metadata": metadata }), &Value::Null))
    }

    pub(super) fn mount(&self, request: &Request, path: &str) -> Result<Response, Refusal> {
        let state = lock(&self.state);
        state.reads(request)?;
        if path.starts_with("secret/") {
            return Ok(envelope(
                &json!({ "path": "secret/", "type": "kv", "options": { "version": "2" } }),
                &Value::Null,
            ));
        }
        Err(Refusal::new(
            403,
            format!(
                "preflight capability check returned 403, please ensure client's policies grant access to path \"{path}/\""
            ),
        ))
    }

    pub(super) fn make(&self, request: &Request, path: &str) -> Result<Response, Refusal> {
        let state = lock(&self.state);
        state.reads(request)?;
        let fields = state.made.get(path).ok_or_else(|| Refusal::new(405, "unsupported operation"))?;
        Ok(envelope(fields, &Value::Null))
    }

    pub(super) fn capabilities(&self, request: &Request) -> Result<Response, Refusal> {
        let state = lock(&self.state);
        let reads = state.reads(request)?;
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let paths = body["paths"].as_array().map(Vec::as_slice).unwrap_or_default();
        let answer: Map<String, Value> = paths
            .iter()
            .filter_map(Value::as_str)
            .map(|path| {
                let readable = path.strip_prefix(DATA).is_some_and(|below| may(reads, below));
                (path.to_owned(), json!([if readable { "read" } else { "deny" }]))
            })
            .collect();
        Ok(envelope(&Value::Object(answer), &Value::Null))
    }

    pub(super) fn revoke(&self, request: &Request) -> Result<Response, Refusal> {
        let mut state = lock(&self.state);
        state.reads(request)?;
        state.tokens.remove(request.header("x-vault-token").unwrap_or_default());
        Ok(Response { status: 204, headers: Vec::new(), body: Vec::new() })
    }
}

impl State {
    /// The paths that the request's client token may read.
    fn reads(&self, request: &Request) -> Result<&Vec<String>, Refusal> {
        let token = request.header("x-vault-token").unwrap_or_default();
        self.tokens.get(token).ok_or_else(|| Refusal::new(403, "permission denied"))
    }
}

fn may(reads: &[String], path: &str) -> bool {
    reads.iter().any(|beginning| path.starts_with(beginning))
}
