#!/usr/bin/env bash
# bibtex-tidy's removal of duplicates, on papers that were withdrawn from arXiv.
#
# Guess: two entries are duplicates if they have the same key or DOI, or the same authors and title.
# What happens: the same abstract is enough. arXiv replaces the abstract of a withdrawn paper by a sentence
#     such as "This paper has been withdrawn by the authors." `--merge` removes the second of two such papers,
#     of other authors, title and eprint, with a line on standard output. The first 100 letters and digits of
#     the abstracts are compared. `--duplicates=key,doi,citation --merge` is the remedy.
# Versions: bibtex-tidy 1.14.0 (needs npm).
set -euo pipefail

if ! command -v npm >/dev/null; then
    echo "bibtex-tidy was not run: it needs npm" >&2
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund bibtex-tidy@1.14.0 >/dev/null

cat >papers.bib <<'BIB'
@misc{sample2026first,
  title    = {The First Paper},
  author   = {Sample, Ana},
  eprint   = {2613.00001},
  abstract = {This paper has been withdrawn by the authors.}
}
@misc{other2026second,
  title    = {The Second Paper},
  author   = {Other, Bo},
  eprint   = {2613.00002},
  abstract = {This paper has been withdrawn by the authors.}
}
BIB
for duplicates in "" --duplicates=key,doi,citation; do
    echo "bibtex-tidy --merge${duplicates:+ $duplicates}"
    cp papers.bib tidied.bib
    npx bibtex-tidy tidied.bib --merge ${duplicates:+"$duplicates"} 2>/dev/null | grep '^DUPLICATE' || true
    grep '^@' tidied.bib
done >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
bibtex-tidy --merge
DUPLICATE_ENTRY: Duplicate removed. Entry other2026second has a similar abstract to entry sample2026first.
@misc{sample2026first,
bibtex-tidy --merge --duplicates=key,doi,citation
@misc{sample2026first,
@misc{other2026second,
EXPECTED
