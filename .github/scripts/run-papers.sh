#!/usr/bin/env bash
# `papers run`, and what its exit status means, at the top of the run's page.
set -uo pipefail

.venv/bin/papers run
status=$?
case $status in
    0) ;;
    1) echo "::error::Published, but some keyword is not fresh, or something could not be written or told: the log says what." ;;
    *) echo "::error::Nothing could be done (exit status $status): the log says why." ;;
esac
exit "$status"
