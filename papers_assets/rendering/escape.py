"""Published text made safe inside the README: whatever is escaped is escaped through here.

Readers see the text as it was published, letter by letter, with its white space collapsed: nothing
in it becomes HTML, a link, an image, emphasis, code or another table cell. Plain web and mail
addresses still become links, as they would have unescaped, and `$...$` still reaches GitHub's
mathematics unharmed. A character is escaped only when leaving it would change what is shown, so
most text comes out as it went in. What Markdown cannot carry, NUL and lone surrogates, becomes
U+FFFD.
"""

import re

from papers_assets.rendering.inlines import Inlines

# Nothing happens in a text without one of these.
_HAZARD = re.compile(r"[\\&<*_~`|]|\]\(")
_HAZARD_IN_LINK = re.compile(r"[\\&<*_~`|\[\]]")
_UNCARRIABLE = re.compile("[\0\ud800-\udfff]")
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
    """Give the text as readers see it: white space collapsed, what cannot be carried replaced."""
    text = " ".join(text.split())
    if text.isascii() and "\0" not in text:
        return text
    return _UNCARRIABLE.sub("\N{REPLACEMENT CHARACTER}", text)
