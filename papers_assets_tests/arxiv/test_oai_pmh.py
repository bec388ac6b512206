import html
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv import oai_pmh
from papers_assets.arxiv.errors import (
    ArxivBadResponse,
    ArxivBadToken,
    ArxivError,
    ArxivInvalidQuery,
)
from papers_assets.arxiv.models import Link, Paper
from papers_assets.arxiv.oai_pmh import Record, RecordsPage, parse_records
from papers_assets.text import collapse_whitespace
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.oai_answers import answer, error, header, listed, record, version


def only(page: RecordsPage) -> Record:
    assert len(page.records) == 1
    return page.records[0]


def paper(more: str = "", **changed: object) -> Paper:
    found = only(parse_records(listed(record(more, **changed)))).paper
    assert found is not None
    return found


def test_a_list_is_asked_for_by_days_and_set() -> None:
    first, last = date(2026, 1, 2), date(2026, 1, 3)
    days = {
        "verb": "ListRecords",
        "metadataPrefix": "arXivRaw",
        "from": "2026-01-02",
        "until": "2026-01-03",
    }
    assert oai_pmh.list_records_parameters(first, last) == days
    assert oai_pmh.list_records_parameters(first, last, "cs") == days | {"set": "cs"}


def test_a_list_is_continued_with_its_token_and_nothing_else() -> None:
    assert oai_pmh.resume_parameters("a b|1") == {"verb": "ListRecords", "resumptionToken": "a b|1"}


def test_every_field_is_read() -> None:
    more = """<comments>12
        pages</comments><journal-ref>J. Inv. 1</journal-ref><doi>10.1/x</doi>
        <license>http://example.org/</license><report-no>7</report-no><msc-class>68</msc-class>"""
    assert only(parse_records(listed(record(more)))) == Record(
        arxiv_id="2613.00001",
        datestamp=date(2026, 1, 3),
        deleted=False,
        paper=Paper(
            arxiv_id="2613.00001",
            version=2,
            title="An invention",
            authors=("Ada Example", "Ben Sample"),
            abstract="Nobody wrote this.",
            comment="12 pages",
            categories=("cs.PL", "cs.SE"),
            primary_category="cs.PL",
            published=datetime(2026, 1, 1, 5, tzinfo=UTC),
            updated=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            doi="10.1/x",
            journal_ref="J. Inv. 1",
            links=(
                Link("https://arxiv.org/abs/2613.00001v2", "alternate", ""),
                Link("https://arxiv.org/pdf/2613.00001v2", "related", "pdf"),
                Link("https://doi.org/10.1/x", "related", "doi"),
            ),
        ),
    )


def test_what_a_record_leaves_out_is_none_or_empty() -> None:
    found = paper(title=None, authors=None, categories=None, abstract=None)
    assert (found.comment, found.doi, found.journal_ref, len(found.links)) == (None, None, None, 2)
    assert (found.title, found.abstract, found.primary_category) == ("", "", "")
    assert (found.authors, found.categories) == ((), ())


def test_versions_may_come_in_any_order_and_not_all_of_them() -> None:
    newest = version(12, "Sat, 03 Jan 2026 00:00:00 GMT")
    first = version(1, "01 Dec 2025 00:00:00 UTC")
    found = paper(versions=newest + first)
    assert (found.version, found.updated.day, found.published.month) == (12, 3, 12)


def test_titles_and_names_have_letters_where_arxiv_keeps_tex() -> None:
    found = paper(title=r"Schr\"odinger's $\'x$", authors=r"\'Emile Ex", abstract=r"Moir\'e")
    assert found.title == r"Schrödinger's $\'x$"
    assert (found.authors, found.abstract) == (("Émile Ex",), "Moiré")


ABSTRACTS = {
    r"Tur\'{a}n, Erd\H{o}s and Schr\"odinger": "Turán, Erdős and Schrödinger",
    r"it costs \$5 where $\'x$ is \$6": r"it costs \$5 where $\'x$ is \$6",
    r"$$\'x$$ and \(\'x\) and \[\v{x}\] of Ren\'e": r"$$\'x$$ and \(\'x\) and \[\v{x}\] of René",
    r"a line \\$\'x$ and \( with no end \'e": r"a line \\$\'x$ and \( with no end é",
    r"\textit{na\"ive} \lambda, \url{x} \label{y} \cite{z}": (
        r"\textit{naïve} \lambda, \url{x} \label{y} \cite{z}"
    ),
    r"the model\'s own, and Ole\'sno": "the model's own, and Oleśno",
    r"C:\users\new and \d{4}-\w+ and \n": r"C:\users\new and \d{4}-\w+ and \n",
}


