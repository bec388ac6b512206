#!/usr/bin/env bash
# The authors of a paper in arXiv's Atom feed, as two feed parsers for Python see them.
#
# Guess: `entry.author` is the first author or all of them in one string, and `entry.authors` has everybody.
# What happens: feedparser's `author` is the LAST author; its `authors` has everybody, but of all the
#     affiliations only the last one of the last author is kept, and at the entry. fastfeedparser, with an
#     "API similar to feedparser", has the FIRST author in `author`, and nobody else in `authors`.
# Versions: feedparser 6.0.14, fastfeedparser 0.6.5.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check feedparser==6.0.14 fastfeedparser==0.6.5

cat >authors.py <<'PY'
import fastfeedparser
import feedparser

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/sample</id>
  <title>Sample</title>
  <updated>2026-11-20T00:00:00Z</updated>
  <entry>
    <id>http://arxiv.org/abs/2613.00001v1</id>
    <title>An Invented Paper</title>
    <updated>2026-11-20T00:00:00Z</updated>
    <link href="https://arxiv.org/abs/2613.00001v1" rel="alternate" type="text/html"/>
    <summary>Invented.</summary>
    <author><name>Ana First</name><arxiv:affiliation>University A</arxiv:affiliation></author>
    <author><name>Bo Second</name><arxiv:affiliation>University B</arxiv:affiliation></author>
    <author><name>Cy Third</name><arxiv:affiliation>University C</arxiv:affiliation></author>
  </entry>
</feed>
"""
for parser in (feedparser, fastfeedparser):
    entry = parser.parse(FEED).entries[0]
    print(parser.__name__)
    print("  author:", entry.author)
    print("  authors:", ", ".join(author["name"] for author in entry.authors))
    print("  arxiv_affiliation:", entry.get("arxiv_affiliation"))
PY
venv/bin/python authors.py >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
feedparser
  author: Cy Third
  authors: Ana First, Bo Second, Cy Third
  arxiv_affiliation: University C
fastfeedparser
  author: Ana First
  authors: Ana First
  arxiv_affiliation: None
EXPECTED
