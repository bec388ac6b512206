import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest

from papers_assets.arxiv.atom import parse_feed
from papers_assets.arxiv.errors import ArxivBadResponse, ArxivInvalidQuery
from papers_assets.arxiv.models import Link, Page, Paper
from papers_assets_tests.helpers import reference_data, thoroughness

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


def feed(*entries: str, total: int | str = 1, prefix: str = "arxiv") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
        <feed xmlns="http://www.w3.org/2005/Atom" xmlns:{prefix}="http://arxiv.org/schemas/atom"
              xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
        <title>arXiv Query: all:invented</title>
        <opensearch:totalResults>{total}</opensearch:totalResults>
        {"".join(entries)}</feed>""".encode()


def entry(
    identity: str = "http://arxiv.org/abs/2613.00001v2",
    title: str = "An invention",
    more: str = "",
) -> str:
    return f"""<entry><id>{identity}</id><title>{title}</title>
        <updated>2026-01-02T03:04:05Z</updated><published>2026-01-01T00:00:00-05:00</published>
        <summary>Nobody
          wrote this.</summary><category term="cs.PL"/><category term="cs.SE"/>
        <author><name>Ada Example</name></author><author><name>Ben (b@example.org)</name></author>
        {more}</entry>"""


def only(page: Page) -> Paper:
    assert len(page.papers) == 1
    return page.papers[0]


def test_every_field_is_read_by_its_name() -> None:
    more = """<arxiv:primary_category term="cs.SE"/><arxiv:comment>12 pages</arxiv:comment>
        <arxiv:doi>10.1/x</arxiv:doi><arxiv:journal_ref>J. Inv. 1</arxiv:journal_ref>
        <link href="https://arxiv.org/pdf/2613.00001v2" rel="related" title="pdf"/>"""
    paper = only(parse_feed(feed(entry(more=more), total=7)))
    assert (paper.arxiv_id, paper.version) == ("2613.00001", 2)
    assert paper.title == "An invention"
    assert paper.abstract == "Nobody wrote this."
    assert paper.authors == ("Ada Example", "Ben (b@example.org)")
    assert (paper.categories, paper.primary_category) == (("cs.PL", "cs.SE"), "cs.SE")
    assert (paper.comment, paper.doi, paper.journal_ref) == ("12 pages", "10.1/x", "J. Inv. 1")
    assert paper.links == (Link("https://arxiv.org/pdf/2613.00001v2", "related", "pdf"),)
    assert paper.published == datetime(2026, 1, 1, 5, tzinfo=UTC)
    assert paper.updated == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert parse_feed(feed(entry(), total=7)).total_results == 7


def test_what_the_feed_leaves_out_is_none() -> None:
    paper = only(parse_feed(feed(entry())))
    assert (paper.comment, paper.doi, paper.journal_ref, paper.links) == (None, None, None, ())
    assert paper.primary_category == "cs.PL"


def test_another_name_space_prefix_means_the_same() -> None:
    body = feed(entry(more="<ax:comment>12 pages</ax:comment>"), prefix="ax")
    assert only(parse_feed(body)).comment == "12 pages"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("&lt;think&gt; twice", "<think> twice"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("$O(|V|^2)$ and \\{x\\}", "$O(|V|^2)$ and \\{x\\}"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("already &amp;lt;escaped&amp;gt; &amp;amp;", "already &lt;escaped&gt; &amp;"),
        ("0", "0"),
        ("  two \n lines ", "two lines"),
        ("caf\u00e9 \u56fe \U0001f600", "caf\u00e9 \u56fe \U0001f600"),
        ("", ""),
    ],
)
def test_text_arrives_as_it_was_published(written: str, text: str) -> None:
    comment = f"<arxiv:comment>{written}</arxiv:comment>"
    paper = only(parse_feed(feed(entry(title=written, more=comment))))
    assert (paper.title, paper.comment or "") == (text, text)


def test_old_ids_have_a_slash() -> None:
    paper = only(parse_feed(feed(entry("http://arxiv.org/abs/cs/0503050v1"))))
    assert (paper.arxiv_id, paper.version) == ("cs/0503050", 1)


def test_no_results_are_an_answer() -> None:
    assert parse_feed(feed(total=0)) == Page((), 0)


def test_an_error_entry_is_an_error_and_says_what_arxiv_said() -> None:
    error = entry("https://arxiv.org/api/errors#bad_query", "Error")
    with pytest.raises(ArxivInvalidQuery, match="Nobody wrote this"):
        parse_feed(feed(error))


def test_what_arxiv_says_is_one_short_line_that_prints() -> None:
    said = "incorrect id\n&#x202E;&#x9D;0;title " + "x" * 1_000_000
    error = entry("https://arxiv.org/api/errors#x", "Error").replace("Nobody", said)
    with pytest.raises(ArxivInvalidQuery) as raised:
        parse_feed(feed(error))
    assert str(raised.value).startswith("arXiv says: incorrect id \\u202e\\x9d0;title xxx")
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 400


def test_an_excerpt_of_a_body_prints() -> None:
    with pytest.raises(ArxivBadResponse) as raised:
        parse_feed("\x1b[2J\x9b31m\u202eSorry\r\n".encode() + b"\xff" * 1000)
    assert str(raised.value).startswith("not an Atom feed: '\\x1b[2J\\x9b31m\\u202eSorry \ufffd")
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 200


IDS = [
    "2513.00001",
    "0704.0001",
    "cs/0503050",
    "math.GT/0309136",
    "hep-th/9901001",
    "q-bio/0501001",
]


@pytest.mark.parametrize("arxiv_id", IDS)
def test_every_kind_of_arxiv_id_is_read(arxiv_id: str) -> None:
    paper = only(parse_feed(feed(entry(f"http://arxiv.org/abs/{arxiv_id}v12"))))
    assert (paper.arxiv_id, paper.version) == (arxiv_id, 12)


UNREADABLE = {
    "nothing": "",
    "another place": "https://example.org/abs/2613.00001v1",
    "another place of arXiv's": "http://arxiv.org/pdf/2613.00001v1",
    "no version": "http://arxiv.org/abs/2613.00001",
    "version 0": "http://arxiv.org/abs/2613.00001v0",
    "a version with a zero": "http://arxiv.org/abs/2613.00001v01",
    "an absurd version": f"http://arxiv.org/abs/2613.00001v1{'0' * 30}",
    "a longer version than Python reads": f"http://arxiv.org/abs/2613.00001v{'9' * 5000}",
    "digits of another script": "http://arxiv.org/abs/2613.0000\u0661v1",
    "a version of another script": "http://arxiv.org/abs/2613.00001v\u0661",
    "dots": "http://arxiv.org/abs/../../etc/0000001v1",
    "a file's name": "http://arxiv.org/abs/cs/../0503050v1",
    "a newline": "http://arxiv.org/abs/2613.00001&#10;x/0000001v1",
    "a space": "http://arxiv.org/abs/2613.00001 v1",
    "a slash": "http://arxiv.org/abs/2613.00001/v1",
    "percent": "http://arxiv.org/abs/cs%2F0503050v1",
    "a query": "http://arxiv.org/abs/2613.00001v1?x=1",
    "a hyphen too many": "http://arxiv.org/abs/-cs/0503050v1",
    "capitals": "http://arxiv.org/abs/CS/0503050v1",
    "markup": "http://arxiv.org/abs/&lt;b&gt;v1",
    "another direction": "http://arxiv.org/abs/2613.00001&#x202e;v1",
    "a script": "javascript:alert(1)//arxiv.org/abs/2613.00001v1",
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_an_entry_without_an_arxiv_id_costs_no_other_and_is_said(case: str) -> None:
    page = parse_feed(feed(entry(), entry(UNREADABLE[case]), total=2))
    assert [paper.arxiv_id for paper in page.papers] == ["2613.00001"]
    (said,) = page.unreadable_entries
    assert "not the address of a version of a paper" in said
    assert said.isprintable()
    assert len(said) < 200


DATES = ["", "yesterday", "2026-01-02", "2026-13-02T00:00:00Z", "0001-01-01T00:00:00+14:00"]
DATES += ["9999-12-31T23:59:59-14:00", "10000-01-01T00:00:00Z", "2026-01-02T03:04:05", "\u0662" * 4]


@pytest.mark.parametrize("date", DATES)
def test_a_date_that_is_none_costs_one_entry(date: str) -> None:
    dated = entry("http://arxiv.org/abs/2613.00002v1").replace("2026-01-02T03:04:05Z", date)
    page = parse_feed(feed(entry(), dated, total=2))
    assert [paper.arxiv_id for paper in page.papers] == ["2613.00001"]
    (said,) = page.unreadable_entries
    assert said.startswith("'http://arxiv.org/abs/2613.00002v1': its date 'updated' is ")


@pytest.mark.parametrize("name", ["updated", "published"])
def test_one_date_does_not_stand_for_the_other(name: str) -> None:
    dateless = re.sub(f"<{name}>.*?</{name}>", "", entry())
    page = parse_feed(feed(entry(), dateless, total=2))
    assert f"'{name}'" in page.unreadable_entries[0]


def test_an_answer_of_mostly_unreadable_entries_is_not_believed() -> None:
    bad = entry("https://example.org/\x9d31m")
    assert len(parse_feed(feed(entry(), entry(), bad, bad)).unreadable_entries) == 2
    with pytest.raises(ArxivBadResponse, match=r"3 of its 5 .*example\.org/\\x9d31m"):
        parse_feed(feed(entry(), entry(), bad, bad, bad))


@pytest.mark.parametrize("total", ["", "x", "-1", "1e3", "\u0661", "9" * 5000, "0x10", "1_0"])
def test_a_total_that_is_no_number_is_an_error(total: str) -> None:
    with pytest.raises(ArxivBadResponse, match="without a total"):
        parse_feed(feed(entry(), total=total))


def test_links_lead_to_the_web_or_nowhere() -> None:
    targets = ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "x", ""]
    targets += [" javascript:x", "java&#10;script:x", "HTTPS://example.org/y"]
    more = "".join(f'<link href="{target}"/>' for target in targets)
    links = only(parse_feed(feed(entry(more=more)))).links
    assert [link.href for link in links] == ["HTTPS://example.org/y"]


def test_controls_of_the_terminal_are_held_nowhere_and_all_else_is_as_published() -> None:
    text = "a&#x7f;b&#x9d;0;c&#x90;d\u202ee\u200bf\u200dg\ufeffh &#9;&#13; i"
    more = f"<arxiv:comment>{text}</arxiv:comment><arxiv:doi>{text}</arxiv:doi>"
    more += f'<author><name>{text}</name></author><category term="{text}"/>'
    paper = only(parse_feed(feed(entry(title=text, more=more))))
    seen = "a\ufffdb\ufffd0;c\ufffdd\u202ee\u200bf\u200dg\ufeffh i"
    fields = (paper.title, paper.comment, paper.doi, paper.authors[-1], paper.categories[-1])
    assert fields == (seen,) * 5


def test_fields_of_any_size_are_read_whole() -> None:
    names = [f"Author {number:04}" for number in range(5000)]
    authors = "".join(f"<author><name>{name}</name></author>" for name in names)
    paper = only(parse_feed(feed(entry(title="word " * 200_000, more=authors))))
    assert paper.title == ("word " * 200_000).strip()
    assert list(paper.authors[2:]) == names


BAD = {
    "nothing": (b"", "empty body"),
    "throttled": (b"Rate exceeded.", "Rate exceeded"),
    "a page for people": (b"<html><body>Sorry</body></html>", "not an Atom feed"),
    "cut short": (feed(entry(), entry())[:-40], "not a whole Atom feed"),
    "an RSS feed": (b'<rss version="2.0"><channel><title>x</title></channel></rss>', "Atom"),
    "no total": (feed(entry(), total=""), "total"),
    "no id": (feed("<entry><title>x</title></entry>"), "id"),
    "an id of something else": (feed(entry("https://example.org/1")), "example.org"),
    "an id without version": (feed(entry("http://arxiv.org/abs/2613.00001")), "version"),
    "an element that does not end": (feed(entry(title="x</titel>")), "not a whole"),
}


@pytest.mark.parametrize("case", BAD)
def test_anything_but_a_whole_feed_is_an_error_that_shows_what_came(case: str) -> None:
    body, shown = BAD[case]
    with pytest.raises(ArxivBadResponse, match=shown):
        parse_feed(body)


REFUSED = {
    "aipapers_arxiv_2506.xml": ArxivBadResponse,  # empty
    "docs_error_incorrect_id.xml": ArxivInvalidQuery,
    "oai_listrecords_cs_2016-03.xml.gz": ArxivBadResponse,  # another interface of arXiv's
    "rate_exceeded_429.txt": ArxivBadResponse,
    "synthetic_signalforge_arxiv_malformed.xml": ArxivBadResponse,
}


def collapsed(text: str | None) -> str:
    return " ".join((text or "").split())


@pytest.mark.corpus
def test_recorded_feeds_are_read_with_no_text_altered_or_refused() -> None:
    files = sorted(reference_data.path("arxiv/feeds").iterdir())
    long = [file for file in files if file.suffix == ".gz" and file.name not in REFUSED]
    short = [file for file in files if file not in long]
    entries = 0
    for file in short + long[:: thoroughness.step()]:
        body = reference_data.content(file)
        if file.name in REFUSED:
            with pytest.raises(REFUSED[file.name]):
                parse_feed(body)
            continue
        entries += compare(file, body)
    assert entries > reference_data.share(3000)


def compare(file: Path, body: bytes) -> int:
    root, page = ET.fromstring(body), parse_feed(body)  # noqa: S314 - recorded and looked at
    assert page.total_results == int(root.findtext(f"{OPENSEARCH}totalResults") or -1), file.name
    expected = root.findall(f"{ATOM}entry")
    assert len(page.papers) == len(expected), file.name
    for node, paper in zip(expected, page.papers, strict=True):
        identity = re.search(r"/abs/(.+)v(\d+)$", node.findtext(f"{ATOM}id") or "")
        assert identity is not None
        assert (paper.arxiv_id, str(paper.version)) == identity.groups()
        assert paper.title == collapsed(node.findtext(f"{ATOM}title"))
        assert paper.abstract == collapsed(node.findtext(f"{ATOM}summary"))
        assert (paper.comment or "") == collapsed(node.findtext(f"{ARXIV}comment"))
        assert (paper.doi or "") == collapsed(node.findtext(f"{ARXIV}doi"))
        assert (paper.journal_ref or "") == collapsed(node.findtext(f"{ARXIV}journal_ref"))
        names = [collapsed(a.findtext(f"{ATOM}name")) for a in node.findall(f"{ATOM}author")]
        assert list(paper.authors) == names
        assert list(paper.categories) == [c.get("term") for c in node.findall(f"{ATOM}category")]
        for time, tag in ((paper.updated, "updated"), (paper.published, "published")):
            assert time == datetime.fromisoformat(node.findtext(f"{ATOM}{tag}") or "")
    return len(expected)


@pytest.mark.parametrize(
    "text", ["caf\u00c3\u00a9", "\u00c2\u00a1 x", "\u65e5\u672c \U0001d538 \u00fc"]
)
def test_text_that_looks_wrongly_encoded_is_left_as_it_was_published(text: str) -> None:
    (found,) = parse_feed(feed(entry(title=text))).papers
    assert found.title == text
