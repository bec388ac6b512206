"""Mathematics as MathML, made when the site is built: no script, fonts or downloads. Pure.

latex2mathml translates formulas, but its output is not trusted. It passes on addresses, styles and
raw commands, drops what it does not support, and expands macros without limit. The output is
therefore copied into a new tree of the elements and attributes below. If it contains anything else,
or lacks a letter of the source, the source is shown unchanged.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from xml.etree import ElementTree as ET

from latex2mathml.converter import Converter
from markupsafe import Markup, escape

from papers_assets.render.site.formulas import split_formulas
from papers_assets.render.site.letters import apply_style
from papers_assets.render.site.lines import render_formula

MAX_CHARACTERS = 500
"""Maximum length of a formula in characters. The longest of 31,487 real papers has 285."""
_MAX_DEPTH, _MAX_ELEMENTS = 16, 400
"""Limits of a formula's tree. The maxima of real papers are 10 and 139."""
# Such macros multiply the text after them, without limit.
_MACRO_DEFINITIONS = re.compile(
    r"\\(?:(?:re)?newcommand|newenvironment|[gex]?def|let|Declare\w+|sideset)"
)
_REFERENCE = re.compile(r"&#x([0-9A-Fa-f]{1,6});")
_BARE_PERCENT = re.compile(r"(?<!\\)%")
_BY_NUMBER = re.compile(r"\\unicode\s*\{\s*x([0-9A-Fa-f]{2,5})\s*\}")
_ESCAPED = re.compile(r"\\([%_&#$])")
_BRACE = re.compile(r"\\.|[{}]")
_COMMAND = re.compile(r"\\(?:begin|end)\s*\{\w+\*?\}|\\[A-Za-z]+")
_INVISIBLE_OPERATORS = frozenset("\u2061\u2062\u2063\u2064")

