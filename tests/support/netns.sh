# shellcheck shell=sh
# Several hosts on one machine, for tests: source it after system.sh. Each has
# its own network namespace, with one interface (eth0, 10.77.0.I) on a cable to
# a switch in a namespace of its own, and its own host name, /dev/shm and System
# V IPC: they share CPU and files, but no memory. Nothing is attached to the
# real network. Everything is removed at the end, also after a failure.
#
# $net/disk is a file system that each host has for itself.

netns_is_possible() {
    [ "$(id -u)" -eq 0 ] || skip "namespaces for hosts need root"
    for tool in ip tc unshare nsenter pgrep mpirun; do
        command -v $tool >/dev/null || skip "$tool is not installed"
    done
    unshare --net --uts --ipc --mount sh -c \
        'ip link add name one type veth peer name two' 2>/dev/null ||
        skip "no namespaces may be made here"
}

netns_pid() { cat "$net/$1.pid"; }

# netns_on HOST COMMAND...
netns_on() {
    host=$(netns_pid "$1")
    shift
    nsenter -t "$host" --net --uts --ipc --mount --wd="${place:?}" -- "$@"
}

# netns_hold NAME: a process that keeps namespaces, and gives them the name.
netns_hold() {
    # shellcheck disable=SC2016 # the inner shell's arguments
    unshare --net --uts --ipc --mount sh -c '
        hostname "$1"
        mount -t tmpfs -o size=512m,mode=1777 shm /dev/shm
        mount -t tmpfs -o size=64m disk "$2/disk"
        mount --bind "$2/hosts" /etc/hosts
        ip link set lo up
        touch "$2/$1.up"
        exec sleep 100000' sh "$1" "$net" </dev/null >/dev/null 2>&1 &
    echo $! >"$net/$1.pid"
    wait_for 10 test -e "$net/$1.up"
}

# netns_boot NUMBER: host hNUMBER, and its cable to the switch.
netns_boot() {
    rm -f "$net/h$1.up"
    netns_hold "h$1"
    netns_on switch ip link add "p$1" type veth peer name eth0 \
        address "02:00:00:00:00:0$1" netns "$(netns_pid "h$1")"
    netns_on "h$1" ip address add "10.77.0.$1/24" dev eth0
    netns_on "h$1" ip link set eth0 up
    netns_on switch ip link set "p$1" up
}

# Limit both ends of a cable to that many Mbit/s.
netns_limit_rate() {
    shape="root tbf rate ${2}mbit burst 128kb latency 400ms"
    # shellcheck disable=SC2086 # a list of words
    {
        netns_on switch tc qdisc replace dev "p$1" $shape
        netns_on "h$1" tc qdisc replace dev eth0 $shape
    }
}

# netns_up HOSTS [MBIT]: h1, h2 ...
netns_up() {
    netns_hosts=$1
    net=${place:?}/net
    mkdir -p "$net/disk"
    echo "127.0.0.1 localhost" >"$net/hosts"
    for i in $(seq "$1"); do
        echo "10.77.0.$i h$i" >>"$net/hosts"
    done
    trap netns_down EXIT
    trap 'exit 143' HUP INT TERM # runs the EXIT trap, too
    netns_hold switch
    netns_on switch ip link add name br0 type bridge forward_delay 0
    netns_on switch ip link set br0 up
    for i in $(seq "$1"); do
        netns_boot "$i"
        netns_on switch ip link set "p$i" master br0
        [ -z "${2:-}" ] || netns_limit_rate "$i" "$2"
    done
    # mpirun starts processes on a host by this, instead of ssh.
    cat >"$net/agent" <<AGENT
#!/bin/sh
host=\$(cat "$net/\$1.pid") && shift
exec nsenter -t "\$host" --net --uts --ipc --mount -- sh -c "\$*"
AGENT
    chmod +x "$net/agent"
    export OMPI_MCA_plm_rsh_agent="$net/agent"
    # Hosts share the cores: no binding, no spinning.
    export OMPI_MCA_hwloc_base_binding_policy=none
    export OMPI_MCA_mpi_yield_when_idle=1
    export TMPDIR="$place" # for files that mpirun does not remove
}

# netns_start HOSTS ARGUMENT...: mlp_train on hosts h1:2,h2:1 in the background,
# mpirun on h1. Its id to $team_pid, output to out and err; see system.sh.
netns_start() {
    list=$1
    shift
    # shellcheck disable=SC2086 # $mpirun_options is a list of words
    set -- mpirun --host "$list" ${mpirun_options:-} "${program:?}" "$@"
    nsenter -t "$(netns_pid h1)" --net --uts --ipc --mount --wd="${place:?}" -- \
        "$@" >out 2>err </dev/null &
    # shellcheck disable=SC2034 # finish waits for it
    team_pid=$!
}

# netns_team HOSTS ARGUMENT...: the same, and wait; exit code to $status.
netns_team() {
    netns_start "$@"
    finish
}

netns_link() { netns_on "$1" ip link set eth0 "$2"; } # HOST up|down

# netns_sent HOST: bytes that it has sent.
netns_sent() { netns_on "$1" cat /proc/net/dev | awk '/eth0:/ { print $10 }'; }

# netns_lives HOST: whether it has namespaces of its own.
netns_lives() {
    theirs=$(readlink "/proc/$(netns_pid "$1")/ns/uts") &&
        [ "$theirs" != "$(readlink /proc/self/ns/uts)" ]
}

# netns_processes HOST [NAME]: processes that run there, of that name.
netns_processes() {
    ! netns_lives "$1" ||
        pgrep --ns "$(netns_pid "$1")" --nslist uts ${2:+-x "$2"} || true
}

# netns_crash HOST: kill all processes of the host, and so its namespaces. The
# process that holds these is last, since it is used to find the others.
netns_crash() {
    netns_lives "$1" || return 0
    keeper=$(netns_pid "$1")
    for again in 1 2 3; do
        netns_processes "$1" | grep -vx "$keeper" |
            xargs -r kill -KILL 2>/dev/null || true
        sleep "0.0$again"
    done
    kill -KILL "$keeper" 2>/dev/null || true
}

netns_down() {
    code=$?
    trap - EXIT
    for i in $(seq "$netns_hosts"); do
        [ ! -e "$net/h$i.pid" ] || netns_crash "h$i"
    done
    [ ! -e "$net/switch.pid" ] || netns_crash switch
    clean_up
    exit "$code"
}
