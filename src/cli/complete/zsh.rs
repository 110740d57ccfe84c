//! Completions for zsh: a function for each command, with `_arguments`.

use super::add;
use crate::cli::outline::{Entry, Opt, Value};

const HEAD: &str = "#compdef oidc-exchange docker-credential-oidc-exchange
# zsh completion of oidc-exchange: a file `_oidc-exchange` in a directory of fpath.
";

/// After `--`, the line belongs to COMMAND.
const RUNS: &str = r"    local -i end=${words[(i)--]}
    if (( end < CURRENT )); then
        shift end words
        (( CURRENT -= end ))
        _normal
        return
    fi
";

const BRANCH: &str = r" \
        '1: :->command' '*:: :->rest' && return
    case $state in
        command) _describe command subcommands ;;
        rest) (( $+functions[$below$line[1]] )) && $below$line[1] ;;
    esac
";

/// If fpath loads this file, it is the body of the requested function. If it is sourced, it must register a function.
const TAIL: &str = r#"

_docker_credential_oidc_exchange() {
    _arguments '1: :(get store erase list version)'
}

if [[ $funcstack[1] != _oidc-exchange ]]; then
    compdef _oidc_exchange oidc-exchange
    compdef _docker_credential_oidc_exchange docker-credential-oidc-exchange
elif [[ $service == docker-credential-oidc-exchange ]]; then
    _docker_credential_oidc_exchange "$@"
else
    _oidc_exchange "$@"
fi
"#;

pub(super) fn script(commands: &[Entry]) -> String {
    let mut out = HEAD.to_owned();
    for command in commands {
        let name = function(&command.path);
        let options: Vec<String> = command.options.iter().map(specification).collect();
        let options = options.join(" \\\n        ");
        add(&mut out, &["\n", &name, "() {\n"]);
        if command.below.is_empty() {
            if command.runs {
                out.push_str(RUNS);
            }
            add(&mut out, &["    _arguments -s -S \\\n        ", &options]);
            if !command.choices.is_empty() {
                add(&mut out, &[" \\\n        '1: :(", &command.choices.join(" "), ")'"]);
            }
            out.push('\n');
        } else {
            add(
                &mut out,
                &["    local curcontext=$curcontext state line below=", &name, "_\n    local -a subcommands=(\n"],
            );
            for (name, about) in &command.below {
                add(&mut out, &["        ", &quoted(&[name, ":", about].concat()), "\n"]);
            }
            add(&mut out, &["    )\n    _arguments -C -s -S \\\n        ", &options, BRANCH]);
        }
        out.push_str("}\n");
    }
    out.push_str(TAIL);
    out
}

fn function(path: &str) -> String {
    ["_oidc_exchange", if path.is_empty() { "" } else { "_" }, &path.replace(' ', "_")].concat()
}

/// For example `'(-q --quiet)'{-q,--quiet}'[Say nothing but errors]'`. An option that may be repeated has a star in
/// place of the group.
fn specification(option: &Opt) -> String {
    let names = option.names();
    let mut out = if option.repeats { "'*'".to_owned() } else { ["'(", &names.join(" "), ")'"].concat() };
    match &names[..] {
        [one] => out.push_str(one),
        several => add(&mut out, &["{", &several.join(","), "}"]),
    }
    let name = &option.value_name;
    let (equals, value) = match &option.value {
        Value::Absent => ("", String::new()),
        Value::OneOf(values) => ("=", [":", name, ":(", &values.join(" "), ")"].concat()),
        Value::Path => ("=", [":", name, ":_files"].concat()),
        Value::Any => ("=", [":", name, ": "].concat()),
    };
    let help = option.help.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    add(&mut out, &[equals, &quoted(&["[", &help, "]", &value].concat())]);
    out
}

fn quoted(text: &str) -> String {
    ["'", &text.replace('\'', "'\\''"), "'"].concat()
}
