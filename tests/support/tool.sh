# shellcheck shell=sh
# mlp in system tests: source it after system.sh.

mlp=$MLP_BUILD/mlp

# tool ARGUMENT...: output goes to the files out and err, exit code to $status.
tool() {
    status=0 # which expect_status reads
    # shellcheck disable=SC2034
    "$mlp" "$@" >out 2>err </dev/null || status=$?
}

# succeed ARGUMENT...: mlp must succeed without a message.
succeed() {
    tool "$@"
    expect_status 0 "mlp $*"
    [ ! -s err ] || fail "mlp $*: complains"
}

# refuse STATUS TEXT ARGUMENT...: that exit code, and one line with that text.
refuse() {
    expected=$1
    text=$2
    shift 2
    tool "$@"
    expect_status "$expected" "mlp $*"
    expect_one_line "$text"
}

expect_one_line() {
    [ "$(wc -l <err)" -eq 1 ] || fail "not one line"
    grep -q "^mlp: " err || fail "not a line of mlp"
    grep -qF -e "$1" err || fail "expected on stderr: $1"
}
