#!/usr/bin/env bash
# Commit what the run changed in output/ (and .github/README.md, if the list is the front page) to
# the branch the workflow runs on. Other people's commits are built upon, never merged or undone: a
# conflict cannot arise, since each file that the run changed is taken whole, and no other.
set -euo pipefail
# shellcheck source=remote.sh
source "$(dirname "$0")/remote.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
{
    git diff --name-only --no-renames -z HEAD -- output .github/README.md
    git ls-files --others --exclude-standard -z -- output .github/README.md
} >"$scratch/changed"
large=()
while IFS= read -r -d '' path; do
    if [ -n "$(find "$path" -size +100M 2>/dev/null)" ]; then # GitHub's limit for a file
        large+=("$path")
    else
        printf '%s\0' "$path"
    fi
done <"$scratch/changed" >"$scratch/paths"
# What is too large is said when the rest is committed.
finish() {
    [ "${#large[@]}" = 0 ] || fail "Over 100 MB, which GitHub refuses, and so not committed: \
${large[*]}. Lower cap in keywords.toml, or spread the keywords over several repositories."
    exit 0
}
if [ ! -s "$scratch/paths" ]; then
    echo "The list is as it was: nothing to commit."
    finish
fi

message="Papers of $(date -u +%F)"
export GIT_INDEX_FILE=$scratch/index
for _ in 1 2 3 4 5; do # the branch may move again and again
    if remote fetch --quiet origin "refs/heads/$GITHUB_REF_NAME"; then
        git read-tree FETCH_HEAD
        git update-index --add --remove -z --stdin <"$scratch/paths"
        tree=$(git write-tree)
        if [ "$tree" = "$(git rev-parse 'FETCH_HEAD^{tree}')" ]; then
            echo "Branch $GITHUB_REF_NAME has this list already: nothing to commit."
            finish
        fi
        commit=$(git commit-tree "$tree" -p FETCH_HEAD -m "$message")
        if remote push --quiet origin "$commit:refs/heads/$GITHUB_REF_NAME"; then
            echo "$message: $commit"
            finish
        fi
    fi
    pause
done
fail "The list could not be pushed to $GITHUB_REF_NAME: git says why in the log. If the branch is \
protected, let github-actions push to it (Settings › Rules), then run this workflow again."
