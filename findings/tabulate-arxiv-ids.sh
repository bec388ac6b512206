#!/usr/bin/env bash
# A Markdown table of papers made with pandas' to_markdown, which is tabulate's.
#
# Guess: the ids are text in the frame, so they are text in the table; at worst the last zero is lost.
# What happens: tabulate takes text that looks like a number for one and prints it with six digits at
#     most: 2613.00010, 2613.00025 and 2613.12345 become "2613", "2613" and "2613.12". One id of before
#     2007 in the column, and all of it is left alone. disable_numparse=True is the remedy.
#     A "|" in a title is not escaped either and begins a new cell.
# Versions: tabulate 0.10.0, pandas 3.1.1.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tabulate==0.10.0 pandas==3.1.1

cat >table.py <<'PY'
import pandas as pd

new = ["2613.00010", "2613.00025", "2613.12345"]
for ids, options in ((new, {}), ([*new, "hep-th/9901001"], {}), (new, {"disable_numparse": True})):
    papers = pd.DataFrame({"id": ids, "title": "a|b"}, dtype="str")
    print(papers.to_markdown(index=False, tablefmt="pipe", **options))
PY
venv/bin/python table.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
|      id | title   |
|--------:|:--------|
| 2613    | a|b     |
| 2613    | a|b     |
| 2613.12 | a|b     |
| id             | title   |
|:---------------|:--------|
| 2613.00010     | a|b     |
| 2613.00025     | a|b     |
| 2613.12345     | a|b     |
| hep-th/9901001 | a|b     |
| id         | title   |
|:-----------|:--------|
| 2613.00010 | a|b     |
| 2613.00025 | a|b     |
| 2613.12345 | a|b     |
EXPECTED
