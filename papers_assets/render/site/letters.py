"""Mathematical letters: bold, script and other styles as separate Unicode characters. Pure.

MathML has the attribute `mathvariant` for them, which browsers no longer support.
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
# Unicode encoded some of these letters earlier than the others, under different names.
_RENAMED = {"FRAKTUR": "BLACK-LETTER", "ITALIC": ""}
_PREFIXES = ("LATIN ", "GREEK ")


def apply_style(text: str, style: str) -> str:
    """Return the text in a style of MathML's `mathvariant`; characters without it are kept."""
    return "".join(_style_letter(letter, style) for letter in text)


@cache
def _style_letter(letter: str, style: str) -> str:
    wanted = _STYLES.get(style)
    name = unicodedata.name(letter, "")
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    if wanted is None or not (letter.isalpha() or letter.isdecimal()):
        return letter
    name = name.replace(" LETTER ", " ")
    candidates = [f"MATHEMATICAL {wanted} {name}", f"{_RENAMED.get(wanted, wanted)} {name}"]
    if (letter, style) == ("h", "italic"):
        return "\N{PLANCK CONSTANT}"
    return next(filter(None, map(_letter_name, candidates)), letter)


def _letter_name(name: str) -> str:
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return ""
