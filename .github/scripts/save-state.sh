#!/usr/bin/env bash
# Keep .papers/ (stored papers and run history) for the next run, as the only commit of branch
# papers-state: each run replaces it, so the repository does not grow with the days. Not in the
# Actions cache, since GitHub drops what is there after 7 days without use or when 10 GB are full.
set -euo pipefail
# shellcheck source=remote.sh
source "$(dirname "$0")/remote.sh"

if [ ! -e .papers ]; then
    echo "Nothing is stored yet: nothing to keep."
    exit 0
fi
# What was told is remembered here; so are the last editions, should they not get to the branch.
for kind in editions digests; do
    rm -rf ".papers/published/$kind"
    [ -d "output/$kind" ] || continue
    mkdir -p ".papers/published/$kind"
    find "output/$kind" -type f -name '20??-??-??.*' | sort | tail -n 14 |
        xargs -r cp -t ".papers/published/$kind"
done
large=$(find .papers -type f -size +100M -print -quit)
if [ -n "$large" ]; then # GitHub's limit for a file in a repository
    fail "$large is over 100 MB, which GitHub refuses: what this run fetched was not kept. Lower \
keep_runs or keep_papers in keywords.toml."
fi

expected=$(git rev-parse --verify --quiet refs/papers/state || true) # empty: it must not exist
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export GIT_INDEX_FILE=$scratch/index
git add --force -- .papers ':(exclude).papers/locks'
about=$(git hash-object -w --stdin <<<"Stored papers and run history, kept by .github/workflows/daily.yml: \
each run replaces this branch. Delete it to begin anew.")
git update-index --add --cacheinfo "100644,$about,README.md"
tree=$(git write-tree)
if [ -n "$expected" ] && [ "$tree" = "$(git rev-parse "$expected^{tree}")" ]; then
    echo "Stored papers and run history are as they were."
    exit 0
fi
commit=$(git commit-tree "$tree" -m "Stored papers and run history")

for _ in 1 2 3; do
    if remote push --quiet --force-with-lease="refs/heads/papers-state:$expected" \
        origin "$commit:refs/heads/papers-state"; then
        now=$commit
    else
        now=$(tip papers-state) || now=$expected
    fi
    if [ "$now" = "$commit" ]; then
        git update-ref refs/papers/state "$commit"
        echo "Stored papers and run history are kept as $commit."
        exit 0
    fi
    if [ "$now" != "$expected" ]; then
        # Two databases cannot be merged. The other one is whole, and knows up to when it is: what
        # it lacks is asked of arXiv again.
        fail "Another run kept its state meanwhile. The next run begins from that one, and asks \
arXiv for what it lacks."
    fi
    pause
done
fail "Stored papers and run history could not be pushed to branch papers-state: git says why in the \
log. The next run begins from the state before this one, and asks arXiv for what it lacks."
