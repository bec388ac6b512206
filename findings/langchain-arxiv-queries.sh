#!/usr/bin/env bash
# What LangChain's ArxivLoader makes of a query in arXiv's own language.
#
# Guess: the query is handed to the package `arxiv` as it is, and the version of that package which
#     LangChain's message says to install works.
# What happens: ArxivLoader removes every ":" and "-": "cat:cs.LG" becomes the word "catcs.LG",
#     "ti:fine-tuning" "tifinetuning", the id hep-th/9901001 "hepth/9901001", each without a remark;
#     ArxivRetriever hands on the same query unchanged. A query is cut after 300 characters, within a
#     word if need be. With arxiv 4.0.2, which `pip install arxiv` installs, every query is an
#     AttributeError, as its Search has no `results` any longer; it needs arxiv<4.
# Versions: langchain-community 0.4.2, arxiv 4.0.2 and 2.4.1, pymupdf 1.26.6.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check langchain-community==0.4.2 arxiv==2.4.1 pymupdf==1.26.6

cat >queries.py <<'PY'
import sys
from importlib.metadata import version

from langchain_community.document_loaders import ArxivLoader
from langchain_community.retrievers import ArxivRetriever


class RecordingSearch:
    """Stands for arxiv.Search: prints what would be sent and finds nothing."""

    def __init__(self, query: str = "", id_list: list[str] | None = None, max_results: int | None = None):
        print(f"  query {query!r}, ids {id_list or []}")

    def results(self) -> list[object]:
        return []


print("arxiv", version("arxiv"))
for query in sys.argv[1:]:
    loader = ArxivLoader(query=query)
    retriever = ArxivRetriever()
    if version("arxiv").startswith("4."):
        try:
            retriever.invoke(query)
        except AttributeError as error:
            print(f"  {query}: AttributeError: {error}")
        continue
    loader.client.arxiv_search = retriever.arxiv_search = RecordingSearch
    print(query, "(ArxivLoader, then ArxivRetriever)")
    loader.load()
    retriever.invoke(query)
PY
{
    venv/bin/python -W ignore queries.py "cat:cs.LG AND ti:fine-tuning" "hep-th/9901001"
    venv/bin/pip install --quiet --disable-pip-version-check arxiv==4.0.2
    venv/bin/python -W ignore queries.py "cat:cs.LG"
} >got.txt
cat got.txt
diff - got.txt <<'EXPECTED'
arxiv 2.4.1
cat:cs.LG AND ti:fine-tuning (ArxivLoader, then ArxivRetriever)
  query 'catcs.LG AND tifinetuning', ids []
  query 'cat:cs.LG AND ti:fine-tuning', ids []
hep-th/9901001 (ArxivLoader, then ArxivRetriever)
  query 'hepth/9901001', ids []
  query 'hep-th/9901001', ids []
arxiv 4.0.2
  cat:cs.LG: AttributeError: 'Search' object has no attribute 'results'
EXPECTED
