"""An answer's XML reduced to what a feed of arXiv's has, for feedparser to read. Pure.

feedparser reads all kinds of feeds: other vocabularies, HTML, what is broken. Some of its steps
take time that grows with the square of what they are given, or fail. Nothing but arXiv's elements,
in their places and written anew, reaches it.
"""

from xml.sax.saxutils import escape, quoteattr

from papers_assets.arxiv.elements import Elements, NotWhole, read

ATOM = "http://www.w3.org/2005/Atom"
ARXIV = "http://arxiv.org/schemas/atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"

_HEAD = (
    "<?xml version='1.0' encoding='utf-8'?>\n"
    f'<feed xmlns="{ATOM}" xmlns:arxiv="{ARXIV}" xmlns:opensearch="{OPENSEARCH}">'
)
_FEED, _ENTRY, _AUTHOR = f"{ATOM} feed", f"{ATOM} entry", f"{ATOM} author"
# What is kept of text and of attributes, by the path to it.
_TEXTS: dict[tuple[str, ...], str] = {
    (_FEED, f"{OPENSEARCH} totalResults"): "opensearch:totalResults",
    (_FEED, _ENTRY, _AUTHOR, f"{ATOM} name"): "name",
    **{(_FEED, _ENTRY, f"{ATOM} {name}"): name for name in ("id", "title", "summary")},
    **{(_FEED, _ENTRY, f"{ATOM} {name}"): name for name in ("published", "updated")},
    **{(_FEED, _ENTRY, f"{ARXIV} {name}"): f"arxiv:{name}" for name in ("comment", "doi")},
    (_FEED, _ENTRY, f"{ARXIV} journal_ref"): "arxiv:journal_ref",
}
_ATTRIBUTES: dict[tuple[str, ...], tuple[str, tuple[str, ...]]] = {
    (_FEED, _ENTRY, f"{ATOM} category"): ("category", ("term",)),
    (_FEED, _ENTRY, f"{ARXIV} primary_category"): ("arxiv:primary_category", ("term",)),
    (_FEED, _ENTRY, f"{ATOM} link"): ("link", ("href", "rel", "title")),
}
END = "\ue000"
"""Stands at the end of free texts. A text of Latin letters that could be UTF-8 which was encoded
twice is "repaired" by feedparser, and so not what was published; none that has this in it is."""
_FREE = ("title", "summary", "name", "arxiv:comment", "arxiv:journal_ref")
_MAX_CATEGORIES = 500
"""Of an entry. arXiv has fewer than 200 in all; feedparser compares each to each."""


class NotAtom(Exception):
    """The answer is no Atom feed."""


def reduced(body: bytes) -> tuple[bytes, str]:
    """Return the feed with nothing in it but what is read of it, and what was repaired, in words.

    Raises:
        NotAtom: it is something else, or nothing.
        NotWhole: it is cut short, broken, nested or repeated beyond reason, or declares entities.
    """
    feed, repaired = read(_Feed, body)
    return "".join([_HEAD, *feed.written, "</feed>"]).encode(), repaired


class _Feed(Elements):
    """Takes what the parser finds, and writes down what is kept of it."""

    def __init__(self) -> None:
        super().__init__(_FEED, NotAtom)
        self.written: list[str] = []
        self._leaf = ""
        self._leaf_depth = 0
        self._categories = 0

    def opened(self, attributes: dict[str, str]) -> None:
        """See `Elements`."""
        if self._leaf:
            return
        path = tuple(self.path)
        if path == (_FEED,):
            self.written.append("\n")
        elif path == (_FEED, _ENTRY):
            self._categories = 0
            self.written.append("<entry>")
        elif leaf := _TEXTS.get(path):
            self._leaf, self._leaf_depth = leaf, len(path)
            # An author without a name would be taken for the one before.
            self.written.append("<author><name>" if leaf == "name" else f"<{leaf}>")
        elif path in _ATTRIBUTES:
            self._keep_attributes(*_ATTRIBUTES[path], attributes)

    def closed(self) -> None:
        """See `Elements`."""
        depth = len(self.path)
        if self._leaf and depth == self._leaf_depth:
            self.written += [END] if self._leaf in _FREE else []
            close = "</name></author>\n" if self._leaf == "name" else f"</{self._leaf}>\n"
            self.written.append(close)
            self._leaf = ""
        elif self.path == [_FEED, _ENTRY]:
            self.written.append("</entry>\n")

    def text(self, text: str) -> None:
        """See `Elements`."""
        if self._leaf:
            self.written.append(escape(text))

    def _keep_attributes(
        self, element: str, names: tuple[str, ...], attributes: dict[str, str]
    ) -> None:
        self._categories += element == "category"
        if self._categories > _MAX_CATEGORIES:
            raise NotWhole(f"it has an entry with more than {_MAX_CATEGORIES} categories")
        kept = "".join(f" {n}={quoteattr(attributes[n])}" for n in names if n in attributes)
        if kept:  # else there would be nothing but the element's name, as of another kind
            self.written.append(f"<{element}{kept}/>\n")
