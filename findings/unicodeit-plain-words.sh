#!/usr/bin/env bash
# unicodeit, which turns formulas of titles and abstracts into Unicode, also changes plain words.
#
# Guess: unicodeit.replace changes LaTeX commands, and ^ and _ within formulas; other words stay.
# What happens: every hyphen becomes a minus sign (U+2212), so that "fine-tuning" is no longer found
#     by a search, and an underscore in a plain word makes the next letter a subscript if Unicode has one
#     ("user_id" and "max_n" change, "snake_case" does not). The dollar signs around formulas stay.
# Versions: unicodeit 0.7.5.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check unicodeit==0.7.5

cat >words.py <<'PY'
import unicodeit

for text in ("fine-tuning", "user_id and max_n", "snake_case", r"$\alpha_2$", "La$_3$Ni$_2$O$_7$"):
    print(text, "->", unicodeit.replace(text), ascii(unicodeit.replace(text)))
PY
venv/bin/python words.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
fine-tuning -> fine−tuning 'fine\u2212tuning'
user_id and max_n -> userᵢd and maxₙ 'user\u1d62d and max\u2099'
snake_case -> snake_case 'snake_case'
$\alpha_2$ -> $α₂$ '$\u03b1\u2082$'
La$_3$Ni$_2$O$_7$ -> La$₃$Ni$₂$O$₇$ 'La$\u2083$Ni$\u2082$O$\u2087$'
EXPECTED
