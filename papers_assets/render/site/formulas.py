r"""Where in a text mathematics stands: `$...$`, `$$...$$`, `\(...\)` and `\[...\]`. Pure.

Dollars are money too. As pandoc has it, what opens a formula is followed by something other than a
space, and what closes it comes after something other than a space and before something other than a
digit: "$5 and $10" stays text. Where a TeX command, a sub- or superscript, a Greek letter or an
operator alone says that it is mathematics all the same (`$\sim $3`), neither spaces nor the digit
matter. With words in between, it is none. A formula ends at the next dollar or not at all.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_FORMULA = re.compile(
    r"""\\\\|\\\$  # neither opens a formula
        |\$\$(?P<double>(?:[^$\\]|\\.)+)\$\$
        |\$(?P<single>(?:[^$\\]|\\.)+)\$
        |\\\((?P<inline>(?:[^\\]|\\[^()])+)\\\)
        |\\\[(?P<display>(?:[^\\]|\\[^\[\]])+)\\\]""",
    re.VERBOSE,
)
_EVIDENCE = re.compile(r"\\[A-Za-z]+|[_^\u0370-\u03ff]|\A\s*[<>=+~\u00b1\u00d7\u2264\u2265-]+\s*\Z")
_ARGUMENT = re.compile(r"\\[A-Za-z]+\s*\{[^{}]*\}")
_WORD = re.compile(r"\s[a-z]{2,}(?=[,.;:]?(?:\s|$))|(?<!\S)[a-z]{2,}[,.;:]?\s")


class TextPiece(NamedTuple):
    """A stretch of text."""

    text: str
    """As it stands there, delimiters and all."""
    formula: str = ""
    """What is between the delimiters; empty: this is no mathematics."""
    is_display: bool = False
    """Whether the formula has a line of its own."""


def split_formulas(text: str) -> Iterator[TextPiece]:
    """Return the text in pieces; joined, their texts are the text."""
    start = position = 0
    while match := _FORMULA.search(text, position):
        kind = match.lastgroup
        if kind == "single" and not _is_mathematics(match[kind], text[match.end() :][:1]):
            position = match.start() + 1
            continue
        position = match.end()
        if kind is not None:
            if start < match.start():
                yield TextPiece(text[start : match.start()])
            yield TextPiece(match[0], match[kind].strip(), kind in {"double", "display"})
            start = position
    if start < len(text):
        yield TextPiece(text[start:])


def _is_mathematics(between: str, following: str) -> bool:
    """Whether what stands between two dollars is no money; see above."""
    if _WORD.search(_ARGUMENT.sub("", between)):
        return False
    if _EVIDENCE.search(between):
        return True
    return between == between.strip() and not following.isdigit()
