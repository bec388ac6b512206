#!/usr/bin/env bash
# Markdown linters that repair what they find, on a list of papers with brackets and formulas.
#
# Guess: a repair changes the source and not what is read; at most spaces, list signs and bare addresses
#     change, and formulas between dollar signs are left alone.
# What happens:
#   - "f(x)[0]" is taken for a link written the wrong way round. markdownlint makes "f[x](0)" of it, a link
#     to the page "0", and rumdl "f[0](x)", a link to the page "x".
#   - In "5 * 3 * 2", markdownlint and pymarkdown take the two asterisks for emphasis with too many spaces:
#     "5 *3* 2" is read as "5 3 2". pymarkdown does so in formulas, too.
#   - Lines of a formula that begin with "+" and "-" are list items to pymarkdown, which gives them all the
#     sign of the first: "- c" becomes "+ c".
# Versions: markdownlint-cli2 0.22.1 (needs npm and Node.js 20 or newer, and is left out without),
#     rumdl 0.3.0, pymarkdownlnt 0.9.41, all without configuration.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check rumdl==0.3.0 pymarkdownlnt==0.9.41

cat >papers.md <<'MD'
# Papers

The value f(x)[0] for a grid of 5 * 3 * 2 points, $a * b * c$ in short.

$$
f(x) = a
+ b
- c
$$
MD
# Each linter exits with an error while something is left that it does not repair.
cp papers.md rumdl.md
venv/bin/rumdl fmt rumdl.md >/dev/null 2>&1 || true
cp papers.md pymarkdown.md
venv/bin/pymarkdown fix pymarkdown.md >/dev/null 2>&1 || true
tail -n +3 rumdl.md pymarkdown.md >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
==> rumdl.md <==
The value f[0](x) for a grid of 5 * 3 * 2 points, $a * b * c$ in short.

$$
f(x) = a
+ b
- c
$$

==> pymarkdown.md <==
The value f(x)[0] for a grid of 5 *3* 2 points, $a *b* c$ in short.

$$
f(x) = a
+ b
+ c
$$
EXPECTED

if ! command -v npm >/dev/null; then
    echo "markdownlint was not compared: it needs npm"
    exit 0
fi
npm install --silent --no-audit --no-fund markdownlint-cli2@0.22.1 >/dev/null
cp papers.md markdownlint.md
npx markdownlint-cli2 --fix markdownlint.md >/dev/null 2>&1 || true
tail -n +3 markdownlint.md >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
The value f[x](0) for a grid of 5 *3* 2 points, $a * b * c$ in short.

$$
f(x) = a
+ b
- c
$$
EXPECTED
