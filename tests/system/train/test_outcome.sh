#!/bin/sh
# A run that ends with a useless model warns in one line with the cause, on any
# team; a model that has learned something gives no warning.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# --quiet omits notes on placement, which depend on this machine.
# warns TEXT ARGUMENT...: succeeds with a digest and one warning with that text,
# the same on one rank, on three ranks, and with rows in files.
warns() {
    text=$1
    shift
    echo "$text"
    for team in "0" "3" "2 --threads 2" "1 --memory-limit 81K"; do
        # shellcheck disable=SC2086 # ranks, and options
        team $team "$@" --quiet --log log.jsonl
        expect_status 0 "$* on $team ranks"
        [ "$(wc -l <err)" -eq 1 ] || fail "$*, $team: not one line"
        grep -qF -e "mlp_train: warning: $text" err ||
            fail "$*, $team: does not say: $text"
        [ -n "$(digest)" ] || fail "$*: no digest"
        tail -n 2 log.jsonl | head -n 1 |
            grep -qF "{\"event\":\"warning\",\"step\":" || fail "not in the log"
        [ "$team" = 0 ] && mv err expected-err
        [ "$team" = 0 ] || cmp -s err expected-err ||
            fail "$*, $team: another line"
    done
}

# is_silent ARGUMENT...
is_silent() {
    echo "nothing to warn of: $*"
    for ranks in 0 3; do
        team "$ranks" "$@" --quiet --log log.jsonl
        expect_status 0 "$*"
        [ ! -s err ] || fail "$*: complains"
        ! grep -q '"event":"warning"' log.jsonl || fail "$*: a warning is logged"
    done
}

awk 'BEGIN { print "x,y"
    for (i = 0; i < 200; i++) print i / 10 "," 3 * i + (i % 7) }' >line.csv
awk 'BEGIN { print "x,z,class"
    for (i = 0; i < 400; i++) {
        x = (i * 7919 % 1000) / 1000; z = (i * 104729 % 997) / 997
        print x "," z "," (x > 0.93 && z > 0.2 ? "rare" : "usual") } }' >rare.csv
line="--data line.csv --label y --scaling auto --clip-norm 0 --hidden 4 --batch 16
    --momentum 0 --epochs 20 --seed 3 --split seed --test-fraction 0.2"
rare="--data rare.csv --label class --scaling auto --hidden 8 --lr 0.05 --epochs 5 --batch 16
    --split seed --test-fraction 0.3"
dead="are 0 for each of"

# shellcheck disable=SC2086 # lists of words
{
    warns "no better than the mean of the targets: test R2 -0.0" \
        $line --lr 0.6
    grep -q "; 4 of 4 ReLU units of hidden layer 1 $dead 160 training rows.*: \
a smaller --lr than 0.6 may help\$" err || fail "no cause: $(cat err)"
    tail -n 2 log.jsonl | grep -q '"relu_units":4,"dead_units":4}' ||
        fail "the log does not count the units"
    is_silent $line --lr 0.05

    warns "no better than always the largest class: test accuracy" \
        --data digits --lr 3 --epochs 3
    grep -q "; 256 of 256 ReLU units of hidden layer 1 $dead 512 training rows" \
        err || fail "no cause: $(cat err)"
    is_silent --data digits --epochs 3
    # only ReLU units can be dead
    team 0 --data digits --lr 30 --hidden 30 --activation sigmoid --epochs 1
    grep -q "of class [0-9]; another --lr than 30, or more --epochs may help" \
        err || fail "another cause: $(cat err)"
    # by validation rows; and by training rows, if there are no others
    team 2 $line --test-fraction 0 --validation 0.25 --lr 0.8
    grep -q "of the targets: validation R2" err || fail "not by validation rows"
    team 2 $line --test-fraction 0 --lr 0.8
    grep -q "of the targets: training R2" err || fail "not by training rows"

    # 95% of the rows are of one class: fewer hits can be worth more
    team 0 $rare
    grep -q "95.83% of the rows are of class usual; another --lr than 0.05, \
--class-weights balanced or more --epochs may help\$" err ||
        fail "uneven classes: $(cat err)"
    is_silent $rare --class-weights balanced
}

echo "early stopping: by the epoch whose weights are the result"
team 2 --data digits --lr 3 --epochs 9 --validation 0.2 --patience 2
grep -q "warning: no better than always the largest class" err ||
    fail "no warning: $(cat err)"

echo "a stopped run gives no warning, a resumed run does"
team 0 --data digits --lr 3 --epochs 3 --checkpoint dir --max-steps 20
expect_status 75 "stopped"
! grep -q "warning" err || fail "a warning before the end"
team 2 --checkpoint dir --resume --data digits
grep -q "warning: no better than always the largest class" err ||
    fail "no warning after a resume"
