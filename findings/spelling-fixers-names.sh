#!/usr/bin/env bash
# Programs that correct the spelling of source files, on a .bib file with names of authors.
#
# Guess: only words that nobody writes on purpose are corrected; a name is left alone, more so if it
#     begins with a capital letter.
# What happens: authors are renamed: "Tung" becomes "Tongue", "Claus" "Clause", "Suh" "Such" and "Dobles"
#     "Doubles", in codespell "Arent" "Aren't" and in typos "Karam" "Karma". Each has only one correction for
#     such a word, so that it is made without a question. Of 84,660 names in arXiv's metadata codespell changes
#     223 and typos 286.
# Versions: codespell 2.4.3, typos 1.52.0, both without configuration.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check codespell==2.4.3 typos==1.52.0

cat >papers.bib <<'BIB'
@misc{sample2026invented,
  title  = {An Invented Paper},
  author = {Sample, Claus and Tung, Ana and Joo, Bo and Teoh, Beng and Suh, Arent and Dobles, Cai
            and Karam, Dee and Sur, Eli and Tou, Fay and Asai, Gil},
  year   = {2026}
}
BIB
cp papers.bib codespell.bib
venv/bin/codespell --write-changes codespell.bib >/dev/null 2>&1 || true
cp papers.bib typos.bib
venv/bin/typos --write-changes typos.bib >/dev/null 2>&1 || true
for program in codespell typos; do
    echo "$program:"
    sed -n '3,4p' "$program.bib"
done >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
codespell:
  author = {Sample, Clause and Tongue, Ana and You, Bo and Teoh, Being and Such, Aren't and Doubles, Cai
            and Karam, Dee and Sur, Eli and Tou, Fay and Asia, Gil},
typos:
  author = {Sample, Clause and Tongue, Ana and Joo, Bo and Teoh, Being and Such, Arent and Doubles, Cai
            and Karma, Dee and Sure, Eli and You, Fay and Asia, Gil},
EXPECTED
