//! The user's shell, with a prompt that names the sandbox and its job.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::Path;

use tokio::process::Command;

/// `$SHELL`, or `sh`. The user's own settings are read first, because most of them set a prompt.
pub(crate) fn with_a_prompt(private: &Path, job: &str) -> io::Result<Command> {
    let shell = env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| "sh".into());
    let mut command = Command::new(&shell);
    match Path::new(&shell).file_name().and_then(OsStr::to_str) {
        Some("bash") => {
            let file = private.join("bashrc");
            fs::write(&file, format!("[ ! -f ~/.bashrc ] || . ~/.bashrc\nPS1='(sandbox: {job}) \\w \\$ '\n"))?;
            command.arg("--rcfile").arg(file);
        }
        Some("zsh") => {
            let own = env::var_os("ZDOTDIR").or_else(|| env::var_os("HOME")).unwrap_or_else(|| OsString::from("/"));
            let text = format!(
                "ZDOTDIR=$SANDBOX_ZDOTDIR\n[ ! -f \"$ZDOTDIR/.zshrc\" ] || . \"$ZDOTDIR/.zshrc\"\n\
                 PROMPT='(sandbox: {job}) %~ %# '\n"
            );
            fs::write(private.join(".zshrc"), text)?;
            command.env("ZDOTDIR", private).env("SANDBOX_ZDOTDIR", own);
        }
        Some("fish") => {
            let prompt = format!("function fish_prompt; echo '(sandbox: {job})' (prompt_pwd) '> '; end");
            command.args(["--init-command", &prompt]);
        }
        _ => {
            command.env("PS1", format!("(sandbox: {job}) $ "));
        }
    }
    Ok(command)
}
