"""Answers of OAI-PMH with the elements that arXiv has used since 2025."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from papers_assets.arxiv.sample.atom import escape_attribute, escape_content
from papers_assets.arxiv.sample.corpus import Corpus, Paper
from papers_assets.arxiv.taxonomy import is_known, to_set_spec

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/'
    ' http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">\n'
)
_RAW = (
    '<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"'
    ' xsi:schemaLocation="http://arxiv.org/OAI/arXivRaw/ http://arxiv.org/OAI/arXivRaw.xsd">\n'
)
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u",
    "\u0307": ".", "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d",
    "\u0327": "c", "\u0328": "k",
}  # fmt: skip
_LETTERS = {
    "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}",
    "Ł": r"\L{}", "ß": r"\ss{}", "đ": r"\dj{}", "Đ": r"\DJ{}",
}  # fmt: skip
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class ResumptionToken:
    """The element with the token for the next page; its text is empty on the last page."""

    text: str
    size: int
    """The number of records in the complete list."""
    cursor: int
    """The number of records on earlier pages."""
    expires: datetime


def render_document(url: str, parameters: Mapping[str, str], body: str, now: datetime) -> str:
    """Return an answer.

    Args:
        url: the address of the interface.
        parameters: the parameters of the request; none if they are invalid.
        body: the element for the verb, or errors.
        now: the time of the request, aware.
    """
    attributes = "".join(
        f' {name}="{escape_attribute(value)}"' for name, value in parameters.items()
    )
    return (
        f"{_HEAD}  <responseDate>{_format_time(now)}</responseDate>\n"
        f"  <request{attributes}>{escape_content(url)}</request>\n{body}</OAI-PMH>\n"
    )


def render_error(code: str, message: str) -> str:
    """Return the error element for a request."""
    return f'  <error code="{escape_attribute(code)}">{escape_content(message)}</error>\n'


def render_list_records(records: Iterable[str], token: ResumptionToken | None) -> str:
    """Return a page of records that `render_record` rendered."""
    return f"  <ListRecords>\n{''.join(records)}{_render_token(token)}  </ListRecords>\n"


def render_record(paper: Paper, corpus: Corpus) -> str:
    """Return the record of a paper's newest version, with the times of all known versions."""
    inside = f"      <metadata>\n{_render_paper(paper, corpus)}      </metadata>\n"
    return f"    <record>\n{_render_header(paper)}{inside}    </record>\n"


def render_deleted(paper: Paper) -> str:
    """Return the record of a deleted paper."""
    header = _render_header(paper, ' status="deleted"')
    return f"    <record>\n{header}    </record>\n"


def find_datestamp(paper: Paper) -> date:
    """Return the day of a paper's last change: the day after its newest version was submitted.

    That is when it is announced. arXiv's datestamp is the day of any last change to the record.
    """
    return date.fromisoformat(paper.updated[:10]) + timedelta(days=1)


def list_sets(paper: Paper) -> tuple[str, ...]:
    """Return the sets of a paper, which are those of its categories."""
    return tuple(map(to_set_spec, filter(is_known, _list_categories(paper))))


def _render_header(paper: Paper, status: str = "") -> str:
    specs = "".join(
        f"        <setSpec>{escape_content(spec)}</setSpec>\n" for spec in list_sets(paper)
    )
    return (
        f"      <header{status}>\n"
        f"        <identifier>oai:arXiv.org:{escape_content(paper.id)}</identifier>\n"
        f"        <datestamp>{find_datestamp(paper)}</datestamp>\n{specs}      </header>\n"
    )


def _render_paper(paper: Paper, corpus: Corpus) -> str:
    categories = _list_categories(paper)
    classes = [name for name in categories if " " in name or not name[0].islower()]
    named = [name for name in categories if name not in classes]
    return (
        f"{_RAW}<id>{escape_content(paper.id)}</id>\n<submitter>{_to_tex(paper.authors[0])}</submitter>\n"
        + "".join(_render_version(*version) for version in _list_versions(paper, corpus))
        + f"<title>{escape_content(paper.title)}</title>\n"
        + f"<authors>{', '.join(map(_to_tex, paper.authors))}</authors>\n"
        + f"<categories>{escape_content(' '.join(named))}</categories>\n"
        + _render_optional("comments", paper.comment)
        + _render_optional("msc-class", "; ".join(classes))
        + _render_optional("journal-ref", paper.journal_ref)
        + _render_optional("doi", paper.doi)
        + "<license>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</license>\n"
        + f"<abstract>  {escape_content(paper.abstract)}\n</abstract>\n</arXivRaw>\n"
    )


def _list_categories(paper: Paper) -> tuple[str, ...]:
    return tuple(dict.fromkeys((paper.primary_category, *paper.categories)))


def _list_versions(paper: Paper, corpus: Corpus) -> list[tuple[int, str]]:
    """Return the known versions, each with its submission time."""
    numbers = range(1, paper.version)
    known = {n: found.updated for n in numbers if (found := corpus.find(paper.id, n))}
    return sorted({1: paper.published, **known, paper.version: paper.updated}.items())


def _render_version(number: int, submitted: str) -> str:
    time = datetime.fromisoformat(submitted)
    day = f"{_DAYS[time.weekday()]}, {time.day:02} {_MONTHS[time.month - 1]} {time.year}"
    return (
        f'<version version="v{number}">\n<date>{day} {time:%H:%M:%S} GMT</date>\n'
        "<size>12kb</size>\n<source_type>D</source_type>\n</version>\n"
    )


def _to_tex(name: str) -> str:
    """Return a name as arXiv stores it, with TeX accents where TeX has them."""
    written = ""
    for char in unicodedata.normalize("NFC", name):
        parts = unicodedata.normalize("NFD", char)
        base, mark = parts[:1], parts[1:]
        if mark in _ACCENTS and base.isascii():
            accent = _ACCENTS[mark]
            written += f"\\{accent}{{{base}}}" if accent.isalpha() else f"\\{accent}{base}"
        else:
            written += _LETTERS.get(char, char)
    return escape_content(written)


def _render_optional(name: str, text: str | None) -> str:
    return f"<{name}>{escape_content(text)}</{name}>\n" if text else ""


def _render_token(token: ResumptionToken | None) -> str:
    if token is None:
        return ""
    return (
        f'    <resumptionToken expirationDate="{_format_time(token.expires)}"'
        f' completeListSize="{token.size}" cursor="{token.cursor}">'
        f"{escape_content(token.text)}</resumptionToken>\n"
    )


def _format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
