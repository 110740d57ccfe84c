//! Limits on the process that leave no room for a run.

use sandbox::{DEPLOY_ROLE, Sandbox};

use crate::support::{Program, expect, stopped};

#[test]
fn too_few_open_files() {
    let sandbox = Sandbox::start().unwrap();
    for files in [6, 7, 8, 15] {
        let script = format!("ulimit -n {files}; exec oidc-exchange aws --role-arn {DEPLOY_ROLE}");
        let output = Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run();
        output.exits(2);
        assert!(output.stdout().ends_with(&stopped(2)), "{}", output.describe());
        let report = output.stderr().replace(&format!("open {files} files"), "open FEW files");
        expect![[r#"
            error: cannot start: this process may open FEW files, and needs 16

            hint: raise the limit: ulimit -n 64
        "#]]
        .assert_eq(&report);
    }
    let script = format!("ulimit -n 16; exec oidc-exchange aws --role-arn {DEPLOY_ROLE}");
    Program::new("/bin/sh", ["-c", &script]).job(&sandbox).hands_over().run().exits(0);
}
