"""What a user follows: keywords, as frozen values that are known to be valid.

`papers_assets.keywords.file` reads them from keywords.toml; nothing else checks them.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from papers_assets.arxiv import analysis, taxonomy

_MIN_KEEP_DAYS = 8
"""That are kept of a harvest: what is recent in it decides whether keywords are fresh."""


class MatchField(StrEnum):
    """Where a phrase is looked for; the value is how keywords.toml writes it."""

    EITHER = "title or abstract"
    BOTH = "title and abstract"
    TITLE = "title"
    ABSTRACT = "abstract"
    COMMENT = "comment"
    JOURNAL = "journal"
    """The journal reference."""
    ANYWHERE = "anywhere"
    """Title, abstract, comment or journal reference."""


class Revisions(StrEnum):
    """Which versions of papers a list shows; the value is how keywords.toml writes it."""

    INCLUDE = "include"
    """The newest version of every paper."""
    EXCLUDE = "exclude"
    """New submissions only: first versions, as they were submitted."""
    ONLY = "only"
    """Papers whose newest version is not the first."""


class PaperSource(StrEnum):
    """Where papers come from; the value is how keywords.toml says it."""

    QUERY = "query"
    """arXiv's API, asked for each keyword."""
    HARVEST = "harvest"
    """arXiv's OAI-PMH, asked for each day; keywords are looked for in what came."""


@dataclass(frozen=True)
class Phrase:
    """Words to look for side by side."""

    text: str
    within: MatchField | None = None
    """Its own field; None: that of its search, see `Search.match_field`."""


@dataclass(frozen=True)
class Search:
    """One query of a keyword.

    A paper matches when it has one of the phrases `any`, one of each group in `all`, none of
    `none`, and one of the `categories`.
    """

    any: tuple[Phrase, ...] = ()
    """Empty: none is needed."""
    all: tuple[tuple[Phrase, ...], ...] = ()
    none: tuple[Phrase, ...] = ()
    within: MatchField | None = None
    """keywords.toml's `in`; None: decided phrase by phrase, see `match_field`."""
    categories: tuple[str, ...] = ()
    """Archives or categories; empty: all of arXiv."""
    cross_lists: bool = True
    """Whether a paper that is only cross-listed in one of the categories matches."""
    exact: bool = False
    """Whether words must be spelled as in the phrases, without other endings."""

    def match_field(self, phrase: Phrase) -> MatchField:
        """Return where `phrase`, one of `any` or `all`, must be.

        Unless the file says so, a word has to be in title and abstract, which keeps passing
        mentions out, and a phrase of several words, which is specific by itself, in either.
        """
        field = phrase.within or self.within
        if field is not None:
            return field
        return MatchField.BOTH if len(analysis.split_words(phrase.text)) <= 1 else MatchField.EITHER

    def exclusion_field(self, phrase: Phrase) -> MatchField:
        """Return where `phrase`, one of `none`, must not be: in any field that is looked at.

        A reader who excludes a word wants it neither in the title nor in the abstract, so that
        "title and abstract" is no reason to show a paper that has it in one of them.
        """
        field = phrase.within or self.within or MatchField.EITHER
        return MatchField.EITHER if field is MatchField.BOTH else field

    @property
    def groups(self) -> tuple[tuple[tuple[str, MatchField], ...], ...]:
        """Phrases and their fields; a paper needs one of each group."""
        groups = ((self.any,) if self.any else ()) + self.all
        return tuple(tuple((p.text, self.match_field(p)) for p in group) for group in groups)

    @property
    def excluded(self) -> tuple[tuple[str, MatchField], ...]:
        """The phrases of `none` and their fields."""
        return tuple((phrase.text, self.exclusion_field(phrase)) for phrase in self.none)

    @cached_property
    def expanded_categories(self) -> tuple[str, ...]:
        """The `categories` with every archive replaced by the categories in it."""
        return taxonomy.expand_archives(self.categories)

    @property
    def phrases(self) -> Iterator[Phrase]:
        """Every phrase that is looked for or excluded."""
        return chain(self.any, *self.all, self.none)


