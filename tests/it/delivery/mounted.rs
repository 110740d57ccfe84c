//! Mounts in the place of what an exchange has made, and within it. What is mounted is somebody else's.

use sandbox::{DEPLOY_ROLE, Sandbox};

use crate::google::deploy_script;
use crate::network::names::has_namespaces;
use crate::support::{Output, Program};

/// Runs `script` after an exchange for gcloud. `$c` is gcloud's directory, and `data` has files of somebody else.
fn after_an_exchange(sandbox: &Sandbox, script: &str) -> Output {
    let before = "mkdir data data/sub; echo mine >data/file; echo mine >data/sub/file; c=$CLOUDSDK_CONFIG";
    let script = deploy_script(&format!("{before}; set +e\n{script}"));
    let program = Program::new("unshare", ["-rm", "sh", "-c", &script]).job(sandbox).hands_over();
    program.env("SEMAPHORE_JOB_ID", "job-1").run()
}

const CLEAN: &str = "oidc-exchange clean >out; echo \"exit $?\"; cat data/file data/sub/file";
const AFTER: &str = "oidc-exchange clean >out; echo \"exit $?\"; ls -A \"$HOME/.oidc-exchange\"";

#[test]
fn what_is_mounted_within_a_directory_stays() {
    if !has_namespaces() {
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    for (mount, gone) in [
        ("mkdir $c/m; mount --bind data $c/m", "umount $c/m"),
        ("mkdir -p $c/a/b; mount --rbind data $c/a/b", "umount $c/a/b"),
        (
            "mkdir $c/m; mount -t tmpfs tmpfs $c/m; cp -r data/. $c/m; mount --bind $c/m data",
            "umount data; umount $c/m",
        ),
        (": >$c/m; mount --bind data/file $c/m", "umount $c/m"),
    ] {
        let output = after_an_exchange(&sandbox, &format!("{mount}; {CLEAN}; ls $c | grep -c log; {gone}; {AFTER}"));
        let said = output.exits(0).told();
        assert_eq!(output.stdout(), "exit 6\nmine\nmine\n0\nexit 0\n", "{mount}\n{}", output.describe());
        assert!(
            said.contains("something is mounted there\n\nhint: run `oidc-exchange clean` again"),
            "{mount}: {said}"
        );
    }
}

#[test]
fn what_is_below_a_mount_is_not_forgotten() {
    if !has_namespaces() {
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    for (mount, place) in [
        ("mount --bind data $c", "$c"),
        ("mount -t tmpfs tmpfs $c", "$c"),
        ("mount --bind data/file $GOOGLE_APPLICATION_CREDENTIALS", "$GOOGLE_APPLICATION_CREDENTIALS"),
    ] {
        let output = after_an_exchange(&sandbox, &format!("{mount}; {CLEAN}; umount {place}; {AFTER}"));
        let said = output.exits(0).told();
        assert_eq!(output.stdout(), "exit 6\nmine\nmine\nexit 0\n", "{mount}\n{}", output.describe());
        assert!(
            said.contains("something is mounted there\n\nhint: run `oidc-exchange clean` again"),
            "{mount}: {said}"
        );
    }
}

/// A container often has a single file mounted. It is refused before anything is sent.
#[test]
fn a_file_that_is_to_be_replaced() {
    if !has_namespaces() {
        return;
    }
    for options in ["--output out", "--profile ci"] {
        let sandbox = Sandbox::start().unwrap();
        let script = format!(
            "echo '[mine]' >file; : >out; mount --bind file out
             oidc-exchange aws --role-arn {DEPLOY_ROLE} {options}; echo \"exit $?\"; cat file"
        );
        let program = Program::new("unshare", ["-rm", "sh", "-c", &script]).job(&sandbox).hands_over();
        let place = program.scratch().path().join("out");
        let output = program.env("AWS_SHARED_CREDENTIALS_FILE", &place).run();
        assert_eq!(output.exits(0).stdout(), "exit 6\n[mine]\n", "{}", output.describe());
        assert!(
            output.told().contains("out: it is mounted, so no other file can replace it\n\nhint: "),
            "{}",
            output.told()
        );
        assert_eq!(sandbox.aws.requests().len(), 0, "{options}");
    }
}

/// One file that cannot be deleted keeps no other one, and its own reason is reported.
#[test]
fn what_can_be_deleted_is() {
    if !has_namespaces() {
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    let all = "for name in a b c d e f g h; do echo x >$c/$name; done; : >$c/d; mount --bind data/file $c/d";
    let output = after_an_exchange(&sandbox, &format!("{all}; oidc-exchange clean >out; echo \"exit $?\"; ls -A $c"));
    assert_eq!(output.exits(0).stdout(), "exit 6\nd\n", "{}", output.describe());
}

/// The private directory can become a mount after it was made. It cannot be deleted then.
#[test]
fn the_private_directory_itself() {
    if !has_namespaces() {
        return;
    }
    let sandbox = Sandbox::start().unwrap();
    let script = "p=$HOME/.oidc-exchange/job-1; mount --bind $p $p; oidc-exchange clean >out; echo \"exit $?\"; ls -A $p; stat -c %a $p";
    let output = after_an_exchange(&sandbox, script);
    assert_eq!(output.exits(0).stdout(), "exit 0\n700\n", "{}", output.describe());
}
