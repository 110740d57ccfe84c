//! Passwords of registries.

use sandbox::{DEPLOY_ROLE, Fault, Sandbox};

use super::Runs;
use crate::registry::{HOST, register};

#[test]
fn of_ecr() {
    let mut runs = Runs::default();
    let sandbox = Sandbox::start().unwrap();
    sandbox.ecr.deny(DEPLOY_ROLE);
    runs.add("a role that may not", 4, &register(&sandbox, &[HOST]).run());
    runs.add("a role that may not, at the public one", 4, &register(&sandbox, &["public.ecr.aws"]).run());
    for (kind, message) in [
        (
            "the clock",
            r#"{"__type":"InvalidSignatureException","message":"Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z"}"#,
        ),
        (
            "a region",
            r#"{"__type":"UnrecognizedClientException","message":"The security token included in the request is invalid."}"#,
        ),
    ] {
        sandbox.ecr.always(Fault::Status { status: 400, headers: Vec::new(), body: message.into() });
        runs.add(kind, 4, &register(&sandbox, &[HOST]).args(["--timeout", "2s"]).run());
    }
    let broken = register(&sandbox, &[HOST]);
    broken.scratch().write("home/.docker/config.json", "{");
    runs.add("a configuration that is not JSON", 2, &broken.run());
    runs.are_short(5);
}
