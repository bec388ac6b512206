r"""Splitting of the author string that OAI-PMH has for a paper into names. Pure.

arXiv asks submitters to separate names by commas or "and", and to put affiliations in parentheses.
It stores the text as submitted, with TeX accents (`Ren\'e`), while its API's feeds have separate
names and accented letters.
"""

import re
import unicodedata

_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306",
    ".": "\u0307", '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323",
    "c": "\u0327", "k": "\u0328", "b": "\u0331",
}  # fmt: skip
_LETTERS = {
    "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø", "O": "Ø",
    "l": "ł", "L": "Ł", "ss": "ß", "i": "\u0131", "j": "\u0237", "dh": "ð", "DH": "Ð", "th": "þ",
    "TH": "Þ", "dj": "đ", "DJ": "Đ",
}  # fmt: skip
# \o, \o{} and {\o}; the space after \o belongs to it, the one after {\o} does not.
_LETTER = re.compile(
    rf"\{{\\({'|'.join(sorted(_LETTERS, key=len, reverse=True))})\}}"
    rf"|\\({'|'.join(sorted(_LETTERS, key=len, reverse=True))})(?:\{{\}}| +|(?![A-Za-z]))"
)
# \'e, \'{e}, {\'e}, \'\i; an accent that is a letter needs a brace or a space: \c{c}, \c c.
_BARE_ACCENT = (
    r"\\(?:([`'^~=.\"]) *|([urHvdckb])(?=[{ \\]) *)"
    r"(?:\{([^\W\d_])\}|([^\W\d_]))"
)
_ACCENTED_LETTERS = (re.compile(rf"\{{{_BARE_ACCENT}\}}"), re.compile(_BARE_ACCENT))
# Formulas, in all notations of TeX. Also \\ and \$, since the latter does not begin a formula.
_UNCHANGED = re.compile(
    r"(\\[\\$]|\$\$[^$]*\$\$|\$[^$]*\$"
    r"|\\\((?:[^\\]|\\(?![()]))*+\\\)|\\\[(?:[^\\]|\\(?![\[\]]))*+\\\])"
)
_SEPARATORS = re.compile(r"[,;]|:(?=\s|$)|(?:^|(?<=\s))(?:and|&)(?=\s|$)")
_ET_AL = re.compile(r"(?:^|\s+)et\.? al\b\.?$")
# Suffixes that follow a comma and belong to the preceding name.
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|II|III|IV")


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a string of authors, in order.

    Text in parentheses is taken for an affiliation and left out; so is everything after a
    parenthesis that is not closed. Institutions outside of parentheses and names are split if they
    contain a comma or an "and", since these cannot be distinguished from several names. Parentheses
    in a name ("Wei (Ada) Example") are lost with their content, and so is the colon between a
    collaboration and its members.

    If nothing is left, the whole text is one name.
    """
    text = decode_accents(" ".join(text.split()))
    found: list[str] = []
    for part in _SEPARATORS.split(_strip_parentheses(text)):
        name = _ET_AL.sub("", _tidy_name(part)).strip()
        if found and _SUFFIX.fullmatch(name):
            found[-1] += f" {name}"
        elif name:
            found.append(name)
    return tuple(found) or tuple(filter(None, [_tidy_name(text)]))


def decode_accents(text: str) -> str:
    r"""Return a text with TeX's accents as letters (`Ren\'e`: "René"), formulas unchanged."""
    parts = _UNCHANGED.split(text)
    parts[::2] = [_decode_part(part) if "\\" in part else part for part in parts[::2]]
    return "".join(parts)


def _decode_part(text: str) -> str:
    text = _LETTER.sub(lambda match: _LETTERS[match[1] or match[2]], text)
    for pattern in _ACCENTED_LETTERS:
        text = pattern.sub(_accent, text)
    return text


def _accent(match: re.Match[str]) -> str:
    sign, accent, braced, bare = match.groups()
    letter = braced or bare
    # The dotless letters, which exist only to carry an accent.
    letter = {"\u0131": "i", "\u0237": "j"}.get(letter, letter)
    return unicodedata.normalize("NFC", letter + _ACCENTS[sign or accent])


def _strip_parentheses(text: str) -> str:
    """Return the text outside of parentheses, with words still separated."""
    if "(" not in text and ")" not in text:
        return text
    kept, depth = [], 0
    for char in text:
        if char == "(":
            depth += 1
            kept.append(" ")
        elif char == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(char)
    return "".join(kept)


def _tidy_name(name: str) -> str:
    # TeX's non-breaking space, and braces that only group letters.
    return " ".join(name.replace("~", " ").replace("{", "").replace("}", "").split())
