"""Atom feeds with the elements and the order that arXiv has used since November 2025."""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote_plus

from papers_assets.arxiv.sample.corpus import Paper

_HEAD = (
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
    ' xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">\n'
)
_ERRORS = "https://arxiv.org/api/errors"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_MARKUP_IN_ATTRIBUTE = _MARKUP | str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


@dataclass(frozen=True)
class Page:
    """Some of a search's results, with the parameters of the request."""

    query: str
    """The rewritten search query, which the title shows."""
    nested_query: str
    """The rewritten query with all its parentheses, which the link shows."""
    id_list: str
    """The parameter as it was sent."""
    start: int
    """The number of results on earlier pages."""
    max_results: int
    """The number of results requested."""
    total: int
    """The number of results on all pages."""
    entries: tuple[str, ...]
    """The papers as rendered by `render_entry`."""


def render_results(page: Page, now: datetime) -> str:
    """Return the feed for a request made at `now` (aware)."""
    numbers = f"start={page.start}&max_results={page.max_results}"
    asked = f"search_query={page.query}&id_list={page.id_list}&{numbers}"
    link = (
        f"https://arxiv.org/api/query?search_query={_escape_url(page.nested_query)}"
        f"&{numbers}&id_list={_escape_url(page.id_list)}"
    )
    feed_id = f"https://arxiv.org/api/{_hash(asked)}"
    address = f'  <link href="{escape_attribute(link)}" type="application/atom+xml"/>\n'
    head = _render_head(feed_id, f"arXiv Query: {asked}", now) + address
    counts = _render_counts(page.max_results, page.total, page.start)
    return head + counts + "".join(page.entries) + "</feed>\n"


def render_error(message: str, anchor: str, now: datetime) -> str:
    """Return the feed that refuses a request; its only entry looks almost like a paper.

    Args:
        message: the error.
        anchor: the text after `errors` in the entry's id: `#...`, or empty for most errors.
        now: the time of the request, aware.
    """
    address = f"{_ERRORS}{anchor}"
    return (
        _render_head("https://arxiv.org/", "arXiv Search Results", now)
        + _render_counts(per_page=1, total=1, start=0)
        + "  <entry>\n"
        f"    <id>{escape_content(address)}</id>\n"
        "    <title>Error</title>\n"
        f"    <updated>{_format_time(now)}</updated>\n"
        f'    <link href="{escape_attribute(address)}" rel="alternate" type="text/html"/>\n'
        f"    <summary>{escape_content(message)}</summary>\n"
        + _render_author("arXiv api core")
        + "  </entry>\n</feed>\n"
    )


def render_entry(paper: Paper) -> str:
    """Return the entry of a paper. A missing comment, reference or DOI has no element."""
    place = escape_attribute(f"{paper.id}v{paper.version}")
    categories = dict.fromkeys((paper.primary_category, *paper.categories))
    primary = escape_attribute(paper.primary_category)
    return (
        "  <entry>\n"
        f"    <id>http://arxiv.org/abs/{place}</id>\n"
        f"    <title>{escape_content(paper.title)}</title>\n"
        f"    <updated>{paper.updated}</updated>\n"
        f'    <link href="https://arxiv.org/abs/{place}" rel="alternate" type="text/html"/>\n'
        f'    <link href="https://arxiv.org/pdf/{place}" rel="related"'
        ' type="application/pdf" title="pdf"/>\n'
        f"    <summary>{escape_content(paper.abstract)}</summary>\n"
        + "".join(map(_render_category, categories))
        + f"    <published>{paper.published}</published>\n"
        + _render_optional("comment", paper.comment)
        + f'    <arxiv:primary_category term="{primary}"/>\n'
        + _render_optional("journal_ref", paper.journal_ref)
        + "".join(map(_render_author, paper.authors))
        + _render_doi(paper.doi)
        + "  </entry>\n"
    )


def _render_head(feed_id: str, title: str, now: datetime) -> str:
    return (
        f"{_HEAD}  <id>{feed_id}</id>\n"
        f"  <title>{escape_content(title)}</title>\n"
        f"  <updated>{_format_time(now)}</updated>\n"
    )


def _render_counts(per_page: int, total: int, start: int) -> str:
    return (
        f"  <opensearch:itemsPerPage>{per_page}</opensearch:itemsPerPage>\n"
        f"  <opensearch:totalResults>{total}</opensearch:totalResults>\n"
        f"  <opensearch:startIndex>{start}</opensearch:startIndex>\n"
    )


def _render_category(name: str) -> str:
    return (
        f'    <category term="{escape_attribute(name)}" scheme="http://arxiv.org/schemas/atom"/>\n'
    )


def _render_author(name: str) -> str:
    return f"    <author>\n      <name>{escape_content(name)}</name>\n    </author>\n"


def _render_optional(name: str, text: str | None) -> str:
    return f"    <arxiv:{name}>{escape_content(text)}</arxiv:{name}>\n" if text else ""


def _render_doi(doi: str | None) -> str:
    if not doi:
        return ""
    link = escape_attribute(f"https://doi.org/{doi}")
    return _render_optional("doi", doi) + f'    <link rel="related" href="{link}" title="doi"/>\n'


def escape_content(text: str) -> str:
    """Return text escaped for use between tags."""
    return _NOT_IN_XML.sub("", text).translate(_MARKUP)


def escape_attribute(text: str) -> str:
    """Return text escaped for use in double quotes."""
    return _NOT_IN_XML.sub("", text).translate(_MARKUP_IN_ATTRIBUTE)


def _escape_url(text: str) -> str:
    return quote_plus(text, safe=":(),/")


def _hash(text: str) -> str:
    # As arXiv does, without the padding at the end: equal requests have equal ids.
    sha1 = hashlib.sha1(text.encode(errors="replace"), usedforsecurity=False)
    return base64.b64encode(sha1.digest()).decode().removesuffix("=")


def _format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
