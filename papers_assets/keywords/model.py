"""The keywords that a user follows, as frozen values.

`papers_assets.keywords.file` reads them from keywords.toml and validates them; the classes do not.
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
"""The least number of days that are kept of a harvest: the recent ones decide whether keywords are
fresh."""


class MatchField(StrEnum):
    """The field in which a phrase is searched for; the values are those of keywords.toml."""

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
    """The versions of papers that a list shows; the values are those of keywords.toml."""

    INCLUDE = "include"
    """The newest version of every paper."""
    EXCLUDE = "exclude"
    """Only first versions, as submitted."""
    ONLY = "only"
    """Papers whose newest version is not the first."""


class PaperSource(StrEnum):
    """The source of papers; the values are those of keywords.toml."""

    QUERY = "query"
    """arXiv's API, queried for each keyword."""
    HARVEST = "harvest"
    """arXiv's OAI-PMH, harvested for each day and scanned for keywords."""


@dataclass(frozen=True)
class Phrase:
    """A sequence of adjacent words to search for."""

    text: str
    within: MatchField | None = None
    """The phrase's own field; if None, `Search.match_field` decides."""


@dataclass(frozen=True)
class Search:
    """One query of a keyword.

    A paper matches if it has one of the phrases `any`, one of each group in `all`, none of `none`,
    and one of the `categories`.
    """

    any: tuple[Phrase, ...] = ()
    """The alternatives; if empty, none is needed."""
    all: tuple[tuple[Phrase, ...], ...] = ()
    none: tuple[Phrase, ...] = ()
    within: MatchField | None = None
    """The option `in` of keywords.toml; if None, `match_field` decides for each phrase."""
    categories: tuple[str, ...] = ()
    """Archives or categories; empty for all of arXiv."""
    cross_lists: bool = True
    """Whether a paper that is only cross-listed in one of the categories matches."""
    exact: bool = False
    """Whether words must be spelled as in the phrases, without other endings."""

    def match_field(self, phrase: Phrase) -> MatchField:
        """Return the field that must contain `phrase`, one of `any` or `all`.

        By default, a single word must be in title and abstract, which excludes passing mentions. A
        phrase of several words is more specific and may be in either.
        """
        field = phrase.within or self.within
        if field is not None:
            return field
        return MatchField.BOTH if len(analysis.split_words(phrase.text)) <= 1 else MatchField.EITHER

    def exclusion_field(self, phrase: Phrase) -> MatchField:
        """Return the field that must not contain `phrase`, one of `none`.

        An excluded word must be neither in the title nor in the abstract: with "title and
        abstract", a paper that has it in only one of them is excluded, too.
        """
        field = phrase.within or self.within or MatchField.EITHER
        return MatchField.EITHER if field is MatchField.BOTH else field

    @property
    def groups(self) -> tuple[tuple[tuple[str, MatchField], ...], ...]:
        """Groups of phrases with their fields; a paper needs one of each group."""
        groups = ((self.any,) if self.any else ()) + self.all
        return tuple(tuple((p.text, self.match_field(p)) for p in group) for group in groups)

    @property
    def excluded(self) -> tuple[tuple[str, MatchField], ...]:
        """The phrases of `none` with their fields."""
        return tuple((phrase.text, self.exclusion_field(phrase)) for phrase in self.none)

    @cached_property
    def expanded_categories(self) -> tuple[str, ...]:
        """The `categories`, with every archive replaced by its categories."""
        return taxonomy.expand_archives(self.categories)

    @property
    def phrases(self) -> Iterator[Phrase]:
        """All phrases, searched for or excluded."""
        return chain(self.any, *self.all, self.none)


