//! The resources: enough for `kubectl get pods`, `kubectl version` and the client libraries.

use serde_json::{Value, json};

use crate::server::{Request, Response};

/// The answer to a user with all permissions.
pub(super) fn answer(request: &Request) -> Response {
    let found = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/version") => {
            Some(json!({ "major": "1", "minor": "32", "gitVersion": "v1.32.0", "platform": "linux/amd64" }))
        }
        ("GET", "/api") => Some(json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] })),
        ("GET", "/apis") => Some(json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": [] })),
        ("GET", "/api/v1") => Some(json!({
            "kind": "APIResourceList",
            "groupVersion": "v1",
            "resources": [{
                "name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["get", "list"],
                "shortNames": ["po"],
            }],
        })),
        ("GET", "/api/v1/namespaces/default/pods") => Some(pods()),
        _ => None,
    };
    found.map_or_else(
        || failure(404, "NotFound", "the server could not find the requested resource"),
        |body| Response::json(200, &body),
    )
}

fn pods() -> Value {
    json!({
        "kind": "PodList",
        "apiVersion": "v1",
        "metadata": { "resourceVersion": "1" },
        "items": [{
            "metadata": { "name": "web-1", "namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z" },
            "spec": { "containers": [{ "name": "web", "image": "web" }] },
            "status": { "phase": "Running" },
        }],
    })
}

/// A failure in the format of Kubernetes.
pub(super) fn failure(status: u16, reason: &str, message: &str) -> Response {
    Response::json(
        status,
        &json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": status,
        }),
    )
}
