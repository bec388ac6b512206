#!/usr/bin/env bash
# `academic import`, which makes pages of Hugo's theme for researchers, and a cite.bib for their visitors, from
# a BibTeX file.
#
# Guess: LaTeX becomes text in the page, commands for type vanish with their braces, and cite.bib is the entry
#     as it was.
# What happens: braces are removed before commands are read. "\emph{this}" becomes "emphthis" in the page and
#     "\emphthis", a command that does not exist, in cite.bib; "\url{..}" is taken for the accent \u on the
#     letter r: "r̆l..". In cite.bib "\%" and "\&" are bare, so that a comment begins where the percent sign was,
#     and a collaboration has lost its braces and becomes a person.
# Versions: academic 0.11.2.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check academic==0.11.2

cat >papers.bib <<'BIB'
@misc{sample2026invented,
      title={Gains of 50\% in R\&D},
      author={Ana Sample and {The X Collaboration}},
      year={2026},
      eprint={2613.00001},
      archivePrefix={arXiv},
      abstract={We show \emph{this} with \texttt{tool} at \url{https://example.org}.}
}
BIB
venv/bin/academic import papers.bib pages/ >/dev/null 2>&1
{
    grep '^abstract' pages/*/index.md
    cat pages/*/cite.bib
} >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
abstract: We show emphthis with texttttool at r̆lhttps://example.org.
@misc{sample2026invented,
 abstract = {We show \emphthis with \texttttool at r̆lhttps://example.org.},
 archiveprefix = {arXiv},
 author = {Ana Sample and The X Collaboration},
 eprint = {2613.00001},
 title = {Gains of 50% in R&D},
 year = {2026}
}
EXPECTED
