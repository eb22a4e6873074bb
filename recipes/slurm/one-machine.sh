#!/bin/bash
# Tries shard.sbatch on one machine: a Slurm cluster of four nodes in a folder of its own, a book of
# eight shards or more, one node killed in the middle of a proof, and the bundle verified at the end.
#
#   one-machine.sh ZKMARGIN FOLDER     as root, with Debian's slurm-wlm and munge
#
# FOLDER is made, and must not be there; the user munge must be able to reach it. No wait is without end: what does not come in its time fails
# the run, and the logs of the cluster are shown.
set -euo pipefail
if [ $# -ne 2 ]; then
    echo "one-machine.sh ZKMARGIN FOLDER" >&2
    exit 2
fi
if [ "$(id -u)" != 0 ]; then
    echo "it starts daemons and must be root" >&2
    exit 2
fi
for tool in munged munge unmunge slurmctld slurmd sbatch squeue sinfo scontrol setpriv; do
    if ! PATH="$PATH:/usr/sbin" command -v "$tool" > /dev/null; then
        echo "$tool is missing: apt-get install slurm-wlm munge" >&2
        exit 2
    fi
done
zkmargin=$(realpath -e "$1")
folder=$(realpath -m "$2")
here=$(dirname "$(realpath "$0")")
# What an earlier cluster left, its nodes and jobs, is none of this one's.
if [ -e "$folder" ]; then
    echo "$folder is there already; remove it or choose another" >&2
    exit 2
fi
if [ ${#folder} -gt 80 ]; then
    echo "$folder is too long for the path of a socket within it" >&2
    exit 2
fi
mkdir -p "$folder"/{state,spool,log,munge}
cd "$folder"
export SLURM_CONF="$folder/slurm.conf"

# The processes of this cluster, jobs included, by what they were started with: those that have
# SLURM_CONF of this folder, and another variable if one is given.
ours() {
    local found
    found=$(grep -lzxF -e "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ 2> /dev/null || true)
    if [ $# -ne 0 ] && [ -n "$found" ]; then
        # shellcheck disable=SC2086  # many names
        found=$(grep -lzxF -e "$1" $found 2> /dev/null || true)
    fi
    awk -F/ 'NF { print $3 }' <<< "$found"
}

cleanup() {
    local result=$? pid
    trap - EXIT
    set +e
    if [ "$result" -ne 0 ]; then
        for log in log/*; do
            if [ ! -f "$log" ]; then continue; fi
            echo "== $log"
            tail -n 40 "$log"
        done >&2
    fi
    for pid in $(jobs -p) $(ours); do
        if [ "$pid" != $$ ]; then kill -KILL "$pid" 2> /dev/null || true; fi
    done
    wait 2> /dev/null || true
    exit "$result"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# Waits until a command succeeds, for so many seconds.
within() {
    local seconds=$1 what=$2 end
    shift 2
    end=$((SECONDS + seconds))
    until "$@" > /dev/null 2>&1; do
        if [ "$SECONDS" -ge "$end" ]; then
            echo "$what: not in $seconds seconds" >&2
            exit 1
        fi
        sleep 0.1
    done
}

# Munge, on a socket of its own, as the user it will not do without.
head -c 1024 /dev/urandom > munge/key
chmod 400 munge/key
chown -R munge: munge
chmod 711 munge
if ! setpriv --reuid munge --regid munge --clear-groups test -r "$folder/munge/key"; then
    echo "the user munge cannot reach $folder: a folder above it is closed to others" >&2
    exit 2
fi
# --force: it would refuse a folder that others may write to above its own, as /tmp is.
# Its log names an "unauthorized credential" for every daemon and step that begins: Slurm's own test
# that a credential of another user is refused, and as it should be.
setpriv --reuid munge --regid munge --clear-groups /usr/sbin/munged --force --foreground \
    --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
    --seed-file="$folder/munge/seed" > log/munged 2>&1 &
answers() { munge -S munge/socket -n | unmunge -S munge/socket; }
within 30 "munge answers" answers

host=$(hostname -s)
# A job whose node fails is not begun again before the credential of its first run has expired, two
# minutes unless it is said otherwise here.
cat > slurm.conf << CONF
ClusterName=try
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket,cred_expire=30
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=bf_interval=5,sched_interval=5
SlurmdTimeout=10
InactiveLimit=0
KillWait=5
ReturnToService=2
MpiDefault=none
SlurmctldPort=17600
NodeName=n[1-4] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17601-17604] CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
/usr/sbin/slurmctld -D > log/slurmctld.out 2>&1 &
up() { scontrol ping | grep -q UP; }
within 30 "slurmctld answers" up
declare -A node
for n in n1 n2 n3 n4; do
    mkdir -p "spool/$n"
    /usr/sbin/slurmd -D -N "$n" > "log/$n.out" 2>&1 &
    node[$n]=$!
done
idle() { test "$(sinfo -h -N -o %T | grep -cx idle)" = 4; }
within 60 "four nodes are idle" idle
sinfo

# A book of many shards of the smallest shape.
"$zkmargin" setup --insecure -k 11 --out params.srs
mkdir -p book
cp "$here"/../../tests/fixtures/tiny-book/{market,risk,snapshot}.json book/
{
    cat "$here"/../../tests/fixtures/tiny-book/accounts.csv
    for i in $(seq 1800); do echo "customer-$i,cross,USDT,$((100 + i)),"; done
} > book/accounts.csv
"$zkmargin" plan book --params params.srs --job job --out bundle --records records
shards=$(find job -name 'input-*.bin' | wc -l)
echo "$shards shards"
test "$shards" -ge 8

id=$(sbatch --parsable --array=0-$((shards - 1)) --output="$folder/log/shard-%a" \
    --export=ALL,JOB="$folder/job",PARAMS="$folder/params.srs",ZKMARGIN="$zkmargin" "$here/shard.sbatch")
# A prover on n2 is stopped as soon as it is seen, and killed with its node if its shard is not proven.
caught() {
    for pid in $(ours SLURMD_NODENAME=n2); do
        if [ "$(readlink "/proc/$pid/exe")" != "$zkmargin" ]; then continue; fi
        kill -STOP "$pid" || continue
        lost=$(tr '\0' '\n' < "/proc/$pid/environ" | sed -n 's/^SLURM_ARRAY_TASK_ID=//p')
        if [ ! -e "job/$(printf 'proof-%05d.bin' "$lost")" ]; then return 0; fi
        kill -CONT "$pid"
    done
    return 1
}
within 60 "a shard is being proven on n2" caught
echo "killing node n2 and what runs on it, shard $lost"
kill -KILL "${node[n2]}"
# The step's own process goes first, or it would tell of the death.
parent=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")
kill -KILL "$parent" "$pid"
squeue
left() { ! squeue -h -j "$id" 2> /dev/null | grep -q .; }
within 120 "all shards are proven" left
sinfo -N
grep -i 'requeue' log/slurmctld
test "$(find job -name 'proof-*.bin' | wc -l)" = "$shards"
"$zkmargin" assemble book --params params.srs --job job --out bundle --records records
"$zkmargin" verify bundle --allow-insecure-setup
echo "$shards shards were proven, one of them after its node was killed"
