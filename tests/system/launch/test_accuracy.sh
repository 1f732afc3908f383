#!/bin/sh
# jobs/accuracy.sh, with a substitute for the program: it trains each net once,
# continues where it was stopped, and counts errors. The program takes every
# line.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

script=$MLP_SOURCE/jobs/accuracy.sh

# As mlp_train: an accuracy that follows from the seed; stops before its end
# with the seed $stopped.
cat >train <<'END'
#!/bin/sh
echo "$*" >>calls
while [ $# -gt 1 ]; do
    case $1 in
    --log) log=$2 ;;
    --seed) seed=$2 ;;
    esac
    shift
done
echo '{"event":"start","data":{"train_rows":50000,"validation_rows":10000,' \
    '"test_rows":5000}}' | tr -d ' ' >"$log"
echo '{"event":"epoch","epoch":1,"validation_accuracy":0.9,"test_accuracy":0.8}
{"event":"epoch","epoch":2,"validation_accuracy":0.9941,"test_accuracy":0.'"$((
    9938 + seed * 2))"'}' >>"$log"
[ "$seed" != "${stopped:-}" ] || exit 75
echo '{"event":"end","epoch":2,"test_accuracy":0.1}' >>"$log"
END
chmod +x train
export MLP_TRAIN="$place/train" OUT="$place/nets" PRESETS=mnist-small

# run STATUS ARGUMENT...
run() {
    expected=$1
    shift
    status=0
    bash "$script" "$@" >out.txt 2>err || status=$?
    mv out.txt out
    expect_status "$expected" "$*"
}

expect_calls() {
    [ "$(wc -l <calls)" -eq "$1" ] || fail "not $1 nets were trained: $2"
}

echo "stopped in the third net, then to the end, then with nothing left"
stopped=3 && export stopped
run 75 train final --threads 2
expect_calls 3 "up to the stop"
unset stopped
run 0 train final
expect_calls 6 "the third again, and two more"
# 5,000 rows, 0.9940 to 0.9948 correct: 30, 29, 28, 27, 26 errors, whose
# variance is 2.5
grep -qF "| \`--preset mnist-small\` | 30 29 28 27 26 | 28.0 | 1.6 |" out ||
    fail "the table"
run 0 train final
expect_calls 6 "all have ended"
grep -q 'mnist-small --seed 1 --threads 2$' calls || fail "options are handed on"

echo "an array's results"
run 0 lines final
[ "$(cat out)" = "$(for seed in 1 2 3 4 5; do
    echo "--preset mnist-small --seed $seed"
done)" ] || fail "its lines"
rm -r nets/final/2
run 0 table final nets/final
grep -qF '| 30 28 27 26 | 27.8 | 1.7 |' out || fail "one has not ended"

echo "the search counts validation rows"
run 0 train search
grep -qE '^\| .* \| 59( 59)* \| 59\.0 \| (0\.0|-) \|$' out || fail "the table"

echo "lines are options of the program"
PRESETS='mnist-small mnist-best'
for what in final search; do
    run 0 lines $what
    [ "$(wc -l <out)" -ge 10 ] || fail "$what has few lines"
    while read -r line; do
        # shellcheck disable=SC2086 # a list of words
        "$program" $line --print-config >/dev/null 2>err || fail "$line"
    done <out
done

echo "wrong words"
for words in "" final "lines all" "table final" "lines final x"; do
    # shellcheck disable=SC2086 # a list of words
    run 64 $words
    grep -q "jobs/accuracy.sh train" err || fail "no usage: $words"
done
