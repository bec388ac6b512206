#!/usr/bin/env bash
# Sourced by the scripts beside it: the author of commits, and access to the repository.

export GIT_AUTHOR_NAME='github-actions[bot]' GIT_COMMITTER_NAME='github-actions[bot]'
# GitHub's own address of that account: it shows its picture beside the commits.
export GIT_AUTHOR_EMAIL='41898282+github-actions[bot]@users.noreply.github.com'
export GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
export GIT_TERMINAL_PROMPT=0 # a refused token is an error, not a question

# git, which answers GitHub's question for a password with $GH_TOKEN. The token stays in the
# environment of the steps that need it: it gets into no file and no argument.
remote() {
    # shellcheck disable=SC2016 # the shell that git starts expands it
    git -c credential.helper= \
        -c credential.helper='!f() { printf "username=x-access-token\npassword=%s\n" "$GH_TOKEN"; }; f' \
        "$@"
}

# Print which commit branch $1 is at over there: nothing if there is no such branch. Fails if the
# repository cannot be reached, which must not be taken for a branch that is not there.
tip() {
    local answer
    for _ in 1 2 3; do
        if answer=$(remote ls-remote origin "refs/heads/$1"); then
            printf '%s' "${answer%%[[:space:]]*}"
            return
        fi
        pause
    done
    return 1
}

pause() { sleep "${PUSH_PAUSE:-10}"; }

# Say $1 at the top of the run's page, and give up.
fail() {
    echo "::error::$1"
    exit 1
}