@dataclass(frozen=True)
class Keyword:
    """A keyword: a section of the README and a partition of `raw_papers`."""

    name: str
    searches: tuple[Search, ...]
    """The searches; a paper matches if it matches one of them."""
    cap: int = 100
    """The largest number of papers that the README shows."""
    recipients: str = ""
    """The environment variable with the e-mail addresses that get the digest of this keyword alone;
    empty if there are none."""
    revisions: Revisions = Revisions.INCLUDE

    def shows(self, version: int) -> bool:
        """Whether the list shows papers with this version."""
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
        """Return a keyword that searches for its own name, like an empty table in keywords.toml."""
        return cls(phrase, (Search(any=(Phrase(phrase),), within=within),), cap)

    @property
    def categories(self) -> tuple[str, ...]:
        """The archives and categories of all searches; empty if a search covers all of arXiv."""
        if not all(search.categories for search in self.searches):
            return ()
        return tuple(dict.fromkeys(c for search in self.searches for c in search.categories))

    @cached_property
    def fingerprint(self) -> str:
        """A fingerprint of the definition; it changes when stored papers may no longer match."""
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
        # Serialized as in releases with fewer options, so that nothing is fetched again.
        lists = [
            sorted(p.text for p in first.any),
            sorted(group[0].text for group in first.all),
            sorted(p.text for p in first.none),
            sorted(first.categories),
        ]
        asked = [self.name, first.within, lists]
        # These releases split words only at spaces, and searched for a word with a hyphen in other
        # fields.
        groups = chain.from_iterable(first.groups)
        moved = [t for t, field in groups if field is MatchField.EITHER and len(t.split()) == 1]
        return [*asked, moved] if moved and first.within is None else asked


@dataclass(frozen=True)
class KeywordsConfig:
    """The validated content of keywords.toml, with all defaults."""

    path: Path
    keywords: tuple[Keyword, ...]
    """At least one, in the order of the README's sections; their normalized names are distinct."""
    timezone: ZoneInfo
    schedule: str
    """A cron expression of five fields, in `timezone`."""
    keep_runs: int = 90
    """The number of days for which a run is kept in the run history."""
    keep_papers: int = 1095
    """The number of days for which a version is kept that arXiv no longer returns and no list
    shows."""
    site: str = ""
    """The public address of output/site, without a slash at the end; empty if unknown."""
    digest_when_nothing_changed: bool = False
    digest_name: str = "Daily Papers"
    """The name of the digests. Two installations that notify the same people, or post to the same
    repository, need two names."""
    front_page: bool = False
    """Whether the README is also written to .github/README.md, which GitHub shows first."""
    source: PaperSource = PaperSource.QUERY
    harvest_since: date | None = None
    """The first day that is harvested; None with another source."""
    witness: bool = False
    """Whether the results of queries are compared with the newest day of arXiv's OAI-PMH."""
    content: bytes = field(default=b"", repr=False, compare=False)
    """The content of the file."""
    error: str = ""
    """Why keywords.toml cannot be used. If set, all else is from its last valid version."""
    stored_on: date | None = None
    """The day on which the last valid version was stored, if there is an `error`."""

    @property
    def notice(self) -> str:
        """A sentence that names the version in use, if there is an `error`; else empty."""
        if not self.error:
            return ""
        return f"keywords.toml has a mistake: the keywords of {self.stored_on} are used."

    def __getitem__(self, name: str) -> Keyword:
        """Return the keyword called `name`.

        Raises:
            KeyError: There is no such keyword.
        """
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Keyword]:
        return {keyword.name: keyword for keyword in self.keywords}

    @property
    def harvest_categories(self) -> tuple[str, ...]:
        """The archives and categories of all keywords; empty for all of arXiv."""
        if not all(keyword.categories for keyword in self.keywords):
            return ()
        return tuple(sorted({c for keyword in self.keywords for c in keyword.categories}))

    def harvest_start(self, today: date) -> date | None:
        """Return the first day that is harvested and kept; None if nothing is harvested."""
        if self.harvest_since is None:
            return None
        return max(self.harvest_since, today - timedelta(days=self.keep_days))

    @property
    def keep_days(self) -> int:
        """The number of days that a harvest is kept: `keep_papers`, or `_MIN_KEEP_DAYS` if more."""
        return max(self.keep_papers, _MIN_KEEP_DAYS)

    @property
    def digest_label(self) -> str:
        """The name of the digests as a label, such as "daily-papers"."""
        return re.sub(r"[\W_]+", "-", self.digest_name.lower()).strip("-") or "digest"

    @property
    def names(self) -> list[str]:
        """The names of the keywords, in order: the partition keys of `raw_papers`."""
        return list(self._by_name)
