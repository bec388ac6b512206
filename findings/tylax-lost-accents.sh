#!/usr/bin/env bash
# Titles and abstracts from arXiv converted from LaTeX to Typst with tylax.
#
# Guess: in document mode accents become letters, and signs that mean something in Typst are escaped.
# What happens: accents are lost without a warning ("Poincar\'{e}" becomes "Poincare", and "Erd\H{o}s"
#     "Erdos" with a comment inside), and of Typst's signs # and * are escaped, but not @ (a reference),
#     <..> (a label) and // (a comment: the rest of the line vanishes). Formulas are converted well.
# Versions: tylax 0.3.8.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tylax==0.3.8

cat >titles.py <<'PY'
import tylax

for title in (
    r"Erd\H{o}s, Poincar\'{e} and G\"odel",
    r"\v{C}ech, {\o}, \aa{} and \ss{}",
    r"C\# for the *star* user@example.org",
    r"Input // output <sample>",
    r"$O(n \log n)$ for $\mathrm{MoS}_2$",
):
    typst = tylax.latex_to_typst(title, document=True)
    print(title, "->", typst.strip().splitlines()[-1])
    warnings = tylax.latex_to_typst_diagnostics(title, document=True).warnings
    print("  warnings:", [warning.message for warning in warnings])
PY
venv/bin/python titles.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
Erd\H{o}s, Poincar\'{e} and G\"odel -> Erd/* \H */os, Poincare and Godel
  warnings: []
\v{C}ech, {\o}, \aa{} and \ss{} -> /* \v */Cech, ø, å and ß
  warnings: []
C\# for the *star* user@example.org -> C\# for the \*star\* user@example.org
  warnings: []
Input // output <sample> -> Input // output <sample>
  warnings: []
$O(n \log n)$ for $\mathrm{MoS}_2$ -> $O(n log n)$ for $upright(M o S)_(2)$
  warnings: []
EXPECTED
