#!/usr/bin/env bash
# Commit what the run changed in output/ (and .github/README.md, if the list is the front page) to
# the branch the workflow runs on. Other people's commits are built upon, never merged or undone: a
# conflict cannot arise, since the run's files are taken whole.
set -euo pipefail
# shellcheck source=remote.sh
source "$(dirname "$0")/remote.sh"

changed=()
for path in output .github/README.md; do
    if [ -n "$(git status --porcelain --untracked-files=all -- "$path")" ]; then
        changed+=("$path")
    fi
done
if [ "${#changed[@]}" = 0 ]; then
    echo "The list is as it was: nothing to commit."
    exit 0
fi

message="Papers of $(date -u +%F)"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GIT_INDEX_FILE=$scratch/index
for _ in 1 2 3 4 5; do # the branch may move again and again
    if remote fetch --quiet origin "refs/heads/$GITHUB_REF_NAME"; then
        git read-tree FETCH_HEAD
        git rm -rf --cached --quiet --ignore-unmatch -- "${changed[@]}"
        for path in "${changed[@]}"; do
            [ ! -e "$path" ] || git add -- "$path"
        done
        tree=$(git write-tree)
        if [ "$tree" = "$(git rev-parse 'FETCH_HEAD^{tree}')" ]; then
            echo "Branch $GITHUB_REF_NAME has this list already: nothing to commit."
            exit 0
        fi
        commit=$(git commit-tree "$tree" -p FETCH_HEAD -m "$message")
        if remote push --quiet origin "$commit:refs/heads/$GITHUB_REF_NAME"; then
            echo "$message: $commit"
            exit 0
        fi
    fi
    pause
done
fail "The list could not be pushed to $GITHUB_REF_NAME: git says why in the log. If the branch is \
protected, let github-actions push to it (Settings › Rules), then run this workflow again."
