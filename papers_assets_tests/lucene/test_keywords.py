import pytest

from papers_assets.arxiv.sample import grammar
from papers_assets.keywords.file import read_keywords_file
from papers_assets.keywords.query import build_search_query
from papers_assets_tests.lucene.keywords import PATH

pytestmark = pytest.mark.slow


def test_every_keyword_of_the_list_can_be_sent() -> None:
    queries = {build_search_query(keyword) for keyword in read_keywords_file(PATH).keywords}
    assert len(queries) > 300
    for query in queries:  # arXiv writes more spaces
        understood = grammar.parse_query(query).text
        assert understood.replace(" ", "") == query.replace(" ", "")
