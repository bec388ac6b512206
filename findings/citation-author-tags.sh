#!/usr/bin/env bash
# The <meta name="citation_author"> tags of arXiv's pages, one for each author, family name first, in
# libraries that extract text and metadata from web pages.
#
# Guess: the tag has been Google Scholar's for twenty years, one author in each, so that libraries which
#     read it return one name for each, at most with the comma.
# What happens: newspaper4k and trafilatura take the comma for the end of a name. newspaper4k then drops what
#     is one word: "Sample, Ana" has no author, "Other, Bo Cai" is by "Bo Cai". trafilatura makes two authors
#     of each, "Sample; Ana". Without the comma both are right.
# Versions: newspaper4k 0.9.5, trafilatura 2.3.1.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for package in newspaper4k==0.9.5 trafilatura==2.3.1; do # they need different versions of lxml
    python3 -m venv "${package%%=*}"
    "${package%%=*}"/bin/pip install --quiet --disable-pip-version-check "$package" \
        lxml_html_clean==0.4.4 # pip 23, which Python 3.11 has, does not find it as an extra of lxml
done

cat >authors.py <<'PY'
import sys

for authors in (["Sample, Ana", "Other, Bo Cai", "de la Cruz, Dee"], ["Ana Sample", "Bo Cai Other"]):
    tags = "".join(f'<meta name="citation_author" content="{author}">' for author in authors)
    page = f"<html><head><title>Invented</title>{tags}</head><body><p>An abstract.</p></body></html>"
    if sys.argv[1] == "newspaper4k":
        import newspaper

        article = newspaper.Article("https://arxiv.org/abs/2613.00001")
        article.download(input_html=page)
        article.parse()
        found = article.authors
    else:
        import trafilatura

        found = trafilatura.extract_metadata(page).author
    print(f"{sys.argv[1]}: {authors} -> {found}")
PY
for name in newspaper4k trafilatura; do
    "$name"/bin/python -W ignore authors.py "$name"
done >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
newspaper4k: ['Sample, Ana', 'Other, Bo Cai', 'de la Cruz, Dee'] -> ['Bo Cai', 'de la Cruz']
newspaper4k: ['Ana Sample', 'Bo Cai Other'] -> ['Ana Sample', 'Bo Cai Other']
trafilatura: ['Sample, Ana', 'Other, Bo Cai', 'de la Cruz, Dee'] -> Sample; Ana; Other; Bo Cai; De La Cruz; Dee
trafilatura: ['Ana Sample', 'Bo Cai Other'] -> Ana Sample; Bo Cai Other
EXPECTED
