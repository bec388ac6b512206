"""What several checks ask of the rows of a frame."""

import numpy as np
import pandas as pd

from papers_assets.keywords import KeywordsFile
from papers_assets.matching import MATCHED, Matcher

_MATCHED = ("keyword", *MATCHED)
_OPTIONAL = ("comment", "journal_ref")
PAPER = ["keyword", "arxiv_id"]
"""What a row is called by."""


def named(rows: pd.DataFrame) -> list[str]:
    """Give what each row is called in a finding."""
    pairs = zip(rows["arxiv_id"], rows["keyword"], strict=True)
    return [f"{arxiv_id} in {keyword}" for arxiv_id, keyword in pairs]


def matching(rows: pd.DataFrame, file: KeywordsFile) -> np.ndarray:
    """Say of each row whether it matches its keyword; not, if the file has no such keyword."""
    matchers = {keyword.name: Matcher(keyword) for keyword in file.keywords}
    columns = (rows[name].fillna("") if name in _OPTIONAL else rows[name] for name in _MATCHED)
    matches = (
        name in matchers and matchers[name](*fields) for name, *fields in zip(*columns, strict=True)
    )
    return np.fromiter(matches, dtype=bool, count=len(rows))
