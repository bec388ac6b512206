"""What GitHub's Markdown parser sees in a text: questions only, nothing is changed here.

The rules are those of cmark-gfm 0.29.0.gfm.13, the parser behind github.com, for inline text whose
only white space is single spaces. Where it departs from the specification, it is followed.
"""

import re
import string
import unicodedata
from collections.abc import Collection, Iterable
from html.entities import html5

PUNCTUATION = frozenset(string.punctuation)
"""What a backslash can escape: the punctuation of ASCII."""

_TAG = r"""
    [A-Za-z][A-Za-z0-9-]*
    (?:[ ]+[A-Za-z_:][A-Za-z0-9:._-]*(?:[ ]*=[ ]*(?:[^ "'=<>`]+|'[^']*'|"[^"]*"))?)*
    [ ]*/?>
"""
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# Comments and declarations count as soon as they begin, so that no `>` further on can end them.
_MARKUP = re.compile(
    rf"""<(?:
        {_TAG}
        | /[A-Za-z][A-Za-z0-9-]*[ ]*>
        | !(?:--|[A-Za-z])
        | !\[CDATA\[.*?\]\]>
        | (?P<uri>[A-Za-z][A-Za-z0-9.+-]{{1,31}}:[^\x00-\x20<>]*>)
        | [A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*>
    )""",
    re.VERBOSE | re.DOTALL,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,8};|#[xX][0-9A-Fa-f]{1,8};|([A-Za-z][A-Za-z0-9]*;))")

_LINK_END = r"""(?: +(?:"(?:[^"\\]|\\"?)*"|'(?:[^'\\]|\\'?)*'|\((?:[^()\\]|\\[()]?)*\)))? *\)"""
_TARGET_END = re.compile(_LINK_END)
_POINTED_TARGET = re.compile("<.*?>" + _LINK_END)
_MAX_PARENTHESES = 32

_SCHEME = re.compile(r"(?<![A-Za-z])(?:https?|ftp)\Z", re.IGNORECASE | re.ASCII)
_LONGEST_SCHEME = len("https")
_DOMAIN_REST = re.compile(r"(?:\\?[A-Za-z0-9._\x00-\x1f\x7f-])*")
_DOMAIN_TO_DOUBLED_BACKSLASH = re.compile(
    rf"[A-Za-z0-9._\x00-\x1f\x7f-]+\\[{re.escape(string.punctuation)}]"
)
_MAX_JUDGED_DOTS = 10
_URL_STOP = re.compile(r"[ <]")
_TRAILING = frozenset("?!.,:*_~'\"")
_TRAILING_ENTITY = re.compile(r"&[A-Za-z]+;\Z")


def live_markup(source: str, starts: Iterable[int]) -> dict[int, int]:
    """Find what is HTML or an autolink in pointed brackets, among the `<` at `starts`.

    Returns:
        The position of each `<` that must not stay, and for `<scheme:...>` the position of its
        `>`; -1 for anything else. The rightmost are judged first and taken as escaped in what
        stands left of them: in `<a b=x<y>` the escape of `<y>` is what completes a tag.
    """
    found: dict[int, int] = {}
    # Looked for once: as part of the pattern, each of many `<?` would look through all the rest.
    instruction_end = source.rfind("?>")
    for start in sorted(starts, reverse=True):
        if start + len("<?") <= instruction_end and source.startswith("<?", start):
            found[start] = -1
        elif markup := _MARKUP.match(source, start):
            found[start] = markup.end() - 1 if markup["uri"] else -1
        else:
            continue
        source = f"{source[:start]}&{source[start + 1 :]}"
    return found


def is_entity(source: str, at: int) -> bool:
    """Say whether the `&` at this position begins a character reference."""
    reference = _ENTITY.match(source, at)
    return reference is not None and (reference[1] is None or reference[1] in html5)


def is_link_target(source: str, at: int, escaped: Collection[int] = ()) -> bool:
    """Say whether the `(` at this position begins the second half of `[text](target "title")`.

    Args:
        source: read as it will be once escaped, that is with backslashes that escape nothing.
        at: position of the `(`.
        escaped: positions further right that will be escaped.
    """
    at += 2 if source.startswith(" ", at + 1) else 1
    if source.startswith("<", at) and at not in escaped:
        return _POINTED_TARGET.match(source, at) is not None
    depth = 0
    for end in range(at, len(source)):
        char = source[end]
        if char == " " and end > at:
            return _TARGET_END.match(source, end) is not None
        if char == "(" and end not in escaped:
            depth += 1
        elif char == ")":
            depth -= 1
        if depth < 0:
            return True
        if depth > _MAX_PARENTHESES or char == " ":
            return False
    return False


def _is_punctuation(char: str) -> bool:
    return char in PUNCTUATION or (char > "\x7f" and unicodedata.category(char)[0] == "P")


def flanks(before: str, after: str, delimiter: str) -> tuple[bool, bool]:
    """Say whether a run of `*`, `_` or `~` can open and can close, between these characters.

    The ends of a text count as a space.
    """
    dark_before, dark_after = before != " ", after != " "
    punct_before, punct_after = _is_punctuation(before), _is_punctuation(after)
    left = dark_after and (not punct_after or not dark_before or punct_before)
    right = dark_before and (not punct_before or not dark_after or punct_after)
    if delimiter == "_":
        return left and (not right or punct_before), right and (not left or punct_after)
    return left, right


def url_at(source: str, at: int, limit: int) -> tuple[int, int] | None:
    """Read the plain URL whose `://` or `www.` is at this position and that ends before `limit`.

    Returns:
        Where the link ends, and where the run of characters ends that it was cut from: between
        the two are closing punctuation and character references, which count only while nothing
        but the like follows them. None where GitHub makes no link.
    """
    host = _host(source, at)
    if host is None:
        return None
    # GitHub looks at bytes, and neither at the very last one nor beyond a letter of several.
    end_judged = max(host + 1, len(source) - 1) if source[host].isascii() else host
    domain = _DOMAIN_REST.match(source, host + 1, end_judged)
    labels = domain[0].split(".") if domain else []
    if len(labels) <= _MAX_JUDGED_DOTS + 1 and any("_" in label for label in labels[-2:]):
        return None
    stop = _URL_STOP.search(source, host)
    limit = min(limit, stop.start()) if stop else limit
    return _cut(source, at, limit), limit


def becomes_url(source: str, at: int) -> bool:
    """Say whether what is no URL, for an underscore in its domain, will be one once escaped.

    GitHub looks for the underscores no further than to a backslash that has been doubled.
    """
    host = _host(source, at)
    return host is not None and _DOMAIN_TO_DOUBLED_BACKSLASH.match(source, host) is not None


def _host(source: str, at: int) -> int | None:
    """Give the position of the host behind `://`, or at `www.`, if a URL can begin so."""
    if source[at] == "w":
        return at
    host = at + 3
    if _SCHEME.search(source[max(0, at - _LONGEST_SCHEME - 1) : at]) is None:
        return None
    first = source[host : host + 1] or " "
    return None if first == " " or _is_punctuation(first) else host


def _cut(source: str, start: int, end: int) -> int:
    surplus = source.count(")", start, end) - source.count("(", start, end)
    while end > start:
        last = source[end - 1]
        if last == ")" and surplus > 0:
            surplus -= 1
            end -= 1
        elif last in _TRAILING:
            end -= 1
        elif last == ";":
            entity = _TRAILING_ENTITY.search(source, start + 1, end)
            end = entity.start() if entity else end - 1
        else:
            break
    return end
