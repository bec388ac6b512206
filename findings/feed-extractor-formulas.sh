#!/usr/bin/env bash
# The abstracts in arXiv's Atom feed, as @extractus/feed-extractor reads them.
#
# Guess: a <summary> without a type is plain text by Atom's standard, so "$p&lt;q$" is read as "$p<q$".
# What happens: what stands between "<" and the next ">" is dropped as if it were a tag: "$p<q$ and all
#     $r>s$" becomes "$ps$", without a remark. The title of the same entry keeps its signs, so does the
#     summary in rss-parser and feedsmith. The option `getExtraEntryFields` hands over the text that was
#     read, and is the remedy.
# Versions: @extractus/feed-extractor 8.0.3, rss-parser 3.13.0, feedsmith 3.0.1 (they need npm and Node.js 20
#     or newer).
set -euo pipefail

if ! command -v npm >/dev/null; then
    echo "the readers were not run: they need npm" >&2
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @extractus/feed-extractor@8.0.3 rss-parser@3.13.0 feedsmith@3.0.1 \
    >/dev/null

cat >read.mjs <<'JS'
import { extractFromXml } from "@extractus/feed-extractor";
import { parseFeed } from "feedsmith";
import RssParser from "rss-parser";

const atom = `<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/sample</id>
  <title>arXiv Query</title>
  <updated>2026-11-20T00:00:00Z</updated>
  <entry>
    <id>http://arxiv.org/abs/2613.00001v1</id>
    <title>Bounds for p&lt;q and r&gt;s</title>
    <updated>2026-11-20T00:00:00Z</updated>
    <link href="https://arxiv.org/abs/2613.00001v1" rel="alternate" type="text/html"/>
    <summary>We show this for $p&lt;q$ and all $r&gt;s$.</summary>
    <author><name>Ana Sample</name></author>
  </entry>
</feed>`;

const [entry] = extractFromXml(atom, { getExtraEntryFields: ({ summary }) => ({ summary }) }).entries;
console.log("feed-extractor, title:", entry.title);
console.log("feed-extractor, description:", entry.description);
console.log("feed-extractor, with getExtraEntryFields:", entry.summary);
console.log("rss-parser:", (await new RssParser().parseString(atom)).items[0].summary);
console.log("feedsmith:", parseFeed(atom).feed.entries[0].summary.value);
JS
node read.mjs >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
feed-extractor, title: Bounds for p<q and r>s
feed-extractor, description: We show this for $ps$.
feed-extractor, with getExtraEntryFields: We show this for $p<q$ and all $r>s$.
rss-parser: We show this for $p<q$ and all $r>s$.
feedsmith: We show this for $p<q$ and all $r>s$.
EXPECTED
