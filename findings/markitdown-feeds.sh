#!/usr/bin/env bash
# arXiv's Atom and RSS feeds made Markdown for a language model with MarkItDown.
#
# Guess: each entry has its title, link, authors, date and abstract; at most categories and ids are left out.
# What happens: only title, date and abstract are left. There are no authors, no link and no id in either
#     format, so that nothing says which paper an abstract belongs to but its title; nor are there arXiv's
#     comment and category.
# Versions: markitdown 0.1.9.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check markitdown==0.1.9

cat >atom.xml <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
  <id>https://arxiv.org/api/sample</id>
  <title>arXiv Query</title>
  <updated>2026-11-20T00:00:00Z</updated>
  <entry>
    <id>http://arxiv.org/abs/2613.00001v1</id>
    <title>An Invented Paper</title>
    <updated>2026-11-20T00:00:00Z</updated>
    <link href="https://arxiv.org/abs/2613.00001v1" rel="alternate" type="text/html"/>
    <summary>An abstract.</summary>
    <category term="cs.LG"/>
    <arxiv:comment>12 pages</arxiv:comment>
    <author><name>Ana Sample</name></author>
  </entry>
</feed>
XML
cat >rss.xml <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<rss xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
  <channel>
    <title>cs.LG updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/cs.LG</link>
    <description>cs.LG updates</description>
    <item>
      <title>An Invented Paper</title>
      <link>https://arxiv.org/abs/2613.00001</link>
      <description>An abstract.</description>
      <guid isPermaLink="false">oai:arXiv.org:2613.00001v1</guid>
      <category>cs.LG</category>
      <pubDate>Fri, 20 Nov 2026 00:00:00 -0500</pubDate>
      <dc:creator>Ana Sample</dc:creator>
    </item>
  </channel>
</rss>
XML
for feed in atom rss; do
    echo "== $feed"
    venv/bin/markitdown "$feed.xml" 2>/dev/null
    echo
done >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
== atom
# arXiv Query

## An Invented Paper
Updated on: 2026-11-20T00:00:00Z
An abstract.

== rss
# cs.LG updates on arXiv.org
cs.LG updates

## An Invented Paper
Published on: Fri, 20 Nov 2026 00:00:00 -0500
An abstract.

EXPECTED
