"""Letters of mathematics: bold, script and others are characters of their own. Pure.

MathML has an attribute for them that browsers no longer know.
"""

import unicodedata
from functools import cache

_STYLES = {
    "bold": "BOLD",
    "italic": "ITALIC",
    "bold-italic": "BOLD ITALIC",
    "double-struck": "DOUBLE-STRUCK",
    "script": "SCRIPT",
    "bold-script": "BOLD SCRIPT",
    "fraktur": "FRAKTUR",
    "bold-fraktur": "BOLD FRAKTUR",
    "sans-serif": "SANS-SERIF",
    "bold-sans-serif": "SANS-SERIF BOLD",
    "sans-serif-italic": "SANS-SERIF ITALIC",
    "monospace": "MONOSPACE",
}
# Unicode had some before it had all of them.
_ELSEWHERE = {"FRAKTUR": "BLACK-LETTER", "ITALIC": ""}
_PREFIXES = ("LATIN ", "GREEK ")


def styled(text: str, style: str) -> str:
    """Give the text in a style of MathML's `mathvariant`; what has no such letter stays."""
    return "".join(_styled(letter, style) for letter in text)


@cache
def _styled(letter: str, style: str) -> str:
    wanted = _STYLES.get(style)
    name = unicodedata.name(letter, "")
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    if wanted is None or not (letter.isalpha() or letter.isdecimal()):
        return letter
    name = name.replace(" LETTER ", " ")
    candidates = [f"MATHEMATICAL {wanted} {name}", f"{_ELSEWHERE.get(wanted, wanted)} {name}"]
    if (letter, style) == ("h", "italic"):
        return "\N{PLANCK CONSTANT}"
    return next(filter(None, map(_named, candidates)), letter)


def _named(name: str) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return ""
