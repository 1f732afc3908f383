# shellcheck shell=sh
# A small real Slurm on one machine, for tests: source it after system.sh. Four
# nodes of two CPUs, each in its own UTS, IPC and mount namespace, as Open MPI
# wants of computers that share no memory; all sockets on 127.0.0.1, at free
# ports; all files under one new directory. Everything is removed at the end,
# also after a failure.

slurm_nodes="n1 n2 n3 n4"

slurm_is_possible() {
    [ "$(id -u)" -eq 0 ] || skip "a small Slurm needs root"
    for tool in slurmctld slurmd munged sbatch unshare nsenter; do
        command -v $tool >/dev/null || skip "$tool is not installed"
    done
    unshare --uts --ipc --mount true 2>/dev/null ||
        skip "no namespaces may be made here"
    mount | grep -q ' /sys/fs/cgroup' || skip "no /sys/fs/cgroup, for slurmd"
}

# Five consecutive ports that are free now.
slurm_free_ports() {
    port=$((20000 + $$ % 20000))
    while ss -Htln 2>/dev/null | awk '{ sub(/.*:/, "", $4); print $4 }' |
        grep -qx -e "$port" -e $((port + 1)) -e $((port + 2)) \
            -e $((port + 3)) -e $((port + 4)); do
        port=$((port + 5))
    done
    echo $port
}

slurm_configure() {
    base=$(slurm_free_ports)
    cat <<CONF
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$base
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$slurm/munge/socket,cred_expire=5
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool/%n
TmpFS=$slurm/tmp/%n
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd-%n.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd-%n.log
MailProg=/bin/true
SwitchType=switch/none
MpiDefault=pmix
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$slurm/jobcomp
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=0,batch_sched_delay=0
SlurmctldParameters=preempt_send_user_signal
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=10
BatchStartTimeout=10
MessageTimeout=10
MinJobAge=600
ReturnToService=2
SlurmdTimeout=10
SlurmctldTimeout=30
TCPTimeout=2
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
PropagateResourceLimits=NONE
CONF
    for node in $slurm_nodes; do
        base=$((base + 1))
        echo "NodeName=$node NodeHostname=$node NodeAddr=127.0.0.1" \
            "Port=$base CPUs=2 RealMemory=500 State=UNKNOWN"
    done
    echo "PartitionName=low Nodes=ALL Default=YES DefaultTime=10" \
        "PriorityTier=1 PreemptMode=REQUEUE GraceTime=20"
    echo "PartitionName=high Nodes=ALL DefaultTime=10 PriorityTier=10" \
        "PreemptMode=OFF"
}

# slurm_boot NODE: its slurmd; the id of the process that has its namespaces
# is in $slurm/NODE.pid.
slurm_boot() {
    mkdir -p "$slurm/spool/$1" "$slurm/tmp/$1"
    # shellcheck disable=SC2016 # the inner shell's arguments
    unshare --uts --ipc --mount sh -c '
        hostname "$1"
        mount -t tmpfs -o size=256m,mode=1777 shm /dev/shm
        mount --bind "$2/hosts" /etc/hosts
        exec slurmd -f "$SLURM_CONF" -N "$1" -D' sh "$1" "$slurm" \
        </dev/null >"$slurm/slurmd-$1.out" 2>&1 &
    echo $! >"$slurm/$1.pid"
}

# slurm_crash NODE: kill all processes in its namespaces. They are stopped first:
# else Slurm's daemon there would see a job's processes die, and report it.
slurm_crash() {
    theirs=$(readlink "/proc/$(cat "$slurm/$1.pid")/ns/uts") || return 0
    [ "$theirs" != "$(readlink /proc/self/ns/uts)" ] || return 0
    for signal in STOP STOP KILL KILL KILL; do
        for process in /proc/[0-9]*; do
            [ "$(readlink "$process/ns/uts" 2>/dev/null)" != "$theirs" ] ||
                kill "-$signal" "${process#/proc/}" 2>/dev/null || true
        done
        sleep 0.02
    done
}

slurm_up() {
    slurm=${place:?}/slurm
    mkdir -p "$slurm/munge" "$slurm/state" "$slurm/spool" "$slurm/tmp"
    chmod 755 "$place" "$slurm" "$slurm/munge" # munged requires it
    export SLURM_CONF="$slurm/slurm.conf"
    trap slurm_down EXIT
    trap 'exit 143' HUP INT TERM # runs the EXIT trap, too
    (umask 077 && head -c 128 /dev/urandom >"$slurm/munge/key")
    munged --key-file="$slurm/munge/key" --socket="$slurm/munge/socket" \
        --pid-file="$slurm/munge/pid" --log-file="$slurm/munge/log" \
        --seed-file="$slurm/munge/seed" --num-threads=2
    slurm_configure >"$SLURM_CONF"
    { cat /etc/hosts && for node in $slurm_nodes; do
        echo "127.0.0.1 $node"
    done; } >"$slurm/hosts"
    slurmctld -f "$SLURM_CONF" -c -D </dev/null >"$slurm/slurmctld.out" 2>&1 &
    slurmctld_pid=$!
    for node in $slurm_nodes; do
        slurm_boot "$node"
    done
    # Nodes share one kernel: TCP over lo, no binding, no spinning.
    export OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo
    export OMPI_MCA_hwloc_base_binding_policy=none
    export OMPI_MCA_mpi_yield_when_idle=1
    wait_for 120 slurm_all_idle
}

slurm_all_idle() {
    [ "$(sinfo -h -p low -t idle -o %D 2>/dev/null)" = 4 ]
}

slurm_down() {
    code=$?
    trap - EXIT
    if [ "$code" -ne 0 ] && [ "$code" -ne 77 ]; then
        tail -n 15 "$slurm/slurmctld.log" 2>/dev/null || true
    fi
    timeout 5 scancel -u root 2>/dev/null || true
    kill -KILL "$slurmctld_pid" 2>/dev/null || true
    for node in $slurm_nodes; do
        slurm_crash "$node"
    done
    [ ! -s "$slurm/munge/pid" ] || kill "$(cat "$slurm/munge/pid")" || true
    wait 2>/dev/null || true
    clean_up
    exit "$code"
}

# Whether no task of a job is pending or running; an array has several.
job_is_over() {
    left=$(squeue -h -j "$1" -o %T \
        -t PENDING,CONFIGURING,RUNNING,COMPLETING,REQUEUED,SUSPENDED) &&
        [ -z "$left" ]
}

# job_end JOB: final state and exit code, "COMPLETED 0:0".
job_end() {
    sed -n "s/^JobId=$1 .*JobState=\([A-Z_]*\) .*ExitCode=\([0-9:]*\) .*/\1 \2/p" \
        "$slurm/jobcomp" | tail -n 1
}
