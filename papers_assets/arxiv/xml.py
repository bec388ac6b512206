"""An answer's XML, element by element, trusted as little as all that comes from elsewhere. Pure.

What a reader of it does not ask for is not kept, and nothing is declared, expanded or looked for.
"""

import re
import sys
from collections.abc import Callable
from typing import TypeVar
from xml.parsers import expat

_NAME = r"[A-Za-z_][A-Za-z0-9_.:-]*+"
_SPACE = r"[ \t\r\n]"
_VALUE = r"""(?:"[^<"]*+"|'[^<']*+')"""
_ATTRIBUTES = rf"(?:{_SPACE}++{_NAME}{_SPACE}*+={_SPACE}*+{_VALUE})*+{_SPACE}*+"
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A character that XML 1.0 does not allow (section 2.2)."""
# What stands in a text as it came and cannot be XML, and what can only be with a second look: the
# number of a reference, and the name of an opening tag. Possessive, so that it takes linear time.
_SUSPECT_CHARACTERS = re.compile(
    rf"{_NOT_XML.pattern}"
    r"|&\#(?:(?P<decimal>[0-9]++)|x(?P<hex>[0-9A-Fa-f]++));"
    r"|&(?!(?:amp|lt|gt|quot|apos);)(?:[A-Za-z][A-Za-z0-9]*+;)?"
    rf"|<(?=(?P<opening>{_NAME}){_ATTRIBUTES}>)"
    rf"|<(?!!--|!\[CDATA\[|\?xml{_SPACE}|{_NAME}{_ATTRIBUTES}/>|/{_NAME}{_SPACE}*+>)"
)
_CLOSING = re.compile(rf"</({_NAME}){_SPACE}*+>")
_REPLACEMENT_CHARACTER = "\N{REPLACEMENT CHARACTER}"

_MAX_DEPTH = 100
"""arXiv's feeds have 4 levels, its lists of records 7."""


class MalformedXml(Exception):
    """The answer is no whole XML, or has what no answer of arXiv's has; the message says what."""


class NotWellFormedXml(MalformedXml):
    """It begins as it should, and then it is no XML; the message says where."""


class StrictXmlReader:
    """Reads one answer; who reads it says what is done with its elements.

    Args:
        root: what the first element has to be called.
        wrong_root_error: is raised when it is not, or there is none.
    """

    def __init__(self, root: str, wrong_root_error: type[Exception]) -> None:
        self.path: list[str] = []
        """The names of the elements that are open: their vocabulary, a space, and their own."""
        self.wrong_root_error = wrong_root_error
        self._root = root
        self._has_begun = False

    def handle_start(self, attributes: dict[str, str]) -> None:
        """Take note of the element that `path` ends with."""

    def handle_end(self) -> None:
        """Take note that it ends."""

    def handle_text(self, text: str) -> None:
        """Take note of a piece of text in it."""

    def read(self, body: bytes) -> None:
        """Read an answer.

        Raises:
            NotWellFormedXml: it is cut short or broken.
            MalformedXml: it is nested beyond reason, or declares entities.
        """
        parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.handle_text
        try:
            parser.Parse(body, True)  # noqa: FBT003 - its argument has no name
        except expat.ExpatError as error:
            raise (
                NotWellFormedXml(str(error)) if self._has_begun else self.wrong_root_error
            ) from error

    def _doctype(self, *_: object) -> None:
        # Before anything is declared: no entity is ever expanded, and no file looked for.
        raise MalformedXml("it has a document type declaration")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if self.path[0] != self._root:
            raise self.wrong_root_error
        self._has_begun = True
        if len(self.path) > _MAX_DEPTH:
            raise MalformedXml(f"it is nested more than {_MAX_DEPTH} levels deep")
        self.handle_start(attributes)

    def _end(self, _: str) -> None:
        self.handle_end()
        self.path.pop()


_XmlReader = TypeVar("_XmlReader", bound=StrictXmlReader)


def parse_xml(new_reader: Callable[[], _XmlReader], body: bytes) -> tuple[_XmlReader, str]:
    """Read an answer; if it is not well-formed, read it once more with the faults replaced.

    One character in one record must not cost the others: what XML does not allow in a text is
    replaced by U+FFFD. An answer that is cut short stays an error, since nothing closes its root.

    Args:
        new_reader: makes the reader of one attempt.
        body: the answer.

    Returns:
        The reader that has read the answer, and what was wrong with it, in words (empty: nothing).

    Raises:
        MalformedXml: neither can be read; the message is about the answer as it came.
    """
    reader = new_reader()
    try:
        reader.read(body)
    except NotWellFormedXml as error:
        text, count = _repair(body)
        reader = new_reader()
        try:
            reader.read(text.encode())
        except (MalformedXml, reader.wrong_root_error):
            raise error from None
        return reader, f"{error}; characters replaced by U+FFFD: {count}"
    return reader, ""


def _repair(body: bytes) -> tuple[str, int]:
    """Return the text with U+FFFD for what XML does not allow, and how often that was done."""
    text = body.decode("utf-8", "replace")
    closed = set(_CLOSING.findall(text))

    def checked(match: re.Match[str]) -> str:
        if match["opening"]:
            is_sound = match["opening"] in closed
        elif match["decimal"]:
            is_sound = _is_character(match["decimal"], 10)
        else:
            is_sound = bool(match["hex"]) and _is_character(match["hex"], 16)
        return match[0] if is_sound else _REPLACEMENT_CHARACTER

    repaired = _SUSPECT_CHARACTERS.sub(checked, text)
    return repaired, repaired.count(_REPLACEMENT_CHARACTER) - body.count(
        _REPLACEMENT_CHARACTER.encode()
    )


def _is_character(digits: str, base: int) -> bool:
    """Whether a reference to the character of this number is XML."""
    code = int(digits, base) if len(digits) <= len("1114111") else sys.maxunicode + 1
    return code <= sys.maxunicode and not _NOT_XML.match(chr(code))
