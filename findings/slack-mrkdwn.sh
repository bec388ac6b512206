#!/usr/bin/env bash
# Titles of papers in Markdown, made Slack's "mrkdwn" with markdown-to-mrkdwn.
#
# Guess: an asterisk that is no emphasis in Markdown stays, code and addresses stay, and & < > become
#     &amp; &lt; &gt; as Slack demands.
# What happens: two asterisks in a line become underscores, in "C*-algebras and W*-algebras" as in code or in
#     an address, which then is another one; & < > stay, and a ">" ends the link early. slackify-markdown does
#     what one expects.
# Versions: markdown-to-mrkdwn 0.3.3; slackify-markdown 4.5.0 (it needs npm, and is left out without).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check markdown-to-mrkdwn==0.3.3

cat >titles.md <<'MD'
C*-algebras and W*-algebras
A grid of 5 * 3 * 2 points
The code `a*b*c`
[R&D for p < q and r > s](https://example.org/a*b*c)
MD
cat >convert.py <<'PY'
from markdown_to_mrkdwn import SlackMarkdownConverter

for title in open("titles.md"):
    print(SlackMarkdownConverter().convert(title.strip()))
PY
venv/bin/python convert.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
C_-algebras and W_-algebras
A grid of 5 _ 3 _ 2 points
The code `a_b_c`
<https://example.org/a_b_c|R&D for p < q and r > s>
EXPECTED

if ! command -v npm >/dev/null; then
    echo "slackify-markdown was not compared: it needs npm"
    exit 0
fi
npm install --silent --no-audit --no-fund slackify-markdown@4.5.0 >/dev/null
cat >convert.mjs <<'JS'
import { readFileSync } from "node:fs";
import slackify from "slackify-markdown";

for (const title of readFileSync("titles.md", "utf8").trim().split("\n")) {
  console.log((slackify.slackifyMarkdown ?? slackify)(title).trim());
}
JS
node convert.mjs >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
C*-algebras and W*-algebras
A grid of 5 * 3 * 2 points
The code `a*b*c`
<https://example.org/a*b*c|R&amp;D for p &lt; q and r &gt; s>
EXPECTED
