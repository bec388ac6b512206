"""Programs that compare `arxiv.analysis` with a real Lucene, set up as arXiv's index is.

They need Debian's packages liblucene8-java and default-jre-headless (or the same from elsewhere),
and the reference papers. `make lucene` runs `tokens` and `keywords`; `truth` renews the file that
the tests in CI compare with. Source of the set-up: arXiv/arxiv-search at 764d7ebd,
mappings/DocumentMapping.json and search/services/index/prepare.py.
"""
