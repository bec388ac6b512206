"""Compares with recorded answers of arXiv, which are not part of this repository."""

import gzip
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from papers_assets.arxiv.sample import Paper, atom
from papers_assets.arxiv.sample.grammar import parse_query
from papers_assets_tests.helpers.sample_papers import ARXIV, ATOM, OPENSEARCH, parsed

RECORDED = Path(__file__).parents[3].parent / "shared" / "arxiv" / "feeds"
TITLE = re.compile(r"search_query=(.*)&id_list=(.*)&start=(\d+)&max_results=(\d+)")

pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recorded answers of arXiv are not next to this repository"
)


def recordings() -> Iterator[str]:
    """The recorded feeds in the form of November 2025."""
    for path in sorted(RECORDED.glob("*.xml*")):
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
        if "<title>arXiv Query: " in text[:2000]:
            yield text


def as_paper(entry: Element) -> Paper:
    place = (entry.findtext(f"{ATOM}id") or "").removeprefix("http://arxiv.org/abs/")
    arxiv_id, _, version = place.rpartition("v")
    primary = entry.find(f"{ARXIV}primary_category")
    assert primary is not None
    return Paper(
        id=arxiv_id,
        version=int(version),
        title=entry.findtext(f"{ATOM}title") or "",
        authors=tuple(name.text or "" for name in entry.iterfind(f"{ATOM}author/{ATOM}name")),
        abstract=entry.findtext(f"{ATOM}summary") or "",
        comment=entry.findtext(f"{ARXIV}comment"),
        categories=tuple(c.get("term", "") for c in entry.iter(f"{ATOM}category")),
        primary_category=primary.get("term", ""),
        published=entry.findtext(f"{ATOM}published") or "",
        updated=entry.findtext(f"{ATOM}updated") or "",
        doi=entry.findtext(f"{ARXIV}doi"),
        journal_ref=entry.findtext(f"{ARXIV}journal_ref"),
    )


def test_entries_are_written_as_arxiv_writes_them() -> None:
    compared = 0
    for text in recordings():
        written = re.findall(r"  <entry>\n.*?  </entry>\n", text, re.DOTALL)
        for entry, expected in zip(parsed(text).iter(f"{ATOM}entry"), written, strict=True):
            if "<arxiv:affiliation>" not in expected:  # which the corpus does not have
                assert atom.render_entry(as_paper(entry)) == expected
                compared += 1
    assert compared > 1000


def test_the_head_is_written_as_arxiv_writes_it() -> None:
    compared = 0
    for text in recordings():
        root = parsed(text)
        asked = TITLE.search(root.findtext(f"{ATOM}title") or "")
        assert asked
        search_query, id_list, start, max_results = asked.groups()
        page = atom.Page(
            query=parse_query(search_query).text if search_query else "",
            nested_query=parse_query(search_query).nested if search_query else "",
            id_list=id_list,
            start=int(start),
            max_results=int(max_results),
            total=int(root.findtext(f"{OPENSEARCH}totalResults") or ""),
            entries=(),
        )
        ours = atom.render_results(
            page, datetime.fromisoformat(root.findtext(f"{ATOM}updated") or "")
        )
        assert ours.removesuffix("</feed>\n") == re.split(r"  <entry>|</feed>", text)[0]
        compared += 1
    assert compared > 10
