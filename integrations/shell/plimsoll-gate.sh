#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A gate for any pipeline: plimsoll-gate.sh SOURCE
#
# Ends with the exit code of plimsoll: 0 passed, 1 the verdict is "fail", anything else: the gate did not run. By variables:
#   GATE_POLICY   policy file or name          (default)
#   GATE_FAIL_ON  conditions of --fail-on      (high:fixable,kev)
#   GATE_CACHE    folder to keep between runs  (.plimsoll-cache)
#   GATE_REPORTS  folder for the reports       (plimsoll-reports)
set -u
[ $# -eq 1 ] || { echo "usage: plimsoll-gate.sh SOURCE" >&2; exit 2; }
reports=${GATE_REPORTS:-plimsoll-reports}
mkdir -p "$reports" || exit 2
status=0
plimsoll scan "$1" --policy "${GATE_POLICY:-default}" --fail-on "${GATE_FAIL_ON:-high:fixable,kev}" \
    --cache-dir "${GATE_CACHE:-$PWD/.plimsoll-cache}" -o table -o json="$reports/plimsoll.json" \
    -o sarif="$reports/plimsoll.sarif" -o junit="$reports/plimsoll-junit.xml" || status=$?
case $status in
    0) echo "gate: passed" >&2 ;;
    1) echo "gate: REFUSED: the verdict is fail; reports are in $reports" >&2 ;;
    2) echo "gate: DID NOT RUN: usage or configuration" >&2 ;;
    3) echo "gate: DID NOT RUN to its end: something could not be read; the result is incomplete" >&2 ;;
    4) echo "gate: DID NOT RUN: vulnerability data are missing or too old" >&2 ;;
    5) echo "gate: DID NOT RUN: there was nothing to evaluate" >&2 ;;
    *) echo "gate: DID NOT RUN: plimsoll ended with $status" >&2 ;;
esac
exit "$status"
