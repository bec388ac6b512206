"""A strict reader of untrusted XML, element by element. Pure.

It keeps only what its subclasses ask for. Declarations are refused, so that no entity is expanded
and no external file is opened.
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
# Invalid characters, and places that may be invalid: the number of a character reference, and the
# name of an opening tag. The quantifiers are possessive, so that matching takes linear time.
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
    """The answer is incomplete XML, or has parts that no answer of arXiv has."""


class NotWellFormedXml(MalformedXml):
    """The answer has the right root element but is not well-formed; the message has the place."""


class StrictXmlReader:
    """A reader of one answer; subclasses process its elements.

    Args:
        root: the required name of the first element.
        wrong_root_error: raised if the name is another, or there is no element.
    """

    def __init__(self, root: str, wrong_root_error: type[Exception]) -> None:
        self.path: list[str] = []
        """The names of the open elements, each with its namespace and a space before it."""
        self.wrong_root_error = wrong_root_error
        self._root = root
        self._has_begun = False

    def handle_start(self, attributes: dict[str, str]) -> None:
        """Process the start of the element at the end of `path`."""

    def handle_end(self) -> None:
        """Process the end of the element at the end of `path`."""

    def handle_text(self, text: str) -> None:
        """Process a piece of text in the element at the end of `path`."""

    def read(self, body: bytes) -> None:
        """Read an answer.

        Raises:
            NotWellFormedXml: it is truncated or broken.
            MalformedXml: it is too deeply nested, or has a document type declaration.
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
        # Raised before any declaration is read, so that no entity is expanded and no file opened.
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
    """Read an answer; if it is not well-formed, read it again with its invalid parts replaced.

    A bad character in one record must not prevent reading the others, so text that XML does not
    allow is replaced by U+FFFD. A truncated answer remains an error, since its root is not closed.

    Args:
        new_reader: returns a reader for one attempt.
        body: the answer.

    Returns:
        The reader that has read the answer, and a description of repairs (empty: none).

    Raises:
        MalformedXml: neither can be read; the message is about the original answer.
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
    """Return the text with invalid parts replaced by U+FFFD, and the number of replacements."""
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
    """Whether XML allows a reference to the character of this number."""
    code = int(digits, base) if len(digits) <= len("1114111") else sys.maxunicode + 1
    return code <= sys.maxunicode and not _NOT_XML.match(chr(code))
