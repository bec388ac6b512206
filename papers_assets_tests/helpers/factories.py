"""Small invented values for tests: a keyword, a paper, what is held of it."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from papers_assets.arxiv.models import Paper
from papers_assets.keywords.model import Keyword, Phrase, Search
from papers_assets.transform import raw_papers
from papers_assets.transform.listed_papers import ListedPaper
from papers_assets.transform.selection import to_frame

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 6, tzinfo=UTC)


PAPER: dict[str, Any] = {
    "id": "2613.00001",
    "version": 1,
    "authors": ("Ada Example",),
    "published": "2026-01-01T00:00:00Z",
    "updated": "2026-01-01T00:00:00Z",
}
"""Fields of a paper of the sample arXiv that nobody looks at."""


def keyword(name: str = "compiler", **options: Any) -> Keyword:
    """A keyword; texts among the phrases stand for phrases without a field of their own."""
    own = {n: options.pop(n) for n in ("cap", "recipients", "revisions") if n in options}
    searches = options.pop("searches", None) or (search(**{"any": (name,), **options}),)
    return Keyword(name, searches, **own)


def search(**options: Any) -> Search:
    for key in ("any", "none"):
        options[key] = _phrases(options.get(key, ()))
    groups = (group if isinstance(group, tuple) else (group,) for group in options.get("all", ()))
    options["all"] = tuple(map(_phrases, groups))
    return Search(**options)


def _phrases(texts: Iterable[str | Phrase]) -> tuple[Phrase, ...]:
    return tuple(Phrase(text) if isinstance(text, str) else text for text in texts)


def paper(number: int = 1, version: int = 1, **fields: Any) -> Paper:
    """An invented paper about compilers; its id is in a month that no year has."""
    updated = EPOCH + timedelta(hours=number, minutes=version)
    values: dict[str, Any] = {
        "arxiv_id": f"2613.{number:05}",
        "version": version,
        "title": f"An invented compiler, number {number}",
        "authors": ("Ada Example", "Ben Sample"),
        "abstract": "Nobody wrote this compiler.",
        "comment": None,
        "categories": ("cs.PL", "cs.SE"),
        "primary_category": "cs.PL",
        "published": updated,
        "updated": updated,
        "doi": None,
        "journal_ref": None,
        "links": (),
    }
    return Paper(**(values | fields))


def listed_paper(number: int = 1, version: int = 1, **fields: Any) -> ListedPaper:
    """The same paper on a list."""
    values = asdict(paper(number, version))
    del values["links"]
    seen = {"first_seen": LATER, "keywords": ("compiler",)}
    return ListedPaper(**(values | seen | fields))


def held_frame(papers: Iterable[Paper], seen_at: datetime = LATER) -> pd.DataFrame:
    """The papers as they are held, as a frame, in the order given."""
    papers = list(papers)
    table = raw_papers.merge_answer(keyword(), None, papers, seen_at).rows
    frame = to_frame(table).set_index(["arxiv_id", "version"])
    order = [(p.arxiv_id, p.version) for p in papers]
    return frame.loc[order].reset_index()


# Few ids, versions and dates, so that papers meet in all of them.
some_papers = st.lists(
    st.builds(
        lambda number, version, hour, title: paper(
            number, version, title=title, published=EPOCH, updated=EPOCH + timedelta(hours=hour)
        ),
        st.integers(1, 6),
        st.integers(1, 3),
        st.integers(0, 4),
        st.sampled_from(["A compiler", "Compilers!", "Something else"]),
    ),
    max_size=12,
    unique_by=lambda p: (p.arxiv_id, p.version),
)
caps = st.integers(1, 5)
