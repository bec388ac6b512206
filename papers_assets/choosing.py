"""From what is held to the frame `papers`: reads the store, and leaves the choice to `papers`."""

import logging
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from papers_assets import papers
from papers_assets.checks import HELD_KEYS
from papers_assets.held import of_definition
from papers_assets.keywords import KeywordsFile
from papers_assets.papers import Selection, Source
from papers_assets.store import Store, StoreError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chosen:
    """The asset `papers`, and what it was chosen from."""

    frame: pd.DataFrame
    selections: list[Selection]
    keys: dict[str, pd.DataFrame]
    """By keyword, the `HELD_KEYS` of all that is held."""
    complete_from: dict[str, datetime]
    """By keyword, `Held.complete_from`, where it is known."""


def choose(file: KeywordsFile, store: Store) -> Chosen:
    """Choose each keyword's papers from what is held of it.

    A keyword whose file cannot be used keeps the rows that were published before, with the reason;
    the others do not suffer for it.
    """
    selections, sources, keys, unusable = [], {}, {}, []
    complete_from = {}
    for keyword in file.keywords:
        name = keyword.name
        problem, signature = store.read_problem(name), store.signature(name)
        try:
            held = store.read_held(name)
        except StoreError as error:
            logger.error("%s: %s", name, error)  # noqa: TRY400 - a story
            problem = "what is held of it is damaged"
            sources[name] = Source(None, problem, signature)
            unusable.append(name)
            continue
        if held is not None:
            frame = papers.to_frame(held.papers)
            keys[name] = frame[HELD_KEYS]
            selections.append(papers.select_papers(frame, keyword))
            # Of an edited keyword that has not been fetched since, nothing is known to be complete.
            current = of_definition(keyword, held)
            if current and current.complete_from:
                complete_from[name] = current.complete_from
        elif problem:
            # Its file was damaged or lost, and arXiv did not answer: what was published stays.
            unusable.append(name)
        if held is not None or problem:
            sources[name] = Source(held.refreshed_at if held else None, problem, signature)
    frame = papers.join(selections, sources)
    former = store.papers_or_none() if unusable else None
    if former is not None:
        frame = papers.with_rows_of(frame, former, unusable)
        for name in unusable:
            frame.attrs[papers.PROBLEMS][name] = sources[name].problem
            keys[name] = frame.loc[frame["keyword"] == name, HELD_KEYS]
    return Chosen(frame, selections, keys, complete_from)
