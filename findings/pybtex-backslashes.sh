#!/usr/bin/env bash
# Reading a .bib file with pybtex and writing it again changes it, each time anew.
#
# Guess: to_string("bibtex") of what parse_string read gives the same fields; at most the layout differs.
# What happens: the characters %, &, #, _ are escaped once more although they are escaped already, in
#     text, in formulas and in addresses: "50\%" becomes "50\\%" (a line break, and the rest of the line
#     is a comment), "$x_1$" becomes "$x\_1$" (no subscript), and every further cycle adds a backslash.
# Versions: pybtex 0.26.1 with latexcodec 3.0.1.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pybtex==0.26.1 latexcodec==3.0.1

cat >cycle.py <<'PY'
from pybtex.database import parse_string

text = r"""@misc{sample,
    title = "Gains of 50\% in $x_1$ and R\&D",
    url = "https://example.org/a_b"
}
"""
for cycle in (1, 2):
    text = parse_string(text, "bibtex").to_string("bibtex")
    print(f"after cycle {cycle}:")
    print(text.strip())
PY
venv/bin/python cycle.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
after cycle 1:
@misc{sample,
    title = "Gains of 50\\% in $x\_1$ and R\\&D",
    url = "https://example.org/a\_b"
}
after cycle 2:
@misc{sample,
    title = "Gains of 50\\\% in $x\\_1$ and R\\\&D",
    url = "https://example.org/a\\_b"
}
EXPECTED