@pytest.mark.parametrize("text", ABSTRACTS)
def test_of_abstracts_accents_are_letters_and_all_else_is_as_it_was(text: str) -> None:
    assert paper(abstract=text).abstract == ABSTRACTS[text]


def test_of_real_abstracts_only_accents_change() -> None:
    body = reference_data.content(
        reference_data.path("arxiv/feeds/oai_listrecords_cs_2016-03.xml.gz")
    )
    # Recorded in arXiv's other format; the text of an abstract is the same in both.
    abstracts = re.findall(r"<abstract>(.*?)</abstract>", body.decode(), re.DOTALL)
    pages = [parse_records(listed(*(record(abstract=a) for a in abstracts)))]
    changed = 0
    for text, found in zip(abstracts, pages[0].records, strict=True):
        assert found.paper is not None
        before, after = collapse_whitespace(html.unescape(text)), found.paper.abstract
        changed += before != after
        assert bare(before) == bare(after)
        assert found.paper.abstract.count("$") == before.count("$")
    assert (len(abstracts), changed) == (1000, 14)


def bare(text: str) -> str:
    """Return a text without accents, and without TeX's commands for them and their braces."""
    text = re.sub(r"\{?\\(?:[`'^~=.\"]|[Hvu](?=\{))\{?([A-Za-z])\}?", r"\1", text)
    letters = unicodedata.normalize("NFD", text)
    return re.sub(r"[{}]", "", "".join(c for c in letters if not unicodedata.combining(c)))


def test_an_id_of_before_2007_is_one() -> None:
    found = paper(identifier="oai:arXiv.org:math.GT/0613001", id="math.GT/0613001")
    assert found.links[0].href == "https://arxiv.org/abs/math.GT/0613001v2"


def test_a_deleted_record_has_no_paper() -> None:
    gone = header("oai:arXiv.org:2613.00007", "2026-01-03", ' status="deleted"')
    found = only(parse_records(listed(f"<record>{gone}</record>")))
    assert found == Record("2613.00007", date(2026, 1, 3), deleted=True, paper=None)


def test_the_token_of_a_page_says_how_to_go_on() -> None:
    more = '<resumptionToken cursor="0" completeListSize="7"> a|1 </resumptionToken>'
    page = parse_records(listed(record(), token=more))
    assert (page.token, page.cursor, page.complete_list_size) == ("a|1", 0, 7)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "<resumptionToken/>",
        "<resumptionToken expires='2026-01-04' completeListSize='many'> </resumptionToken>",
    ],
)
def test_without_a_token_or_with_an_empty_one_the_page_is_the_last(token: str) -> None:
    page = parse_records(listed(record(), token=token))
    assert (page.token, page.cursor, page.complete_list_size) == ("", None, None)


def test_no_records_match_is_an_empty_page() -> None:
    assert parse_records(error("noRecordsMatch")) == RecordsPage(())


def test_a_token_that_is_not_accepted_is_an_error_of_its_own() -> None:
    with pytest.raises(ArxivBadToken, match="arXiv says: badResumptionToken: Invented"):
        parse_records(error("badResumptionToken"))


@pytest.mark.parametrize("code", ["badArgument", "badVerb", "cannotDisseminateFormat", ""])
def test_other_errors_are_passed_on(code: str) -> None:
    with pytest.raises(ArxivInvalidQuery, match=f"arXiv says: {code}: Invented"):
        parse_records(error(code))


def test_of_several_errors_that_which_is_not_about_the_records_counts() -> None:
    both = '<error code="noRecordsMatch"/><error code="badArgument"/>'
    with pytest.raises(ArxivInvalidQuery, match="badArgument"):
        parse_records(answer(both))


