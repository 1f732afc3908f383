#!/bin/sh
# The progress line on a real terminal, with changes of the window size; and
# plain lines elsewhere.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

command -v tmux >/dev/null 2>&1 || skip "tmux is not installed"

# A tmux server for this test alone.
screen() { tmux -f /dev/null -L "mlp-test-$$" "$@"; }
trap 'screen kill-server 2>/dev/null || true; clean_up' EXIT

# Epochs of some tenths of a second, without end.
work="--data digits --hidden 1024,1024 --batch 4 --threads 1 --epochs 100000"

# open COMMAND: in a window of 100 columns; when it ends, its exit code is in
# the file code. Everything it sends to the terminal is in the file sent. It
# begins on the last row: from a screen with empty rows below, tmux moves what
# it folds out of reach, into its history.
open() {
    rm -f code sent
    screen new-session -d -x 100 -y 30 "until [ -e sent ]; do sleep 0.05; done
        yes '' | head -n 30
        env LC_ALL=C.UTF-8 $1 2>&1; echo \$? >code; sleep 600"
    screen pipe-pane -o 'cat >sent'
}
# Wait until the server has ended, before the next one starts.
close() {
    screen kill-server
    wait_for 60 is_gone
}
is_gone() { ! screen list-sessions >/dev/null 2>&1; }

look() { screen capture-pane -p >out; }
looks_like() { look && grep -q "$1" out; }

# One progress line, without remains of an older one. If the step does not fit,
# the line has only the epoch.
drawn() {
    look
    [ "$(grep -Ec '^epoch [0-9]+/100000( [0-9]+/337.*)?$' out)" -eq 1 ]
}
drawn_with() { drawn && grep -Eq "$1" out; }
drawn_in_green() {
    screen capture-pane -p -e >out
    grep -q "$escape\[32m━" out
}

# Nothing else either, at the latest after seconds: what stays is on the screen
# for 30 epochs. What a terminal folds when it gets narrower has bars and times.
drawn_clean() {
    drawn && [ "$(grep -c '[━─]' out)" -le 1 ] &&
        [ "$(grep -c 'left$' out)" -le 1 ]
}
too_narrow() { look && ! grep -q /337 out; }

line='━─* +loss [0-9.]+  acc [0-9.]+%  [0-9]+ rows/s  [0-9:]+ left$'

echo "the line has loss, accuracy, speed and time left, without flicker"
open "$program $work"
wait_for 60 drawn_with "$line"
drawn_clean || fail "more than a line"

echo "it follows the window"
for columns in 60 130 35 21 100; do
    screen resize-window -x "$columns"
    sleep 0.3
    wait_for 5 drawn_clean
done
screen resize-window -x 12
wait_for 5 too_narrow
screen resize-window -x 100
wait_for 60 drawn_with "$line"

echo "Ctrl-C leaves a clean screen"
screen send-keys C-c
wait_for 60 test -s code
[ "$(cat code)" -eq 75 ] || fail "exit code $(cat code), not 75"
wait_for 10 looks_like "^mlp_train: stopped on request"
! grep -q "rows/s  .* left" out || fail "the progress line stays"
# Never blank: the new line overwrites the old one. The line is erased only
# before another line, of an epoch or the last.
escape=$(printf '\033')
tr '\r' '\n' <sent | grep -c "^$escape\[J" >erased || true
epochs=$(grep -c "train loss" sent || true) # none, if the stop came at once
[ "$(cat erased)" -le $((epochs + 3)) ] ||
    fail "erased $(cat erased) times in $epochs epochs"
close

echo "colors, unless they are not wanted"
open "$program $work"
wait_for 60 drawn_with "$line"
wait_for 60 drawn_in_green # not at an epoch's begin, when nothing is done yet
close
open "NO_COLOR=1 $program $work"
wait_for 60 drawn_with "$line"
screen capture-pane -p -e >out
! grep -q "$escape" out || fail "colors in spite of NO_COLOR"
close

echo "under mpirun, which does not forward changes of the size"
open "timeout --foreground 300 mpirun --oversubscribe --bind-to none -np 2 $program $work"
wait_for 60 drawn_with "$line"
screen resize-window -x 50
sleep 0.3
wait_for 5 drawn_clean
close

echo "a terminal that is closed stops the run, which saves"
saved() { ls dir/ckpt-*.h5 >/dev/null 2>&1; }
open "$program $work --every 0 --checkpoint dir"
wait_for 60 drawn_with "$line"
close
wait_for 60 saved

echo "plain lines on a dumb terminal, in a file and in a pipe"
few="--data digits --epochs 3 --threads 1"
three_epochs_are_sent() { [ "$(grep -c '^epoch' sent)" -eq 3 ]; }
open "TERM=dumb $program $few"
wait_for 60 test -s code
[ "$(cat code)" -eq 0 ] || fail "exit code $(cat code)"
wait_for 10 three_epochs_are_sent
! grep -q "$escape" sent || fail "escape sequences"
close
# shellcheck disable=SC2086 # these are words
team 0 $few
expect_status 0 "a run into a file"
[ "$(grep -c '^epoch .* rows/s$' out)" -eq 3 ] || fail "not three epochs"
! grep -q "$(printf '[\r\033]')" out || fail "no plain lines"
"$program" --data digits --epochs 3 --threads 1 | cat >piped
[ "$(grep -c '^epoch .* rows/s$' piped)" -eq 3 ] || fail "not three in a pipe"

echo "quiet: the digest only, on a terminal too"
open "$program $few --quiet"
wait_for 60 test -s code
wait_for 10 looks_like "^weights sha256"
[ "$(grep -c . out)" -eq 1 ] || fail "more than the digest"
