#!/usr/bin/env bash
# Authors' names, as arXiv has them (given name first), taken apart by parsers of personal names.
#
# Guess: the last word of a name of two words is the family name, but for "Jr." and the like.
# What happens: humanparser takes the family name Ma for a Master of Arts, so that the family name is
#     empty or an initial. nameparser is right there, but both take some given names for titles (King,
#     Prince, Lama, Mahdi and Md. nameparser, Tuan humanparser), and with some of them nameparser makes the
#     family name the given name. Of 84,514 names of two words and more in arXiv's metadata, 538 lose Ma
#     with humanparser, and 165 have a title or no family name with nameparser.
# Versions: nameparser 2.6.0; humanparser 2.7.0 (it needs npm, and is left out without).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check nameparser==2.6.0

names=("Ana Ma" "Ana B. Ma" "King Sample" "Prince Sample" "Lama Sample" "Mahdi Sample"
    "Md. Bo Sample" "Tuan Sample")

cat >parts.py <<'PY'
import sys

from nameparser import HumanName

for text in sys.argv[1:]:
    name = HumanName(text)
    print(f"{text}: title {name.title!r}, given {name.first!r}, family {name.last!r}")
PY
venv/bin/python parts.py "${names[@]}" >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
Ana Ma: title '', given 'Ana', family 'Ma'
Ana B. Ma: title '', given 'Ana', family 'Ma'
King Sample: title 'King', given 'Sample', family ''
Prince Sample: title 'Prince', given 'Sample', family ''
Lama Sample: title 'Lama', given 'Sample', family ''
Mahdi Sample: title 'Mahdi', given '', family 'Sample'
Md. Bo Sample: title 'Md.', given 'Bo', family 'Sample'
Tuan Sample: title '', given 'Tuan', family 'Sample'
EXPECTED

if ! command -v npm >/dev/null; then
    echo "humanparser was not compared: it needs npm"
    exit 0
fi
npm install --silent --no-audit --no-fund humanparser@2.7.0 >/dev/null
cat >parts.cjs <<'JS'
const { parseName } = require("humanparser");

for (const text of process.argv.slice(2)) {
  const { salutation = "", firstName = "", lastName, suffix = "" } = parseName(text);
  console.log(`${text}: title '${salutation}', given '${firstName}', family '${lastName}', suffix '${suffix}'`);
}
JS
node parts.cjs "${names[@]}" >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
Ana Ma: title '', given 'Ana', family '', suffix 'Ma'
Ana B. Ma: title '', given 'Ana', family 'B.', suffix 'Ma'
King Sample: title '', given 'King', family 'Sample', suffix ''
Prince Sample: title '', given 'Prince', family 'Sample', suffix ''
Lama Sample: title '', given 'Lama', family 'Sample', suffix ''
Mahdi Sample: title '', given 'Mahdi', family 'Sample', suffix ''
Md. Bo Sample: title '', given 'Md.', family 'Sample', suffix ''
Tuan Sample: title 'Tuan', given '', family 'Sample', suffix ''
EXPECTED
