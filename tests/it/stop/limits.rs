//! Process limits that prevent a run.

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

/// The runtime itself panics. A limit on processes does not apply to root.
#[test]
#[cfg(target_os = "linux")]
fn no_thread() {
    let sandbox = Sandbox::start().unwrap();
    let limited = |command: &str| {
        let other_user = if rustix::process::geteuid().is_root() {
            "chmod 755 . bin; exec setpriv --reuid=54321 --regid=54321 --clear-groups"
        } else {
            "exec"
        };
        let script = format!("{other_user} prlimit --nproc=1 {command}");
        Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run()
    };
    let output = limited(&format!("oidc-exchange aws --role-arn {DEPLOY_ROLE}"));
    output.exits(2).stderr_is(expect![[r#"
        error: cannot start: this process may start no thread: Resource temporarily unavailable (os error 11)

        hint: raise the limit on processes (ulimit -u) or on memory (ulimit -v)
    "#]]);
    assert!(output.stdout().ends_with(&stopped(2)), "{}", output.describe());
    let output = limited("docker-credential-oidc-exchange get");
    output.exits(1).stderr_is(expect![[r#"
        error: cannot start: this process may start no thread: Resource temporarily unavailable (os error 11)
          then       docker continues without credentials: its own next error is a consequence of this one

        hint: raise the limit on processes (ulimit -u) or on memory (ulimit -v)
    "#]]);
}

/// A small stack limit changes nothing, and COMMAND has it. With 16 KiB, `/bin/ls` does not start either.
#[test]
fn a_small_stack() {
    let sandbox = Sandbox::start().unwrap();
    for kibibytes in [32, 64, 200, 1024, 4095] {
        let script = format!(
            "ulimit -s {kibibytes}; exec oidc-exchange aws --role-arn {DEPLOY_ROLE} -- sh -c 'ulimit -s; echo ${{AWS_SESSION_TOKEN:+set}}'"
        );
        let run = Program::new("/bin/sh", ["-c", &script]).job(&sandbox).run();
        run.exits(0).stdout_is(&format!("{kibibytes}\nset\n"));
        assert_eq!(run.stderr(), "");
        let script = format!("ulimit -s {kibibytes}; exec oidc-exchange aws --role-arn {DEPLOY_ROLE}x");
        let refused = Program::new("/bin/sh", ["-c", &script]).job(&sandbox).hands_over().run();
        assert_eq!(refused.code, Some(4), "{}", refused.describe());
        assert!(refused.stdout().contains("unset "), "{}", refused.describe());
    }
}
