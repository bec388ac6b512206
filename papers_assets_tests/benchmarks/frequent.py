"""Keywords for measuring: phrases that enough papers have."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

from papers_assets.keywords import Field, Keyword
from papers_assets.sample_arxiv import Corpus


def frequent_keywords(corpus: Path, count: int) -> list[Keyword]:
    """Give the pairs of words that stand in the most abstracts: keywords that fill their cap."""
    pairs: Counter[str] = Counter()
    for paper in Corpus.load(corpus).newest:
        words = re.findall(r"[a-z]+", paper.abstract.lower())
        pairs.update({f"{a} {b}" for a, b in pairwise(words)})
    names = [pair for pair, _ in pairs.most_common(count)]
    return [Keyword(name, any=(name,), within=Field.ABSTRACT) for name in names]
