#!/usr/bin/env bash
# arXiv's own BibTeX entries as a list of papers in a Typst document.
#
# Guess: authors, year and the id in `eprint` are printed, in every style that prints them for others.
# What happens:
#   - `eprint` is never printed: without a url nothing says that the paper is on arXiv, nor which it is.
#   - With a url, the style "ieee" leaves out the year; the style "apa" prints "(2026,)" always.
#   - In a list with `full: true`, the styles "apa" and "chicago-author-date" drop the given names of two
#     papers of a year whose authors have the same family names; those that the text cites keep them.
# Versions: typst 0.15.2 (the Python package), pypdf 7.1.1.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check typst==0.15.2 pypdf==7.1.1

cat >papers.bib <<'BIB'
@misc{first,
      title={The First Paper},
      author={Ana Sample and Bo Li},
      year={2026},
      eprint={2613.00001},
      archivePrefix={arXiv},
      primaryClass={cs.LG},
      url={https://arxiv.org/abs/2613.00001}
}
@misc{second,
      title={The Second Paper},
      author={Cai Sample and Dee Li},
      year={2026},
      eprint={2613.00002},
      archivePrefix={arXiv},
      primaryClass={cs.LG}
}
BIB
cat >print.py <<'PY'
import re

import typst
from pypdf import PdfReader


def bibliography(style: str, text: str = "") -> list[str]:
    """Return the lines of a document with this text and all papers in this style."""
    with open("papers.typ", "w") as document:
        document.write(f'#set page(width: 40cm)\n{text}\n#bibliography("papers.bib", style: "{style}", full: true)')
    typst.compile("papers.typ", output="papers.pdf")
    lines = PdfReader("papers.pdf").pages[0].extract_text().splitlines()
    return [re.sub(r"\s+", " ", line).strip() for line in lines]


for style in ("ieee", "apa", "chicago-author-date"):
    print(f"{style}:", *bibliography(style)[1:], sep="\n  ")
print("apa, both cited:", *bibliography("apa", "@first @second")[2:], sep="\n  ")
PY
venv/bin/python print.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
ieee:
  [1] A. Sample and B. Li, “The First Paper.” [Online]. Available: https://arxiv.org/abs/2613.00001
  [2] C. Sample and D. Li, “The Second Paper.” 2026.
apa:
  Sample, & Li. (2026,). The First Paper. https://arxiv.org/abs/2613.00001
  Sample, & Li. (2026,). The Second Paper.
chicago-author-date:
  Sample, and Li. 2026. “The First Paper.”. https://arxiv.org/abs/2613.00001.
  Sample, and Li. 2026. “The Second Paper.”.
apa, both cited:
  Sample, A., & Li, B. (2026a,). The First Paper. https://arxiv.org/abs/2613.00001
  Sample, C., & Li, D. (2026b,). The Second Paper.
EXPECTED
