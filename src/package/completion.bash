# shellcheck shell=bash
# Completion for mlp_train and mlp in bash, and in zsh after
# "autoload -U +X bashcompinit && bashcompinit". Source it, or install it as
# bash-completion/completions/mlp_train and .../mlp. It asks the programs' own
# --help, so it knows what they know.

# The help that belongs to the words so far.
_mlp_help() {
    local program=$1 command=${COMP_WORDS[1]-}
    if [[ ${program##*/} == mlp_train ]]; then
        "$program" --help all
    elif [[ $COMP_CWORD -gt 1 && $command == train ]]; then
        "$program" train --help all
    elif [[ $COMP_CWORD -gt 1 && $command != -* ]]; then
        "$program" "$command" --help
    else
        "$program" --help
    fi 2>/dev/null
}

# Options: the first words of entries that begin with two dashes.
_mlp_options() { awk '/^  --/ { print $1 }'; }

# Sub-commands and presets: the first words of the entries of a section.
_mlp_section() {
    awk -v section="$1:" '$0 == section { inside = 1; next }
        /^[^ ]/ { inside = 0 }
        inside && /^  [a-z]/ { print $1 }'
}

# Choices of an option: its help begins "relu, tanh: ".
_mlp_choices() {
    awk -v option="$1" '
        /^  --/ || /^$/ { inside = $1 == option; skip = inside ? 2 : 0 }
        inside { for (i = 1 + skip; i <= NF; i++) text = text " " $i; skip = 0 }
        END {
            if (match(text, /^( [a-z0-9-]+,)+ [a-z0-9-]+:/)) {
                text = substr(text, 1, RLENGTH - 1)
                gsub(/,/, " ", text)
                print text
            }
        }'
}

_mlp() {
    local program=$1 word=$2 previous=$3 help words=
    COMPREPLY=()
    help=$(_mlp_help "$program") || return 0
    if [[ $previous == --preset ]]; then
        words=$(_mlp_section Presets <<<"$help")
    elif [[ $previous == --* ]]; then
        words=$(_mlp_choices "$previous" <<<"$help")
    fi
    if [[ -z $words && $word == -* ]]; then
        words=$(_mlp_options <<<"$help")
    elif [[ -z $words && ${program##*/} == mlp && $COMP_CWORD -eq 1 ]]; then
        words=$(_mlp_section Sub-commands <<<"$help")
    fi
    while IFS= read -r reply; do
        COMPREPLY+=("$reply")
    done < <(compgen -W "$words" -- "$word")
}

# Where nothing fits, names of files.
complete -o default -F _mlp mlp_train mlp
