"""What reaches feedparser of an answer, and at what cost the rest is refused."""

import subprocess
import sys
import textwrap
from collections.abc import Callable

import pytest

from papers_assets.arxiv.atom import parse_feed
from papers_assets.arxiv.errors import ArxivBadResponse
from papers_assets_tests.arxiv.test_atom import entry, feed, only

DECLARED = b"<?xml version='1.0'?>\n"


def doctype(declarations: str, title: str) -> bytes:
    return DECLARED + f"<!DOCTYPE feed {declarations}>".encode() + headless(entry(title=title))


def headless(*entries: str) -> bytes:
    return feed(*entries).partition(b"?>")[2].strip()


LAUGHS = "".join(f"<!ENTITY e{n + 1} '" + f"&e{n};" * 10 + "'>" for n in range(12))
BLOW_UP = f"<!ENTITY e0 '{'ha' * 50_000}'>"
ENTITIES = {
    "a billion laughs": doctype(f'[<!ENTITY e0 "ha">{LAUGHS}]', "&e12;"),
    "one long entity, often": doctype(f"[{BLOW_UP}]", "&e0;" * 50_000),
    "a file": doctype('[<!ENTITY x SYSTEM "file:///etc/passwd">]', "&x;"),
    "a server": doctype('[<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]', "&x;"),
    "a parameter entity": doctype('[<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]', "x"),
    "another document type": doctype('SYSTEM "file:///etc/passwd"', "x"),
    "a harmless entity": doctype('[<!ENTITY x "y">]', "&x;"),
}


@pytest.mark.parametrize("case", ENTITIES)
def test_no_answer_declares_entities(case: str) -> None:
    with pytest.raises(ArxivBadResponse, match="document type"):
        parse_feed(ENTITIES[case])


# In a process of its own: what is measured is all that it needs, and what it opens is all there is.
IN_LITTLE_MEMORY = """
    import resource, sys
    from papers_assets.arxiv import atom
    from papers_assets.arxiv.errors import ArxivError

    sound, *bodies = eval(sys.stdin.read())
    atom.parse_feed(sound)  # which may load a module or two
    held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + 60_000_000, -1))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    opened = []
    sys.addaudithook(lambda event, _: opened.append(event))
    for body in bodies:
        try:
            atom.parse_feed(body)
        except ArxivError:
            pass
    print({event for event in opened if event in ("open", "urllib.Request")
           or event.startswith(("socket.", "subprocess.", "os."))})
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_entities_cost_no_memory_and_time_and_open_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(IN_LITTLE_MEMORY)],
        input=repr([feed(entry()), *ENTITIES.values()]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.stdout) == ("", "set()\n")


N = 200_000
# Each of these takes feedparser minutes, or all memory, when it is given them.
SLOW: dict[str, Callable[[], bytes]] = {
    "lines before the feed": lambda: DECLARED + b"\n" * N + headless(entry()),
    "an author's own text": lambda: feed(entry(more=f"<author>{'a' * N}</author>")),
    "an author without a name": lambda: feed(
        entry(more=f"<author><name>{'a' * N}</name></author>{'<author/>' * 100}")
    ),
    "another vocabulary": lambda: feed(
        entry(more=f'<c:creator xmlns:c="http://purl.org/dc/elements/1.1/">{"a" * N}</c:creator>')
    ),
    "tags": lambda: feed(entry(more=f"<tags>{','.join(map(str, range(N)))}</tags>")),
    "attributes": lambda: feed(entry(more="<x " + " ".join(f"a{n}='1'" for n in range(N)) + "/>")),
    "levels within text": lambda: feed(entry(title="<b>" * 50 + "x" + "</b>" * 50)),
}


@pytest.mark.parametrize("case", SLOW)
def test_what_arxiv_never_writes_is_passed_over_without_effort(case: str) -> None:
    paper = parse_feed(SLOW[case]()).papers[0]
    assert paper.arxiv_id == "2613.00001"
    assert paper.categories == ("cs.PL", "cs.SE")
    assert len(paper.authors) in (2, 3)


ABSURD = {
    "levels": feed(entry(more="<x>" * 5000 + "</x>" * 5000)),
    "categories": feed(entry(more="".join(f'<category term="c{n}"/>' for n in range(501)))),
}


@pytest.mark.parametrize("case", ABSURD)
def test_what_is_absurd_is_refused_and_said(case: str) -> None:
    with pytest.raises(ArxivBadResponse, match=case):
        parse_feed(ABSURD[case])


def test_attributes_and_elements_that_arxiv_may_add_cost_no_text() -> None:
    more = '<arxiv:comment type="text">12 <b>pages</b></arxiv:comment><arxiv:licence x="y"/>'
    assert only(parse_feed(feed(entry(more=more)))).comment == "12 pages"


def test_elements_out_of_their_place_are_not_read() -> None:
    more = """<source><id>x</id><title>Another</title><author><name>Eve</name></author></source>
        <entry><id>http://arxiv.org/abs/2613.00009v1</id></entry>
        <contributor><name>Eve</name></contributor>
        <title xmlns="http://example.org/">Another</title>"""
    paper = only(parse_feed(feed(entry(more=more))))
    assert (paper.arxiv_id, paper.title) == ("2613.00001", "An invention")
    assert "Eve" not in paper.authors


def test_a_feed_in_another_encoding_is_not_guessed_at() -> None:
    body = feed(entry(title="\xe9")).decode().replace("UTF-8", "ISO-8859-1").encode("latin-1")
    assert only(parse_feed(body)).title == "\ufffd"
