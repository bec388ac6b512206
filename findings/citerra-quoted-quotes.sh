#!/usr/bin/env bash
# A quotation mark within a BibTeX value that stands in quotation marks: "A {"}quoted{"} word", the way
# BibTeX's own documentation shows.
#
# Guess: a new parser written in Rust reads it as BibTeX does, or reports an error.
# What happens: citerra ends the value at the first inner quotation mark, drops the rest of the entry with
#     all its further fields, and reports status "ok" and no diagnostics. (Accents such as {\"o} are read
#     correctly.) bibtexparser reads all fields.
# Versions: citerra 0.4.0, bibtexparser 2.1.0.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check citerra==0.4.0 bibtexparser==2.1.0

cat >quotes.py <<'PY'
import bibtexparser
import citerra

BIB = '@misc{sample, title = "A {"}quoted{"} word", year = "2026", eprint = "2613.00001"}'

document = citerra.parse(BIB)
(entry,) = document.entries
print("citerra:", {field.name: str(field.value) for field in entry.fields})
print("citerra's status and diagnostics:", document.status, document.diagnostics)
(entry,) = bibtexparser.parse_string(BIB).entries
print("bibtexparser:", dict(entry.items()))
PY
venv/bin/python quotes.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
citerra: {'title': 'A {'}
citerra's status and diagnostics: ok []
bibtexparser: {'ENTRYTYPE': 'misc', 'ID': 'sample', 'title': 'A {"}quoted{"} word', 'year': '2026', 'eprint': '2613.00001'}
EXPECTED
