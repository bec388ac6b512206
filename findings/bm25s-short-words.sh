#!/usr/bin/env bash
# Searching titles of papers with bm25s.
#
# Guess: the default tokenizer splits at spaces and hyphens, drops stop words, and a query with no match finds
#     nothing.
# What happens: words of one letter are not indexed, so that "C++", "R" and the letters of "p-adic" and
#     "Q-learning" cannot be found, nor can "SE(3)" be told from "SE(2)"; and `retrieve` returns k papers
#     whatever the query is, those without any match with a score of 0. The argument `token_pattern` is a
#     remedy for the first, looking at the scores for the second.
# Versions: bm25s 0.3.16.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check bm25s==0.3.16

cat >search.py <<'PY'
import bm25s

TITLES = ["Invented models in C++", "Q-learning in R", "Maps for SE(2)", "Networks for SE(3)"]

print("words:", bm25s.tokenize(TITLES, return_ids=False, show_progress=False))
for name, pattern in {"default": {}, "token_pattern": {"token_pattern": r"\w+|\+\+"}}.items():
    index = bm25s.BM25()
    index.index(bm25s.tokenize(TITLES, show_progress=False, **pattern), show_progress=False)
    for query in ("C++", "R", "SE(3)"):
        words = bm25s.tokenize(query, show_progress=False, **pattern)
        found, scores = index.retrieve(words, corpus=TITLES, k=2, show_progress=False)
        # Which of the papers without a match are returned is up to numpy.
        pairs = sorted(zip(scores[0], found[0]), key=lambda pair: (-pair[0], pair[1]))
        lines = (f"{score:.2f} {title if score else 'some paper'}" for score, title in pairs)
        print(f"{name}, {query}:", *lines, sep="\n  ")
PY
venv/bin/python -W ignore search.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
words: [['invented', 'models'], ['learning'], ['maps', 'se'], ['networks', 'se']]
default, C++:
  0.00 some paper
  0.00 some paper
default, R:
  0.00 some paper
  0.00 some paper
default, SE(3):
  0.26 Maps for SE(2)
  0.26 Networks for SE(3)
token_pattern, C++:
  0.87 Invented models in C++
  0.00 some paper
token_pattern, R:
  0.50 Q-learning in R
  0.00 some paper
token_pattern, SE(3):
  0.79 Networks for SE(3)
  0.29 Maps for SE(2)
EXPECTED
