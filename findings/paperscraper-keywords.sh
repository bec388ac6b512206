#!/usr/bin/env bash
# The query that paperscraper sends to arXiv for keywords of several words and for a range of days.
#
# Guess: a keyword such as "machine learning" is sent as a phrase in quotation marks, and the end of a range
#     is the end of that day.
# What happens: it is sent bare. arXiv's API puts OR between words without an operator and has no
#     precedence (such a query comes back as `all:machine OR all:learning`, with hundreds of thousands of
#     results), so that the second keyword binds only the last word. The end date is midnight at its
#     beginning: papers of the last day are not asked for, and a range of one day ends where it begins.
#     Quotation marks within the keywords pass, and are the remedy.
# Versions: paperscraper 1.1.0. arXiv's rewriting: its API since 2025-11-11 (arxiv-search,
#     classic_search_query.py).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
# Only what building a query imports: paperscraper's other requirements are 20 packages for other sources.
venv/bin/pip install --quiet --disable-pip-version-check \
    arxiv==4.0.2 pandas==3.1.1 tqdm==4.67.1 pymed-paperscraper==1.0.6
venv/bin/pip install --quiet --disable-pip-version-check --no-deps paperscraper==1.1.0

cat >query.py <<'PY'
from paperscraper.arxiv import get_query_from_keywords

print(get_query_from_keywords(["machine learning", "proteins"]))
print(get_query_from_keywords([["machine learning", "AI"], "proteins"]))
print(get_query_from_keywords(["proteins"], start_date="2026-11-20", end_date="2026-11-20"))
print(get_query_from_keywords(['"machine learning"', "proteins"]))
PY
venv/bin/python query.py 2>/dev/null | grep -v '^WARNING:' >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
all:machine learning AND all:proteins
(all:machine learning OR all:AI) AND all:proteins
all:proteins AND submittedDate:[202611200000 TO 202611200000]
all:"machine learning" AND all:proteins
EXPECTED
