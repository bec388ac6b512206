"""An answer's XML reduced to what a list of arXiv's records has. Pure.

Nothing but the elements that are read is kept, found by their names and places; what may come is
as little trusted as a feed (see `atom`).
"""

from dataclasses import dataclass, field

from papers_assets.arxiv.xml import StrictXmlReader, parse_xml

OAI = "http://www.openarchives.org/OAI/2.0/"
RAW = "http://arxiv.org/OAI/arXivRaw/"

_ROOT, _LIST = f"{OAI} OAI-PMH", f"{OAI} ListRecords"
_ERROR = (_ROOT, f"{OAI} error")
_RECORDS = (_ROOT, _LIST)
_TOKEN = (*_RECORDS, f"{OAI} resumptionToken")
_RECORD = (*_RECORDS, f"{OAI} record")
_HEADER = (*_RECORD, f"{OAI} header")
_PAPER = (*_RECORD, f"{OAI} metadata", f"{RAW} arXivRaw")
_VERSION = (*_PAPER, f"{RAW} version")
_DATE = (*_VERSION, f"{RAW} date")
# The texts that are kept of a record, by the path to them.
_TEXTS: dict[tuple[str, ...], str] = {
    **{(*_HEADER, f"{OAI} {name}"): name for name in ("identifier", "datestamp")},
    **{
        (*_PAPER, f"{RAW} {name}"): name
        for name in ("id", "title", "authors", "categories", "comments", "journal-ref", "doi")
    },
    (*_PAPER, f"{RAW} abstract"): "abstract",
}


class NotOai(Exception):
    """The answer is not of OAI-PMH."""


@dataclass
class RawRecord:
    """The texts of a record, as they came, each name with all that there are of it."""

    status: str = ""
    """Of its header: "deleted", or empty."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    versions: list[tuple[str, str]] = field(default_factory=list)
    """What each version calls itself ("v1"), and its date."""
    has_paper: bool = False

    def first_text(self, name: str) -> str:
        """Return the first text of this name; empty if there is none."""
        return next(iter(self.texts.get(name, ())), "")


@dataclass
class RawList:
    """What is kept of an answer."""

    is_list: bool = False
    records: list[RawRecord] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    """The code of each, and what it says."""
    token: str = ""
    token_attributes: dict[str, str] = field(default_factory=dict)


def parse_list(body: bytes) -> tuple[RawList, str]:
    """Return what is read of an answer, and what of it was repaired, in words.

    Raises:
        NotOai: it is something else, or nothing.
        MalformedXml: it is cut short, broken, nested beyond reason, or declares entities.
    """
    reader, repaired = parse_xml(_ListReader, body)
    return reader.raw_list, repaired


class _ListReader(StrictXmlReader):
    """Takes what the parser finds, and keeps what is kept of it."""

    def __init__(self) -> None:
        super().__init__(_ROOT, NotOai)
        self.raw_list = RawList()
        self._pieces: list[str] = []
        self._leaf_depth = 0
        """How deep the element is whose text is being read; 0: none is."""
        self._version = ""

    def handle_start(self, attributes: dict[str, str]) -> None:
        """See `StrictXmlReader`."""
        if self._leaf_depth:
            return
        path = tuple(self.path)
        self._start_element(path, attributes)
        if path in _TEXTS or path in (_ERROR, _TOKEN, _DATE):
            self._leaf_depth, self._pieces = len(path), []

    def _start_element(self, path: tuple[str, ...], attributes: dict[str, str]) -> None:
        found = self.raw_list
        if path == _RECORDS:
            found.is_list = True
        elif path == _RECORD:
            found.records.append(RawRecord())
        elif path == _HEADER:
            found.records[-1].status = attributes.get("status", "")
        elif path == _PAPER:
            found.records[-1].has_paper = True
        elif path == _VERSION:
            self._version = attributes.get("version", "")
        elif path == _ERROR:
            found.errors.append((attributes.get("code", ""), ""))
        elif path == _TOKEN:
            found.token_attributes = attributes

    def handle_end(self) -> None:
        """See `StrictXmlReader`."""
        if len(self.path) == self._leaf_depth:
            self._end_element(tuple(self.path), "".join(self._pieces))
            self._leaf_depth = 0

    def _end_element(self, path: tuple[str, ...], text: str) -> None:
        found = self.raw_list
        if path == _ERROR:
            found.errors[-1] = (found.errors[-1][0], text)
        elif path == _TOKEN:
            found.token = text.strip()
        elif path == _DATE:
            found.records[-1].versions.append((self._version, text))
        else:
            found.records[-1].texts.setdefault(_TEXTS[path], []).append(text)

    def handle_text(self, text: str) -> None:
        """See `StrictXmlReader`."""
        if self._leaf_depth:
            self._pieces.append(text)
