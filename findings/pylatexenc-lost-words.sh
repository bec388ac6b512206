#!/usr/bin/env bash
# Abstracts from arXiv made plain text with pylatexenc: words in typewriter type vanish.
#
# Guess: LatexNodes2Text drops the commands that only change the type and keeps the words, in "\texttt{..}"
#     as in "\emph{..}"; "\href{address}{words}" becomes the words, perhaps with the address.
# What happens: the words in \texttt, \textsf and \mbox are dropped with the command, without a remark,
#     while those in \textsc, \emph and {\tt ..} stay; \href raises an IndexError. Of 31,487 arXiv
#     abstracts and titles looked at, 103 have \texttt and 211 \href.
# Versions: pylatexenc 2.11; 2.10 does the same.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pylatexenc==2.11

cat >plain.py <<'PY'
from pylatexenc.latex2text import LatexNodes2Text

for latex in (
    r"We present \texttt{invented}, a program",
    r"We present {\tt invented}, a program",
    r"We present \textsc{Invented}, a program",
    r"We present \emph{Invented}, a program",
    r"We present \textsf{Invented}, a program",
    r"$x = 1$ \mbox{for all} $n$",
    r"code at \url{https://example.org/a_b}",
    r"code at \href{https://example.org}{our page}",
):
    try:
        text = LatexNodes2Text().latex_to_text(latex)
    except IndexError as error:
        text = f"IndexError: {error}"
    print(f"{latex} -> {text}")
PY
venv/bin/python plain.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
We present \texttt{invented}, a program -> We present , a program
We present {\tt invented}, a program -> We present invented, a program
We present \textsc{Invented}, a program -> We present Invented, a program
We present \emph{Invented}, a program -> We present Invented, a program
We present \textsf{Invented}, a program -> We present , a program
$x = 1$ \mbox{for all} $n$ -> x = 1  n
code at \url{https://example.org/a_b} -> code at <https://example.org/a_b>
code at \href{https://example.org}{our page} -> IndexError: list index out of range
EXPECTED
