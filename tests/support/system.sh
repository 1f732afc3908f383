# shellcheck shell=sh
# Functions of system tests: source it first. It changes to a temporary
# directory, which is removed at the end, and cleans mlp_train's environment.

environment=$(export -p)
test_words=$*
program=$MLP_BUILD/mlp_train
place=$(mktemp -d)
team_pid=  # process that was spawned
watch_pid= # process that watches mpirun
under=     # words put before a command
clean_up() {
    # end the runs of a failed test
    for pid in $team_pid $watch_pid; do
        kill -9 "$pid" 2>/dev/null || true
    done
    rm -rf "$place"
}
trap clean_up EXIT
cd "$place" || exit
mnist=${MLP_DATA:-} # directory of MNIST, if any
unset MLP_DATA OMP_NUM_THREADS MLP_KERNELS MLP_TEST_NODE_SIZE \
    MLP_TEST_NODES
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

# Whether this build has MPI; $MLP_MPIEXEC starts its ranks.
has_mpi() { [ -n "${MLP_MPIEXEC:-}" ]; }

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

# has_set SET: whether this CPU can run these kernels.
has_set() {
    case $1 in
    avx512) grep -q avx512vl /proc/cpuinfo ;;
    avx2) grep -q avx2 /proc/cpuinfo ;;
    esac
}

# spawn WORD...: a program, or mpirun, in the background; its id in $team_pid.
# Output goes to the files out and err.
spawn() {
    "$@" >out 2>err </dev/null &
    team_pid=$!
    case " $* " in
    *' mpirun '* | *'/mpiexec'*' -np '*)
        watch_mpirun "$team_pid" >/dev/null 2>&1 &
        watch_pid=$!
        ;;
    esac
}

# start RANKS ARGUMENT...: mlp_train on that many ranks, 0 for no mpirun.
start() {
    ranks=$1
    shift
    if [ "$ranks" -gt 0 ]; then
        has_mpi || skip "this build is without MPI (MLP_MPI=OFF)"
        # shellcheck disable=SC2086 # words
        set -- $MLP_MPIEXEC -np "$ranks" "$program" "$@"
    else
        set -- "$program" "$@"
    fi
    # shellcheck disable=SC2086 # nothing, or words
    spawn $under "$@"
}

# Wait for the spawned process; its exit code to $status.
finish() {
    status=0
    wait "$team_pid" || status=$?
    team_pid=
    if [ -n "$watch_pid" ]; then
        kill "$watch_pid" 2>/dev/null || true
        wait "$watch_pid" 2>/dev/null || true
        watch_pid=
    fi
    if [ -e "$place/mpirun_hangs" ]; then
        begin_test_anew hangs
    elif [ "$status" -eq 139 ] && grep -q 'pmix_server_finalize' err; then
        begin_test_anew crashes
    fi
}

