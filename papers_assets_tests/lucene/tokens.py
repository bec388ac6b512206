"""Compare the words of all reference papers with Lucene's, text by text.

Run it with `python -m papers_assets_tests.lucene.tokens`.
Exit status 1: some text has other words, and is shown.
"""

import sys
from collections.abc import Iterator, Sequence

from papers_assets.arxiv import analysis
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.lucene import engine

_FIELDS = ("title", "abstract", "comment", "journal_ref")
_MOST_SHOWN = 20

ANALYZERS: dict[str, analysis.Analyzer] = {
    "english": analysis.analyze_english,
    "standard": analysis.analyze_standard,
    "simple": analysis.analyze_simple,
}
"""What is compared, by Lucene's name for it."""


def main() -> None:
    texts = sorted(set(_texts()))
    different = 0
    for name, analyzer in ANALYZERS.items():
        found = engine.tokens((name, text) for text in texts)
        count = sum(map(len, found))
        differences = [
            f"{name}, {text[:60]!r}: {theirs} here {ours}"
            for text, expected in zip(texts, found, strict=True)
            for theirs, ours in _differences(expected, analyzer(text))
        ]
        lines = [f"{name}: {len(texts):,} texts, {count:,} tokens, {len(differences)} different"]
        print(*lines, *differences[:_MOST_SHOWN], sep="\n")  # noqa: T201 - what it is for
        different += len(differences)
    sys.exit(bool(different))


def _texts() -> Iterator[str]:
    for paper in reference_data.records("arxiv/papers.jsonl.gz"):
        yield from (paper[field] for field in _FIELDS if paper[field])


def _differences(
    expected: Sequence[str | None], ours: Sequence[str | None]
) -> Iterator[tuple[object, object]]:
    if len(expected) != len(ours):
        yield f"{len(expected)} tokens", len(ours)
    else:
        yield from (pair for pair in zip(expected, ours, strict=True) if pair[0] != pair[1])


if __name__ == "__main__":
    main()
