#!/usr/bin/env bash
# Changing a list of tables in a TOML file, such as keywords with comments, with toml-patch, which writes
# changes into the text "while preserving comments, whitespace and formatting".
#
# Guess: a comment above a [[table]] belongs to it: it goes with the table, and comments of other tables
#     stay with theirs.
# What happens: a new first table takes over the comment of the one that was first. Removing the first
#     table, or reversing the order, moves the comment above the next section, [site], away from it: above a
#     table that was commented out, or above a keyword. Reading the file again shows no difference, since
#     the data are right.
# Versions: @decimalturn/toml-patch 3.3.0 (needs npm).
set -euo pipefail

if ! command -v npm >/dev/null; then
    echo "toml-patch was not run: it needs npm" >&2
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @decimalturn/toml-patch@3.3.0 >/dev/null

cat >keywords.toml <<'TOML'
# First: for Ana.
[[keyword]]
name = "First"

# [[keyword]]
# name = "Not before January"

# Second: for Bo.
[[keyword]]
name = "Second"

# How the page looks.
[site]
title = "Papers"
TOML
cat >change.mjs <<'JS'
import { readFileSync } from "node:fs";
import { parse, patch } from "@decimalturn/toml-patch";

const text = readFileSync("keywords.toml", "utf8");
const changes = {
  "the first is removed": (keywords) => keywords.shift(),
  "a new one is put first": (keywords) => keywords.unshift({ name: "New" }),
  "the order is reversed": (keywords) => keywords.reverse(),
};
for (const [name, change] of Object.entries(changes)) {
  const data = parse(text);
  change(data.keyword);
  console.log(`== ${name} ==`);
  console.log(patch(text, data).trim());
}
JS
node change.mjs >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
== the first is removed ==
# Second: for Bo.
[[keyword]]
name = "Second"

# How the page looks.

# [[keyword]]
# name = "Not before January"
[site]
title = "Papers"
== a new one is put first ==
# First: for Ana.

[[keyword]]
name = "New"
[[keyword]]
name = "First"

# [[keyword]]
# name = "Not before January"

# Second: for Bo.
[[keyword]]
name = "Second"

# How the page looks.
[site]
title = "Papers"
== the order is reversed ==
# Second: for Bo.
[[keyword]]
name = "Second"

# How the page looks.
# First: for Ana.
[[keyword]]
name = "First"

# [[keyword]]
# name = "Not before January"
[site]
title = "Papers"
EXPECTED
