#!/usr/bin/env bash
# Search over options: write the lines that jobs/array.sbatch trains with, and
# list the best ones.
#
#     bash jobs/search.sh grid --lr 0.1 0.03 --hidden 256 512,256
#     bash jobs/search.sh random 20 --lr 0.01..1 --batch 64 128
#     bash jobs/search.sh table runs/array-ID/*/log.jsonl
#
# grid: one line for each combination. random N: N lines, each option drawn
# from its values, or, of LOW..HIGH, between the two, evenly in the logarithm
# (Bergstra and Bengio 2012, "Random Search for Hyper-Parameter Optimization",
# JMLR 13); MLP_SEED (1) is the seed. table: logs by their last epoch, best
# first by validation accuracy, or for regressions by validation loss. A log
# without validation rows is refused: test rows choose nothing.
set -euo pipefail

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 64
}

# One line for each option: its name, then its values.
list_options() {
    local line='' word
    for word in "$@"; do
        case $word in
        --*)
            [ -z "$line" ] || echo "$line"
            line=$word
            ;;
        *)
            [ -n "$line" ] || usage
            line="$line $word"
            ;;
        esac
    done
    echo "$line"
}

grid() {
    list_options "$@" | awk '
    function combine(i, line,    k, n, word) {
        if (i > NR) { print line; return }
        n = split(option[i], word, " ")
        for (k = 2; k <= n; k++) {
            combine(i + 1, line (line == "" ? "" : " ") word[1] " " word[k])
        }
    }
    { option[NR] = $0 }
    END { combine(1, "") }'
}

random() {
    local count=$1
    shift
    list_options "$@" | awk -v count="$count" -v seed="${MLP_SEED:-1}" '
    function draw(text,    bound) {
        if (split(text, bound, /\.\./) != 2) { return text }
        ratio = bound[2] / bound[1]
        return sprintf("%.4g", bound[1] * exp(rand() * log(ratio)))
    }
    { option[NR] = $0 }
    END {
        srand(seed)
        for (k = 0; k < count; k++) {
            line = ""
            for (i = 1; i <= NR; i++) {
                n = split(option[i], word, " ")
                line = line (i > 1 ? " " : "") word[1] " " \
                       draw(word[2 + int(rand() * (n - 1))])
            }
            print line
        }
    }'
}

# The last epoch of each log, and the options of its start.
table() {
    local log rows
    rows=$(for log in "$@"; do list_log "$log" || exit; done) || exit
    printf 'validation\ttest\tepochs\tlr\tbatch\thidden\tseed\tlog\n'
    # accuracies descend; losses, which have a minus before them, too
    sort -t "$(printf '\t')" -k 1,1gr <<<"$rows"
}

# One line of the table.
list_log() {
    awk -v log_name="$1" '
        function field(name,    text) {
            if (!match($0, "\"" name "\":(\\[[^]]*\\]|\"[^\"]*\"|[^,}]*)")) {
                return "-"
            }
            text = substr($0, RSTART + length(name) + 3,
                          RLENGTH - length(name) - 3)
            gsub(/["\[\]]/, "", text)
            return text == "null" ? "-" : text
        }
        function merit(of,    accuracy, loss) {
            accuracy = field(of "_accuracy")
            loss = field(of "_loss")
            return accuracy != "-" ? accuracy : loss != "-" ? "-" loss : "-"
        }
        /"event":"start"/ {
            options = field("lr") "\t" field("batch") "\t" field("hidden") \
                      "\t" field("seed")
        }
        /"event":"epoch"/ {
            validation = merit("validation")
            end = validation "\t" merit("test") "\t" field("epoch")
        }
        END {
            if (validation == "-") {
                print log_name ": has no validation rows, and test rows " \
                      "choose nothing: train with --validation X" >"/dev/stderr"
                exit 65
            }
            if (end != "") { print end "\t" options "\t" log_name }
        }' "$1"
}

case ${1:-} in
grid | table)
    [ $# -ge 2 ] || usage
    "$@"
    ;;
random)
    [ $# -ge 4 ] && [ "$2" -gt 0 ] 2>/dev/null || usage
    "$@"
    ;;
*) usage ;;
esac
