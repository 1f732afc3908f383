#!/bin/sh
# Several hosts, as network namespaces with links of 1 Gbit/s: the same weights
# as on one host, files that only some hosts have, and failures of a rank, a
# cable or a host.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/netns.sh
. "$MLP_SOURCE/tests/support/netns.sh"

netns_is_possible
netns_up 3 1000
disk=$net/disk # each host's own
small="--data digits --epochs 3 --hidden 64"
# Detect a dead host within 8 s; the default is 8 minutes.
quickly="--mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 1
    --mca oob_tcp_keepalive_probes 3"

# shellcheck disable=SC2086 # a list of words
expect_digest_of_one() {
    team 0 $small --threads 1 --quiet "$@"
    expect_status 0 "one process"
    expected=$(digest)
    for hosts in h1:1,h2:1 h1:2,h2:1,h3:1; do
        before=$(netns_sent h2)
        netns_team $hosts $small --quiet "$@"
        expect_status 0 "$hosts $*"
        [ "$(digest)" = "$expected" ] || fail "$hosts: other weights: $*"
        # 33 steps with a gradient of 22 KB: at least half of it has to go
        [ $(($(netns_sent h2) - before)) -gt 360000 ] ||
            fail "$hosts: hardly a byte left h2: is it not another host?"
    done
}

echo "one digest"
expect_digest_of_one
if is_full; then
    expect_digest_of_one --clip-norm 0.5
    expect_digest_of_one --shards 11 --batch 97
    expect_digest_of_one --activation tanh --optimizer adam
fi

# expect_refusal CODE TEXT HOSTS ARGUMENT...: refused with one line.
expect_refusal() {
    code=$1 text=$2
    shift 2
    netns_team "$@"
    expect_status "$code" "$text"
    [ "$(said | wc -l)" -eq 1 ] || fail "not one line: $text"
    grep -q "^mlp_train: rank 1 on h2: .*$text" err || fail "not told: $text"
}

echo "files that only the host of rank 0 has"
idx_directory files/data/mnist
netns_on h1 cp -r files/data "$disk"
echo "epochs = 1" >options
netns_on h1 cp options "$disk"
expect_refusal 66 "$disk/data/mnist: cannot be opened: No such file" \
    h1:1,h2:1 --data "$disk/data/mnist"
expect_refusal 66 "--config: $disk/options: No such file" \
    h1:1,h2:1 --config "$disk/options"
binary=$program
program=$place/on-disk # in a directory that each host has for itself
cat >"$program" <<SCRIPT
#!/bin/sh
cd "$disk" && exec "$binary" "\$@"
SCRIPT
chmod +x "$program"
expect_refusal 66 "data/mnist: cannot be opened" h1:1,h2:1 --epochs 1
program=$binary

echo "only rank 0 writes, and only rank 0 reads what it wrote"
# shellcheck disable=SC2086
{
    netns_team h1:1,h2:1,h3:1 $small --quiet --max-steps 20 --profile \
        --checkpoint "$disk/run" --log "$disk/log" --timeline "$disk/trace" \
        --tensorboard "$disk/events"
    expect_status 75 "stopped"
    [ "$(netns_on h1 ls "$disk" | tr '\n' ' ')" = \
        "data events log options run trace " ] || fail "h1 lacks a file"
    [ -z "$(netns_on h2 ls "$disk")$(netns_on h3 ls "$disk")" ] ||
        fail "another rank has written something"
    netns_team h1:2,h3:1 $small --quiet --checkpoint "$disk/run" --resume
    expect_status 0 "resumed"
    [ "$(digest)" = "$expected" ] || is_full ||
        fail "resumed on other hosts: other weights"
    netns_team h1:1,h2:1 --data digits --epochs 1 --weights "$disk/run" --quiet
    expect_status 65 "weights from a directory"
    netns_on h1 cp "$disk/run/ckpt-000003-00000033.h5" "$disk/weights.h5"
    netns_team h1:1,h2:1 $small --epochs 1 --weights "$disk/weights.h5" --quiet
    expect_status 0 "weights that rank 0 has"
}

trains() { grep -qs '"event":"epoch"' log.jsonl; }
is_over() { ! kill -0 "$team_pid" 2>/dev/null; }
now() { date +%s%N; }

# launch ARGUMENT...: start one rank on each host.
launch() {
    rm -f log.jsonl
    netns_start h1:1,h2:1,h3:1 --data digits --hidden 64 --threads 1 --quiet \
        --log log.jsonl "$@"
    wait_for 30 trains
    sleep 0.3
}

# expect_end SECONDS CODES WHAT: check how the run ended; no rank may be left.
expect_end() {
    began=$(now)
    finish
    milliseconds=$((($(now) - began) / 1000000))
    echo "$2" | grep -qw "$status" || fail "$3: exit code $status, not $2"
    [ "$milliseconds" -le $(($1 * 1000)) ] ||
        fail "$3: over after $milliseconds ms, not $1 s"
    echo "$3: code $status after $milliseconds ms"
    for host in h1 h2 h3; do
        wait_for "${leave_seconds:-5}" has_no_rank $host
    done
}
has_gone_on() { [ "$(wc -l <log.jsonl)" -gt $((seen + 1)) ]; }
has_no_rank() { [ -z "$(netns_processes "$1" mlp_train)" ]; }

long="--epochs 1000000"
times=1
! is_full || times=5
# shellcheck disable=SC2086
for number in $(seq $times); do
    echo "faults, time $number"
    for host in h2 h1; do
        launch $long
        kill -KILL "$(netns_processes $host mlp_train)"
        expect_end 5 137 "a rank on $host killed"
    done

    mpirun_options=$quickly # or it takes minutes where no FIN gets out
    launch $long
    netns_crash h3
    expect_end 20 "205 9" "a host crashed" # mpirun says one or the other
    mpirun_options=
    netns_boot 3
    netns_on switch ip link set p3 master br0
    netns_limit_rate 3 1000

    rm -rf saved alone
    launch $long --checkpoint saved
    netns_link h2 down
    sleep 3
    netns_link h2 up
    seen=$(wc -l <log.jsonl)
    wait_for 60 has_gone_on
    kill -USR1 "$team_pid"
    expect_end 10 75 "a cable out for 3 s, then stopped"
    with_fault=$(digest)
    step=$(sed -n 's/.*stopped on request after step \([0-9]*\);.*/\1/p' err)
    team 0 --data digits --hidden 64 --threads 1 --quiet $long \
        --checkpoint alone --max-steps "$step"
    expect_status 75 "one process to step $step"
    [ "$(digest)" = "$with_fault" ] || fail "a cable out: other weights"

    mpirun_options=$quickly leave_seconds=10
    launch $long --watchdog 4
    netns_link h2 down
    expect_end 20 "70 205" "a cable out for good, and a watchdog"
    grep -q "watchdog: no progress for 4 s: .*check rank" err ||
        fail "no word of the watchdog"
    netns_link h2 up

    if is_full; then
        launch $long --watchdog 30
        netns_link h2 down
        leave_seconds=40 # the watchdog ends the rank that nobody reaches
        expect_end 15 205 "a cable out for good"
        netns_link h2 up
    fi
    mpirun_options='' leave_seconds=''
done
