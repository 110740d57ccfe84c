//! Completions for fish: a line for each option, under the condition that its command is on the line.

use super::add;
use crate::cli::outline::{Entry, Value};

const HEAD: &str = r#"# fish completion of oidc-exchange: a file `oidc-exchange.fish` in fish's directory of completions.
function __oidc_exchange_at --description 'Whether the line is at this command of oidc-exchange'
    set -l at
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case '* --'
                set at COMMAND
                break
            case"#;

const MIDDLE: &str = r#"
                set -a at $word
        end
    end
    test "$at" = "$argv"
end
function __oidc_exchange_command --description 'Completes the COMMAND after --'
    set -l line (commandline -opc)
    set -l end (contains -i -- -- $line)
    complete -C (string join ' ' -- (string escape -- $line[(math $end + 1)..-1]) (commandline -ct))
end
complete -c docker-credential-oidc-exchange -f -a 'get store erase list version'
complete -c oidc-exchange -f
complete -c oidc-exchange -n '__oidc_exchange_at COMMAND' -a '(__oidc_exchange_command)'
"#;

pub(super) fn script(commands: &[Entry]) -> String {
    let mut out = HEAD.to_owned();
    for command in commands.iter().filter(|command| !command.path.is_empty()) {
        let space = if command.path.contains(' ') { "" } else { " " };
        add(&mut out, &[" '", space, &command.path, "'"]);
    }
    out.push_str(MIDDLE);
    for command in commands {
        let here = ["complete -c oidc-exchange -n '__oidc_exchange_at ", &command.path, "'"].concat();
        for (name, about) in &command.below {
            add(&mut out, &[&here, " -a ", name, " -d ", &quoted(about), "\n"]);
        }
        if !command.choices.is_empty() {
            add(&mut out, &[&here, " -a '", &command.choices.join(" "), "'\n"]);
        }
        for option in &command.options {
            out.push_str(&here);
            if let Some(short) = option.short {
                add(&mut out, &[" -s ", &short.to_string()]);
            }
            add(&mut out, &[" -l ", &option.long]);
            match &option.value {
                Value::Absent => {}
                Value::OneOf(values) => add(&mut out, &[" -x -a '", &values.join(" "), "'"]),
                Value::Path => out.push_str(" -r -F"),
                Value::Any => out.push_str(" -x"),
            }
            add(&mut out, &[" -d ", &quoted(&option.help), "\n"]);
        }
    }
    out
}

fn quoted(text: &str) -> String {
    ["'", &text.replace('\\', "\\\\").replace('\'', "\\'"), "'"].concat()
}
