"""GitHub's rendering of Markdown: the HTML of its parser, and the anchors of headings."""

import ctypes
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from cmarkgfm import _cmark, cmark

# Raw HTML, from templates or from published text, has to pass through in order to be detected.
_UNSAFE: int = cmark.Options.CMARK_OPT_UNSAFE
_FOOTNOTES: int = cmark.Options.CMARK_OPT_FOOTNOTES
cmark.core_extensions_ensure_registered()
# Without GitHub's tag filter, which would hide an active <script>.
_EXTENSIONS = [
    cmark.find_syntax_extension(name) for name in ("table", "autolink", "strikethrough", "tasklist")
]
# cmarkgfm frees neither the tree nor the HTML: it leaks 8 kB a call, or six times a long text.
_free_tree = ctypes.CDLL(_cmark.__file__).cmark_node_free
_free = ctypes.CDLL(None).free
for _function in (_free_tree, _free):
    _function.argtypes = [ctypes.c_void_p]
    _function.restype = None

# GitHub keeps letters, marks, numbers and connectors such as "_"; of other characters only these.
_KEPT = frozenset(("L", "M", "Nd", "Nl", "Pc"))
_ALSO_KEPT = frozenset("- ")


def to_html(markdown: str, *, footnotes: bool = True) -> str:
    """Return the HTML of GitHub's parser, before GitHub sanitizes it."""
    options = _UNSAFE | _FOOTNOTES if footnotes else _UNSAFE
    parser = cmark.parser_new(options)
    for extension in _EXTENSIONS:
        cmark.parser_attach_syntax_extension(parser, extension)
    cmark.parser_feed(parser, markdown)
    tree = cmark.parser_finish(parser)
    extensions = cmark.parser_get_syntax_extensions(parser)
    html = _cmark.lib.cmark_render_html(tree, options, extensions)
    try:
        return str(_cmark.ffi.string(html), "utf-8")
    finally:
        _free(_address(html))
        _free_tree(_address(tree))
        cmark.parser_free(parser)


def _address(pointer: object) -> int:
    return int(_cmark.ffi.cast("uintptr_t", pointer))


def build_anchors(headings: Iterable[str]) -> Iterator[str]:
    """Return the anchor of each heading of a document, in order.

    Args:
        headings: all headings of the document, of every level, as displayed.
    """
    seen = Counter[str]()
    for heading in headings:
        name = "".join(filter(_is_kept, heading.lower())).replace(" ", "-")
        yield f"{name}-{seen[name]}" if seen[name] else name
        seen[name] += 1


def _is_kept(character: str) -> bool:
    category = unicodedata.category(character)
    return character in _ALSO_KEPT or category in _KEPT or category[0] in _KEPT