@dataclass(frozen=True)
class Keyword:
    """One section of the README and one partition of `raw_papers`."""

    name: str
    searches: tuple[Search, ...]
    """A paper matches when it matches one of them."""
    cap: int = 100
    """How many papers the README shows."""
    recipients: str = ""
    """The environment's variable that holds the e-mail addresses which get this keyword's digest
    alone; empty: there are none."""
    revisions: Revisions = Revisions.INCLUDE

    def shows(self, version: int) -> bool:
        """Whether the list shows papers in this version."""
        match self.revisions:
            case Revisions.INCLUDE:
                return True
            case Revisions.EXCLUDE:
                return version == 1
            case Revisions.ONLY:
                return version > 1

    @classmethod
    def from_phrase(
        cls, phrase: str, within: MatchField | None = None, cap: int = 100
    ) -> "Keyword":
        """Return the keyword that looks for its own name, as a bare table in keywords.toml does."""
        return cls(phrase, (Search(any=(Phrase(phrase),), within=within),), cap)

    @property
    def categories(self) -> tuple[str, ...]:
        """The archives and categories of all searches; empty if one of them is all of arXiv."""
        if not all(search.categories for search in self.searches):
            return ()
        return tuple(dict.fromkeys(c for search in self.searches for c in search.categories))

    @cached_property
    def fingerprint(self) -> str:
        """A fingerprint of what is asked of arXiv: it changes when a held paper may not belong."""
        return hashlib.sha256(json.dumps(self._fingerprinted()).encode()).hexdigest()[:16]

    def _fingerprinted(self) -> list[Any]:
        [first, *others] = self.searches
        plain = replace(first, any=(), all=(), none=(), within=None, categories=()) == Search()
        texts = [p.text for p in first.phrases if p.within is None]
        if (
            others
            or not (plain and first.any)
            or self.revisions is not Revisions.INCLUDE
            or len(texts) < len([*first.phrases])
            or any(len(group) > 1 for group in first.all)
        ):
            return [self.name, self.revisions, [asdict(search) for search in self.searches]]
        # Written as it was before keywords could say more, so that nothing is fetched again.
        lists = [
            sorted(p.text for p in first.any),
            sorted(group[0].text for group in first.all),
            sorted(p.text for p in first.none),
            sorted(first.categories),
        ]
        asked = [self.name, first.within, lists]
        # Words were parted by spaces alone then: a word with a hyphen was looked for elsewhere.
        groups = chain.from_iterable(first.groups)
        moved = [t for t, field in groups if field is MatchField.EITHER and len(t.split()) == 1]
        return [*asked, moved] if moved and first.within is None else asked


@dataclass(frozen=True)
class KeywordsConfig:
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
    source: PaperSource = PaperSource.QUERY
    harvest_since: date | None = None
    """The first day that is harvested; None: nothing is, as the source is another."""
    witness: bool = False
    """Whether what queries bring is compared with the newest day of arXiv's OAI-PMH."""
    content: bytes = field(default=b"", repr=False, compare=False)
    """The text it was read from."""
    error: str = ""
    """Why keywords.toml cannot be used; then all else is from its last valid version."""
    stored_on: date | None = None
    """With `error`: the day on which that version was stored."""

    @property
    def notice(self) -> str:
        """With `error`: one sentence that names the version that is used; else empty."""
        if not self.error:
            return ""
        return f"keywords.toml has a mistake: the keywords of {self.stored_on} are used."

    def __getitem__(self, name: str) -> Keyword:
        """Return the keyword of that name; KeyError if there is none."""
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

    def harvest_start(self, today: date) -> date | None:
        """Return the first day that is harvested and kept; None: nothing is harvested."""
        if self.harvest_since is None:
            return None
        return max(self.harvest_since, today - timedelta(days=self.keep_days))

    @property
    def keep_days(self) -> int:
        """Days for which what was harvested stays: `keep_papers`, and never less than settles."""
        return max(self.keep_papers, _MIN_KEEP_DAYS)

    @property
    def digest_label(self) -> str:
        """The digests' name as a label: "daily-papers"."""
        return re.sub(r"[\W_]+", "-", self.digest_name.lower()).strip("-") or "digest"

    @property
    def names(self) -> list[str]:
        """The keywords' names: the partition keys of `raw_papers`, in order."""
        return list(self._by_name)
