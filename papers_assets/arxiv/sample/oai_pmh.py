"""OAI-PMH without HTTP: from a request's parameters to the answer.

As of arXiv's interface since 2025, of which this is what a harvester asks: Identify, ListSets,
ListMetadataFormats and ListRecords. Each paper has one record, with its newest version.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import count
from urllib.parse import parse_qsl, urlencode
from weakref import WeakKeyDictionary

from papers_assets.arxiv.sample import oai_xml
from papers_assets.arxiv.sample.answers import Answer, Show, as_asked
from papers_assets.arxiv.sample.corpus import Corpus, Paper
from papers_assets.arxiv.taxonomy import ARCHIVES, CATEGORIES, group_of, to_set_spec

PAGE = 1000
"""Records in an answer at most, unless said otherwise."""
_PREFIX = "arXivRaw"
_REMEMBERED = 16
"""Lists of how many different requests are kept, so that further pages are cheap."""
_SETS = tuple(
    dict.fromkeys(
        (*map(group_of, ARCHIVES), *map(to_set_spec, ARCHIVES), *map(to_set_spec, CATEGORIES))
    )
)
_LISTING = ("metadataPrefix", "from", "until", "set")
_numbers = count(1)

Write = Callable[[Paper, Corpus], str]
"""Writes the record of a paper."""


class RefusedError(Exception):
    """A request is not answered: the code of OAI-PMH, and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Oai:
    """A corpus that answers requests. May be asked by several threads at once."""

    def __init__(self, corpus: Corpus, page: int = PAGE) -> None:
        self._corpus = corpus
        self._page = page
        self._number = str(next(_numbers))
        """So that the token of another corpus is known for one."""
        self._found = lru_cache(maxsize=_REMEMBERED)(self._find)
        self._records: WeakKeyDictionary[Paper, str] = WeakKeyDictionary()

    def answer(
        self,
        parameters: Mapping[str, str],
        now: datetime,
        show: Show = as_asked,
        write: Write | None = None,
    ) -> Answer:
        """Answer a request; what is wrong with one is said with a success, as OAI-PMH has it.

        Args:
            parameters: the names and values of the address, decoded.
            now: the time of the request, aware.
            show: decides what a page of records shows, for answers that are wrong on purpose.
            write: writes its records, for the same purpose.
        """
        try:
            inside = self._inside(parameters, now, show, write or self._record)
        except RefusedError as error:
            code, message = error.code, str(error)
            return Answer(200, oai_xml.document(_URL, {}, oai_xml.error(code, message), now))
        return Answer(200, oai_xml.document(_URL, parameters, inside, now))

    def _inside(
        self, parameters: Mapping[str, str], now: datetime, show: Show, write: Write
    ) -> str:
        match parameters.get("verb"):
            case "ListRecords":
                return self._list_records(parameters, now, show, write)
            case "Identify":
                return self._identify()
            case "ListSets":
                return _list_sets()
            case "ListMetadataFormats":
                return _FORMATS
        raise RefusedError("badVerb", "Value of the verb argument is not legal.")

    def _list_records(
        self, parameters: Mapping[str, str], now: datetime, show: Show, write: Write
    ) -> str:
        start = 0
        if "resumptionToken" in parameters:
            parameters, start = self._continued(parameters, now)
        found = self._found(*_asked(parameters))
        papers, total = show(found, slice(start, start + self._page))
        if not total:
            raise RefusedError("noRecordsMatch", "The list is empty.")
        token = None
        if start or total > self._page:
            end = start + self._page
            text = self._token(parameters, end, now) if end < total else ""
            token = oai_xml.Token(text, total, start, _midnight(now))
        return oai_xml.list_records((write(paper, self._corpus) for paper in papers), token)

    def _token(self, parameters: Mapping[str, str], skip: int, now: datetime) -> str:
        asked = {name: parameters[name] for name in _LISTING if name in parameters}
        expires = _midnight(now).isoformat()
        return urlencode(asked | {"skip": skip, "of": self._number, "expires": expires})

    def _continued(
        self, parameters: Mapping[str, str], now: datetime
    ) -> tuple[Mapping[str, str], int]:
        """Return what a token asks for, and how many records came before."""
        if set(parameters) != {"verb", "resumptionToken"}:
            raise RefusedError("badArgument", "No other arguments are allowed with a token.")
        asked = dict(parse_qsl(parameters["resumptionToken"]))
        try:
            skip, number = int(asked.pop("skip")), asked.pop("of")
            is_over = now >= datetime.fromisoformat(asked.pop("expires"))
        except (KeyError, ValueError, TypeError) as error:
            raise RefusedError("badResumptionToken", "It is none that was given out.") from error
        if number != self._number or is_over or skip < 0:
            raise RefusedError("badResumptionToken", "It has expired.")
        return asked, skip

    def _find(self, first: date, last: date, set_: str) -> Sequence[Paper]:
        """Return the papers that changed in these days, in the order of their changes."""
        stamps, papers = self._by_day
        found = papers[bisect_left(stamps, first) : bisect_right(stamps, last)]
        return [p for p in found if not set_ or any(_within(s, set_) for s in oai_xml.sets(p))]

    @cached_property
    def _by_day(self) -> tuple[list[date], list[Paper]]:
        papers = sorted(self._corpus.newest, key=lambda p: (oai_xml.datestamp(p), p.id))
        return list(map(oai_xml.datestamp, papers)), papers

    def _record(self, paper: Paper, corpus: Corpus) -> str:
        record = self._records.get(paper)
        if record is None:
            record = self._records[paper] = oai_xml.record(paper, corpus)
        return record

    def _identify(self) -> str:
        stamps, _ = self._by_day
        earliest = stamps[0] if stamps else date(1970, 1, 1)
        return (
            "  <Identify>\n    <repositoryName>arXiv</repositoryName>\n"
            f"    <baseURL>{_URL}</baseURL>\n    <protocolVersion>2.0</protocolVersion>\n"
            "    <adminEmail>nobody@example.org</adminEmail>\n"
            f"    <earliestDatestamp>{earliest}</earliestDatestamp>\n"
            "    <deletedRecord>persistent</deletedRecord>\n"
            "    <granularity>YYYY-MM-DD</granularity>\n  </Identify>\n"
        )


