"""What a user follows: keywords, as frozen values that are known to be valid.

`papers_assets.keywords_file` reads them from keywords.toml and is the only place that checks them.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from papers_assets.arxiv import taxonomy

_LEAST_DAYS = 8
"""That are kept of a harvest: what is recent in it decides whether keywords are fresh."""


class Field(StrEnum):
    """Where a phrase has to be; the value is how keywords.toml says it."""

    EITHER = "title or abstract"
    BOTH = "title and abstract"
    TITLE = "title"
    ABSTRACT = "abstract"


class Source(StrEnum):
    """Where papers come from; the value is how keywords.toml says it."""

    QUERY = "query"
    """arXiv's API, asked for each keyword."""
    HARVEST = "harvest"
    """arXiv's OAI-PMH, asked for each day; keywords are looked for in what came."""


@dataclass(frozen=True)
class Keyword:
    """One section of the README and one partition of `raw_papers`.

    A paper matches when it has one of the phrases `any`, every one of `all`, none of `none`, and
    one of the `categories` (archives or categories; empty: all of arXiv).
    """

    name: str
    any: tuple[str, ...]
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    within: Field | None = None
    """keywords.toml's `in`; None: decided phrase by phrase, see `field_of`."""
    categories: tuple[str, ...] = ()
    cap: int = 100
    """How many papers the README shows."""
    recipients: str = ""
    """The environment's variable that holds the e-mail addresses which get this keyword's digest
    alone; empty: there are none."""

    def field_of(self, phrase: str) -> Field:
        """Say where `phrase`, one of `any` or `all`, has to be.

        Unless the file says so, a word has to be in title and abstract, which keeps passing
        mentions out, and a phrase of several words, which is telling by itself, in either.
        """
        if self.within is not None:
            return self.within
        return Field.BOTH if len(phrase.split()) == 1 else Field.EITHER

    @property
    def field_of_excluded(self) -> Field:
        """Where a phrase of `none` must not be: in any field that the keyword looks at.

        Who excludes a word wants it neither in the title nor in the abstract, so that "and" is no
        reason to show a paper that has it in one of them.
        """
        one_field = self.within in (Field.TITLE, Field.ABSTRACT)
        return self.within if one_field and self.within else Field.EITHER

    @cached_property
    def expanded_categories(self) -> tuple[str, ...]:
        """The `categories` with every archive replaced by the categories in it."""
        return taxonomy.expand(self.categories)

    @cached_property
    def definition(self) -> str:
        """A fingerprint of what is asked of arXiv: it changes when a held paper may not belong."""
        lists = [sorted(x) for x in (self.any, self.all, self.none, self.categories)]
        asked = [self.name, self.within, lists]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class KeywordsFile:
    """What keywords.toml says, valid and with every default filled in."""

    path: Path
    keywords: tuple[Keyword, ...]
    """At least one, in the order of the README's sections; no two names are alike."""
    timezone: ZoneInfo
    schedule: str
    """Cron, five fields, in `timezone`."""
    keep_runs: int = 90
    """Days for which a run stays in the run history."""
    keep_papers: int = 1095
    """Days for which a version stays held that arXiv answers no more and no list shows."""
    site: str = ""
    """The public address of output/site, with no slash at its end; empty: unknown."""
    digest_when_nothing_changed: bool = False
    digest_name: str = "Daily Papers"
    """What digests are called. Two installations that tell the same people, or post to the same
    repository, need two names."""
    front_page: bool = False
    """Whether the README is written to .github/README.md, too, which GitHub shows first."""
    source: Source = Source.QUERY
    harvest_since: date | None = None
    """The first day that is harvested; None: nothing is, as the source is another."""

    def __getitem__(self, name: str) -> Keyword:
        """Give the keyword of that name; KeyError if there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Keyword]:
        return {keyword.name: keyword for keyword in self.keywords}

    @property
    def harvest_categories(self) -> tuple[str, ...]:
        """The archives and categories that any keyword looks at; none: all of arXiv."""
        if not all(keyword.categories for keyword in self.keywords):
            return ()
        return tuple(sorted({c for keyword in self.keywords for c in keyword.categories}))

    def harvested_from(self, today: date) -> date | None:
        """Give the first day that is harvested and kept; None: nothing is harvested."""
        if self.harvest_since is None:
            return None
        return max(self.harvest_since, today - timedelta(days=self.keep_days))

    @property
    def keep_days(self) -> int:
        """Days for which what was harvested stays: `keep_papers`, and never less than settles."""
        return max(self.keep_papers, _LEAST_DAYS)

    @property
    def digest_label(self) -> str:
        """The digests' name as a label: "daily-papers"."""
        return re.sub(r"[\W_]+", "-", self.digest_name.lower()).strip("-") or "digest"

    @property
    def names(self) -> list[str]:
        """The keywords' names: the partition keys of `raw_papers`, in order."""
        return list(self._by_name)
