#!/usr/bin/env bash
# A table of papers in HTML, made Markdown.
#
# Guess: a "|" in a cell, as in the formula "$|x|$", is escaped, so that the table has as many columns as before.
# What happens: html2text, markdownify and MarkItDown (which uses markdownify) leave it as it is: the row has more
#     cells than the header, and GitHub drops those at the end, here the date. pandoc escapes it in text, but
#     not in code, where GitHub ends a cell too. html-to-markdown escapes both. Formulas stay formulas only in
#     html2text and html-to-markdown.
# Versions: html2text 2025.4.15, markdownify 1.2.3, markitdown 0.1.9, html-to-markdown 3.19.0,
#     pandoc 3.9 (in pypandoc_binary 1.17).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check html2text==2025.4.15 markdownify==1.2.3 \
    markitdown==0.1.9 html-to-markdown==3.19.0 pypandoc_binary==1.17

cat >tables.py <<'PY'
import io

import html2text
import html_to_markdown
import markdownify
import pypandoc
from markitdown import MarkItDown

TABLE = """
<table>
<thead><tr><th>Title</th><th>Code</th><th>Date</th></tr></thead>
<tbody><tr><td>Bounds for $|x_1|$</td><td><code>a|b</code></td><td>2026-11-20</td></tr></tbody>
</table>
"""
converters = {
    "html2text": html2text.html2text,
    "markdownify": markdownify.markdownify,
    "MarkItDown": lambda html: MarkItDown().convert_stream(io.BytesIO(html.encode()), file_extension=".html").markdown,
    "html-to-markdown": lambda html: html_to_markdown.convert(html).content,
    "pandoc": lambda html: pypandoc.convert_text(html, "gfm", format="html"),
}
for name, convert in converters.items():
    (row,) = (line for line in convert(TABLE).splitlines() if "Bounds" in line)
    print(f"{name}: {row.strip()}")
PY
venv/bin/python -W ignore tables.py 2>/dev/null >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
html2text: Bounds for $|x_1|$| `a|b`| 2026-11-20
markdownify: | Bounds for $|x\_1|$ | `a|b` | 2026-11-20 |
MarkItDown: | Bounds for $|x\_1|$ | `a|b` | 2026-11-20 |
html-to-markdown: | Bounds for $\|x_1\|$ | `a\|b` | 2026-11-20 |
pandoc: | Bounds for \$\|x_1\|\$ | `a|b` | 2026-11-20 |
EXPECTED
