#!/bin/bash
# Holds the manifests against the schemas of Kubernetes, with kubernetes-validate.
#
#   check.sh FOLDER     with python3; FOLDER is where the validator is installed
set -euo pipefail
here=$(dirname "$(realpath "$0")")
test -x "$1/bin/kubernetes-validate" || {
    python3 -m venv "$1"
    "$1/bin/pip" install --quiet kubernetes-validate==1.37.0
}
# The first that has backoffLimitPerIndex without a feature gate, and the last that the validator knows.
for version in 1.29 1.37; do
    "$1/bin/kubernetes-validate" --strict --kubernetes-version "$version" "$here"/*.yaml
done
