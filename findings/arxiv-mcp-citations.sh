#!/usr/bin/env bash
# The BibTeX that arxiv-mcp-server, which gives language models access to arXiv, returns for a paper.
#
# Guess: arXiv's titles have formulas in LaTeX, so they stand in the entry as they are, and ids of before 2007
#     are split into id and version.
# What happens: every sign that means something in LaTeX is escaped, so that "$p$-adic" is printed with its
#     dollar signs and "\mathbb{R}" with backslash and braces. (Of 31,487 titles looked at, 314 have a formula.)
#     A collaboration has no braces, so that BibTeX takes "Collaboration" for a family name. The version is cut
#     off at the first "v", so that solv-int/9901001v1 becomes "sol", and its entry is "not found on arXiv".
# Versions: arxiv-mcp-server 0.8.2.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check arxiv-mcp-server==0.8.2

cat >cite.py <<'PY'
import asyncio
import json
import logging

import httpx
from arxiv_mcp_server.tools import export_citations

logging.disable(logging.CRITICAL)
ATOM = r"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
  <entry>
    <id>http://arxiv.org/abs/2611.00001v1</id>
    <title>On $p$-adic fields and $\mathbb{R}^d$</title>
    <published>2026-11-20T00:00:00Z</published>
    <arxiv:primary_category term="math.NT"/>
    <author><name>Ana Sample</name></author>
    <author><name>The X Collaboration</name></author>
  </entry>
  <entry>
    <id>http://arxiv.org/abs/solv-int/9901001v1</id>
    <title>An Older Paper</title>
    <published>1999-01-04T00:00:00Z</published>
    <arxiv:primary_category term="solv-int"/>
    <author><name>Bo Sample</name></author>
  </entry>
</feed>"""


async def respond(client: httpx.AsyncClient, url: str) -> httpx.Response:
    """Stand for arXiv's API."""
    return httpx.Response(200, text=ATOM)


export_citations._rate_limited_get = respond
ids = ["2611.00001", "solv-int/9901001"]
(content,) = asyncio.run(export_citations.handle_export_citations({"paper_ids": ids}))
for result in json.loads(content.text)["results"]:
    print(result.get("bibtex") or f"{result['paper_id']}: {result['error']}")
PY
venv/bin/python -W ignore cite.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
@misc{sample2026on,
  title = {On \$p\$-adic fields and \$\textbackslash{}mathbb\{R\}\textasciicircum{}d\$},
  author = {Ana Sample and The X Collaboration},
  year = {2026},
  eprint = {2611.00001},
  archivePrefix = {arXiv},
  primaryClass = {math.NT},
  url = {https://arxiv.org/abs/2611.00001}
}
solv-int/9901001: not found on arXiv
EXPECTED
