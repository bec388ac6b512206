"""What becomes of an answer that is not well-formed, of either of arXiv's interfaces."""

import re
from datetime import datetime

import pytest

from papers_assets.arxiv.atom import parse_feed
from papers_assets.arxiv.errors import ArxivBadResponse
from papers_assets.arxiv.models import Paper
from papers_assets.arxiv.oai_pmh import parse_records
from papers_assets.arxiv.sample import Fault, RequestRecord
from papers_assets.arxiv.sample.api import Archive
from papers_assets.arxiv.sample.interfaces import answer_request as real_answer
from papers_assets_tests.arxiv.test_atom import entry, feed
from papers_assets_tests.helpers.oai_answers import listed, record


def with_form_feeds(request: RequestRecord, archive: Archive, now: datetime) -> Fault:
    """Answer a request as the sample arXiv does, with a form feed at the end of every abstract."""
    real = real_answer(request, archive, now)
    assert real is not None
    body = re.sub(rb"(?=</(?:summary|abstract)>)", b"\x0c", real.body)
    return Fault(real.status, body, content_type=real.content_type)


IDS = ("2613.00001", "2613.00002", "2613.00003")


def atom(title: bytes) -> bytes:
    """Return a feed of three entries, the second of which has this title."""
    entries = [entry(f"http://arxiv.org/abs/{arxiv_id}v1") for arxiv_id in IDS]
    entries[1] = entries[1].replace("An invention", "THE TITLE")
    return feed(*entries, total=3).replace(b"THE TITLE", title)


def oai(title: bytes) -> bytes:
    """Return a list of three records, the second of which has this title."""
    records = [record(identifier=f"oai:arXiv.org:{i}", id=i) for i in IDS]
    records[1] = records[1].replace("An\n  invention", "THE TITLE")
    return listed(*records).replace(b"THE TITLE", title)


def read_atom(body: bytes) -> tuple[list[Paper], str]:
    page = parse_feed(body)
    assert page.unreadable_entries == ()
    return list(page.papers), page.repairs


def read_oai(body: bytes) -> tuple[list[Paper], str]:
    page = parse_records(body)
    assert page.unreadable_records == ()
    return [r.paper for r in page.records if r.paper], page.repairs


INTERFACES = {"API": (atom, read_atom), "OAI-PMH": (oai, read_oai)}

REPAIRED = {
    "a Latin-1 byte": (b"caf\xe9 au lait", "caf\ufffd au lait"),
    "a multi-byte character cut short": (b"caf\xc3 x", "caf\ufffd x"),
    "a surrogate in UTF-8": (b"a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb"),
    "an overlong sequence": (b"a\xc0\xafb", "a\ufffd\ufffdb"),
    "a null character": (b"a\x00b", "a\ufffdb"),
    "a form feed": (b"a\x0cb", "a\ufffdb"),
    "an escape character": (b"a\x1b[2Jb", "a\ufffd[2Jb"),
    "a noncharacter": (b"a\xef\xbf\xbeb", "a\ufffdb"),
    "a reference to a form feed": (b"a&#12;b", "a\ufffdb"),
    "a reference to a noncharacter": (b"a&#xFFFE;b", "a\ufffdb"),
    "a reference to a surrogate": (b"a&#xD800;b", "a\ufffdb"),
    "a reference to nothing": (b"a&#0;b", "a\ufffdb"),
    "a reference beyond Unicode": (b"a&#x110000;b", "a\ufffdb"),
    "a reference to an absurd number": (b"a&#" + b"9" * 5000 + b";b", "a\ufffdb"),
    "an HTML reference": (b"a&nbsp;b &eacute;", "a\ufffdb \ufffd"),
    "a bare ampersand": (b"AT&T & Co &", "AT\ufffdT \ufffd Co \ufffd"),
    "an ampersand before a number": (b"R&#x; and &#", "R\ufffd#x; and \ufffd#"),
    "a bare less-than sign": (b"a<b and c < d <- e", "a\ufffdb and c \ufffd d \ufffd- e"),
    "the form of a tag that nothing closes": (b"x <y> z<br>", "x \ufffdy> z\ufffdbr>"),
    "the form of a tag with an attribute": (b"<a href='x'>y", "\ufffda href='x'>y"),
    "a declaration in a text": (b"a<!b", "a\ufffd!b"),
    "a document type in a text": (b"<!DOCTYPE x [<!ENTITY e 'f'>]>&e;", None),
    "sound references among others": (b"a&amp;b&lt;c&gt;&#233;&#xe9;\x0c", "a&b<c>\xe9\xe9\ufffd"),
    "a replacement character that was there": (b"\xef\xbf\xbd\x0c", "\ufffd\ufffd"),
}


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("case", REPAIRED)
def test_what_xml_does_not_allow_costs_that_text_and_no_other(case: str, interface: str) -> None:
    answer, read = INTERFACES[interface]
    title, expected = REPAIRED[case]
    found, repaired = read(answer(title))
    sound, nothing = read(answer(b"Another"))
    assert nothing == ""
    assert "characters replaced by U+FFFD: " in repaired
    assert repaired.isprintable()
    assert [found[0], found[2]] == [sound[0], sound[2]]
    assert expected is None or found[1].title == expected
    assert "\ufffd" in found[1].title
    assert (found[1].arxiv_id, found[1].abstract) == (sound[1].arxiv_id, sound[1].abstract)


