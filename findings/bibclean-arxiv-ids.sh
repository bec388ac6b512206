#!/usr/bin/env bash
# The bibliography formatter bibclean (the Python package, not Nelson Beebe's program) and the BibTeX
# entries that arXiv's pages offer.
#
# Guess: `bibclean fix` changes layout and order of a valid file and keeps what is in it.
# What happens: with no configuration it deletes eprint, archivePrefix, primaryClass and abstract of an
#     @misc entry in place, since these fields are not on its list for @misc. That is the form in which
#     arXiv offers its papers: without a url, nothing tells any longer which paper it is.
# Versions: bibclean 1.0.0.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check bibclean==1.0.0

cat >papers.bib <<'BIB'
@misc{sample2026invented,
      title={An Invented Paper},
      author={Ana Sample},
      year={2026},
      eprint={2613.00001},
      archivePrefix={arXiv},
      primaryClass={cs.LG},
      abstract={Invented.}
}
BIB
venv/bin/bibclean fix --isolated papers.bib >/dev/null || true
cat papers.bib
diff - papers.bib <<'EXPECTED'
@misc{sample2026invented,
  author = {Ana Sample},
  title = {An Invented Paper},
  year = {2026}
}
EXPECTED
