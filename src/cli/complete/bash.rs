//! Completions for bash: one function that finds the command on the line and offers what may follow. It needs no
//! helpers of bash-completion, and supports bash 3.2 of macOS, in which `=` is a separate word. (In bash 3.2, `source
//! <(…)` reads nothing, but `eval` works.)

use super::add;
use crate::cli::outline::{Entry, Opt, Value};

const HEAD: &str = r#"# bash completion of oidc-exchange: source it, or put it into bash-completion's directory.
_oidc_exchange() {
    local IFS=$' \t\n' at='' word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} i words= options=
    COMPREPLY=()
    if [[ $word == '=' ]]; then
        word=
    elif [[ $before == '=' ]]; then
        before=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$at ${COMP_WORDS[i]}" in
"#;

const MIDDLE: &str = r#"            *' --')
                if ((i + 1 == COMP_CWORD)); then
                    COMPREPLY=($(compgen -c -- "$word"))
                else
                    IFS=$'\n'
                    compopt -o filenames 2>/dev/null
                    COMPREPLY=($(compgen -f -- "$word"))
                fi
                return ;;
        esac
    done
    case "$at $before" in
"#;

const FILES: &str = r#")
            IFS=$'\n'
            compopt -o filenames 2>/dev/null
            COMPREPLY=($(compgen -f -- "$word"))
            return ;;
"#;

const TAIL: &str = r#"    esac
    [[ -n $words && $word != -* ]] || words+=" $options"
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _oidc_exchange oidc-exchange
complete -W 'get store erase list version' docker-credential-oidc-exchange
"#;

pub(super) fn script(commands: &[Entry]) -> String {
    let mut out = HEAD.to_owned();
    for command in commands.iter().filter(|command| !command.path.is_empty()) {
        let (above, name) = command.path.rsplit_once(' ').unwrap_or(("", &command.path));
        add(&mut out, &["            '", above, " ", name, "') at='", &command.path, "' ;;\n"]);
    }
    out.push_str(MIDDLE);
    let mut files = Vec::new();
    let mut unknown = Vec::new();
    for (path, option) in commands.iter().flat_map(|command| command.options.iter().map(|it| (&command.path, it))) {
        // The command and the option, in the form of the `case`.
        let here = ["'", path, " --", &option.long, "'"].concat();
        match &option.value {
            Value::Absent => {}
            Value::OneOf(values) => add(&mut out, &["        ", &here, ") words='", &values.join(" "), "' ;;\n"]),
            Value::Path => files.push(here),
            Value::Any => unknown.push(here),
        }
    }
    add(&mut out, &["        ", &files.join("|"), FILES]);
    add(&mut out, &["        ", &unknown.join("|"), ") return ;;\n        *) case $at in\n"]);
    for command in commands {
        let names: Vec<String> = command.below.iter().map(|(name, _)| name.clone()).collect();
        let names = [names, command.choices.clone()].concat().join(" ");
        let options: Vec<String> = command.options.iter().flat_map(Opt::names).collect();
        add(&mut out, &["            '", &command.path, "') words='", &names]);
        add(&mut out, &["' options='", &options.join(" "), "' ;;\n"]);
    }
    add(&mut out, &["        esac ;;\n", TAIL]);
    out
}
