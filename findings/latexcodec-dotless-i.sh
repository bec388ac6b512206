#!/usr/bin/env bash
# The usual way to write "í" in BibTeX, \'{\i}, is not understood by latexcodec and so by pybtex.
#
# Guess: latexcodec, made for BibTeX, decodes every accent that LaTeX knows, with and without braces.
# What happens: \'\i is "í", but \'{\i} stays a backslash, an apostrophe and a dotless "ı", so that pybtex
#     prints the author "Martínez" as "Mart\'ınez" when the file comes from a program that writes the
#     braces. The same holds for \"{\i}, \^{\i} and \`{\i}, and not for other letters in braces.
# Versions: latexcodec 3.0.1, pybtex 0.26.1.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check latexcodec==3.0.1 pybtex==0.26.1

cat >accents.py <<'PY'
import latexcodec  # noqa: F401 (registers the codec)
from pybtex.database import Person

for latex in (r"\'\i", r"{\'\i}", r"\'{i}", r"\'{\i}", r"\"{\i}", r"\^{\i}", r"\`{\i}", r"\'{e}", r"\v{s}"):
    print(latex, "->", latex.encode().decode("latex+utf-8"))
for name in (r"Mart{\'\i}nez, Ana", r"Mart{\'{\i}}nez, Ana"):
    print(name, "->", *map(str, Person(name).rich_last_names))
PY
venv/bin/python accents.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
\'\i -> í
{\'\i} -> {í}
\'{i} -> {í}
\'{\i} -> \'{ı}
\"{\i} -> \"{ı}
\^{\i} -> \^{ı}
\`{\i} -> \`{ı}
\'{e} -> {é}
\v{s} -> {š}
Mart{\'\i}nez, Ana -> Martínez
Mart{\'{\i}}nez, Ana -> Mart\'ınez
EXPECTED
