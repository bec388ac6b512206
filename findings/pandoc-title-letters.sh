#!/usr/bin/env bash
# Titles of papers that pandoc reads from BibTeX, to cite them or to write them as BibTeX or CSL JSON.
#
# Guess: pandoc makes titles sentence case for CSL ("A Survey" becomes "A survey"), leaves alone words with
#     capital letters inside, as BERT or LLaMA, and from BibTeX to BibTeX changes no title.
# What happens: single capital letters, and formulas of chemistry as arXiv's titles have them, become lower
#     case: "Q\&A", "C++", "Vitamin D" and La$_3$Ni$_2$O$_7$ become "q&a", "c++", "vitamin d" and
#     la$_3$ni$_2$o$_7$, also when BibTeX is written. Braces are the remedy, which arXiv's own entries do not
#     have.
# Versions: pandoc 3.9 (in pypandoc_binary 1.17).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pypandoc_binary==1.17

cat >papers.bib <<'BIB'
@misc{words, title={BERT and LLaMA for Q\&A, R\&D and A/B Tests in C++}, author={Ana Sample}, year={2026}}
@misc{letters, title={X-Rays, F-Theory, Vitamin D and Type-I Errors}, author={Ana Sample}, year={2026}}
@misc{matter, title={Films of La$_3$Ni$_2$O$_7$ and MoS$_2$}, author={Ana Sample}, year={2026}}
@misc{braces, title={Films of {La$_3$Ni$_2$O$_7$} and {Q\&A} in {C++}}, author={Ana Sample}, year={2026}}
BIB
cat >convert.py <<'PY'
import json

import pypandoc

for entry in json.loads(pypandoc.convert_file("papers.bib", "csljson", format="bibtex")):
    print(f"CSL JSON, {entry['id']}: {entry['title']}")
bibtex = pypandoc.convert_file("papers.bib", "bibtex", format="bibtex", extra_args=["--wrap=none"])
print(*(line.strip() for line in bibtex.splitlines() if "title" in line), sep="\n")
PY
venv/bin/python convert.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
CSL JSON, words: BERT and LLaMA for q&a, r&d and a/b tests in c++
CSL JSON, letters: X-rays, f-theory, vitamin d and type-i errors
CSL JSON, matter: Films of la$_3$ni$_2$o$_7$ and MoS$_2$
CSL JSON, braces: Films of La$_3$Ni$_2$O$_7$ and Q&A in C++
title = {BERT and {LLaMA} for q\&a, r\&d and a/b Tests in c++},
title = {X-Rays, f-Theory, Vitamin d and Type-i Errors},
title = {Films of La\(_3\)ni\(_2\)o\(_7\) and {MoS}\(_2\)},
title = {Films of {{La}\(_3\){Ni}\(_2\){O}\(_7\)} and {{Q\&A}} in {{C++}}},
EXPECTED
