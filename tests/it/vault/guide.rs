//! The commands of the guide, unchanged, with their own server.

use std::fs;
use std::path::Path;

use sandbox::Sandbox;

use super::world::PASSWORD;
use crate::support::peers::OpenBao;
use crate::support::{Program, Scratch, expect, oidc_exchange};

/// The guide's shell commands, block by block.
fn blocks() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vault.md");
    let guide = fs::read_to_string(path).unwrap();
    guide.split("```sh\n").skip(1).map(|rest| rest.split_once("```").unwrap().0.to_owned()).collect()
}

#[test]
fn every_command_of_the_guide_works() {
    let bao = OpenBao::start();
    let sandbox = Sandbox::start().unwrap();
    let project = sandbox.issuer.claims(&sandbox::Job::branch("main"))["prj_id"].as_str().unwrap().to_owned();
    let blocks = blocks();
    assert_eq!(blocks.len(), 12);
    // Each block reads the files of the block before.
    let mut scratch = Scratch::new();
    std::os::unix::fs::symlink(bao.program(), scratch.path().join("bin/bao")).unwrap();
    for block in blocks {
        let script = block
            .replace("https://acme.semaphoreci.com", &sandbox.issuer.url())
            .replace("https://vault.example.com:8200", &bao.url())
            .replace("936a5312-a3b8-4921-8b3f-2cec8baac574", &project)
            .replace("correct-horse", PASSWORD);
        let program = Program::new("/bin/sh", ["-ec", &script]).within(scratch).job(&sandbox).env_remove("VAULT_ADDR");
        let program = if script.contains("oidc-exchange") {
            program
        } else {
            program.env("BAO_ADDR", bao.url()).env("BAO_TOKEN", "root").hands_over()
        };
        let output = program.run();
        output.exits(0).stderr_is(expect![[""]]);
        scratch = output.scratch;
    }
    // The printed role is equivalent to the one that was written by hand.
    let arguments = ["vault", "--role", "deploy", "--mount", "semaphore", "A=secret/production/db#password"];
    let program = oidc_exchange(arguments).job(&sandbox).env("VAULT_ADDR", bao.url());
    program.run().exits(0).exports_are(&format!("export A='{PASSWORD}';\n"));
}
