"""Parameters for arXiv's OAI-PMH interface, and the parsing of its lists of records. Pure.

OAI-PMH (open archives, version 2.0) lists all papers that changed on given days, on any subject. In
the format `arXivRaw`, a record has a paper's newest version as arXiv stores it, and the submission
times of all its versions.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from papers_assets.arxiv import oai_xml
from papers_assets.arxiv.authors import decode_accents, split_names
from papers_assets.arxiv.errors import ArxivBadResponse, ArxivBadToken, ArxivInvalidQuery
from papers_assets.arxiv.models import ARXIV_ID, Link, Paper
from papers_assets.arxiv.oai_xml import RawList, RawRecord
from papers_assets.arxiv.xml import MalformedXml
from papers_assets.text import collapse_whitespace, describe_beginning, quote, to_printable

METADATA_PREFIX = "arXivRaw"
MAX_UNREADABLE = 3
"""Unreadable records up to this number do not invalidate the other records of a page or a day."""
READER_VERSION = 1
"""The version of this parser. Increment it when it can read more records: then days with unreadable
records are fetched again."""
_IDENTIFIER = re.compile(f"oai:arXiv\\.org:({ARXIV_ID})")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_VERSION = re.compile("v([1-9][0-9]{0,3})")
# As in Mon, 23 Nov 2026 06:30:15 GMT. Not for strptime, which uses the locale's month names.
_TIME = re.compile(
    r"(?:[A-Z][a-z]{2}, )?([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) (?:GMT|UTC)"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# An apostrophe that was escaped as in source code and is not an accent: MLLM\'s. Two of 31,487 real
# abstracts have it, and none has an accented s at the end of a word.
_POSSESSIVE = re.compile(r"(?<=[A-Za-z])\\'s(?![A-Za-z])")
_NUMBER = re.compile("[0-9]{1,9}")
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True)
class Record:
    """A changed paper at the time of the request; `paper` is None if it is `deleted`."""

    arxiv_id: str
    datestamp: date
    """The day of its last change in UTC, not of the submission of a version."""
    deleted: bool
    paper: Paper | None


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """One answer: some of the records of a list."""

    records: tuple[Record, ...]
    token: str = ""
    """The token for the next page; empty: this is the last."""
    complete_list_size: int | None = None
    """The number of records on all pages, if the answer has it."""
    cursor: int | None = None
    """The number of records on earlier pages, if the answer has it."""
    unreadable_records: tuple[str, ...] = ()
    """The id and the reason for each record that could not be read, as a printable line."""
    repairs: str = ""
    """A description of invalid characters that were replaced by U+FFFD; empty: none."""


def list_records_parameters(from_day: date, until_day: date, set_: str = "") -> dict[str, str]:
    """Return the parameters that request the records that changed on the given days.

    Args:
        from_day: the first day, in UTC.
        until_day: the last day, in UTC; included.
        set_: only records of this set, such as "cs"; empty: of the whole archive.
    """
    parameters = {
        "verb": "ListRecords",
        "metadataPrefix": METADATA_PREFIX,
        "from": from_day.isoformat(),
        "until": until_day.isoformat(),
    }
    return parameters | ({"set": set_} if set_ else {})


def resume_parameters(token: str) -> dict[str, str]:
    """Return the parameters that request the page after the one that had `token`.

    OAI-PMH 2.0 does not allow other parameters with it.
    """
    return {"verb": "ListRecords", "resumptionToken": token}


def parse_records(body: bytes) -> RecordsPage:
    """Return the page in the body of an answer to ListRecords; empty if no records match.

    A record that lacks a required element is listed in `RecordsPage.unreadable_records`, and the
    others are read. Characters that XML does not allow are replaced (`RecordsPage.repairs`).

    Raises:
        ArxivBadToken: the list must be read again from its beginning.
        ArxivInvalidQuery: arXiv rejects the request for another reason, which is the message.
        ArxivBadResponse: not OAI-PMH, truncated, or most of its records cannot be read.
    """
    try:
        found, repairs = oai_xml.parse_list(body)
    except oai_xml.NotOai as error:
        raise ArxivBadResponse(f"not an answer of OAI-PMH: {describe_beginning(body)}") from error
    except MalformedXml as error:
        raise ArxivBadResponse(
            f"not a whole answer of OAI-PMH ({error}): {len(body)} bytes came"
        ) from error
    if found.errors:
        _raise_errors(found.errors)
        return RecordsPage(())
    if not found.records:
        what = "a list without any record" if found.is_list else "neither records nor an error"
        raise ArxivBadResponse(f"an answer of OAI-PMH with {what}")
    return replace(_to_page(found), repairs=repairs)


def _raise_errors(errors: list[tuple[str, str]]) -> None:
    """Raise the exception for the errors of an answer, unless no records match."""
    for code, text in errors:
        said = f"arXiv says: {to_printable(f'{code}: {text}')}"
        if code == "badResumptionToken":
            raise ArxivBadToken(said)
        if code != "noRecordsMatch":
            raise ArxivInvalidQuery(said, _BAD_REQUEST)


def _to_page(found: RawList) -> RecordsPage:
    records, unreadable = [], []
    for raw in found.records:
        try:
            records.append(_to_record(raw))
        except _UnreadableRecordError as error:
            name = raw.first_text("identifier").strip() or "a record without identifier"
            unreadable.append(f"{quote(name)}: {error}")
    if len(unreadable) > max(MAX_UNREADABLE, len(records)):
        raise ArxivBadResponse(
            f"a list of OAI-PMH, but {len(unreadable)} of its {len(found.records)} records are no "
            f"papers; {unreadable[0]}"
        )
    return RecordsPage(
        tuple(records),
        found.token,
        _parse_number(found.token_attributes.get("completeListSize", "")),
        _parse_number(found.token_attributes.get("cursor", "")),
        tuple(unreadable),
    )


class _UnreadableRecordError(Exception):
    """A record is not a paper; the message is the reason, safe to print."""


def _to_record(raw: RawRecord) -> Record:
    identity = _IDENTIFIER.fullmatch(raw.first_text("identifier").strip())
    if identity is None:
        raise _UnreadableRecordError("its identifier is not that of a paper")
    deleted = raw.status.strip() == "deleted"
    return Record(
        arxiv_id=identity[1],
        datestamp=_parse_day(raw.first_text("datestamp").strip()),
        deleted=deleted,
        paper=None if deleted else _to_paper(identity[1], raw),
    )


def _to_paper(arxiv_id: str, raw: RawRecord) -> Paper:
    if not raw.has_paper:
        raise _UnreadableRecordError(f"it has no {METADATA_PREFIX}")
    if collapse_whitespace(raw.first_text("id")) != arxiv_id:
        raise _UnreadableRecordError(f"its paper is another one, {quote(raw.first_text('id'))}")
    times = _read_versions(raw)
    version = max(times)
    categories = tuple(dict.fromkeys(collapse_whitespace(raw.first_text("categories")).split()))
    doi = collapse_whitespace(raw.first_text("doi")) or None
    return Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=collapse_whitespace(decode_accents(raw.first_text("title"))),
        authors=tuple(map(collapse_whitespace, split_names(raw.first_text("authors")))),
        abstract=collapse_whitespace(
            decode_accents(_POSSESSIVE.sub("'s", raw.first_text("abstract")))
        ),
        comment=collapse_whitespace(raw.first_text("comments")) or None,
        categories=categories,
        primary_category=next(iter(categories), ""),
        published=times[1],
        updated=times[version],
        doi=doi,
        journal_ref=collapse_whitespace(raw.first_text("journal-ref")) or None,
        links=_make_links(f"{arxiv_id}v{version}", doi),
    )


def _make_links(address: str, doi: str | None) -> tuple[Link, ...]:
    """Return the links that the API's feed has for a paper."""
    return (
        Link(f"https://arxiv.org/abs/{address}", "alternate", ""),
        Link(f"https://arxiv.org/pdf/{address}", "related", "pdf"),
        *([Link(f"https://doi.org/{doi}", "related", "doi")] if doi else []),
    )


