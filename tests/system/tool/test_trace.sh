#!/bin/sh
# mlp trace: a worked example that is published (M. Mazur 2015, "A step by step
# backpropagation example"), the lecture's form of net, and bad files.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# trace FILE [OPTION]...
trace() {
    status=0
    "$MLP_BUILD/mlp" trace "$@" >out 2>err </dev/null || status=$?
}

# shows NAME VALUE: NAME's last line ends with VALUE.
shows() {
    grep -F -A 2 -e "  $1 = " out | tail -n 1 | grep -q " = $2\$" ||
        fail "$1 is not $2"
}

cat >mazur.txt <<'END'
input = 0.05, 0.10
target = 0.01 0.99
W1 = 0.15 0.25 | 0.20 0.30 # w1 w3, w2 w4 of the article
b1 = 0.35 0.35
W2 = 0.40 0.50 | 0.45 0.55
b2 = 0.60 0.60
lr = 0.5
END
trace mazur.txt
expect_status 0 "Mazur's example"
shows 'z1[1]' 0.3775
shows 'a1[1]' 0.593269992
shows 'a2[1]' 0.75136507
shows 'a2[2]' 0.772928465
shows E 0.298371109
shows 'delta2[1]' 0.138498562
shows 'dE/dW2[1,1]' 0.0821670406
shows 'new W2[1,1]' 0.35891648
shows 'new W2[2,1]' 0.408666186
shows 'new W2[1,2]' 0.51130127
shows 'new W2[2,2]' 0.561370121
shows 'new W1[1,1]' 0.149780716
shows 'new W1[2,1]' 0.199561432
shows 'new W1[1,2]' 0.249751144
shows 'new W1[2,2]' 0.299502287
grep -q '(0.751365 - 0.01) \* 0.751365 (1 - 0.751365)' out ||
    fail "the output's delta lacks its numbers"

trace "$MLP_SOURCE/data/trace-2-3-2.txt" --format markdown
expect_status 0 "the example in data/"
grep -q '^# One step of a net 2-3-2' out || fail "no title"
# shellcheck disable=SC2016 # these are Markdown's
grep -q '^| `delta1\[3\]` | `(W2\[3,1\] delta2\[1\] + W2\[3,2\] delta2\[2\])' \
    out || fail "no row for delta1[3]"

# by hand, without biases: z = 2 * 3 = 6, E = (6 - 5)^2 / 2, new = 3 - 0.1 * 2
printf 'input=2\ntarget=5\nW1=3\noutput=identity\n' >line.txt
trace line.txt
expect_status 0 "one weight"
shows 'z1[1]' 6
shows E 0.5
shows 'new W1[1,1]' 2.8
! grep -q 'b1' out || fail "a bias where there is none"

# equal logits: softmax 1/2 each, cross-entropy log 2, delta a - y
printf 'input=1\ntarget=1 0\nW1=0 0\noutput=softmax\nloss=cross-entropy\n' \
    >softmax.txt
trace softmax.txt
expect_status 0 softmax
shows E 0.693147181
shows 'delta1[1]' -0.5
shows 'delta1[2]' 0.5

# refused LINES TEXT: with exit code 65, and a message that has TEXT.
refused() {
    printf '%b' "$1" >bad.txt
    trace bad.txt
    expect_status 65 "$1"
    grep -q -e "$2" err || fail "the reason is not \"$2\": $1"
    [ ! -s out ] || fail "output in spite of a bad file: $1"
}
refused 'input=1\ntarget=1\n' 'has no W1'
refused 'input=1\nW1=1\n' 'has no target'
refused 'input=1 2\ntarget=1\nW1=1\n' 'W1 has 1 rows, expected 2'
refused 'input=1\ntarget=1\nW1=1 2\n' 'target has 1 numbers, the net 2'
refused 'input=1\ntarget=1\nW1=x\n' 'bad.txt:3: "x" is not a number'
refused 'input=1\ntarget=1\nW1=1 2 | 3\n' 'row 2 has 1 numbers'
refused 'input=1\ntarget=1\nW1=1\nb1=1 2\n' 'b1 has 2 numbers, expected 1'
refused 'input=1\ntarget=1\nW1=1\nW3=1\n' 'W2 is missing'
refused 'input=1\nsize=3\n' 'bad.txt:2: "size" is not one of'
refused 'input=1\ntarget=1\nW1=1\nW2=1\nactivation=step\n' 'derivative is 0'
refused 'input=1\ntarget=1\nW1=1\noutput=softmax\n' 'softmax'
refused 'nonsense\n' 'bad.txt:1: is not of the form'
trace nowhere.txt
expect_status 66 "a file that is not there"
trace .
expect_status 66 "a directory"
