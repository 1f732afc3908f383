# shellcheck shell=sh
# For tests of the programs from outside: source it first. It moves to a new
# directory, which goes away at the end, and gives mlp_train clean surroundings.

program=$MLP_BUILD/mlp_train
place=$(mktemp -d)
team_pid= # what start began
clean_up() {
    # a test that fails leaves no run behind
    [ -z "$team_pid" ] || kill -9 "$team_pid" 2>/dev/null || true
    rm -rf "$place"
}
trap clean_up EXIT
cd "$place" || exit
mnist=${MLP_DATA:-} # where MNIST may be
unset MLP_DATA OMP_NUM_THREADS MLP_KERNELS MLP_TEST_NODE_SIZE
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

fail() {
    echo "FAILED: $1"
    for file in out err; do
        [ ! -s "$file" ] || { echo "-- $file:" && tail -n 25 "$file"; }
    done
    exit 1
}

skip() {
    echo "SKIP: $1"
    exit 77
}

is_full() { [ "${MLP_TEST_FULL:-0}" = 1 ]; }

# Whether a directory has the four files of MNIST, 60,000 training rows.
has_mnist() {
    [ -n "$mnist" ] && for split in train t10k; do
        for part in images-idx3 labels-idx1; do
            [ -s "$mnist/$split-$part-ubyte" ] ||
                [ -s "$mnist/$split-$part-ubyte.gz" ] || return 1
        done
    done
}

# team RANKS ARGUMENT...: mlp_train on that many ranks, 0 for no mpirun.
# Output goes to the files out and err, the exit code to $status.
team() {
    ranks=$1
    shift
    if [ "$ranks" -gt 0 ]; then
        set -- mpirun --oversubscribe --bind-to none -np "$ranks" \
            "$program" "$@"
    else
        set -- "$program" "$@"
    fi
    status=0
    timeout "${limit_seconds:-300}" "$@" >out 2>err </dev/null || status=$?
}

# start RANKS ARGUMENT...: the same in the background; its id in $team_pid.
start() {
    ranks=$1
    shift
    if [ "$ranks" -gt 0 ]; then
        set -- mpirun --oversubscribe --bind-to none -np "$ranks" \
            "$program" "$@"
    else
        set -- "$program" "$@"
    fi
    "$@" >out 2>err </dev/null &
    team_pid=$!
}

# Wait for what start began; its exit code to $status.
finish() {
    status=0
    wait "$team_pid" || status=$?
    team_pid=
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# begin_laps, lap: a stopwatch for limits on time. lap leaves in $lap the
# milliseconds since the one before, a second at most: so a machine that stood
# still as a whole, this shell with it, breaks no limit.
begin_laps() { lap_end=$(now_ms); }
lap() {
    lap=$(($(now_ms) - lap_end))
    lap_end=$((lap_end + lap))
    [ "$lap" -le 1000 ] || lap=1000
}

# Whether a process is there and no zombie.
lives() {
    case $(ps -o stat= -p "$1") in '' | Z*) return 1 ;; esac
}

# finish_timed MARK: the same for a team under mpirun, and in $milliseconds the
# time from the appearance of the file MARK to the end of the last rank.
#
# False when mpirun itself hangs with all its ranks gone, which libpmix 4.2.2
# does now and then in PMIx_server_finalize: it is killed; begin anew.
mpirun_hangs=0
finish_timed() {
    milliseconds=0 without_ranks=0 in_all=0
    begin_laps
    while lives "$team_pid"; do
        sleep 0.05
        lap
        in_all=$((in_all + lap))
        [ "$in_all" -le 120000 ] || fail "the team does not end"
        if pgrep -P "$team_pid" -r R,S,D,T >/dev/null; then
            without_ranks=0
            [ ! -e "$1" ] || milliseconds=$((milliseconds + lap))
        else
            without_ranks=$((without_ranks + lap))
        fi
        if [ "$without_ranks" -gt 30000 ]; then
            kill -9 "$team_pid"
            finish
            mpirun_hangs=$((mpirun_hangs + 1))
            echo "mpirun itself hangs, without ranks: killed, and again"
            [ "$mpirun_hangs" -le 5 ] || fail "mpirun hangs too often"
            return 1
        fi
    done
    finish
}

expect_status() {
    [ "$status" -eq "$1" ] || fail "$2: exit code $status, not $1"
}

# The weights' digest that the last team printed.
digest() { sed -n 's/^weights sha256 //p' out; }

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
    tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited in vain for: $*"
        sleep 0.05
    done
}

# be32 N: as four bytes, the high one first.
be32() {
    # shellcheck disable=SC2059 # the format is the bytes
    printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 >> 24)) \
        $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"
}

# idx_images ROWS [LETTERS], idx_labels ROWS: IDX files of made-up pictures of
# 4 x 4 pixels, and of labels 0, 1, 2 in turn.
idx_images() {
    be32 2051 && be32 "$1" && be32 4 && be32 4
    yes "${2:-image data}" | head -c $((16 * $1))
}
idx_labels() {
    be32 2049 && be32 "$1"
    yes abc | tr -d '\n' | tr abc '\000\001\002' | head -c "$1"
}

# idx_directory DIR [LETTERS]: 40 training and 12 test rows.
idx_directory() {
    mkdir -p "$1"
    idx_images 40 "${2:-image data}" >"$1/train-images-idx3-ubyte"
    idx_labels 40 >"$1/train-labels-idx1-ubyte"
    idx_images 12 "${2:-image data}" >"$1/t10k-images-idx3-ubyte"
    idx_labels 12 >"$1/t10k-labels-idx1-ubyte"
}