UNREADABLE = {
    "not that of a paper": record(identifier="oai:example.org:1"),
    "not a day": record(datestamp="2026-02-30"),
    "not a day such": record(datestamp="2026-W01-1"),
    "its paper is another one, '2613.00002'": record(id="2613.00002"),
    "no version 1": record(versions=version(2, "Thu, 01 Jan 2026 05:00:00 GMT")),
    "no version 1 with its date": record(versions=""),
    "a version 'one'": record(versions=version("one", "Thu, 01 Jan 2026 05:00:00 GMT")),
    "date is 'Thu, 31 Feb 2026 05:00:00 GMT'": record(
        versions=version(1, "Thu, 31 Feb 2026 05:00:00 GMT")
    ),
    "date is '2026-01-01'": record(versions=version(1, "2026-01-01")),
    "it has no arXivRaw": f"<record>{header('oai:arXiv.org:2613.00009', '2026-01-03')}</record>",
    "a record without identifier": "<record/>",
}


@pytest.mark.parametrize("why", UNREADABLE)
def test_a_record_that_cannot_be_read_costs_no_other(why: str) -> None:
    page = parse_records(listed(record(), UNREADABLE[why], record()))
    assert len(page.records) == 2
    assert len(page.unreadable_records) == 1
    assert why in page.unreadable_records[0]
    assert page.unreadable_records[0].isprintable()


def test_when_most_cannot_be_read_the_answer_is_bad() -> None:
    bad = record(datestamp="yesterday")
    with pytest.raises(ArxivBadResponse, match=r"4 of its 5 records are no papers; .*'yesterday'"):
        parse_records(listed(bad, record(), bad, bad, bad))
    assert len(parse_records(listed(bad, record(), bad, bad)).unreadable_records) == 3


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "not an answer of OAI-PMH: an empty body"),
    "a page for people": (lambda: b"<html>Hi</html>", "not an answer of OAI-PMH: '<html>"),
    "a feed": (lambda: b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "not an answer"),
    "half of it": (lambda: listed(record())[:-30], "not a whole answer.* bytes came"),
    "no records, no error": (answer, "neither records nor an error"),
    "an empty list": (listed, "without any record"),
    "an element that does not end": (lambda: listed(record(title="x</titel>")), "not a whole"),
    "levels": (lambda: answer("<x>" * 5000 + "</x>" * 5000), "more than 100 levels"),
    "an entity": (
        lambda: (
            b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            + listed(record(title="&x;")).partition(b"?>")[2].strip()
        ),
        "document type",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_whole_answer_is_a_bad_one(case: str) -> None:
    body, words = BAD[case]
    with pytest.raises(ArxivBadResponse, match=words):
        parse_records(body())


def test_elements_out_of_their_place_are_not_read() -> None:
    more = """<title xmlns="http://example.org/">Another</title>
        <version version="v9"><x><date>Sat, 03 Jan 2026 00:00:00 GMT</date></x></version>
        <about><id>2613.00009</id><abstract>Another</abstract></about>"""
    assert paper(more) == paper()


def test_text_of_elements_within_a_text_is_part_of_it() -> None:
    assert paper(title="An <b>in</b>vention").title == "An invention"


def test_another_format_is_a_bad_answer_and_says_so() -> None:
    body = reference_data.content(
        reference_data.path("arxiv/feeds/oai_listrecords_cs_2016-03.xml.gz")
    )
    with pytest.raises(ArxivBadResponse, match="it has no arXivRaw"):
        parse_records(body)


MORE = '<resumptionToken cursor="0" completeListSize="3">t</resumptionToken>'
SOUND = listed(record("<doi>10.1/x</doi>"), record(), token=MORE)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_refused_without_a_traceback(body: bytes) -> None:
    with pytest.raises(ArxivError):
        parse_records(body)


@given(st.data())
def test_whatever_is_done_to_an_answer_it_is_read_or_an_arxiv_error(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SOUND)))
    end = data.draw(st.integers(start, min(start + 60, len(SOUND))))
    put = data.draw(st.binary(max_size=8) | st.sampled_from([b"<", b"&x;", b"v0", b"<record/>"]))
    said = ""
    try:
        page = parse_records(SOUND[:start] + put + SOUND[end:])
    except ArxivError as caught:
        said = str(caught)
    else:
        assert all(line.isprintable() for line in page.unreadable_records)
        assert all(found.paper or found.deleted for found in page.records)
    assert said.isprintable()


@given(st.text())
def test_dates_of_any_form_are_read_or_unreadable(text: str) -> None:
    written = text.replace("&", "").replace("<", "")
    try:
        page = parse_records(listed(record(), record(versions=version(1, written))))
    except ArxivBadResponse:  # not in XML at all
        return
    assert len(page.records) + len(page.unreadable_records) == 2
