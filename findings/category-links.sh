#!/usr/bin/env bash
# arXiv's categories in a text whose addresses are made links: "cs.AI", "cs.CV", "stat.ML".
#
# Guess: an address without "http://" becomes a link if it begins with "www." or ends in a well-known
#     domain such as ".org"; the name of a category stays text.
# What happens: every library below makes links to unrelated web sites of "cs.AI", "cs.CV", "cs.CL",
#     "stat.ML", "math.AG", "q-bio.NC", since AI, CV, CL, ML, AG and NC are countries and territories with a
#     domain, and leaves "cs.LG", "eess.IV" and "physics.optics" alone, so that a test with "cs.LG" shows
#     nothing.
# Versions: bleach 6.4.0, linkify-it-py 2.2.0 (markdown-it-py's), urlextract 1.10.0; linkifyjs 4.4.0 and
#     Autolinker 4.1.5 (the two need npm, and are left out without).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check bleach==6.4.0 linkify-it-py==2.2.0 \
    urlextract==1.10.0

categories=(cs.AI cs.CV cs.CL stat.ML math.AG q-bio.NC cs.LG eess.IV physics.optics)

cat >links.py <<'PY'
import sys

import bleach
from linkify_it import LinkifyIt
from urlextract import URLExtract

finders = {
    "bleach": lambda text: "<a " in bleach.linkify(text),
    "linkify-it-py": LinkifyIt().test,
    "urlextract": URLExtract().has_urls,
}
for name, is_link in finders.items():
    print(f"{name}:", *(category for category in sys.argv[1:] if is_link(category)))
PY
venv/bin/python links.py "${categories[@]}" >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
bleach: cs.AI cs.CV cs.CL stat.ML math.AG q-bio.NC
linkify-it-py: cs.AI cs.CV cs.CL stat.ML math.AG q-bio.NC
urlextract: cs.AI cs.CV cs.CL stat.ML math.AG q-bio.NC
EXPECTED

if ! command -v npm >/dev/null; then
    echo "linkifyjs and Autolinker were not compared: they need npm"
    exit 0
fi
npm install --silent --no-audit --no-fund linkifyjs@4.4.0 autolinker@4.1.5 >/dev/null
cat >links.mjs <<'JS'
import Autolinker from "autolinker";
import { test } from "linkifyjs";

const categories = process.argv.slice(2);
console.log("linkifyjs:", ...categories.filter((category) => test(category)));
console.log("Autolinker:", ...categories.filter((category) => Autolinker.parse(category).length));
JS
node links.mjs "${categories[@]}" >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
linkifyjs: cs.AI cs.CV cs.CL stat.ML math.AG q-bio.NC
Autolinker: cs.AI cs.CV cs.CL stat.ML math.AG q-bio.NC
EXPECTED
