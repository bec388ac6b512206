"""A formula's tree as HTML, split where it is wide: browsers do not break formulas. Pure."""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from markupsafe import Markup

# Wider formulas are split where lines may break. About this many characters fit a narrow phone.
_MAX_WIDTH, _MIN_LINE = 28, 5
_BINARY = frozenset("+-\u2212\u00d7\u00b1\u00b7")
_BREAKS = frozenset("=<>,;+-:|") | frozenset(
    "\u2212\u00d7\u00b1\u2208\u2209\u2192\u2190\u2194\u21d2\u21d4\u21a6\u2248\u2243\u2245\u223c"
    "\u2261\u2260\u2264\u2265\u2a7d\u2a7e\u226a\u226b\u2282\u2286\u222a\u2229\u2227\u2228\u221d"
)


def render_formula(row: ET.Element, source: str, *, is_display: bool) -> Markup:
    """Render a formula as HTML, labelled with its source for screen readers and for copying.

    Args:
        row: the formula's tree, with permitted elements and attributes only.
        source: the text between its delimiters.
        is_display: whether it is displayed on a separate line.
    """
    parts = list(row) if row.tag == "mrow" else [row]
    if [part.tag for part in parts] == ["mtext"]:
        return _render_emphasis(parts[0])
    _trim_spaces(parts)
    lines = list(_split_lines(parts)) if _estimate_width(row) > _MAX_WIDTH else [parts]
    written = Markup("").join(
        _math_element(line, is_display=is_display, source=source if len(lines) == 1 else "")
        for line in lines
    )
    if len(lines) == 1:
        return written
    kind = "formula display" if is_display else "formula"
    return Markup('<span class="{}" role="math" aria-label="{}">{}</span>').format(
        kind, source, written
    )


def _render_emphasis(words: ET.Element) -> Markup:
    """Render a formula that consists of words only, such as bold ones, as words in this style."""
    text = (words.text or "").replace("\N{NO-BREAK SPACE}", " ")
    return Markup('<span class="{}">{}</span>').format(words.get("class", "text"), text)


def _trim_spaces(row: Sequence[ET.Element]) -> None:
    """Remove the spaces of operators at both ends, as TeX does: the text already has spaces."""
    if row[0].tag == "mo":
        row[0].attrib.setdefault("lspace", "0")
    if row[-1].tag == "mo":
        row[-1].attrib.setdefault("rspace", "0")
        if row[-1].text in _BINARY or len(row) == 1:
            row[-1].attrib.setdefault("lspace", "0")


def _math_element(parts: list[ET.Element], *, is_display: bool, source: str) -> Markup:
    math = ET.Element("math", {"alttext": source} if source else {})
    if is_display:
        math.attrib |= {"display": "block"} if source else {"displaystyle": "true"}
    if sum(map(_estimate_width, parts)) > _MAX_WIDTH:
        math.attrib |= {"class": "wide", "tabindex": "0"}
    math.extend(parts)
    # All texts and attributes are escaped here; elements are closed as HTML requires.
    return Markup(ET.tostring(math, encoding="unicode", short_empty_elements=False))  # noqa: S704


def _split_lines(row: Sequence[ET.Element]) -> Iterator[list[ET.Element]]:
    """Split a row after its operators, into parts between which lines may break."""
    line: list[ET.Element] = []
    for part in row:
        line.append(part)
        is_break = part.tag == "mo" and part.text in _BREAKS
        if is_break and sum(map(_estimate_width, line)) >= _MIN_LINE:
            part.attrib.setdefault("form", "infix")  # otherwise, it loses its spaces at an end
            yield line
            line = []
    if line:
        yield line


def _estimate_width(element: ET.Element) -> float:
    """Return the estimated width, in characters."""
    if element.tag == "mfrac":
        return max(map(_estimate_width, element))
    own = len(element.text or "")
    parts = [_estimate_width(part) for part in element]
    if element.tag in {"msub", "msup", "msubsup"}:
        return parts[0] + 0.7 * max(parts[1:])
    if element.tag in {"mover", "munder", "munderover"}:
        return max(parts)
    return own + sum(parts)