_URL = "https://oaipmh.arxiv.org/oai"
_FORMATS = (
    "  <ListMetadataFormats>\n    <metadataFormat>\n"
    f"      <metadataPrefix>{_PREFIX}</metadataPrefix>\n"
    "      <schema>http://arxiv.org/OAI/arXivRaw.xsd</schema>\n"
    "      <metadataNamespace>http://arxiv.org/OAI/arXivRaw/</metadataNamespace>\n"
    "    </metadataFormat>\n  </ListMetadataFormats>\n"
)


def _list_sets() -> str:
    sets = "".join(
        f"    <set>\n      <setSpec>{spec}</setSpec>\n      <setName>{spec}</setName>\n    </set>\n"
        for spec in _SETS
    )
    return f"  <ListSets>\n{sets}  </ListSets>\n"


def _asked(parameters: Mapping[str, str]) -> tuple[date, date, str]:
    """Return the first and the last day and the set that are asked for."""
    if unknown := set(parameters) - {"verb", *_LISTING}:
        raise RefusedError("badArgument", f"Not allowed: {', '.join(sorted(unknown))}.")
    if "metadataPrefix" not in parameters:
        raise RefusedError("badArgument", "metadataPrefix is required.")
    if parameters["metadataPrefix"] != _PREFIX:
        raise RefusedError("cannotDisseminateFormat", f"The only format here is {_PREFIX}.")
    first = _day(parameters, "from", date.min)
    last = _day(parameters, "until", date.max)
    if first > last:
        raise RefusedError("badArgument", "until is before from.")
    set_ = parameters.get("set", "")
    if "set" in parameters and set_ not in _SETS:
        raise RefusedError("badArgument", "There is no such set.")
    return first, last, set_


def _day(parameters: Mapping[str, str], name: str, default: date) -> date:
    if name not in parameters:
        return default
    try:
        day = date.fromisoformat(parameters[name])
    except ValueError:
        day = None
    if day is None or day.isoformat() != parameters[name]:
        raise RefusedError("badArgument", f"{name} is not written YYYY-MM-DD.")
    return day


def _within(spec: str, set_: str) -> bool:
    return spec == set_ or spec.startswith(f"{set_}:")


def _midnight(now: datetime) -> datetime:
    """Return when a token expires: with the day, UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, UTC)
