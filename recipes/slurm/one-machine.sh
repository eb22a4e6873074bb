#!/bin/bash
# Tries shard.sbatch on one machine: a Slurm cluster of four nodes in a folder of its own, a book of
# eight shards or more, one node killed in the middle, and the bundle verified at the end.
#
#   one-machine.sh ZKMARGIN FOLDER     as root, with Debian's slurm-wlm and munge
set -euo pipefail
zkmargin=$(realpath "$1")
folder=$(realpath -m "$2")
here=$(dirname "$(realpath "$0")")
mkdir -p "$folder"/{state,spool,log,munge}
cd "$folder"

running=()
cleanup() {
    for pid in "${running[@]}"; do kill "$pid" 2>/dev/null || true; done
}
trap cleanup EXIT

# Munge, on a socket of its own.
head -c 1024 /dev/urandom > munge/key
chown -R munge: munge && chmod 700 munge && chmod 400 munge/key
chmod 711 munge
runuser -u munge -- /usr/sbin/munged --force --foreground --key-file="$folder/munge/key" \
    --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" \
    --seed-file="$folder/munge/seed" &
running+=($!)

host=$(hostname -s)
cat > slurm.conf <<CONF
ClusterName=try
SlurmctldHost=$host(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
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
SlurmdTimeout=10
InactiveLimit=0
KillWait=5
ReturnToService=2
MpiDefault=none
SlurmctldPort=17600
NodeName=n[1-4] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17601-17604] CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$folder/slurm.conf"
sleep 1
/usr/sbin/slurmctld -D > log/slurmctld.out 2>&1 &
running+=($!)
sleep 2
declare -A node
for n in n1 n2 n3 n4; do
    mkdir -p "spool/$n"
    /usr/sbin/slurmd -D -N "$n" > "log/$n.out" 2>&1 &
    node[$n]=$!
    running+=($!)
done
for _ in $(seq 30); do
    sinfo -h -o %T | grep -q idle && break
    sleep 1
done
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
shards=$(ls job/input-*.bin | wc -l)
echo "$shards shards"
test "$shards" -ge 8

id=$(sbatch --parsable --array=0-$((shards - 1)) --output="$folder/log/shard-%a" \
    --export=ALL,JOB="$folder/job",PARAMS="$folder/params.srs",ZKMARGIN="$zkmargin" "$here/shard.sbatch")
until squeue -h -j "$id" -t R -w n2 | grep -q .; do sleep 0.1; done
sleep 0.5
echo "killing node n2 and what runs on it"
kill -KILL "${node[n2]}"
for environ in /proc/[0-9]*/environ; do
    if grep -qz '^SLURMD_NODENAME=n2$' "$environ" 2> /dev/null; then
        pid=$(basename "$(dirname "$environ")")
        # The step's own process goes first, or it would tell of the death.
        parent=$(awk '/^PPid/ { print $2 }' "/proc/$pid/status")
        if grep -q slurmstepd "/proc/$parent/comm" 2> /dev/null; then kill -KILL "$parent"; fi
        kill -KILL "$pid" || true
    fi
done
squeue
while squeue -h -j "$id" 2> /dev/null | grep -q .; do sleep 1; done
sinfo -N
grep -i 'requeue' log/slurmctld
test "$(ls job/proof-*.bin | wc -l)" = "$shards"
"$zkmargin" assemble book --params params.srs --job job --out bundle --records records
"$zkmargin" verify bundle --allow-insecure-setup
