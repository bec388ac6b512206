"""Feeds broken at random: whatever comes, `parse_feed` gives a sound page or an `ArxivError`.

Run it with `python -m papers_assets_tests.reliability.fuzz --seconds 60`. It mutates the sample
arXiv's feeds and, where they are, recorded ones; exit status 1: something was found, and is shown.
"""

import argparse
import random
import re
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from papers_assets.arxiv.atom import parse_feed
from papers_assets.arxiv.errors import ArxivError
from papers_assets.arxiv.models import Page, Paper
from papers_assets.arxiv.sample.api import Archive
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.hostile_papers import hostile_corpus

_ID = re.compile(r"[0-9]{4}\.[0-9]{4,5}|[a-z]+(-[a-z]+)*(\.[A-Z]{2})?/[0-9]{7}")
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_MESSAGE = 1000
_MOST_SECONDS = 2.0
_MOST_FINDINGS = 10

PIECES = [
    *[b"<entry>", b"</entry>", b"<entry/>", b"<id>", b"</id>", b"<title type='html'>", b"<title/>"],
    *[b"<author>", b"</author>", b"<author/>", b"<name>", b"</name>", b"<category term='", b"/>"],
    *[b"<link href='javascript:x'/>", b"<link href='http://[::1'/>", b"<arxiv:comment x='y'>"],
    *[b"<updated>", b"<published/>", b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-14:00"],
    *[b"http://arxiv.org/abs/2613.00001v1", b"http://arxiv.org/abs/cs/../1v1", b"v" + b"9" * 5000],
    *[b"https://arxiv.org/api/errors#x", b"<opensearch:totalResults>", b"9" * 5000, b"-1", b"1e9"],
    *[b"&#x9d;", b"&#x7f;", b"&#xd800;", b"&#0;", b"&amp;", b"&nbsp;", b"&lt;b&gt;", b"&#x202e;"],
    *[
        b"<!DOCTYPE feed [<!ENTITY a 'b'>]>",
        b"&a;",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<?x?>",
    ],
    *[b" xmlns='http://www.w3.org/2005/Atom'", b" xmlns:arxiv='x'", b" xmlns=''", b" xml:base='x'"],
    *[
        b"\0",
        b"\x1b[2J",
        b"\x7f",
        b"\xc2\x9d",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\n" * 99,
    ],
    *[b"\xd9\xa1", b"\xe2\x80\xae", b"\xf0\x9f\x98\x80", b"<x>" * 120, b"<b>", b"</b>", b"'", b'"'],
]
"""What does more to a feed than single bytes do."""


def flaws(body: bytes, *, parse: Callable[[bytes], Page] = parse_feed) -> list[str]:
    """Say what is wrong with what became of an answer; nothing, if all is as promised."""
    try:
        page = parse(body)
    except ArxivError as error:
        message = str(error)
        return [] if _prints(message) else [f"a message that does not print: {message!r}"]
    except Exception as error:  # noqa: BLE001 - any is a finding
        return [f"{type(error).__name__}: {error}"]
    found = [f"does not print: {said!r}" for said in page.unreadable_entries if not _prints(said)]
    if len(page.unreadable_entries) > len(page.papers):
        found.append("mostly unreadable")
    return found + [flaw for paper in page.papers for flaw in _of_paper(paper)]


def _prints(message: str) -> bool:
    return message.isprintable() and len(message) < _LONGEST_MESSAGE


def _of_paper(paper: Paper) -> list[str]:
    texts = [paper.title, paper.abstract, paper.comment, paper.doi, paper.journal_ref]
    texts += [*paper.authors, *paper.categories, paper.primary_category]
    texts += [part for link in paper.links for part in link]
    found = [f"holds {text!r}" for text in texts if text and _CONTROLS.search(text)]
    if not _ID.fullmatch(paper.arxiv_id) or not 1 <= paper.version < 2**63:
        found.append(f"is called {paper.arxiv_id!r}, version {paper.version}")
    if paper.updated.tzinfo is not UTC or paper.published.tzinfo is not UTC:
        found.append("has times of another zone")
    hrefs = [link.href for link in paper.links]
    found += [f"links to {h!r}" for h in hrefs if not h.lower().startswith(("http://", "https://"))]
    return found


def mutated(body: bytes, others: Sequence[bytes], random: random.Random) -> bytes:
    """Give a feed with a few random changes."""
    changed = bytearray(body)
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        at = random.randrange(len(changed) + 1)
        length = random.choice((0, 0, 1, 5, 30, 300))
        match random.randrange(6):
            case 0:
                del changed[at : at + length]
            case 1 | 2:
                changed[at : at + length] = random.choice(PIECES)
            case 3:  # said twice, somewhere else
                start = random.randrange(len(changed) + 1)
                changed[at:at] = changed[start : start + random.choice((5, 50, 500))]
            case 4:
                other = random.choice(others)
                start = random.randrange(len(other))
                changed[at : at + length] = other[start : start + 300]
            case _:
                changed[at : at + 1] = bytes([random.randrange(256)])
    return bytes(changed)


def seeds() -> list[bytes]:
    """Give sound feeds, short enough to be broken often."""
    archive, now = Archive(hostile_corpus()), datetime(2026, 1, 1, tzinfo=UTC)
    asked = [{"search_query": f"all:{word}", "max_results": "2"} for word in ("compiler", "links")]
    asked += [{"search_query": "all:nothing_of_the_kind"}, {"id_list": "x"}]
    found = [archive.answer(parameters, now).body.encode() for parameters in asked]
    if reference_data.SHARED.exists():
        recorded = sorted(reference_data.path("arxiv/feeds").iterdir())
        found += [b for b in map(reference_data.content, recorded) if 0 < len(b) < 1 << 14]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz for a while; print what was done and found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    warnings.simplefilter("error")
    source, sound = random.Random(options.seed), seeds()
    executions, accepted = 0, 0
    findings: dict[str, bytes] = {}

    def counted(body: bytes) -> Page:
        nonlocal accepted
        page = parse_feed(body)
        accepted += 1
        return page

    end = time.monotonic() + options.seconds
    while (begin := time.monotonic()) < end and len(findings) < _MOST_FINDINGS:
        body = mutated(source.choice(sound), sound, source)
        found = flaws(body, parse=counted)
        if time.monotonic() - begin > _MOST_SECONDS:
            found.append("took too long")
        findings.update(dict.fromkeys(found, body))
        executions += 1
    for flaw, body in findings.items():
        print(f"FOUND {flaw}\n  in {body!r}")  # noqa: T201 - a program of its own
    print(  # noqa: T201
        f"{executions} executions (seed {options.seed}), {accepted} of them read as feeds; "
        f"{len(findings)} findings"
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
