"""The document that the figures land in: what is between two marks is written anew. Pure."""


class MarkError(Exception):
    """The document has no place for a part; the message says what to write where."""


def replaced(text: str, name: str, inside: str) -> str:
    """Give `text` with `inside` between the marks of part `name`, and all else as it was.

    Raises:
        MarkError: the marks are not there, once each and in their order.
    """
    first, last = marks(name)
    before, found, rest = text.partition(first)
    _, ended, after = rest.partition(last)
    if not (found and ended) or first in rest or last in before + after:
        raise MarkError(
            f"the part {name} has no place in the document: expected one line {first!r} and below "
            f"it one line {last!r}. Write them where its figures are to be."
        )
    return f"{before}{first}\n\n{inside.strip()}\n\n{last}{after}"


def marks(name: str) -> tuple[str, str]:
    """Give the lines around the figures of a part."""
    return f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
