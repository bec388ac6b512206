"""Escaping of published text inside Markdown. All escaping goes through this module.

Readers see the text exactly as published, with its white space collapsed: nothing in it becomes
HTML, a link, an image, emphasis, code or another table cell. Plain web and mail addresses still
become links, as they would without escaping, and `$...$` is still rendered as mathematics by
GitHub.

GitHub's own parser verifies the result: a text that it renders as written is not changed, which
applies to nearly every text. Otherwise the first method of escaping with a correct rendering is
used.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from html import unescape
from html.entities import html5

from papers_assets.render.github import to_html

_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Letters and symbols by category, but blank: fillers of Hangul, and the empty Braille pattern.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")

# The end of a URL: references and punctuation that GitHub leaves out of the link.
_END = r"(?:&[A-Za-z]+;|[?!.,:*_~'\");]){1,9}(?:[\s<]|$)"
_URL = rf"(?P<url>(?:(?:https?|ftp)://|www\.)(?:(?!\]\(|\\$|(?=&){_END})[^\s<>`])+)"
# Named references: GitHub leaves these, and no others, at the end of a URL out of the link, and
# reads no number in them as the number of an issue.
_REFERENCES = {
    html5[name]: f"&{name}"
    for name in (
        *("amp;", "ast;", "bsol;", "colon;", "grave;", "gt;", "lbrack;", "lowbar;"),
        *("lpar;", "lt;", "period;", "rbrack;", "rpar;", "vert;"),
    )
}
# An empty comment: invisible, and ends a URL.
_NOTHING = "<!---->"
_ADDED = re.compile(rf'<a href="([^"]*)">|</a>|{_NOTHING}')


def _live(also: str = "") -> str:
    """Return a pattern for markup that can change how a text is displayed.

    It begins with a set, which is ten times faster than alternatives.

    Args:
        also: additional characters that act as markup.
    """
    return rf"""
        [\\&<_(\[*`~|{also}]
        (?:
            (?<=\\)(?=[!-/:-@\[-`{{-~]|$)
            | (?<=&)(?=\#|[A-Za-z][A-Za-z0-9]*;)
            | (?<=<)(?=[A-Za-z/!?]|[^ <>]+@)
            | (?<=_)(?<![^\W_]_) | (?<=[*~])(?=[^ ])
            | (?<=\]\() | (?<=\[)(?=\^)
            | (?<=[`|{also}])
        )
    """


class Place:
    """A place in a document for one text, or for several texts that are parsed together."""

    def __init__(self, template: str, also: str = "") -> None:
        """Use a document with `{}` for each text; characters in `also` are markup here, too."""
        self._template, live = template, _live(also)
        any_sign = rf"[\\`*_\[\]()<>|~&{also}]"
        self._live = re.compile(live, re.VERBOSE)
        self._ways = [
            partial(re.compile(signs, re.VERBOSE).sub, escape)
            for signs, escape in [
                (rf"{_URL} (?P<next>{live}|>)? | {live}", partial(_outside_urls, _backslash)),
                (rf"{_URL} (?P<next>{any_sign})? | {any_sign}", partial(_outside_urls, _reference)),
                (rf"{any_sign} | :(?=//) | (?<=www)\.", lambda found: _reference(found[0])),
            ]
        ]

    def escape(self, *texts: str) -> Sequence[str]:
        """Return the texts as they have to be written in this place."""
        if not any(map(self._live.search, texts)):
            return texts
        shown, links = self._shown(texts)
        if shown == texts:
            return texts
        right = []
        for way in self._ways:
            written = [way(text) for text in texts]
            shown, still = self._shown(written)
            if shown == texts and links <= still:
                return written
            right += [written] if shown == texts else []
        return right[0] if right else written

    def _shown(self, written: Sequence[str]) -> tuple[tuple[str, ...], set[str]]:
        """Return the displayed texts, none if they contain more than text, and all links."""
        markdown = self._template.format(*written)
        html = to_html(markdown)
        links = {link[1] for link in _ADDED.finditer(html)}
        start, *between, end = self._around
        if not (html.startswith(start) and html.endswith(end)):
            return (), links
        if "[^" in markdown and to_html(markdown, footnotes=False) != html:
            return (), links
        shown = [_ADDED.sub("", html[len(start) : -len(end)])]
        for each in between:
            shown[-1:] = shown[-1].split(each, 1)
        return () if any("<" in text for text in shown) else tuple(map(unescape, shown)), links

    @cached_property
    def _around(self) -> list[str]:
        """The HTML before, between and after the texts."""
        return to_html(self._template.replace("{}", "\ue000")).split("\ue000")


def _backslash(live: str) -> str:
    return _REFERENCES[live] if live in "<>&" else f"\\{live}"


def _reference(live: str) -> str:
    return _REFERENCES.get(live, f"\\{live}")


def _outside_urls(escape: Callable[[str], str], found: re.Match[str]) -> str:
    """Keep URLs, which are not parsed as Markdown, but escape their pipes in table cells."""
    if not found["url"]:
        return escape(found[0])
    url = found["url"].replace("|", r"\|")
    return f"{url}{_NOTHING}{escape(found['next'])}" if found["next"] else url


_CELL = "| a |\n| --- |\n| {} |\n"
_TITLE = Place(_CELL.format("**[{}](https://arxiv.org/)**"), r"\[\]")
_ABSTRACT = Place(_CELL.format("<p>{}</p></details>"))
_FOLDED = Place(_CELL.format("<summary>{}...</summary><p>{}</p></details>"))
_ALONE = Place(_CELL)
_HEADING = Place("## {}\n", r"\#")
_NOTE = Place("_{}_\n", "_~")


def escape_title(text: str) -> str:
    """Escape a title for `**[TITLE](url)**` in a table cell."""
    return _TITLE.escape(collapse_whitespace(text))[0]


def escape_abstract(text: str) -> str:
    """Escape an abstract for `<p>ABSTRACT</p></details>` in a table cell."""
    return _ABSTRACT.escape(collapse_whitespace(text))[0]


def escape_cell(text: str) -> str:
    """Escape a text that is a whole table cell, such as a short comment."""
    return _ALONE.escape(collapse_whitespace(text))[0]


def escape_details(text: str, length: int) -> tuple[str, str]:
    """Escape for `<summary>START...</summary><p>TEXT</p></details>` in a table cell.

    Both parts share the cell, so characters of one can combine with characters of the other.

    Returns:
        The first `length` characters of the text, and the whole text.
    """
    text = collapse_whitespace(text)
    start, text = _FOLDED.escape(text[:length], text)
    return start, text


def escape_heading(text: str) -> str:
    """Escape a text for `## HEADING`. Pipes are kept: a heading is not a table."""
    return _HEADING.escape(collapse_whitespace(text))[0]


def escape_note(text: str) -> str:
    """Escape a text for `_NOTE_`, a separate paragraph."""
    return _NOTE.escape(collapse_whitespace(text))[0]


def collapse_whitespace(text: str) -> str:
    """Return the text as it is displayed: white space collapsed, control characters replaced.

    Control characters and lone surrogates become U+FFFD. Bidirectional controls are removed: an
    override would reverse the rest of the line wherever the document's source is displayed, and a
    mark is invisible, so no visible text is lost. Right-to-left letters still run from right to
    left without them. Joiners (ZWJ, ZWNJ) are kept, since emoji and Persian words need them, as are
    other zero-width characters, which do not affect the text around them.
    """
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    # Again: removing a mark can leave two adjacent spaces.
    text = " ".join(_DIRECTIONS.sub("", text).split())
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def truncate(text: str, most: int) -> str:
    """Return the text, or its first `most` characters followed by its length."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def has_visible_text(text: str) -> bool:
    """Whether the text contains anything visible, which can be clicked."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK for c in text)
