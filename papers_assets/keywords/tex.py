"""Convert TeX in titles and abstracts to plain text: `La$_3$Ni$_2$O$_7$` to "La3Ni2O7"."""

import re
import unicodedata

_FONTS = (
    "mathrm|mathbf|mathit|mathsf|mathtt|mathcal|mathbb|mathfrak|mathscr|boldsymbol|bm|text|textrm|"
    "textbf|textit|textsc|textsubscript|textsuperscript|operatorname|emph|mbox|ce|rm|bf|it|sf|tt"
)
_FONT_WITH_BRACES = re.compile(rf"\\(?:{_FONTS})\*?\s*\{{([^{{}}]*)\}}")
_FONT_IN_BRACES = re.compile(rf"\{{\s*\\(?:{_FONTS})\b\s*([^{{}}]*)\}}")
_FONT = re.compile(rf"\\(?:{_FONTS})\b\s*")
_SYMBOLS = re.compile(r"\\(infty|ast|star)(?![A-Za-z])\s*")
_AS_SYMBOL = {"infty": "\u221e", "ast": "*", "star": "*"}
# Digits, or text in braces. A subscript of letters without braces is kept: `snake_case` is a word.
_SCRIPT = r"\$?[_^](?:\{([^{}$]*)\}|([0-9]+|[\u221e*]))\$?"
# A script follows its base, or, in an isotope (`$^{87}$Rb`), precedes it.
_SCRIPTS = re.compile(rf"(?<=[^\W_]|[)\]}}]){_SCRIPT}|{_SCRIPT}(?=[A-Za-z])")


def flatten_tex(text: str) -> str:
    """Return `text` with subscripts and superscripts joined to their words, and without fonts.

    Compatibility characters, such as ligatures and Unicode subscripts, become plain ones (NFKC).
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "\\" in text:
        text = _FONT_IN_BRACES.sub(r"\1", _FONT_WITH_BRACES.sub(r"\1", text))
        text = _FONT.sub("", text)
        text = _SYMBOLS.sub(lambda m: _AS_SYMBOL[m[1]], text)
    if "_" in text or "^" in text:
        text = _SCRIPTS.sub(lambda m: "".join(filter(None, m.groups())), text)
    return text
