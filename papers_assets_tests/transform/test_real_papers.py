"""The main job over 31,487 real paper versions, against a plain computation over the same lines."""

import re
from typing import Any

import pytest
import snowballstemmer

from papers_assets.arxiv.sample import Corpus
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.project import Pipeline

KEYWORDS = [
    "reinforcement learning",
    "large language models",
    "graph neural networks",
    "time series",
    "diffusion model",
]
porter = snowballstemmer.stemmer("porter").stemWord


def stems(text: str, known: dict[str, str]) -> list[str]:
    words = re.findall(r"[^\W_]+", text.lower())
    for word in words:
        if word not in known:
            known[word] = porter(word)
    return [known[word] for word in words]


def is_in(phrase: list[str], words: list[str]) -> bool:
    size = len(phrase)
    return any(words[i : i + size] == phrase for i in range(len(words) - size + 1))


def expected() -> dict[str, dict[str, tuple[int, str]]]:
    """By keyword: version and day of every paper that matches, by id; newest versions only."""
    newest: dict[str, dict[str, Any]] = {}
    for record in reference_data.records("arxiv/papers.jsonl.gz"):
        stored = newest.get(record["id"])
        if stored is None or record["version"] > stored["version"]:
            newest[record["id"]] = record
    known: dict[str, str] = {}
    phrases = {name: stems(name, known) for name in KEYWORDS}
    found: dict[str, dict[str, tuple[int, str]]] = {name: {} for name in KEYWORDS}
    for record in newest.values():
        if not any(category.split(".")[0] in ("cs", "stat") for category in record["categories"]):
            continue
        title, abstract = stems(record["title"], known), stems(record["abstract"], known)
        for name, phrase in phrases.items():
            if is_in(phrase, title) or is_in(phrase, abstract):
                found[name][record["id"]] = (record["version"], record["updated"][:10])
    return found


@pytest.mark.slow
def test_five_keywords_give_their_hundred_newest_matching_papers(
    pipeline: Pipeline,
) -> None:
    pipeline.server.corpus = Corpus.load(reference_data.path("arxiv/papers.jsonl.gz"))
    pipeline.keywords = [keyword(name, categories=("cs", "stat")) for name in KEYWORDS]
    assert pipeline.run().failed == {}
    papers = pipeline.store.read_papers()
    for name, matching in expected().items():
        assert len(matching) >= 100
        rows = papers[papers["keyword"] == name]
        days = rows["updated"].dt.strftime("%Y-%m-%d")
        versions = zip(rows["version"], days, strict=True)
        shown = dict(zip(rows["arxiv_id"], versions, strict=True))
        assert len(rows) == len(shown) == 100
        # Every row really matches, in its newest version.
        assert shown.items() <= matching.items()
        # Newest first, and nothing newer is left out (days decide: most times here are days).
        assert list(days) == sorted((day for _, day in matching.values()), reverse=True)[:100]
    pages = [page.decode() for _, page in pipeline.store.documents.read_pages()]
    assert pages  # five hundred real papers are more than GitHub shows of one document
    assert sum(text.count("\n| **[") for text in (pipeline.readme, *pages)) == 500
