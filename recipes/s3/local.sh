#!/bin/bash
# Tries a job in an object store on one machine: a server of S3 (moto) with a bucket, a book of eight
# shards or more, an encrypted job planned to s3://, every shard proven from a folder of its own with
# the key of its worker alone, and the bundle verified at the end.
#
#   local.sh ZKMARGIN FOLDER     with python3, curl, and age-keygen (Debian's age) or KEYGEN, a command that
#                                prints a file of an age identity
set -euo pipefail
zkmargin=$(realpath "$1")
folder=$(realpath -m "$2")
here=$(dirname "$(realpath "$0")")
keygen=${KEYGEN:-age-keygen}
mkdir -p "$folder"
cd "$folder"

test -x server/bin/moto_server || {
    python3 -m venv server
    server/bin/pip install --quiet 'moto[server]==5.2.5'
}
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
server/bin/moto_server -H 127.0.0.1 -p "$port" > server.log 2>&1 &
server=$!
trap 'kill "$server"' EXIT

# What object_store reads; no request leaves the machine.
export AWS_ENDPOINT="http://127.0.0.1:$port" AWS_ALLOW_HTTP=true AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local NO_PROXY=127.0.0.1
for _ in $(seq 50); do
    curl --silent --output /dev/null "$AWS_ENDPOINT" && break
    sleep 0.2
done
job=s3://jobs/epoch-7

refused() {
    if "$@"; then
        echo "this should have been refused: $*" >&2
        exit 1
    fi
}
# A method of boto3 on the bucket: its name, and its arguments as JSON.
bucket() {
    AWS_ENDPOINT_URL=$AWS_ENDPOINT server/bin/python -c '
import boto3, json, sys
answer = getattr(boto3.client("s3"), sys.argv[1])(Bucket="jobs", **json.loads(sys.argv[2]))
for object in answer.get("Contents", []): print(object["Key"])' "$@"
}
objects() { bucket list_objects_v2 '{"Prefix": "epoch-7/"}'; }

"$zkmargin" setup --insecure -k 11 --out params.srs
mkdir -p book
cp "$here"/../../tests/fixtures/tiny-book/{market,risk,snapshot}.json book/
{
    cat "$here"/../../tests/fixtures/tiny-book/accounts.csv
    for i in $(seq 1800); do echo "customer-$i,cross,USDT,$((100 + i)),"; done
} > book/accounts.csv

# Two workers: one for the first four shards, one for the rest. Keys never leave their worker.
recipient() { sed -n 's/^# public key: //p' "$1"; }
for worker in one two; do
    $keygen > "$worker.key" 2> /dev/null
    chmod 600 "$worker.key"
done
shards=9
plan=(plan book --params params.srs --out bundle --records records --job "$job")
bucket create_bucket '{}'
echo "== a plan in the plain is refused"
refused "$zkmargin" "${plan[@]}"
"$zkmargin" "${plan[@]}" \
    --recipient "0-3=$(recipient one.key)" --recipient "4-$((shards - 1))=$(recipient two.key)"

echo "== what the store has of the plan"
objects
test "$(objects | grep -c 'input-.*\.bin\.age$')" = "$shards"
test "$(objects | grep -cE 'risk\.json$|input-.*\.bin$')" = 0

echo "== each shard, from a folder of its own"
for index in $(seq 0 $((shards - 1))); do
    key=one
    test "$index" -lt 4 || key=two
    away=$(mktemp -d)
    cp "$key.key" params.srs "$away"
    (
        cd "$away"
        JOB_COMPLETION_INDEX=$index "$zkmargin" shard "$job" --identity "$key.key" --params params.srs --json
        test "$(ls | wc -l)" = 2
    )
    rm -r "$away"
done

echo "== what is refused"
refused "$zkmargin" shard "$job" --index 0 --params params.srs
bucket delete_object '{"Key": "epoch-7/proof-00008.bin"}'
refused "$zkmargin" shard "$job" --index 8 --identity one.key --params params.srs
refused "$zkmargin" assemble book --params params.srs --job "$job" --out bundle --records records
# What is no proof in the place of one.
bucket put_object '{"Key": "epoch-7/proof-00007.bin", "Body": "no proof"}'

echo "== repeated, what is missing or damaged is proven and nothing else"
"$zkmargin" shard "$job" --index 4-8 --identity two.key --params params.srs --json | tee repeated
test "$(grep -c '"kept":true' repeated)" = 3
"$zkmargin" assemble book --params params.srs --job "$job" --out bundle --records records
"$zkmargin" verify bundle --allow-insecure-setup
