//! A few resources, with which a client can show that its token is valid.

use serde_json::{Value, json};

use super::iam::bearer;
use super::refusal::not_found;
use super::{PROJECT, PROJECT_NUMBER, Room};
use crate::server::{Request, Response};
use crate::sync::lock;

/// The bucket that every caller with a valid token may list.
pub const BUCKET: &str = "sandbox-bucket";

pub(super) fn answer(room: &Room, request: &Request) -> Result<Response, Response> {
    let state = lock(&room.state);
    let caller = bearer(&state, request)?;
    let path = request.path.as_str();
    let body = match path {
        "/v1/projects" => json!({ "projects": [project()] }),
        _ if path == format!("/v1/projects/{PROJECT}") || path == format!("/v1/projects/{PROJECT_NUMBER}") => project(),
        "/storage/v1/b" => json!({ "kind": "storage#buckets", "items": [bucket()] }),
        _ if path == format!("/storage/v1/b/{BUCKET}") => bucket(),
        // The object has the caller's name, so that the listing shows the identity.
        _ if path == format!("/storage/v1/b/{BUCKET}/o") => {
            let name = format!("seen-by-{}", caller.name());
            json!({ "kind": "storage#objects", "items": [{
                "kind": "storage#object", "name": name, "bucket": BUCKET, "size": "2", "generation": "1",
                "metageneration": "1", "storageClass": "STANDARD", "timeCreated": "2026-01-01T00:00:00Z",
                "updated": "2026-01-01T00:00:00Z",
            }] })
        }
        _ => return Err(not_found()),
    };
    Ok(Response::json(200, &body))
}

fn project() -> Value {
    json!({
        "projectId": PROJECT, "projectNumber": PROJECT_NUMBER, "name": "Sandbox", "lifecycleState": "ACTIVE",
        "createTime": "2026-01-01T00:00:00Z",
    })
}

fn bucket() -> Value {
    json!({
        "kind": "storage#bucket", "id": BUCKET, "name": BUCKET, "location": "EU", "storageClass": "STANDARD",
        "projectNumber": PROJECT_NUMBER, "metageneration": "1", "timeCreated": "2026-01-01T00:00:00Z",
        "updated": "2026-01-01T00:00:00Z",
    })
}