def _read_versions(raw: RawRecord) -> dict[int, datetime]:
    """Return the submission time of each version, at least of the first."""
    times = {}
    for name, when in raw.versions:
        number = _VERSION.fullmatch(name.strip())
        if number is None:
            raise _UnreadableRecordError(f"it has a version {quote(name)}, not one such as 'v1'")
        times[int(number[1])] = _parse_time(collapse_whitespace(when))
    if 1 not in times:
        raise _UnreadableRecordError("it has no version 1 with its date")
    return times


def _parse_time(text: str) -> datetime:
    match = _TIME.fullmatch(text)
    if match and match[2] in _MONTHS:
        day, _, year, hour, minute, second = match.groups()
        month = _MONTHS.index(match[2]) + 1
        try:
            return datetime.fromisoformat(f"{year}-{month:02}-{day:>02}T{hour}:{minute}:{second}Z")
        except ValueError:
            pass
    raise _UnreadableRecordError(f"a version's date is {quote(text)}, not one such as '{_EXAMPLE}'")


_EXAMPLE = "Mon, 23 Nov 2026 06:30:15 GMT"


def _parse_day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise _UnreadableRecordError(f"its datestamp is {quote(text)}, not a day such as '2026-11-23'")


def _parse_number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text.strip()) else None
