"""An answer's XML, element by element, trusted as little as all that comes from elsewhere. Pure.

What a reader of it does not ask for is not kept, and nothing is declared, expanded or looked for.
"""

from xml.parsers import expat

_MAX_DEPTH = 100
"""arXiv's feeds have 4 levels, its lists of records 7."""


class NotWhole(Exception):
    """The answer is no whole XML, or has what no answer of arXiv's has; the message says what."""


class Elements:
    """Reads one answer; who reads it says what is done with its elements.

    Args:
        root: what the first element has to be called.
        other: is raised when it is not, or there is none.
    """

    def __init__(self, root: str, other: type[Exception]) -> None:
        self.path: list[str] = []
        """The names of the elements that are open: their vocabulary, a space, and their own."""
        self._root, self._other = root, other
        self._has_begun = False

    def opened(self, attributes: dict[str, str]) -> None:
        """Take note of the element that `path` ends with."""

    def closed(self) -> None:
        """Take note that it ends."""

    def text(self, text: str) -> None:
        """Take note of a piece of text in it."""

    def read(self, body: bytes) -> None:
        """Read an answer.

        Raises:
            NotWhole: it is cut short, broken, nested beyond reason, or declares entities.
        """
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.text
        try:
            parser.Parse(body, True)  # noqa: FBT003 - its argument has no name
        except expat.ExpatError as error:
            raise (NotWhole(str(error)) if self._has_begun else self._other) from error

    def _doctype(self, *_: object) -> None:
        # Before anything is declared: no entity is ever expanded, and no file looked for.
        raise NotWhole("it has a document type declaration")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if self.path[0] != self._root:
            raise self._other
        self._has_begun = True
        if len(self.path) > _MAX_DEPTH:
            raise NotWhole(f"it is nested more than {_MAX_DEPTH} levels deep")
        self.opened(attributes)

    def _end(self, _: str) -> None:
        self.closed()
        self.path.pop()
