#!/usr/bin/env bash
# Put .papers/ (stored papers and run history) where the last run left it: see save-state.sh.
set -euo pipefail
# shellcheck source=remote.sh
source "$(dirname "$0")/remote.sh"

if [ -e .papers ]; then
    fail "There is a .papers/ here already. Remove it if branch papers-state is to take its place."
fi
found=$(tip papers-state) || fail "Branch papers-state could not be asked for. Run this workflow again."
if [ -z "$found" ]; then
    echo "There is no branch papers-state: this is the first run."
    exit 0
fi
remote fetch --quiet origin "$found"
git restore --source="$found" --worktree -- .papers ||
    fail "Branch papers-state has no .papers/ that can be restored. Delete the branch to begin anew."
# Only now, when all of it is here: save-state.sh replaces this commit, and no other.
git update-ref refs/papers/state "$found"
echo "Stored papers and run history are those of $(git log -1 --format=%cI "$found")."
# Editions that were told of and did not get to this branch: the commit was refused, or it was made
# on another one. None of a day that is yet to come, which somebody may have removed on purpose.
tomorrow=$(date -u -d tomorrow +%F)
for kept in .papers/published/*/*; do
    name=${kept##*/}
    place=output/$(basename "$(dirname "$kept")")
    if [ -e "$kept" ] && [ ! -e "$place/$name" ] && [[ ! ${name%.*} > $tomorrow ]]; then
        mkdir -p "$place"
        cp "$kept" "$place/$name"
        echo "Brought back $place/$name, which this branch lacked."
    fi
done
