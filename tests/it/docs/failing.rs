//! A script of a page with a failed exchange must fail: the job must not continue.

use super::blocks::{blocks, pages};
use crate::support::Program;

/// The tools that the scripts run. They must not be the cause of a failure.
const TOOLS: [&str; 12] =
    ["aws", "gcloud", "gsutil", "bao", "vault", "docker", "kubectl", "terraform", "psql", "curl", "sem", "make"];

/// Whether the script makes an exchange whose output is not only for a reader.
fn exchanges(script: &str) -> bool {
    let joined = script.replace("\\\n", " ");
    let lines = joined.lines().filter(|line| !line.trim_start().starts_with('#'));
    let mut lines =
        lines.filter(|line| !line.contains("oidc-exchange explain") && !line.contains("oidc-exchange setup"));
    lines.any(|line| ["aws ", "gcp ", "vault "].iter().any(|cloud| line.contains(&format!("oidc-exchange {cloud}"))))
}

#[test]
fn every_script_fails_with_its_exchange() {
    let mut count = 0;
    for (page, text) in pages() {
        for block in blocks(&text).into_iter().filter(|block| block.language == "sh" && exchanges(&block.text)) {
            let program = Program::new("/bin/sh", ["-ec", &block.text]).env("SEMAPHORE_OIDC_TOKEN", "");
            for tool in TOOLS {
                program.scratch().script(&format!("bin/{tool}"), "#!/bin/sh\nexit 0\n");
            }
            // Like docker, which refuses an empty password.
            program
                .scratch()
                .script("bin/docker", "#!/bin/sh\ncase $* in *--password-stdin*) test -n \"$(cat)\" ;; esac\n");
            let output = program.run();
            assert!(output.code != Some(0), "{page}:\n{}{}", block.text, output.describe());
            count += 1;
        }
    }
    assert!(count > 5, "{count} scripts make an exchange");
}
