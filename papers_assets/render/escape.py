"""Published text made safe inside the README: whatever is escaped is escaped through here.

Readers see the text as it was published, letter by letter, with its white space collapsed: nothing
in it becomes HTML, a link, an image, emphasis, code or another table cell. Plain web and mail
addresses still become links, as they would have unescaped, and `$...$` still reaches GitHub's
mathematics unharmed. A character is escaped only when leaving it would change what is shown, so
most text comes out as it went in.

Control characters and lone surrogates become U+FFFD. Controls of the direction of text are left
out: an override would turn round the rest of the line wherever the document's source is shown, and
a mark has no look of its own, so that nothing visible is lost; right-to-left letters still run from
right to left by themselves. What joins (ZWJ, ZWNJ) makes emoji and Persian words what they are and
stays, as do other characters of no width, which change nothing around them.
"""

import re
import unicodedata

from papers_assets.render.inlines import Inlines

# Nothing happens in a text without one of these.
_HAZARD = re.compile(r"[\\&<*_~`|]|\]\(")
_HAZARD_IN_LINK = re.compile(r"[\\&<*_~`|\[\]]")
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Letters and symbols in name, but blank: fillers of Hangul, the empty pattern of Braille.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_CLOSING_NUMBER_SIGNS = re.compile(r"(?:(?<= )|^)(?=#+$)")


def escape_title(text: str) -> str:
    """Escape a title for `**[TITLE](url)**` in a table cell."""
    text = collapse(text)
    if _HAZARD_IN_LINK.search(text) is None:
        return text
    return Inlines(["[", text, "](https://arxiv.org/)**"], in_link=True).escaped()[0]


def escape_abstract(text: str) -> str:
    """Escape an abstract for `<p>ABSTRACT</p></details>` in a table cell."""
    text = collapse(text)
    if _HAZARD.search(text) is None:
        return text
    return Inlines(["<p>", text, "</p></details>"]).escaped()[0]


def escape_cell(text: str) -> str:
    """Escape a text that is a table cell of its own, such as a short comment."""
    text = collapse(text)
    if _HAZARD.search(text) is None:
        return text
    return Inlines(["", text, ""]).escaped()[0]


def escape_folded(text: str, length: int) -> tuple[str, str]:
    """Escape for `<summary>START...</summary><p>TEXT</p></details>` in a table cell.

    The two share the cell, so a character in one can be read together with one in the other.

    Returns:
        The first `length` characters of the text, and the whole.
    """
    text = collapse(text)
    start = text[:length]
    if _HAZARD.search(text) is None and "[^" not in start:
        return start, text
    parts = ["<summary>", start, "...</summary><p>", text, "</p></details>"]
    start, text = Inlines(parts).escaped()
    return start, text


def escape_heading(text: str) -> str:
    """Escape a text for `## HEADING`. Pipes stay: a heading is not a table."""
    text = collapse(text)
    if _HAZARD.search(text):
        text = Inlines(["", text, ""], in_table=False).escaped()[0]
    # Number signs at the end would close the heading and vanish.
    return _CLOSING_NUMBER_SIGNS.sub(r"\\", text)


def escape_note(text: str) -> str:
    """Escape a text for `_NOTE_`, a paragraph of its own."""
    text = collapse(text)
    if _HAZARD.search(text) is None:
        return text
    return Inlines(["_", text, "_"], in_table=False, always="_~").escaped()[0]


def collapse(text: str) -> str:
    """Give the text as readers see it: white space collapsed, controls neutralised."""
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    # Again: what stood on both sides of a mark can be two spaces now.
    text = " ".join(_DIRECTIONS.sub("", text).split())
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def shortened(text: str, most: int) -> str:
    """Give the text, or the first `most` characters of it and how many it has."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def is_visible(text: str) -> bool:
    """Say whether there is anything of a text that one can see, and click."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK for c in text)