# MathML Core: each element, and its number of children (None: any number).
_PARTS = {
    **dict.fromkeys(("mrow", "mstyle", "mpadded", "mphantom", "msqrt", "mtable", "mtr", "mtd")),
    **dict.fromkeys(("mi", "mn", "mo", "mtext", "mspace"), 0),
    **dict.fromkeys(("msub", "msup", "mover", "munder", "mfrac", "mroot"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
_ROWS = frozenset({"math", "mrow", "mstyle", "mpadded", "mphantom", "msqrt", "mtd"})
_BOOLEAN = re.compile(r"true|false")
_LENGTH = re.compile(r"[+-]?(?:[0-3]?(?:\.\d{1,4})?(?:em|ex)|0(?:px|pt)?|[0-9](?:\.\d{1,3})?pt)")
_ATTRIBUTES = {
    **dict.fromkeys(("stretchy", "largeop", "movablelimits", "accent", "displaystyle"), _BOOLEAN),
    **dict.fromkeys(("lspace", "rspace", "minsize", "maxsize", "width", "height"), _LENGTH),
    **dict.fromkeys(("depth", "voffset", "linethickness"), _LENGTH),
    "scriptlevel": re.compile(r"[0-2]"),
    "form": re.compile(r"prefix|infix|postfix"),
}
# Left out, since they have no effect in browsers or are a matter of style.
_IDLE = frozenset(
    {"mathvariant", "fence", "separator", "linebreak", "columnspacing", "rowspacing", "mathsize"}
)
# Words are not mathematics: they keep ordinary letters, and our style makes them bold.
_FACES = frozenset({"bold", "italic", "bold-italic", "monospace", "sans-serif"})
_SPACES = {
    f"{sign}{name}mathspace": f"{'-' if sign else ''}{width}em"
    for sign in ("", "negative")
    for name, width in (("thin", "0.167"), ("medium", "0.222"), ("thick", "0.278"))
}


class _UnsuitableFormulaError(Exception):
    """The formula cannot be translated safely and completely."""


def render_text(text: str) -> Markup:
    """Return a text as HTML, with formulas as MathML where possible.

    Args:
        text: the text, as returned by `papers_assets.render.markdown.collapse_whitespace`.
    """
    return Markup("").join(
        (piece.formula and render_mathml(piece.formula, is_display=piece.is_display))
        or escape(piece.text)
        for piece in split_formulas(text)
    )


@lru_cache(maxsize=20_000)
def render_mathml(formula: str, *, is_display: bool = False) -> Markup | None:
    """Return a formula as MathML; None: its source has to be shown instead."""
    if len(formula) > MAX_CHARACTERS or not _is_harmless(formula):
        return None
    latex = _BARE_PERCENT.sub(r"\\%", formula)  # a comment in TeX, a percentage in abstracts
    latex = _BY_NUMBER.sub(lambda match: chr(int(match[1], 16)), latex)
    display = "block" if is_display else "inline"
    try:
        raw = Converter(display=display).convert_to_element(latex)
        row = _copy_element(raw, [_MAX_ELEMENTS], _MAX_DEPTH)
    except Exception:  # noqa: BLE001 - any error, since the source can be shown instead
        return None
    if not "".join(row.itertext()).strip() or not _has_all_letters(latex, row):
        return None
    return render_formula(row, formula, is_display=is_display)


def _is_harmless(formula: str) -> bool:
    """Whether the formula is balanced, and contains nothing with a hidden effect."""
    braces = [brace for brace in _BRACE.findall(formula) if brace in "{}"]
    depths = list(accumulate(1 if brace == "{" else -1 for brace in braces))
    is_balanced = not depths or (min(depths) >= 0 and depths[-1] == 0)
    return is_balanced and "&#" not in formula and not _MACRO_DEFINITIONS.search(formula)


def _copy_element(raw: ET.Element, elements_left: list[int], depth: int) -> ET.Element:
    """Copy an element with its content, if all of it is permitted.

    Args:
        raw: the output of latex2mathml.
        elements_left: a counter of the elements still permitted, which is decremented.
        depth: the permitted depth of nesting.

    Raises:
        _UnsuitableFormulaError: the element contains something that is not permitted.
    """
    elements_left[0] -= 1
    if not depth or not elements_left[0]:
        raise _UnsuitableFormulaError
    tag = "mrow" if raw.tag == "math" else str(raw.tag)
    if tag not in _PARTS:
        raise _UnsuitableFormulaError
    element = ET.Element(tag, {} if raw.tag == "math" else dict(_copy_attributes(raw)))
    variant = raw.get("mathvariant", "")
    element.text = _clean_text(raw) if tag == "mtext" else apply_style(_clean_text(raw), variant)
    for child in raw:
        _append(element, _copy_element(child, elements_left, depth - 1))
    if tag in _ROWS:
        _space_names(element)
    parts = _PARTS[tag]
    if (parts is not None and len(element) != parts) or (element.text and parts != 0):
        raise _UnsuitableFormulaError
    is_needless = tag == "mrow" and len(element) == 1 and not element.attrib
    return element[0] if is_needless else element


def _append(parent: ET.Element, child: ET.Element) -> None:
    """Add a child to an element; consecutive upright letters are joined to a word."""
    before = parent[-1] if len(parent) and parent.tag in _ROWS else None
    upright = {"mathvariant": "normal"}
    if (
        before is not None
        and (before.tag, child.tag) == ("mi", "mi")
        and before.attrib == child.attrib == upright
    ):
        before.text = (before.text or "") + (child.text or "")
    else:
        parent.append(child)


def _space_names(row: ET.Element) -> None:
    """Add the spaces around "log" and similar names, which TeX adds and MathML does not."""
    for index in range(len(row) - 1, 0, -1):
        before, after = row[index - 1], row[index]
        is_operator = "mo" in {before.tag, after.tag} or "mspace" in {before.tag, after.tag}
        if not is_operator and (_is_name(before) or _is_name(after)):
            row.insert(index, ET.Element("mspace", {"width": "0.167em"}))


def _is_name(element: ET.Element) -> bool:
    if element.tag in {"msub", "msup", "msubsup"}:
        return _is_name(element[0])
    text = element.text or ""
    return element.tag == "mi" and not element.attrib and len(text) > 1 and text.isalpha()


def _copy_attributes(raw: ET.Element) -> Iterator[tuple[str, str]]:
    for name, value in raw.attrib.items():
        given = _SPACES.get(value, value)
        if name == "columnalign" and value in {"left", "right", "center"}:
            yield "class", value
        elif (allowed := _ATTRIBUTES.get(name)) is not None and allowed.fullmatch(given):
            yield name, given
        elif name not in _IDLE:
            raise _UnsuitableFormulaError
    variant = raw.get("mathvariant", "")
    if raw.tag == "mi" and variant == "normal":
        yield "mathvariant", "normal"  # the only one that browsers support
    if raw.tag == "mtext" and variant in _FACES:
        yield "class", variant


def _clean_text(raw: ET.Element) -> str:
    text = _REFERENCE.sub(lambda match: chr(int(match[1], 16)), raw.text or "")
    text = text[-1] if text in {r"\{", r"\}"} else _ESCAPED.sub(r"\1", text)
    is_raw = "\\" in text or (len(text) > 1 and not {"{", "}"}.isdisjoint(text))
    if is_raw or any(map(_is_control, text)):
        raise _UnsuitableFormulaError
    return text


def _is_control(character: str) -> bool:
    is_other = unicodedata.category(character).startswith("C")
    return is_other and character not in _INVISIBLE_OPERATORS


def _has_all_letters(formula: str, row: ET.Element) -> bool:
    """Whether every letter and digit of the source, outside of commands, is in the output."""
    source = Counter(filter(str.isalnum, _to_plain(_COMMAND.sub(" ", formula))))
    return source <= Counter(_to_plain("".join(row.itertext())))


def _to_plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text)
