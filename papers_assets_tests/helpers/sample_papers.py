"""What several of the tests here build."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, fromstring

from papers_assets.arxiv.sample import Corpus, Paper
from papers_assets.arxiv.sample.api import Archive

NOW = datetime(2026, 11, 23, 6, 30, 15, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def paper(  # noqa: PLR0913
    arxiv_id: str = "2613.00001",
    title: str = "A Title",
    abstract: str = "An abstract.",
    *,
    version: int = 1,
    authors: Sequence[str] = ("Ada Example",),
    comment: str | None = None,
    categories: Sequence[str] = ("cs.LG",),
    published: str = "2026-11-01T12:00:00Z",
    updated: str | None = None,
    doi: str | None = None,
    journal_ref: str | None = None,
) -> Paper:
    return Paper(
        id=arxiv_id,
        version=version,
        title=title,
        authors=tuple(authors),
        abstract=abstract,
        comment=comment,
        categories=tuple(categories),
        primary_category=categories[0],
        published=published,
        updated=updated or published,
        doi=doi,
        journal_ref=journal_ref,
    )


def parsed(xml: str) -> Element:
    return fromstring(xml)  # noqa: S314 (our own output)


def ask(archive: Archive | Corpus, search_query: str = "", **parameters: object) -> Element:
    """Give the feed that answers a request which must succeed."""
    status, feed = ask_anyhow(archive, search_query, **parameters)
    assert status == 200
    return feed


def ask_anyhow(
    archive: Archive | Corpus, search_query: str = "", **parameters: object
) -> tuple[int, Element]:
    asked = {name: str(value) for name, value in parameters.items()}
    archive = Archive(archive) if isinstance(archive, Corpus) else archive
    answer = archive.answer({"search_query": search_query} | asked, NOW)
    return answer.status, parsed(answer.body)


def ids(feed: Element) -> list[str]:
    """The entries' ids, such as `2613.00001v1`, in order."""
    found = [entry.findtext(f"{ATOM}id") or "" for entry in feed.iter(f"{ATOM}entry")]
    return [address.removeprefix("http://arxiv.org/abs/") for address in found]


def total(feed: Element) -> int:
    return int(feed.findtext(f"{OPENSEARCH}totalResults") or "")


def asked_query(feed: Element) -> str:
    """The search query as the feed's title shows it."""
    title = feed.findtext(f"{ATOM}title") or ""
    return title.removeprefix("arXiv Query: search_query=").partition("&id_list=")[0]


def local_names(element: Element) -> list[str]:
    return [child.tag.rpartition("}")[2] for child in element]
