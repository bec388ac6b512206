"""The papers that are measured with, real ones if they lie beside the checkout, and keywords."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

from papers_assets_tests.helpers import reference_data
from papers_assets_tests.sample_papers import generate

_REAL = "arxiv/papers.jsonl.gz"
_PAIR = re.compile("[a-z]{2,} [a-z]{2,}")
Record = Mapping[str, Any]
"""A version of a paper, as a corpus has it."""


def is_real() -> bool:
    """Say whether there are real papers."""
    return (reference_data.SHARED / _REAL).exists()


def whose() -> str:
    """Say what papers are measured with."""
    return "real papers" if is_real() else "invented papers"


def records(papers: int) -> Iterator[Record]:
    """Give so many papers, each once, in its first version that the corpus has."""
    if not is_real():
        many = generate.lines(min(2 * papers, generate.MOST_PAPERS))
    seen = set[str]()
    for record in reference_data.records(_REAL) if is_real() else many:
        if len(seen) >= papers:
            return
        if record["id"] not in seen:
            seen.add(str(record["id"]))
            yield record


def write(path: Path, of_records: Iterable[Record]) -> Path:
    """Write a corpus that the sample arXiv can serve."""
    path.write_text("".join(json.dumps(record) + "\n" for record in of_records), "utf-8")
    return path


def write_changed(path: str, days: Sequence[str], papers: int) -> None:
    """Write a corpus of which so many papers were last changed on each of `days`."""
    found = records(papers * len(days))
    changed = (
        {**record, "version": 1, "published": f"{day}T12:00:00Z", "updated": f"{day}T12:00:00Z"}
        for day in days
        for record in islice(found, papers)
    )
    write(Path(path), changed)


def write_frequent(path: str, papers: int, count: int) -> list[tuple[str, int]]:
    """Write a corpus, and give the pairs of words that stand in the most of its abstracts.

    Returns:
        So many pairs, and in how many papers each is.
    """
    some = list(records(papers))
    write(Path(path), some)
    pairs: Counter[str] = Counter()
    for record in some:
        words = re.findall(r"\w+", record["abstract"].lower())
        pairs.update({f"{a} {b}" for a, b in pairwise(words) if _PAIR.fullmatch(f"{a} {b}")})
    return pairs.most_common(count)


def write_phrases(path: str, papers: int, count: int) -> None:
    """Write so many phrases of two to four words, as they stand in titles; a line each."""
    Path(path).write_text("\n".join(phrases(papers, count)), "utf-8")


def phrases(papers: int, count: int) -> list[str]:
    """Give them."""
    titles = (record["title"].lower() for record in records(papers))
    # Nobody follows "of the": no word is short, and they stand side by side.
    stretches = (
        stretch.split()
        for title in titles
        for stretch in re.findall(r"[a-z]{4,}(?: [a-z]{4,})+", title)
    )
    found = (
        " ".join(words[start : start + size])
        for words in stretches
        for size in (2, 3, 4)
        for start in range(len(words) - size + 1)
    )
    # When there are no more titles, phrases that no paper has.
    more = (f"invented subject {number}" for number in range(count))
    return list(islice(_once(chain(found, more)), count))


def _once(texts: Iterable[str]) -> Iterator[str]:
    seen = set[str]()
    for text in texts:
        if text not in seen:
            seen.add(text)
            yield text


def keywords_toml(names: Iterable[str], head: str = "", within: str = "") -> str:
    """Give keywords.toml with a keyword of each name."""
    option = f"in = {json.dumps(within)}\n" if within else ""
    return head + "".join(f"[keywords.{json.dumps(name)}]\n{option}" for name in names)
