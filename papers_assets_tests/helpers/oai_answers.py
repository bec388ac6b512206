"""Answers of OAI-PMH, written out for tests."""

from typing import Any

TIMES = ("Thu, 1 Jan 2026 05:00:00 GMT", "Fri, 02 Jan 2026 03:04:05 GMT")


def answer(*inside: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
        <OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"
            xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
        <responseDate>2026-01-03T00:00:00Z</responseDate>
        <request verb="ListRecords">https://oaipmh.arxiv.org/oai</request>
        {"".join(inside)}</OAI-PMH>""".encode()


def error(code: str, text: str = "Invented.") -> bytes:
    return answer(f'<error code="{code}">{text}</error>')


def listed(*records: str, token: str = "") -> bytes:
    return answer(f"<ListRecords>{''.join(records)}{token}</ListRecords>")


def header(identifier: str, datestamp: str, status: str = "") -> str:
    return f"""<header{status}><identifier>{identifier}</identifier>
        <datestamp>{datestamp}</datestamp>
        <setSpec>cs:cs:PL</setSpec><setSpec>cs:cs:SE</setSpec></header>"""


def record(more: str = "", **changed: Any) -> str:
    """An invented paper of two versions; `changed` replaces what else it has, None removes it."""
    values: dict[str, Any] = {
        "identifier": "oai:arXiv.org:2613.00001",
        "datestamp": "2026-01-03",
        "id": "2613.00001",
        "versions": "".join(version(n, time) for n, time in enumerate(TIMES, start=1)),
        "title": "An\n  invention",
        "authors": "Ada Example and Ben Sample (Institute of Nothing)",
        "categories": "cs.PL cs.SE",
        "abstract": "  Nobody\nwrote this.\n",
    } | changed
    texts = "".join(
        f"<{name}>{values[name]}</{name}>"
        for name in ("id", "title", "authors", "categories", "abstract")
        if values[name] is not None
    )
    return f"""<record>{header(values["identifier"], values["datestamp"])}
        <metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/">
        <submitter>Ada Example</submitter>{values["versions"]}{texts}{more}
        </arXivRaw></metadata></record>"""


def version(number: int | str, time: str) -> str:
    name = f"v{number}" if isinstance(number, int) else number
    return f"""<version version="{name}"><date>{time}</date><size>12kb</size>
        <source_type>D</source_type></version>"""
