//! `--format source`: for shells with `set -x`, which prints commands to the log.

use sandbox::Sandbox;

use crate::support::shells;

const EVAL: &str = "eval \"$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --format source)\"";

/// Standard error, where traces go, is searched by every run.
#[test]
fn nothing_is_traced_and_tracing_goes_on() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        for options in ["-x", "-v", "-xv", "-eux"] {
            let asked = sandbox.aws.issued().len();
            let script = format!(
                "{EVAL}\nsh -c 'umask 077; printf %s \"$AWS_SESSION_TOKEN\" >shown'\nunset AWS_SECRET_ACCESS_KEY\necho \"${{_oidc_exchange-gone}} $-\"\n"
            );
            let program = shell.with([options, "./script"]).job(&sandbox);
            program.scratch().write("script", script);
            let output = program.run();
            output.exits(0);
            let issued = &sandbox.aws.issued()[asked];
            let place = output.scratch.path();
            assert!(std::fs::read_to_string(place.join("shown")).unwrap() == issued.session_token, "{}", shell.name);
            let said = output.stdout();
            assert!(said.starts_with("gone "), "{}: {said}", shell.name);
            for flag in options.trim_start_matches('-').chars() {
                assert!(said["gone ".len()..].contains(flag), "{} {options}: {said}", shell.name);
            }
            let left: Vec<_> =
                output.scratch.files().into_iter().filter(|file| file.to_string_lossy().contains("source-")).collect();
            assert!(left.is_empty(), "the file is deleted: {left:?}");
            assert!(output.stderr().contains("unset AWS_SECRET_ACCESS_KEY"), "{}: tracing goes on", shell.name);
        }
    }
}

/// If its file is deleted, it stops the caller like every other failure.
#[test]
fn a_file_that_is_gone_stops_the_caller() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        let script = "text=$(oidc-exchange aws --role-arn arn:aws:iam::123456789012:role/deploy --format source)\n\
                      rm -r \"$HOME/.oidc-exchange\"\neval \"$text\"\necho AFTER\n";
        let program = shell.with(["./script"]).job(&sandbox);
        program.scratch().write("script", script);
        let output = program.hands_over().run();
        assert!(!output.stdout().contains("AFTER"), "{}", shell.name);
        assert!(output.code != Some(0), "{}", output.describe());
    }
}

#[test]
fn a_directory_with_blanks_is_no_trap() {
    let sandbox = Sandbox::start().unwrap();
    for shell in shells::posix() {
        for eval in [EVAL.to_owned(), EVAL.replace('"', "")] {
            let quoted = eval.contains('"');
            let asked = sandbox.aws.issued().len();
            // posh and mksh run another program for `printf`, whose command line everybody can read.
            let show = "cat <<END\n$AWS_SESSION_TOKEN\nEND\n";
            let script = format!("export OIDC_EXCHANGE_DIR=\"$HOME/it's  a dir\"; {eval}\n{show}");
            let output = shell.runs(&script).job(&sandbox).hands_over().run();
            if quoted {
                output.exits(0).stdout_is(&format!("{}\n", sandbox.aws.issued()[asked].session_token));
            } else {
                output.exits(2).stdout_is("");
            }
        }
    }
}
