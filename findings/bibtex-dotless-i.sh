#!/usr/bin/env bash
# A usual way to write "í" in BibTeX, \'{\i}, in libraries that read BibTeX.
#
# Guess: libraries made for BibTeX decode every accent that LaTeX knows, with and without braces.
# What happens: latexcodec, and so pybtex, reads \'\i as "í", but leaves \'{\i} as a backslash, an apostrophe
#     and a dotless "ı". biblatex-csl-converter reads the first, and puts the accent of the second on the
#     letter before. citation-js makes both a dotless "ı" with a combining accent, which no normal form of
#     Unicode turns into "í", so that no search finds it. pylatexenc reads both. Other letters in braces
#     are no trouble.
# Versions: latexcodec 3.0.1, pybtex 0.26.1, pylatexenc 2.11; @citation-js/core and plugin-bibtex 0.9.0,
#     biblatex-csl-converter 3.6.0 (the two need npm and Node.js 20 or newer, and are left out without).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check latexcodec==3.0.1 pybtex==0.26.1 pylatexenc==2.11

cat >accents.py <<'PY'
import latexcodec  # noqa: F401 (registers the codec)
from pybtex.database import Person
from pylatexenc.latex2text import LatexNodes2Text

for latex in (r"\'\i", r"\'{\i}", r"\"{\i}", r"\^{\i}", r"\'{i}", r"\'{e}"):
    print(latex, "->", latex.encode().decode("latex+utf-8"))
for name in (r"Mart{\'\i}nez", r"Mart{\'{\i}}nez"):
    print(name, "-> pybtex:", *Person(f"{name}, Ana").rich_last_names)
    print(name, "-> pylatexenc:", LatexNodes2Text().latex_to_text(name))
PY
venv/bin/python accents.py >python.txt
cat python.txt
diff - python.txt <<'EXPECTED'
\'\i -> í
\'{\i} -> \'{ı}
\"{\i} -> \"{ı}
\^{\i} -> \^{ı}
\'{i} -> {í}
\'{e} -> {é}
Mart{\'\i}nez -> pybtex: Martínez
Mart{\'\i}nez -> pylatexenc: Martínez
Mart{\'{\i}}nez -> pybtex: Mart\'ınez
Mart{\'{\i}}nez -> pylatexenc: Martínez
EXPECTED

if ! command -v npm >/dev/null; then
    echo "citation-js and biblatex-csl-converter were not compared: they need npm"
    exit 0
fi
npm install --silent --no-audit --no-fund \
    @citation-js/core@0.9.0 @citation-js/plugin-bibtex@0.9.0 biblatex-csl-converter@3.6.0 >/dev/null
cat >accents.mjs <<'JS'
import { Cite } from "@citation-js/core";
import "@citation-js/plugin-bibtex";
import { CSLExporter, parse } from "biblatex-csl-converter";

const ascii = (text) => text.replace(/[^ -~]/gu, (sign) => `<U+${sign.codePointAt(0).toString(16)}>`);
for (const name of [String.raw`Mart{\'\i}nez`, String.raw`Mart{\'{\i}}nez`]) {
  const bib = `@misc{sample, author = {${name}, Ana}, title = {Invented}, year = 2026}`;
  const csl = new CSLExporter(parse(bib).entries).parse();
  console.log(`${name} -> citation-js: ${ascii(new Cite(bib).data[0].author[0].family)}`);
  console.log(`${name} -> biblatex-csl-converter: ${ascii(csl[1].author[0].family)}`);
}
JS
node accents.mjs >node.txt
cat node.txt
diff - node.txt <<'EXPECTED'
Mart{\'\i}nez -> citation-js: Mart<U+131><U+301>nez
Mart{\'\i}nez -> biblatex-csl-converter: Mart<U+ed>nez
Mart{\'{\i}}nez -> citation-js: Mart<U+131><U+301>nez
Mart{\'{\i}}nez -> biblatex-csl-converter: Mart<U+301><U+131>nez
EXPECTED
