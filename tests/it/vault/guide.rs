//! The commands of the guide, as they stand there, against a server of their own.

use std::fs;
use std::path::Path;

use sandbox::Sandbox;

use super::world::PASSWORD;
use crate::support::peers::OpenBao;
use crate::support::{Program, expect};

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
    assert_eq!(blocks.len(), 8);
    for block in blocks {
        let script = block
            .replace("https://acme.semaphoreci.com", &sandbox.issuer.url())
            .replace("https://vault.example.com:8200", &bao.url())
            .replace("936a5312-a3b8-4921-8b3f-2cec8baac574", &project)
            .replace("correct-horse", PASSWORD);
        let program = Program::new("/bin/sh", ["-ec", &script]).job(&sandbox).env_remove("VAULT_ADDR");
        let program = if script.contains("oidc-exchange") {
            program
        } else {
            program.env("BAO_ADDR", bao.url()).env("BAO_TOKEN", "root").hands_over()
        };
        std::os::unix::fs::symlink(bao.program(), program.scratch().path().join("bin/bao")).unwrap();
        program.run().exits(0).stderr_is(expect![[""]]);
    }
}
