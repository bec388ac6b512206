"""Fetching of all papers that changed at arXiv on one day, set by set and page by page. Pure.

arXiv's server of 2025 (github.com/arXiv/oaipmh) pages through a day by counting records, does not
return their total, and caches its answers until the next announcement. So a list that ends too
early may go unnoticed, and one that was requested before its day and the next announcement were
over may lack later changes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from papers_assets.arxiv.errors import ArxivBadToken, ArxivError
from papers_assets.arxiv.oai_pmh import (
    MAX_UNREADABLE,
    Record,
    RecordsPage,
    list_records_parameters,
    resume_parameters,
)
from papers_assets.arxiv.taxonomy import ARCHIVES, group_of

MAX_REQUESTS = 200
"""For one day and all sets together. A day of all of arXiv has some 3 pages; one of arXiv's
occasional mass changes has many more."""
MAX_RESTARTS = 3
"""How often the list of a set is begun at most, when its tokens are refused."""
_MAX_UNREADABLE_SHARE = 0.05
"""Share of a day's records that may be unreadable in a complete day."""
MAX_SETS = 3
"""If there are more, the whole archive is fetched: hardly more pages, and no duplicates."""


@dataclass(frozen=True)
class DayListing:
    """The records in the lists of one day."""

    day: date
    records: Mapping[str, Record]
    """By arXiv id, in the order of the lists; for a paper that is listed twice, the last."""
    requests: int
    """The number of requests to arXiv; retries are not counted."""
    unreadable_records: tuple[str, ...] = ()
    """A reason for each record that could not be read; the others are in `records`."""
    repairs: tuple[str, ...] = ()
    """The repairs of answers that were not well-formed, as in `RecordsPage.repairs`."""
    problem: str = ""
    """Why records of the day are missing, or records of other days came; empty: neither."""
    counts_by_set: Mapping[str, int] = field(default_factory=dict)
    """The number of records in each list, by set; "": the whole archive."""
    error: ArxivError | None = None
    """The error that ended the listing; `records` has the earlier records."""


def fetch_day(
    day: date,
    sets: Sequence[str],
    fetch_page: Callable[[dict[str, str]], RecordsPage],
    *,
    max_requests: int = MAX_REQUESTS,
) -> DayListing:
    """Fetch every record of `sets` whose last change was on `day`.

    Args:
        day: in UTC.
        sets: as returned by `find_sets`; empty: the whole archive.
        fetch_page: returns the page for parameters, as `ArxivClient.list_records` does.
        max_requests: where to stop, with a problem.
    """
    harvest = _DayReader(day, fetch_page, max_requests)
    error: ArxivError | None = None
    for set_ in sets or ("",):
        try:
            harvest.read(set_)
        except ArxivError as raised:
            error = raised
        if error or harvest.problem:
            break
    return DayListing(
        day,
        harvest.records,
        harvest.requests,
        tuple(harvest.unreadable_records),
        tuple(dict.fromkeys(harvest.repairs)),
        harvest.find_problem(),
        harvest.counts_by_set,
        error,
    )


def find_sets(categories: Iterable[str]) -> tuple[str, ...]:
    """Return a few sets that together have all papers of the given categories or archives.

    For ("cs.LG", "cs", "hep-ex") they are ("cs", "physics:hep-ex"). An empty result means the whole
    archive. The sets contain papers of other categories, too.

    Raises:
        ValueError: one is neither a category nor an archive.
    """
    # Documented: groups ("cs"), and archives in them ("physics:hep-ex"), are sets, and a record is
    # in the sets of all its categories. Assumed: this is also true for categories with two names,
    # such as cs.SY and eess.SY, since arXiv lists a paper of one under both.
    archives = dict.fromkeys(name.partition(".")[0] for name in categories)
    if unknown := [archive for archive in archives if archive not in ARCHIVES]:
        raise ValueError(f"not of arXiv: {', '.join(map(repr, unknown))}")
    groups: dict[str, list[str]] = {}
    for archive in archives:
        groups.setdefault(group_of(archive), []).append(archive)
    sets = tuple(
        f"physics:{members[0]}" if name == "physics" and len(members) == 1 else name
        for name, members in groups.items()
    )
    return sets if len(sets) <= MAX_SETS else ()


@dataclass
class _DayReader:
    """A reader of a day's lists, one after the other, up to the first problem in each."""

    day: date
    list_records: Callable[[dict[str, str]], RecordsPage]
    max_requests: int
    records: dict[str, Record] = field(default_factory=dict)
    unreadable_records: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    counts_by_set: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    problem: str = ""

    def find_problem(self) -> str:
        """Return the problem with the records read so far; empty: none."""
        unreadable, came = (
            len(self.unreadable_records),
            len(self.unreadable_records) + len(self.records),
        )
        if not self.problem and unreadable > max(MAX_UNREADABLE, _MAX_UNREADABLE_SHARE * came):
            return f"{unreadable} of {came} records cannot be read"
        return self.problem

    def read(self, set_: str) -> None:
        """Read the list of a set; if a token is refused, read it again from its beginning.

        Raises:
            ArxivError: a page could not be fetched; `records` has those of earlier pages.
        """
        before = len(self.unreadable_records)
        for begun in range(1, MAX_RESTARTS + 1):
            del self.unreadable_records[before:]
            try:
                fault, self.counts_by_set[set_] = self._read_once(set_)
            except ArxivBadToken:
                if begun == MAX_RESTARTS or self.requests >= self.max_requests:
                    raise
            else:
                self.problem = f"{set_ or 'all of arXiv'}: {fault}" if fault else ""
                return

    def _read_once(self, set_: str) -> tuple[str, int]:
        """Read a list page by page, and return its problem, if any, and its number of records."""
        parameters = list_records_parameters(self.day, self.day, set_)
        came, tokens = 0, set[str]()
        promised: int | None = None
        while True:
            if self.requests >= self.max_requests:
                return f"the list goes on after {self.requests} requests", came
            self.requests += 1
            page = self.list_records(parameters)
            if tokens and not (page.records or page.unreadable_records):
                return f"the list breaks off after {came} records", came
            if page.cursor not in (None, came):
                return f"a page begins at record {page.cursor} where {came} came before", came
            came += len(page.records) + len(page.unreadable_records)
            if foreign := self._keep(page):
                return f"{foreign} records came that changed on other days than was asked for", came
            if page.complete_list_size is not None:
                promised = page.complete_list_size
            if not page.token:
                short = f"{came} records came where the list promises {promised}"
                return ("" if promised in (None, came) else short), came
            if page.token in tokens:
                return f"after {came} records the list begins to repeat itself", came
            tokens.add(page.token)
            parameters = resume_parameters(page.token)

    def _keep(self, page: RecordsPage) -> int:
        """Keep a page's records of the day, and return the number of others."""
        kept = [record for record in page.records if record.datestamp == self.day]
        self.records |= {record.arxiv_id: record for record in kept}
        self.unreadable_records += page.unreadable_records
        self.repairs += [page.repairs] if page.repairs else []
        return len(page.records) - len(kept)
