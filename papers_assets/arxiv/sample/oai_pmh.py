"""The sample arXiv's OAI-PMH interface without HTTP: answers for the parameters of requests.

It implements the verbs of arXiv's interface of 2025 that a harvester needs: Identify, ListSets,
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
from papers_assets.arxiv.sample.answers import Answer, SelectPage, select_truthfully
from papers_assets.arxiv.sample.corpus import Corpus, Paper
from papers_assets.arxiv.taxonomy import ARCHIVES, CATEGORIES, group_of, to_set_spec

PAGE_SIZE = 1000
"""The default of the largest number of records in an answer."""
_PREFIX = "arXivRaw"
_CACHE_SIZE = 16
"""The number of requests whose lists are cached, so that further pages are cheap."""
_SETS = tuple(
    dict.fromkeys(
        (*map(group_of, ARCHIVES), *map(to_set_spec, ARCHIVES), *map(to_set_spec, CATEGORIES))
    )
)
_LIST_PARAMETERS = ("metadataPrefix", "from", "until", "set")
_numbers = count(1)

RenderRecord = Callable[[Paper, Corpus], str]
"""Returns the record of a paper as XML."""


class OaiError(Exception):
    """A request is refused, with OAI-PMH's error code and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class OaiInterface:
    """A corpus that answers OAI-PMH requests; thread-safe."""

    def __init__(self, corpus: Corpus, page: int = PAGE_SIZE) -> None:
        self._corpus = corpus
        self._page = page
        self._number = str(next(_numbers))
        """The number of this corpus in tokens, to refuse those of another corpus."""
        self._found = lru_cache(maxsize=_CACHE_SIZE)(self._find_papers)
        self._records: WeakKeyDictionary[Paper, str] = WeakKeyDictionary()

    def answer(
        self,
        parameters: Mapping[str, str],
        now: datetime,
        show: SelectPage = select_truthfully,
        write: RenderRecord | None = None,
    ) -> Answer:
        """Answer a request. Errors have a success status, as OAI-PMH requires.

        Args:
            parameters: the names and values of the address, decoded.
            now: the time of the request, aware.
            show: returns what a page shows; replaceable for deliberately wrong answers.
            write: renders the records; replaceable for the same purpose.
        """
        try:
            inside = self._render_body(parameters, now, show, write or self._render_record)
        except OaiError as error:
            code, message = error.code, str(error)
            return Answer(
                200, oai_xml.render_document(_URL, {}, oai_xml.render_error(code, message), now)
            )
        return Answer(200, oai_xml.render_document(_URL, parameters, inside, now))

    def _render_body(
        self, parameters: Mapping[str, str], now: datetime, show: SelectPage, write: RenderRecord
    ) -> str:
        match parameters.get("verb"):
            case "ListRecords":
                return self._render_list_records(parameters, now, show, write)
            case "Identify":
                return self._render_identify()
            case "ListSets":
                return _render_list_sets()
            case "ListMetadataFormats":
                return _FORMATS
        raise OaiError("badVerb", "Value of the verb argument is not legal.")

    def _render_list_records(
        self, parameters: Mapping[str, str], now: datetime, show: SelectPage, write: RenderRecord
    ) -> str:
        start = 0
        if "resumptionToken" in parameters:
            parameters, start = self._read_token(parameters, now)
        found = self._found(*_parse_selection(parameters))
        papers, total = show(found, slice(start, start + self._page))
        if not total:
            raise OaiError("noRecordsMatch", "The list is empty.")
        token = None
        if start or total > self._page:
            end = start + self._page
            text = self._make_token(parameters, end, now) if end < total else ""
            token = oai_xml.ResumptionToken(text, total, start, _next_midnight(now))
        return oai_xml.render_list_records((write(paper, self._corpus) for paper in papers), token)

    def _make_token(self, parameters: Mapping[str, str], skip: int, now: datetime) -> str:
        asked = {name: parameters[name] for name in _LIST_PARAMETERS if name in parameters}
        expires = _next_midnight(now).isoformat()
        return urlencode(asked | {"skip": skip, "of": self._number, "expires": expires})

    def _read_token(
        self, parameters: Mapping[str, str], now: datetime
    ) -> tuple[Mapping[str, str], int]:
        """Return the request parameters in a token, and the number of earlier records."""
        if set(parameters) != {"verb", "resumptionToken"}:
            raise OaiError("badArgument", "No other arguments are allowed with a token.")
        asked = dict(parse_qsl(parameters["resumptionToken"]))
        try:
            skip, number = int(asked.pop("skip")), asked.pop("of")
            is_over = now >= datetime.fromisoformat(asked.pop("expires"))
        except (KeyError, ValueError, TypeError) as error:
            raise OaiError("badResumptionToken", "It is none that was given out.") from error
        if number != self._number or is_over or skip < 0:
            raise OaiError("badResumptionToken", "It has expired.")
        return asked, skip

    def _find_papers(self, first: date, last: date, set_: str) -> Sequence[Paper]:
        """Return the papers that changed from `first` to `last`, in the order of their changes."""
        stamps, papers = self._sort_by_day
        found = papers[bisect_left(stamps, first) : bisect_right(stamps, last)]
        return [
            p for p in found if not set_ or any(_is_in_set(s, set_) for s in oai_xml.list_sets(p))
        ]

    @cached_property
    def _sort_by_day(self) -> tuple[list[date], list[Paper]]:
        papers = sorted(self._corpus.newest, key=lambda p: (oai_xml.find_datestamp(p), p.id))
        return list(map(oai_xml.find_datestamp, papers)), papers

    def _render_record(self, paper: Paper, corpus: Corpus) -> str:
        record = self._records.get(paper)
        if record is None:
            record = self._records[paper] = oai_xml.render_record(paper, corpus)
        return record

    def _render_identify(self) -> str:
        stamps, _ = self._sort_by_day
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


def _render_list_sets() -> str:
    sets = "".join(
        f"    <set>\n      <setSpec>{spec}</setSpec>\n      <setName>{spec}</setName>\n    </set>\n"
        for spec in _SETS
    )
    return f"  <ListSets>\n{sets}  </ListSets>\n"


def _parse_selection(parameters: Mapping[str, str]) -> tuple[date, date, str]:
    """Return the requested first day, last day and set."""
    if unknown := set(parameters) - {"verb", *_LIST_PARAMETERS}:
        raise OaiError("badArgument", f"Not allowed: {', '.join(sorted(unknown))}.")
    if "metadataPrefix" not in parameters:
        raise OaiError("badArgument", "metadataPrefix is required.")
    if parameters["metadataPrefix"] != _PREFIX:
        raise OaiError("cannotDisseminateFormat", f"The only format here is {_PREFIX}.")
    first = _parse_day(parameters, "from", date.min)
    last = _parse_day(parameters, "until", date.max)
    if first > last:
        raise OaiError("badArgument", "until is before from.")
    set_ = parameters.get("set", "")
    if "set" in parameters and set_ not in _SETS:
        raise OaiError("badArgument", "There is no such set.")
    return first, last, set_


def _parse_day(parameters: Mapping[str, str], name: str, default: date) -> date:
    if name not in parameters:
        return default
    try:
        day = date.fromisoformat(parameters[name])
    except ValueError:
        day = None
    if day is None or day.isoformat() != parameters[name]:
        raise OaiError("badArgument", f"{name} is not written YYYY-MM-DD.")
    return day


def _is_in_set(spec: str, set_: str) -> bool:
    return spec == set_ or spec.startswith(f"{set_}:")


def _next_midnight(now: datetime) -> datetime:
    """Return when a token expires: at the end of the day in UTC."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, UTC)
