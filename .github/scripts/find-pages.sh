#!/usr/bin/env bash
# Name the artifact that the site is to be uploaded as, if this repository has GitHub Pages that
# workflows deploy; a fork without them is not red for it. A name for each attempt: deploying
# refuses to choose between two of the same name, as "Re-run all jobs" makes them.
set -euo pipefail
# shellcheck source=remote.sh
source "$(dirname "$0")/remote.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if built=$(gh api "repos/$GITHUB_REPOSITORY/pages" --jq .build_type 2>"$scratch/error"); then
    if [ "$built" = workflow ]; then
        echo "artifact=site-$GITHUB_RUN_ATTEMPT" >>"$GITHUB_OUTPUT"
    else
        echo "::notice::Pages are served from a branch: output/site is not deployed. Choose" \
            "Settings › Pages › Source: GitHub Actions to have it."
    fi
elif grep -q 'HTTP 404' "$scratch/error"; then
    echo "Pages are off (Settings › Pages › Source: GitHub Actions turns them on)."
else
    cat "$scratch/error"
    fail "GitHub did not say whether Pages are on: the site is as the last run left it."
fi
