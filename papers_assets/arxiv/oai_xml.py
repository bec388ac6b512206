"""Reading of the XML of OAI-PMH answers. Pure.

Only the elements that are needed are kept, by name and place. The input is trusted as little as a
feed (`papers_assets.arxiv.atom`).
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
# The texts of a record that are read, by path.
_TEXTS: dict[tuple[str, ...], str] = {
    **{(*_HEADER, f"{OAI} {name}"): name for name in ("identifier", "datestamp")},
    **{
        (*_PAPER, f"{RAW} {name}"): name
        for name in ("id", "title", "authors", "categories", "comments", "journal-ref", "doi")
    },
    (*_PAPER, f"{RAW} abstract"): "abstract",
}


class NotOai(Exception):
    """The answer is not OAI-PMH."""


@dataclass
class RawRecord:
    """The unchanged texts of a record, all of each name."""

    status: str = ""
    """The status in its header: "deleted" or empty."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    versions: list[tuple[str, str]] = field(default_factory=list)
    """The name ("v1") and the date of each version."""
    has_paper: bool = False

    def first_text(self, name: str) -> str:
        """Return the first text of the given name; empty if there is none."""
        return next(iter(self.texts.get(name, ())), "")


@dataclass
class RawList:
    """The elements of an answer that are read."""

    is_list: bool = False
    records: list[RawRecord] = field(default_factory=list)
    errors: list[tuple[str, str]] = field(default_factory=list)
    """The code and the message of each error."""
    token: str = ""
    token_attributes: dict[str, str] = field(default_factory=dict)


def parse_list(body: bytes) -> tuple[RawList, str]:
    """Return the elements of an answer, and a description of repairs.

    Raises:
        NotOai: it is not OAI-PMH, or is empty.
        MalformedXml: it is truncated, broken, too deeply nested, or declares entities.
    """
    reader, repaired = parse_xml(_ListReader, body)
    return reader.raw_list, repaired


class _ListReader(StrictXmlReader):
    """An XML reader that keeps the elements of a list of records."""

    def __init__(self) -> None:
        super().__init__(_ROOT, NotOai)
        self.raw_list = RawList()
        self._pieces: list[str] = []
        self._leaf_depth = 0
        """The depth of the element whose text is being read; 0: none."""
        self._version = ""

    def handle_start(self, attributes: dict[str, str]) -> None:
        """Begin a record, an error or a text that is kept."""
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
        """Store the text of the element that ends, if it is kept."""
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
        """Collect a piece of a text that is kept."""
        if self._leaf_depth:
            self._pieces.append(text)
