#!/usr/bin/env bash
# A vertical bar within a cell of a Markdown table, escaped as GitHub's specification demands: "\|", also
# within code and formulas.
#
# Guess: every Markdown library with tables reads it as GitHub does: the cell holds "|".
# What happens: cmarkgfm (GitHub's own parser) and markdown-it-py do. Python-Markdown and mistune keep the
#     backslash within code, and mistune with its plugin "math" keeps it within formulas, so that the
#     absolute value "$\|x\|$" becomes a norm.
# Versions: mistune 3.4.0, markdown-it-py 4.3.0, Markdown 3.11.3, cmarkgfm 2025.10.22.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
    mistune==3.4.0 markdown-it-py==4.3.0 Markdown==3.11.3 cmarkgfm==2025.10.22

cat >pipes.py <<'PY'
import re

import cmarkgfm
import markdown
import markdown_it
import mistune

TABLE = r"""
| text | code | formula |
| --- | --- | --- |
| a \| b | `a \| b` | $\|x\|$ |
"""
readers = {
    "cmarkgfm": cmarkgfm.github_flavored_markdown_to_html,
    "markdown-it-py": markdown_it.MarkdownIt("commonmark").enable("table").render,
    "Markdown": lambda text: markdown.markdown(text, extensions=["tables"]),
    "mistune": mistune.create_markdown(plugins=["table"]),
    "mistune with math": mistune.create_markdown(plugins=["table", "math"]),
}
for name, read in readers.items():
    cells = re.findall(r"<td[^>]*>(.*?)</td>", read(TABLE))
    print(f"{name}:", *(re.sub("<.*?>", "", cell) for cell in cells), sep="   ")
PY
venv/bin/python pipes.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
cmarkgfm:   a | b   a | b   $|x|$
markdown-it-py:   a | b   a | b   $|x|$
Markdown:   a | b   a \| b   $|x|$
mistune:   a | b   a \| b   $|x|$
mistune with math:   a | b   a \| b   \(\|x\|\)
EXPECTED
