r"""Detection of mathematics in a text: `$...$`, `$$...$$`, `\(...\)` and `\[...\]`. Pure.

Dollar signs are also used for prices. As in pandoc, the opening dollar of a formula is followed by
a character other than a space, and the closing dollar follows one other than a space and precedes
one other than a digit: "$5 and $10" stays text. If a TeX command, a subscript or superscript, a
Greek letter or a single operator shows that a text is mathematics anyway (`$\sim $3`), spaces and
the digit are ignored. Text with words is not mathematics. A formula ends at the next dollar or is
not a formula.
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
    """A piece of a text: a formula, or text between formulas."""

    text: str
    """The original text, including delimiters."""
    formula: str = ""
    """The formula between the delimiters; empty: the piece is not mathematics."""
    is_display: bool = False
    """Whether the formula is displayed on a separate line."""


def split_formulas(text: str) -> Iterator[TextPiece]:
    """Split a text into pieces; their texts, joined, are the text."""
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
    """Whether the text between two dollars is a formula, by the rules in the module's docstring."""
    if _WORD.search(_ARGUMENT.sub("", between)):
        return False
    if _EVIDENCE.search(between):
        return True
    return between == between.strip() and not following.isdigit()
