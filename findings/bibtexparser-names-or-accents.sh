#!/usr/bin/env bash
# Author names from BibTeX with bibtexparser 2: decoded accents, and collaborations as one name.
#
# Guess: LatexDecodingMiddleware and SplitNameParts can be combined in any order: accents are decoded and
#     "{The X Collaboration}" is one family name.
# What happens: with the defaults no order gives both. Decoded first, the braces are gone when the name is
#     split, and the collaboration has the given names "The X"; split first, the decoder passes
#     over the names without a remark, and they stay LaTeX. Decoding first with keep_braced_groups=True
#     gives both (the braces stay around the collaboration).
# Versions: bibtexparser 2.1.0.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check bibtexparser==2.1.0

cat >names.py <<'PY'
import bibtexparser
from bibtexparser.middlewares import LatexDecodingMiddleware, SeparateCoAuthors, SplitNameParts

BIB = r"@misc{sample, author = {{The X Collaboration} and Mart{\'\i}nez, Ana}}"

orders = {
    "decode, split": (LatexDecodingMiddleware(), SeparateCoAuthors(), SplitNameParts()),
    "split, decode": (SeparateCoAuthors(), SplitNameParts(), LatexDecodingMiddleware()),
    "decode keeping braces, split": (
        LatexDecodingMiddleware(keep_braced_groups=True),
        SeparateCoAuthors(),
        SplitNameParts(),
    ),
}
for order, middleware in orders.items():
    (entry,) = bibtexparser.parse_string(BIB, append_middleware=middleware).entries
    print(f"{order}:", *((name.first, name.last) for name in entry["author"]))
PY
venv/bin/python names.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
decode, split: (['The', 'X'], ['Collaboration']) (['Ana'], ['Martínez'])
split, decode: ([], ['{The X Collaboration}']) (['Ana'], ["Mart{\\'\\i}nez"])
decode keeping braces, split: ([], ['{The X Collaboration}']) (['Ana'], ['Martínez'])
EXPECTED