SOUND = {
    "CDATA": (b"<![CDATA[a<b & c]]>", "a<b & c"),
    "a comment": (b"a<!-- b & c -->d", "ad"),
    "a processing instruction": (b"a<?x y?>d", "ad"),
    "elements": (b"H<sub>2</sub>O", "H2O"),
}


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("case", SOUND)
def test_what_is_well_formed_is_not_repaired(case: str, interface: str) -> None:
    answer, read = INTERFACES[interface]
    title, expected = SOUND[case]
    found, repaired = read(answer(title))
    assert (found[1].title, repaired) == (expected, "")


def test_the_remark_says_what_was_wrong_and_how_much() -> None:
    _, repaired = read_atom(atom(b"a\x0cb\xe9\xef\xbf\xbd"))
    assert repaired.startswith("not well-formed (invalid token): line ")
    assert repaired.endswith("; characters replaced by U+FFFD: 2")


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("title", [b"a\x0cb", b"AT&T", b"a<b", b"x <y>"])
def test_an_answer_that_is_cut_short_is_an_error_wherever_it_is_cut(
    title: bytes, interface: str
) -> None:
    answer, read = INTERFACES[interface]
    body = answer(title)
    for end in range(len(body)):
        with pytest.raises(ArxivBadResponse):
            read(body[:end])


def test_an_identifier_that_had_to_be_repaired_costs_its_record() -> None:
    body = atom(b"x").replace(b"2613.00002", b"2613.00\x0c02")
    page = parse_feed(body)
    assert [paper.arxiv_id for paper in page.papers] == [IDS[0], IDS[2]]
    assert (len(page.unreadable_entries), bool(page.repairs)) == (1, True)
    records = parse_records(oai(b"x").replace(b"2613.00002", b"2613.00\x0c02"))
    assert [found.arxiv_id for found in records.records] == [IDS[0], IDS[2]]


def test_a_value_of_an_attribute_that_is_no_xml_costs_that_element() -> None:
    body = atom(b"x").replace(b'term="cs.SE"', b'term="cs<SE"', 1)
    found, repaired = read_atom(body)
    assert repaired
    assert [paper.categories for paper in found] == [("cs.PL",), *[("cs.PL", "cs.SE")] * 2]


def test_the_bounds_hold_for_what_was_repaired() -> None:
    deep = atom(b"a\x0cb" + b"<x>" * 200 + b"</x>" * 200)
    with pytest.raises(ArxivBadResponse, match="not a whole Atom feed"):
        parse_feed(deep)
    many = b"".join(b'<category term="c%d"/>' % n for n in range(501))
    crowded = atom(b"a\x0cb").replace(b"<category", many + b"<category", 1)
    with pytest.raises(ArxivBadResponse, match="not a whole Atom feed"):
        parse_feed(crowded)


PIECES = [b"<", b"<a ", b"<a b='", b"<a b=''  ", b"&", b"&a", b"&#1", b"&#1;", b"<!--", b"\x0c"]
PIECES += [b"<![CDATA[", b"</a", b"<a>", b"</a>", b"<a" + b" " * 99, b"\xe9"]


@pytest.mark.parametrize("piece", PIECES)
def test_repairing_takes_no_time_that_grows_with_the_square(piece: bytes) -> None:
    with pytest.raises(ArxivBadResponse):
        parse_feed(atom(piece * (500_000 // len(piece)))[:-20])
