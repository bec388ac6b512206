"""What RFC 4287 and JSON Feed 1.1 say that a document MUST be, as far as ours could break it.

Stricter than they are in one thing: what they allow and we never write is a fault here, too.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from jsonschema import Draft202012Validator

ATOM = "{http://www.w3.org/2005/Atom}"
ENTRY = f"{ATOM}entry"
_Counts = dict[str, tuple[int, int | None]]
# Section 4.1.1 and 4.1.2: how many of what a container has; None: any number.
_FEED: _Counts = {
    "id": (1, 1),
    "title": (1, 1),
    "subtitle": (0, 1),
    "updated": (1, 1),
    "author": (1, None),
    "link": (0, None),
    "entry": (0, None),
}
_ENTRY: _Counts = {
    "id": (1, 1),
    "title": (1, 1),
    "updated": (1, 1),
    "published": (0, 1),
    "author": (1, None),
    "link": (0, None),
    "category": (0, None),
    "summary": (0, 1),
}
_PERSON: _Counts = {"name": (1, 1)}  # 3.2
_ATTRIBUTES = {
    "title": {"type"},
    "subtitle": {"type"},
    "summary": {"type"},
    "link": {"rel", "type", "href", "title"},
    "category": {"term", "scheme", "label"},
}
_CHARACTER = r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})"
_URI = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:{_CHARACTER}+(?:#{_CHARACTER}*)?")  # RFC 3986
_DATE = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"  # RFC 3339; T and Z capital
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")


def atom_faults(document: str) -> list[str]:
    """Say what is wrong with an Atom feed; what is no XML at all is an error instead."""
    root = ET.fromstring(document.encode())  # noqa: S314 - our own
    if root.tag != f"{ATOM}feed":
        return [f"2: the document is a {root.tag}"]
    entries = root.findall(ENTRY)
    tags = [child.tag for child in root]
    repeated = Counter((_text(e, "id"), _text(e, "updated")) for e in entries)
    return [
        *_of_container(root, _FEED),
        *(["4.1.1: metadata behind an entry"] if ENTRY in tags[: -len(entries) or None] else []),
        *(f"4.1.1: {key} comes twice" for key, times in repeated.items() if times > 1),
        *(fault for entry in entries for fault in _of_entry(entry)),
    ]


def _of_entry(entry: ET.Element) -> Iterator[str]:
    yield from _of_container(entry, _ENTRY)
    if not any(link.get("rel", "alternate") == "alternate" for link in _all(entry, "link")):
        yield "4.1.2: neither content nor an alternate link"


def _of_container(element: ET.Element, allowed: _Counts) -> Iterator[str]:
    found = Counter(child.tag.removeprefix(ATOM) for child in element)
    yield from (f"{element.tag} has a {name}" for name in found if name not in allowed)
    for name, (least, most) in allowed.items():
        if found[name] < least or (most is not None and found[name] > most):
            yield f"4.1: {found[name]} times {name} in {element.tag}"
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        yield f"4.1: text in {element.tag}"
    for child in element:
        yield from _of_child(child, child.tag.removeprefix(ATOM))
    yield from _of_alternates(_all(element, "link"))


def _of_child(child: ET.Element, name: str) -> Iterator[str]:
    if name == "entry":
        return
    if unknown := set(child.attrib) - _ATTRIBUTES.get(name, set()):
        yield f"{name} has {unknown}"
    if name == "author":
        yield from _of_container(child, _PERSON)
    elif len(child):
        yield f"3.1.1.1: elements in {name}"
    if name == "category":
        yield from _of_category(child)
    if name == "link":
        yield from _of_link(child)
    yield from _of_content(child, name, child.text or "")


def _of_content(child: ET.Element, name: str, text: str) -> Iterator[str]:
    if name in ("title", "subtitle", "summary") and child.get("type", "text") != "text":
        yield f"3.1.1: {name} is {child.get('type')!r}"
    if name in ("title", "subtitle", "name", "summary") and not text.strip():
        yield f"{name} is empty"
    if name in ("updated", "published") and not is_date(text):
        yield f"3.3: {name} is {text!r}"
    if name == "id" and not _URI.fullmatch(text):
        yield f"4.2.6: id is {text!r}"


def _of_category(category: ET.Element) -> Iterator[str]:
    if not category.get("term"):
        yield "4.2.2.1: a category has no term"
    if not _URI.fullmatch(category.get("scheme", "x:y")):
        yield f"4.2.2.2: scheme is {category.get('scheme')!r}"


def _of_link(link: ET.Element) -> Iterator[str]:
    if not _URI.fullmatch(link.get("href", "")):
        yield f"4.2.7.1: href is {link.get('href')!r}"
    if link.get("rel", "alternate") not in ("alternate", "related", "self"):
        yield f"4.2.7.2: rel is {link.get('rel')!r}"
    if not _MEDIA_TYPE.fullmatch(link.get("type", "text/html")):
        yield f"4.2.7.3: type is {link.get('type')!r}"


def _of_alternates(links: list[ET.Element]) -> Iterator[str]:
    alternates = [x for x in links if x.get("rel", "alternate") == "alternate"]
    kinds = Counter((x.get("type"), x.get("hreflang")) for x in alternates)
    yield from (f"4.1: two alternate links of {kind}" for kind, n in kinds.items() if n > 1)


def is_date(text: str) -> bool:
    """Say whether it is an RFC 3339 date-time of a day that there is."""
    try:
        return bool(re.match(_DATE, text)) and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _all(element: ET.Element, name: str) -> list[ET.Element]:
    return element.findall(f"{ATOM}{name}")


def _text(element: ET.Element, name: str) -> str | None:
    return element.findtext(f"{ATOM}{name}")


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


_SOME = {"type": "string", "pattern": r"\S"}
_ADDRESS = {"type": "string", "pattern": rf"^(?:{_URI.pattern})$"}
_WHEN = {"type": "string", "pattern": _DATE}
_JSON_FEED = Draft202012Validator(
    _object(
        ["version", "title", "items"],
        version={"const": "https://jsonfeed.org/version/1.1"},
        title=_SOME,
        description=_SOME,
        home_page_url=_ADDRESS,
        feed_url=_ADDRESS,
        items={
            "type": "array",
            "items": _object(
                ["id", "content_text"],  # or content_html, which we never write
                id=_SOME,
                url=_ADDRESS,
                title=_SOME,
                content_text=_SOME,
                date_published=_WHEN,
                date_modified=_WHEN,
                authors={"type": "array", "minItems": 1, "items": _object(["name"], name=_SOME)},
                tags={"type": "array", "items": _SOME},
            ),
        },
    )
)


def json_feed_faults(document: str) -> list[str]:
    """Say what is wrong with a JSON Feed; what is no JSON at all is an error instead."""
    content = json.loads(document.encode())
    faults = [f"{error.json_path}: {error.message}" for error in _JSON_FEED.iter_errors(content)]
    if not faults:
        ids = Counter(item["id"] for item in content["items"])
        faults += [f"the id {name} comes twice" for name, times in ids.items() if times > 1]
    return faults