# team RANKS ARGUMENT...: the same, and wait; exit code to $status. A run that
# was started before continues.
team() {
    started="$team_pid $watch_pid"
    under="timeout ${limit_seconds:-300}"
    start "$@"
    under=
    finish
    team_pid=${started% *}
    watch_pid=${started#* }
}

# Open MPI's mpirun sometimes hangs or crashes when all its ranks have ended
# (libpmix 4.2.2, in PMIx_server_finalize), and the exit status is lost. The test
# is then run once more from the start. Ranks that hang are bugs, and reach the
# limit.
watch_mpirun() {
    seconds=0
    while sleep 1 && lives "$1"; do
        mpirun=$1
        [ "$(ps -o comm= -p "$1")" != timeout ] || mpirun=$(pgrep -P "$1")
        seconds=$((seconds + 1))
        ! pgrep -P "$mpirun" -r R,S,D,T || seconds=0
        if [ "$seconds" -ge 15 ]; then
            : >"$place/mpirun_hangs"
            kill -9 "$mpirun"
        fi
    done
}
begin_test_anew() {
    echo "mpirun itself $1, without ranks: the test begins anew"
    cd /
    clean_up
    trap - EXIT
    for variable in $(env | sed -n 's/^\(MLP_[A-Z_]*\)=.*/\1/p'); do
        unset "$variable"
    done
    eval "$environment"
    # shellcheck disable=SC2086 # words that ctest gave
    exec sh "$0" $test_words
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# begin_laps, lap: a stopwatch for limits on time. lap leaves in $lap the
# milliseconds since the one before, a second at most, so that a machine that is
# suspended exceeds no limit.
begin_laps() { lap_end=$(now_ms); }
lap() {
    lap=$(($(now_ms) - lap_end))
    lap_end=$((lap_end + lap))
    [ "$lap" -le 1000 ] || lap=1000
}

# Whether a process exists and is no zombie.
lives() {
    case $(ps -o stat= -p "$1") in '' | Z*) return 1 ;; esac
}

# finish_timed MARK: finish, and in $milliseconds the time from the appearance of
# the file MARK to the end of the last rank under mpirun.
finish_timed() {
    milliseconds=0 in_all=0
    begin_laps
    while lives "$team_pid"; do
        sleep 0.05
        lap
        in_all=$((in_all + lap))
        [ "$in_all" -le 120000 ] || fail "the team does not end"
        if [ -e "$1" ] && pgrep -P "$team_pid" -r R,S,D,T >/dev/null; then
            milliseconds=$((milliseconds + lap))
        fi
    done
    finish
}

expect_status() {
    [ "$status" -eq "$1" ] || fail "$2: exit code $status, not $1"
}

# The last program's stderr without advice on placement, which machines with few
# cores, or a test under taskset, get.
said() {
    grep -E '^mlp(_train)?: ' err |
        grep -v -e 'use "mpirun -np' -e 'more than its share' || true
}

# The weights' digest that the last team printed.
digest() { sed -n 's/^weights sha256 //p' out; }

# logged_epochs LOG: a run log's epochs, without their times.
logged_epochs() { sed -n '/"event":"epoch"/s/,"seconds":.*//p' "$1"; }

# expect_same_end WHAT: the last team ended with the weights $expected, and
# log.jsonl has the epochs of the file expected-epochs and this end.
expect_same_end() {
    expect_status 0 "$1"
    [ "$(digest)" = "${expected:?}" ] || fail "$1: other weights"
    logged_epochs log.jsonl >epochs
    diff expected-epochs epochs || fail "$1: other epochs in the log"
    tail -n 1 log.jsonl | grep -q '"event":"end".*'"$expected" ||
        fail "$1: the log does not end with the digest"
}

# expect_line PATTERN WHAT FILE
expect_line() { grep -q -e "$1" "$3" || fail "$2: no line \"$1\" in $3"; }

# expect_refused CODE PATTERN WHAT: the last program ended so, with one line.
expect_refused() {
    expect_status "$1" "$3"
    expect_line "$2" "$3" err
    [ "$(said | wc -l)" -eq 1 ] || fail "$3: not one line"
}

# refuse_on RANKS CODE TEXT ARGUMENT...: mlp_train on so many ranks ends so, with
# this text; refuse_team: on two.
refuse_on() {
    refused_on=$1 code=$2 text=$3
    shift 3
    team "$refused_on" "$@"
    expect_status "$code" "$*"
    grep -qF -e "$text" err || fail "$*: expected on stderr: $text"
}
refuse_team() { refuse_on 2 "$@"; }

# wait_for SECONDS COMMAND...: wait until the command succeeds.
wait_for() {
    tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited in vain for: $*"
        sleep 0.05
    done
}

# write_unread: write unread.sh, which runs its arguments as a command whose
# standard output is a closed pipe.
write_unread() {
    cat >unread.sh <<'END'
pipe=unread.${OMPI_COMM_WORLD_RANK:-0}
mkfifo "$pipe"
: <"$pipe" &
exec 3>"$pipe"
wait
rm "$pipe"
exec "$@" >&3 3>&-
END
}

# be32 N: four bytes, big-endian.
be32() {
    # shellcheck disable=SC2059 # the format is the bytes
    printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $(($1 >> 24)) \
        $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"
}

# idx_images ROWS [LETTERS], idx_labels ROWS: IDX files of synthetic pictures of
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
