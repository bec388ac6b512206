"""Published text made safe inside Markdown: whatever is escaped is escaped through here.

Readers see the text as it was published, letter by letter, with its white space collapsed: nothing
in it becomes HTML, a link, an image, emphasis, code or another table cell. Plain web and mail
addresses still become links, as they would have unescaped, and `$...$` still reaches GitHub's
mathematics unharmed.

GitHub's own parser decides: a text that it shows as written stays as it is, which is nearly every
text. Otherwise the first way of escaping is taken that it shows right.
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
# Letters and symbols in name, but blank: fillers of Hangul, the empty pattern of Braille.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")

# Up to references and punctuation that GitHub leaves out at the end of a URL.
_END = r"(?:&[A-Za-z]+;|[?!.,:*_~'\");]){1,9}(?:[\s<]|$)"
_URL = rf"(?P<url>(?:(?:https?|ftp)://|www\.)(?:(?!\]\(|\\$|(?=&){_END})[^\s<>`])+)"
# By name: GitHub leaves such references, and no others, at the end of a URL out of the link, and
# takes no number in them for an issue's.
_REFERENCES = {
    html5[name]: f"&{name}"
    for name in (
        *("amp;", "ast;", "bsol;", "colon;", "grave;", "gt;", "lbrack;", "lowbar;"),
        *("lpar;", "lt;", "period;", "rbrack;", "rpar;", "vert;"),
    )
}
# An empty comment: shows nothing, and ends a URL.
_NOTHING = "<!---->"
_ADDED = re.compile(rf'<a href="([^"]*)">|</a>|{_NOTHING}')


def _live(also: str = "") -> str:
    """Return a pattern for what can change how a text is shown; `also`: characters that can, too.

    It begins with a set, which is ten times faster than alternatives.
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
    """A place in a document for one text, or for several that are read together."""

    def __init__(self, template: str, also: str = "") -> None:
        """Take a document with `{}` for each text, and what else can be live in this place."""
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
        """Return the texts as they have to be written."""
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
        """Return what readers see of the texts, none if that is more than text; and all links."""
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
    """Leave URLs, where nothing is read as Markdown; but their pipes would end a table cell."""
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
    """Escape a text that is a table cell of its own, such as a short comment."""
    return _ALONE.escape(collapse_whitespace(text))[0]


def escape_details(text: str, length: int) -> tuple[str, str]:
    """Escape for `<summary>START...</summary><p>TEXT</p></details>` in a table cell.

    The two share the cell, so a character in one can be read together with one in the other.

    Returns:
        The first `length` characters of the text, and the whole.
    """
    text = collapse_whitespace(text)
    start, text = _FOLDED.escape(text[:length], text)
    return start, text


def escape_heading(text: str) -> str:
    """Escape a text for `## HEADING`. Pipes stay: a heading is not a table."""
    return _HEADING.escape(collapse_whitespace(text))[0]


def escape_note(text: str) -> str:
    """Escape a text for `_NOTE_`, a paragraph of its own."""
    return _NOTE.escape(collapse_whitespace(text))[0]


def collapse_whitespace(text: str) -> str:
    """Return the text as readers see it: white space collapsed, controls neutralised.

    Control characters and lone surrogates become U+FFFD. Controls of the direction of text are left
    out: an override would turn round the rest of the line wherever the document's source is shown,
    and a mark has no look of its own, so that nothing visible is lost; right-to-left letters still
    run from right to left by themselves. What joins (ZWJ, ZWNJ) makes emoji and Persian words what
    they are and stays, as do other characters of no width, which change nothing around them.
    """
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    # Again: what stood on both sides of a mark can be two spaces now.
    text = " ".join(_DIRECTIONS.sub("", text).split())
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def truncate(text: str, most: int) -> str:
    """Return the text, or the first `most` characters of it and how many it has."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def has_visible_text(text: str) -> bool:
    """Whether there is anything of a text that one can see, and click."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in _BLANK for c in text)
