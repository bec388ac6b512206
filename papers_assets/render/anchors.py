"""Where GitHub lets links lead within a document: the anchors it gives to headings. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

# GitHub keeps letters, marks, numbers and connectors such as "_", and of the rest only these.
_KEPT = frozenset(("L", "M", "Nd", "Nl", "Pc"))
_ALSO_KEPT = frozenset("- ")


def anchors(headings: Iterable[str]) -> Iterator[str]:
    """Give the anchor of each heading of a document, in order.

    Args:
        headings: all of the document's, of every level, as their readers see them.
    """
    seen = Counter[str]()
    for heading in headings:
        name = "".join(filter(_is_kept, heading.lower())).replace(" ", "-")
        yield f"{name}-{seen[name]}" if seen[name] else name
        seen[name] += 1


def _is_kept(character: str) -> bool:
    category = unicodedata.category(character)
    return character in _ALSO_KEPT or category in _KEPT or category[0] in _KEPT
