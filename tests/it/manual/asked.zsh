# What the asked zsh loads: completion, and a `compadd` that writes down what it would add.
PROMPT=
autoload -Uz compinit
if [[ $WAY == autoloaded ]]; then
    fpath=($PWD/functions $fpath)
    compinit -D -u
else
    compinit -D -u
    source functions/_oidc-exchange
fi
zstyle ':completion:*' matcher-list ''
compadd() {
    # With -O, -A or -D it is asked for an answer, not to add anything.
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a matching
    builtin compadd -A matching "$@"
    (( $#matching )) && print -rl -- $matching >>offered
    builtin compadd "$@"
}
written() { : >>offered; : >done }
comppostfuncs=(written)
bindkey '^I' complete-word
: >ready
