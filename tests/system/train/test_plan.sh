#!/bin/sh
# mlp_train --plan: a table for 1 to 4,096 ranks, and predictions beside what was
# measured on 1 and 2 ranks. How close these are depends on what else uses the
# cores: the benchmark measures it (plan), and unit.costs checks the model.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# check_model FILE: a few batches, each measured and predicted; the printed ratio
# is that of the logged times.
check_model() {
    sed -n 's/.*"plan_check".*"measured_seconds": *\([^,}]*\).*"predicted_seconds": *\([^,}]*\).*/\1 \2/p' \
        "$1" | awk '$1 > 0 && $2 > 0 { print $2 / $1 }' | sort -g >ratios
    count=$(wc -l <ratios)
    [ "$count" -ge 2 ] || fail "$count measured steps in $1"
    printed=$(sed -n 's/^median of the ratios //p' out)
    sed -n "$((count / 2 + 1))p" ratios | awk -v printed="$printed" '
        { exit printed == "" || $1 - printed > 0.006 || printed - $1 > 0.006 }' ||
        fail "the printed median $printed is not that of: $(cat ratios)"
}

for ranks in 1 2; do
    team "$ranks" --plan 16 --plan-link 30,10 --data digits --threads 1 \
        --log "plan$ranks.jsonl"
    expect_status 0 "--plan on $ranks ranks"
    check_model "plan$ranks.jsonl"
    [ "$(grep -c '"event": *"plan"' "plan$ranks.jsonl")" -eq 13 ] ||
        fail "not 13 lines from 1 to 4096 ranks"
    grep -Eq '^ +4096 ' out || fail "the table does not end at 4096"
    grep -q 'between nodes: 30 us + 1.25 GB/s (as --plan-link says)' out ||
        fail "another link than was given"
done
grep -q 'in a node: .* (measured: sums over the ranks at hand)' out ||
    fail "two ranks do not measure what is between them"

# number FILE NAME: of a JSON line.
number() { sed -n "s/.*\"$2\": *\([0-9.]*\).*/\1/p" "$1"; }

# sent STEPS WHAT: what was sent in so many steps.
sent() { number "counted$1.jsonl" "$2"; }

# Bytes and messages between nodes, played by this machine, are those sent in ten
# steps: the first one also waits for rows that were not sent ahead of it.
for nodes in "2 1" "4 1" "4 2"; do
    ranks=${nodes% *}
    for way in tree columns "columns, rows sent ahead"; do
        case "$nodes $way" in "2 1"*ahead | "4 1"*ahead) continue ;; esac
        net="--data digits --threads 1 --batch 64 --hidden 256,128
            --between-nodes ${way%,*}"
        rm -f forecast.jsonl counted*.jsonl
        export MLP_TEST_NODE_SIZE="${nodes#* }"
        case $way in *ahead) export MLP_TEST_SEND_ROWS=1 ;; esac
        # shellcheck disable=SC2086 # a list of words
        team "$ranks" $net --plan 8 --plan-link 30,10 --log forecast.jsonl
        expect_status 0 "--plan on $nodes"
        grep -q "^first layer between nodes: by $way" out || fail "not by $way"
        for steps in 5 15; do
            # shellcheck disable=SC2086
            team "$ranks" $net --max-steps $steps --profile \
                --log counted$steps.jsonl
            expect_status 75 "$nodes"
        done
        unset MLP_TEST_NODE_SIZE MLP_TEST_SEND_ROWS
        grep "\"event\": *\"plan\", *\"ranks\": *$ranks," forecast.jsonl >line
        for what in sent_bytes sent_messages; do
            awk -v plan="$(number line $what)" -v less="$(sent 5 $what)" \
                -v more="$(sent 15 $what)" -v nodes=$((ranks / ${nodes#* })) '
                BEGIN { sent = more - less
                        exit sent == 0 || plan * nodes * 10 - sent > 0.5 ||
                             sent - plan * nodes * 10 > 0.5 }' ||
                fail "$way on $nodes: $what $(cat line counted*.jsonl)"
        done
    done
done

team 0 --plan 1 --data digits --log plan1.jsonl
expect_status 74 "a log that is there"
grep -q 'plan1.jsonl: cannot be created: File exists' err || fail "no reason"

# refused ARGUMENT...: refused with one line.
refused() {
    team 2 --data digits "$@"
    expect_status 64 "$*"
    [ "$(said | wc -l)" -eq 1 ] || fail "not one line: $*"
    grep -q -- '--plan' err || fail "it does not name --plan: $*"
}
refused --plan 5000
refused --plan many
refused --plan 4 --plan-link 30
refused --plan 4 --plan-link 30,0
refused --plan 4 --plan-link 30,10x
refused --plan-link 30,10
refused --plan 4 --check-digest
refused --plan 4 --checkpoint runs
refused --plan 4 --accumulate 2
[ ! -e runs ] || fail "a plan makes a directory"
