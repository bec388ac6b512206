import pytest

from papers_assets.arxiv.urls import is_arxiv_url, server_key, split_web_url

ARXIVS = ["http://arxiv.org/q", "https://EXPORT.arxiv.org:443/q", "https://oaipmh.arxiv.org./oai"]
OTHERS = ["http://notarxiv.org/q", "http://arxiv.org.example/q", "http://x/arxiv.org", "arxiv.org"]


@pytest.mark.parametrize("url", ARXIVS)
def test_all_of_arxivs_hosts_count_as_one_server(url: str) -> None:
    assert is_arxiv_url(url)
    assert server_key(url) == "arxiv.org"


@pytest.mark.parametrize("url", OTHERS)
def test_who_is_only_called_alike_is_not_arxiv(url: str) -> None:
    assert not is_arxiv_url(url)
    assert server_key(url) != "arxiv.org"


def test_other_servers_have_names_of_their_own_that_files_can_have() -> None:
    urls = ["http://127.0.0.1:1/q", "http://127.0.0.1:2/q", "http://x/q", "https://x/q"]
    names = {server_key(url) for url in [*urls, "http://[::1]:1/q"]}
    assert len(names) == 5
    assert not any(set(name) & set("/:[]") for name in names)
    assert server_key("http://x/another?path") == server_key("http://x./q")


@pytest.mark.parametrize("address", ["ftp://x/y", "http://", "http://[x", "http://x:y/", "x", ""])
def test_what_cannot_be_asked_has_no_parts(address: str) -> None:
    assert split_web_url(address, "http", "https") is None
