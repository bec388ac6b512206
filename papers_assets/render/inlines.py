"""Escaping itself: one inline text is read as GitHub reads it, and changed where that shows."""

import re
from bisect import bisect_left, bisect_right, insort
from itertools import pairwise

from papers_assets.render import gfm

# A set first, then what follows each of its characters: ten times faster than alternatives.
_TOKEN = re.compile(
    r"""
    [\\&<\[\]*_~`|:w]
    (?:
        (?<=[&<\[\]|])
        | (?<=([\\*_~`]))\1*
        | (?<=:)//
        | (?<=w)(?<![^ *_~(]w)ww\.
    )
    """,
    re.VERBOSE,
)

# An empty comment: shows nothing, ends a URL, and keeps apart what must not be read together.
_NOTHING = "<!---->"
# GitHub leaves a character reference at the end of a URL out of the link.
_ENDING_URL = "&gt;"
_AFTER_POINTED_URL = re.compile(r"""[?!.,:'")]*(?:[ <]|\Z)""")
_LESS_THAN = re.compile("<")
_BACKTICKS = re.compile("`+")
_STRIKE_LENGTHS = (1, 2)

Range = tuple[int, int]


class Inlines:
    """The inline text of one cell, heading or paragraph, to be read once from left to right.

    Reading collects, by position, what to write instead of single characters, and notes what can
    only be judged when all is read: what comes in pairs.
    """

    def __init__(
        self, parts: list[str], *, in_link: bool = False, in_table: bool = True, always: str = ""
    ) -> None:
        """Take in a text and what the template puts around it.

        Args:
            parts: template, text, template, text, ..., template. Of the template only what can be
                read together with a text matters.
            in_link: the text is the label of a link.
            in_table: pipes end cells.
            always: delimiters that meet those of the template around the text: always escaped.
        """
        self._source = "".join(parts)
        self._has_urls = not in_link and ("://" in self._source or "www." in self._source)
        ends = [0]
        for part in parts:
            ends.append(ends[-1] + len(part))
        self._spans = list(pairwise(ends))[1::2]
        self._in_link, self._in_table, self._always = in_link, in_table, always
        self._edits: dict[int, str] = {}
        self._runs: dict[str, list[Range]] = {char: [] for char in "*_~`"}
        self._url_backticks: list[Range] = []
        self._openers: list[int] = []
        self._brackets: list[Range] = []
        self._targets: list[int] = []
        self._urls: list[Range] = []

    def escaped(self) -> list[str]:
        """Give the texts, escaped."""
        self._escape_markup()
        at = 0
        for start, end in self._spans:
            at = max(at, start)
            while token := _TOKEN.search(self._source, at, end):
                at = self._read(token[0], token.start())
        self._escape_brackets()
        self._escape_code()
        self._escape_strikethrough()
        self._escape_emphasis("*")
        self._escape_emphasis("_")
        self._part_footnotes()
        self._part_urls()
        return [self._written(start, end) for start, end in self._spans]

    def _escape_markup(self) -> None:
        spans = self._spans
        starts = [m.start() for span in spans for m in _LESS_THAN.finditer(self._source, *span)]
        self._pointed = gfm.live_markup(self._source, starts)
        self._edits.update(dict.fromkeys(self._pointed, "&lt;"))

    def _read(self, token: str, at: int) -> int:
        """Take in the token at this position; give the position to go on from."""
        end = at + len(token)
        match token[0]:
            case "\\":
                return self._read_backslashes(at, end)
            case "&" if gfm.is_entity(self._source, at):
                self._edits[at] = "&amp;"
            case "[":
                self._openers.append(at)
            case "]":
                self._read_closing_bracket(at)
            case "|" if self._in_table:
                self._edits[at] = r"\|"
            case char if char in self._always:
                self._escape_run(at, end)
            case "*" | "_" | "~" | "`" as char:
                self._runs[char].append((at, end))
            case ":" | "w" if not self._in_link and not self._openers:
                return self._read_url(at, end)
        return end

    def _read_backslashes(self, at: int, end: int) -> int:
        after = self._source[end : end + 1]
        for each in range(at, end if after in gfm.PUNCTUATION else end - 1):
            self._edits[each] = r"\\"
        # There are no links to plain URLs within brackets. So where there is a URL, a bracket that
        # did not count, because of its backslash, does not begin to count.
        if (end - at) % 2 and after and after in "[]" and self._has_urls:
            self._edits[end] = "\\" + after
            return end + 1
        return end

    def _read_closing_bracket(self, at: int) -> None:
        if self._openers:
            self._brackets.append((self._openers.pop(), at))
            if self._source.startswith("(", at + 1):
                self._targets.append(at + 1)
        elif self._in_link:
            self._edits[at] = r"\]"

    def _read_url(self, at: int, token_end: int) -> int:
        """Pass over a plain URL: nothing in it is read as Markdown, so nothing is escaped."""
        latest = self._url_limit(at)
        url = gfm.url_at(self._source, at, latest)
        if url is None:
            if gfm.becomes_url(self._source, at):
                self._escape_run(token_end - 1, token_end)
            return token_end
        end, limit = url
        self._urls.append(url)
        for each in range(at, end):
            if self._source[each] == "|" and self._in_table:
                self._edits[each] = r"\|"
        self._url_backticks += [m.span() for m in _BACKTICKS.finditer(self._source, at, end)]
        if limit == latest and self._at(limit) == ">":
            rest = _AFTER_POINTED_URL.match(self._source, limit + 1)
            neat = rest and rest.end() - 1 not in self._edits and "(" not in self._source[at:end]
            self._edits[limit] = _ENDING_URL if neat else ">"
        return end

    def _url_limit(self, at: int) -> int:
        """Give the place where a URL ends at the latest: what closes the `<URL>` or code it is in.

        Once these are escaped, that would otherwise become part of the link.
        """
        start = at
        while self._at(start - 1).isalpha():
            start -= 1
        limit = self._pointed.get(start - 1, -1)
        if self._at(start - 1) == "`":
            opener, _ = self._runs["`"][-1]
            closers = re.compile(f"(?<!`){'`' * (start - opener)}(?!`)")
            if closer := closers.search(self._source, at):
                limit = closer.start()
        return limit if limit > at else len(self._source)

    def _escape_run(self, start: int, end: int) -> None:
        for at in range(start, end):
            self._edits[at] = "\\" + self._source[at]

    def _escape_brackets(self) -> None:
        # From the right: an escaped parenthesis does not count in the targets left of it.
        for at in reversed(self._targets):
            if gfm.is_link_target(self._source, at, self._edits):
                self._edits[at] = r"\("
        if self._in_link:
            for at in self._openers:
                self._edits[at] = r"\["

    def _escape_code(self) -> None:
        runs = self._runs["`"]
        openers, lengths = set(runs), set[int]()
        for start, end in sorted(runs + self._url_backticks, reverse=True):
            if (start, end) in openers and end - start in lengths:
                # All of them: escaping makes single backticks of a run, which could meet others.
                for run in runs:
                    self._escape_run(*run)
                return
            lengths.add(end - start)

    def _escape_strikethrough(self) -> None:
        closers: set[int] = set()
        for start, end in reversed(self._runs["~"]):
            opens, closes = gfm.flanks(self._at(start - 1), self._at(end), "~")
            if opens and end - start in closers:
                self._escape_run(start, end)
            elif closes and end - start in _STRIKE_LENGTHS:
                closers.add(end - start)

    def _escape_emphasis(self, delimiter: str) -> None:
        """Escape what would open emphasis; what would have closed it then shows as it is."""
        closers: set[tuple[bool, int]] = set()
        for start, end in reversed(self._runs[delimiter]):
            before, after = self._before_emphasis(start), self._after_emphasis(end)
            opens, closes = gfm.flanks(before, after, delimiter)
            length = end - start
            if opens and any(
                # The specification's rule of three, for runs that can do both.
                not (closes or closer_opens) or third == 0 or (length + third) % 3
                for closer_opens, third in closers
            ):
                self._escape_run(start, end)
            elif closes:
                closers.add((opens, length % 3))

    def _before_emphasis(self, at: int) -> str:
        """Give the character that counts as the one before: GitHub looks past tildes."""
        at -= 1
        if self._at(at) == "~" and at in self._edits:
            return "\\"
        while self._at(at) == "~":
            at -= 1
        return self._at(at)

    def _after_emphasis(self, at: int) -> str:
        if self._at(at) == "~" and at in self._edits:
            return "\\"
        while self._at(at) == "~":
            at += 1
        return self._at(at)

    def _at(self, at: int) -> str:
        return self._source[at] if 0 <= at < len(self._source) else " "

    def _part_footnotes(self) -> None:
        """Keep `[^...]` from being shown as a footnote's name: in it, escapes are seen."""
        edits = sorted(self._edits)
        for opener, closer in self._brackets:
            if self._source[opener + 1] == "^" and (
                bisect_right(edits, opener) < bisect_left(edits, closer)
                or not any(start <= opener and closer < end for start, end in self._spans)
            ):
                self._edits[opener + 1] = _NOTHING + "^"
                insort(edits, opener + 1)

    def _part_urls(self) -> None:
        """Keep escapes right behind URLs from becoming part of them."""
        for end, limit in self._urls:
            first = min((at for at in self._edits if end <= at <= limit), default=None)
            if first is not None and self._edits[first] != _ENDING_URL:
                self._edits[first] = _NOTHING + self._edits[first]

    def _written(self, start: int, end: int) -> str:
        pieces: list[str] = []
        for at in sorted(at for at in self._edits if start <= at < end):
            pieces += self._source[start:at], self._edits[at]
            start = at + 1
        return "".join(pieces) + self._source[start:end]
