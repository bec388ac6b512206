from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.errors import ArxivBadToken, ArxivUnreachable
from papers_assets.arxiv.oai_day import DayListing, fetch_day, find_sets
from papers_assets.arxiv.oai_pmh import Record, RecordsPage, list_records_parameters
from papers_assets.arxiv.taxonomy import (
    ARCHIVES,
    CATEGORIES,
    expand_archives,
    group_of,
    to_set_spec,
)
from papers_assets_tests.helpers.factories import paper

DAY = date(2026, 1, 3)


def record(number: int, day: date = DAY, *, title: str = "An invention") -> Record:
    found = paper(number, title=title)
    return Record(found.arxiv_id, day, deleted=False, paper=found)


def some(count: int) -> list[Record]:
    return [record(number) for number in range(count)]


@dataclass
class Arxiv:
    """Answers pages of lists, and remembers what it was asked."""

    lists: Mapping[str, Sequence[Record]]
    size: int = 10
    tells_sizes: bool = True
    refuses: int = 0
    """How many tokens are refused."""
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, parameters: dict[str, str]) -> RecordsPage:
        self.asked.append(parameters)
        token = parameters.get("resumptionToken", "")
        if token and self.refuses:
            self.refuses -= 1
            raise ArxivBadToken("expired")
        name, _, start = token.partition("|") if token else (parameters.get("set", ""), "", "0")
        found, begin = self.lists.get(name, ()), int(start)
        end = begin + self.size
        return RecordsPage(
            tuple(found[begin:end]),
            f"{name}|{end}" if end < len(found) else "",
            len(found) if self.tells_sizes and found else None,
            begin if self.tells_sizes and found else None,
        )


def fetch(
    arxiv: Callable[[dict[str, str]], RecordsPage], *sets: str, most: int = 200
) -> DayListing:
    return fetch_day(DAY, sets, arxiv, max_requests=most)


@pytest.mark.parametrize("tells_sizes", [True, False])
def test_a_list_is_read_to_its_last_page(*, tells_sizes: bool) -> None:
    arxiv = Arxiv({"cs": some(25)}, tells_sizes=tells_sizes)
    day = fetch(arxiv, "cs")
    assert (len(day.records), day.requests, day.problem) == (25, 3, "")
    assert arxiv.asked[0] == list_records_parameters(DAY, DAY, "cs")
    assert [sorted(asked) for asked in arxiv.asked[1:]] == [["resumptionToken", "verb"]] * 2


def test_without_sets_the_whole_archive_is_asked_for() -> None:
    arxiv = Arxiv({"": some(3)})
    assert len(fetch(arxiv).records) == 3
    assert arxiv.asked == [list_records_parameters(DAY, DAY)]


def test_a_day_without_changes_is_empty_and_sound() -> None:
    assert fetch(Arxiv({}), "cs", "math") == DayListing(
        DAY, {}, requests=2, counts_by_set={"cs": 0, "math": 0}
    )


@given(
    st.lists(st.lists(st.integers(0, 30), unique=True, max_size=25), max_size=3),
    st.integers(1, 9),
)
def test_every_record_of_every_set_comes_once(lists: list[list[int]], size: int) -> None:
    names = ["cs", "math", "stat"][: len(lists)]
    arxiv = Arxiv(
        {name: list(map(record, found)) for name, found in zip(names, lists, strict=True)}, size
    )
    day = fetch(arxiv, *names) if names else DayListing(DAY, {}, 0)
    assert set(day.records) == {f"2613.{n:05}" for found in lists for n in found}
    assert day.problem == ""
    assert day.requests == sum(max(1, -(-len(found) // size)) for found in lists)


def test_of_a_paper_that_comes_twice_the_last_counts() -> None:
    lists = {"cs": [record(1), record(2)], "math": [record(1, title="Changed meanwhile")]}
    day = fetch(Arxiv(lists), "cs", "math")
    assert list(day.records) == ["2613.00001", "2613.00002"]
    found = day.records["2613.00001"].paper
    assert found is not None
    assert found.title == "Changed meanwhile"


@pytest.mark.parametrize("refuses", [1, 2])
def test_a_list_whose_token_is_refused_is_begun_again(refuses: int) -> None:
    arxiv = Arxiv({"cs": some(25), "math": some(3)}, refuses=refuses)
    day = fetch(arxiv, "cs", "math")
    assert (len(day.records), day.problem) == (25, "")
    assert day.requests == len(arxiv.asked) == 2 * refuses + 4
    assert arxiv.asked.count(list_records_parameters(DAY, DAY, "cs")) == refuses + 1
    assert arxiv.asked.count(list_records_parameters(DAY, DAY, "math")) == 1


def test_a_list_is_not_begun_again_for_ever() -> None:
    arxiv = Arxiv({"cs": some(25)}, refuses=99)
    day = fetch(arxiv, "cs")
    assert isinstance(day.error, ArxivBadToken)
    assert len(day.records) == 10
    assert len(arxiv.asked) == 6


def test_what_could_not_be_read_is_said_once_though_the_list_was_begun_again() -> None:
    arxiv = Arxiv({"cs": some(25)}, refuses=1, tells_sizes=False)
    day = fetch(lambda asked: replace(arxiv(asked), unreadable_records=("'x': no date",)), "cs")
    assert day.unreadable_records == ("'x': no date",) * 3


@pytest.mark.parametrize("answered", range(4))
def test_what_came_before_an_error_comes_with_it(answered: int) -> None:
    arxiv = Arxiv({"math": some(30)[25:], "cs": some(25)})

    def ask(parameters: dict[str, str]) -> RecordsPage:
        if len(arxiv.asked) == answered:
            raise ArxivUnreachable("nobody there")
        return arxiv(parameters)

    day = fetch(ask, "math", "cs")
    assert isinstance(day.error, ArxivUnreachable)
    assert len(day.records) == [0, 5, 15, 25][answered]


def faulty(change: Callable[[RecordsPage], RecordsPage], *sets: str) -> DayListing:
    arxiv = Arxiv({"cs": some(25), "math": some(3)})
    return fetch(lambda asked: change(arxiv(asked)), *(sets or ("cs", "math")))


def test_another_count_than_is_promised_is_a_fault_and_what_came_comes_with_it() -> None:
    day = faulty(lambda page: replace(page, complete_list_size=26))
    assert day.problem == "cs: 25 records came where the list promises 26"
    assert (len(day.records), day.requests) == (25, 3)


def test_a_record_that_cannot_be_read_counts_as_one_that_came() -> None:
    def change(page: RecordsPage) -> RecordsPage:
        return replace(page, records=page.records[1:], unreadable_records=("'x': no date",))

    day = faulty(change, "math")
    assert (len(day.records), day.unreadable_records, day.problem) == (2, ("'x': no date",), "")


def test_the_size_that_was_told_last_counts() -> None:
    sizes = iter([24, 24, 25])
    assert faulty(lambda page: replace(page, complete_list_size=next(sizes)), "cs").problem == ""


def test_a_list_that_ends_before_what_its_first_page_promises_is_a_fault() -> None:
    def change(page: RecordsPage) -> RecordsPage:
        is_first = page.cursor == 0
        size = page.complete_list_size if is_first else None
        return replace(page, token=page.token if is_first else "", complete_list_size=size)

    assert "20 records came where the list promises 25" in faulty(change).problem


def test_a_list_that_breaks_off_with_nothing_is_a_fault() -> None:
    def change(page: RecordsPage) -> RecordsPage:
        return page if page.cursor == 0 else RecordsPage(())

    day = faulty(change)
    assert (day.problem, len(day.records)) == ("cs: the list breaks off after 10 records", 10)


def test_a_page_that_does_not_follow_the_one_before_is_a_fault() -> None:
    day = faulty(lambda page: replace(page, cursor=(page.cursor or 0) * 2))
    assert day.problem == "cs: a page begins at record 20 where 10 came before"


def test_a_list_that_repeats_itself_is_a_fault_and_ends() -> None:
    arxiv = Arxiv({"cs": some(25)}, tells_sizes=False)
    day = fetch(lambda asked: replace(arxiv(asked), token="cs|10"), "cs")  # noqa: S106
    assert "begins to repeat itself" in day.problem
    assert day.requests == 2


def test_records_of_other_days_are_a_fault_and_are_left_out() -> None:
    others = [record(50, date(2026, 1, 2)), record(51, date(2026, 1, 4))]
    day = fetch(Arxiv({"cs": [*some(3), *others]}), "cs", "math")
    assert day.problem == "cs: 2 records came that changed on other days than was asked for"
    assert (len(day.records), day.requests) == (3, 1)


def test_a_list_without_an_end_is_a_fault_and_costs_no_more_than_it_may() -> None:
    arxiv = Arxiv({"": some(1000)}, size=1)
    day = fetch(arxiv, most=7)
    assert day.problem == "all of arXiv: the list goes on after 7 requests"
    assert (len(day.records), day.requests) == (7, 7)


@pytest.mark.parametrize(
    ("categories", "sets"),
    [
        (("cs.LG", "cs", "cs.AI"), ("cs",)),
        (("cs.LG", "math.CO", "stat.ML"), ("cs", "math", "stat")),
        (("hep-ex", "cs.LG"), ("physics:hep-ex", "cs")),
        (("physics.optics",), ("physics:physics",)),
        (("astro-ph.GA", "nlin.CD", "math-ph"), ("physics",)),
        (("cs.LG", "math.CO", "stat.ML", "q-bio.QM"), ()),
        ((), ()),
    ],
)
def test_sets_are_asked_for_by_archive_and_few(
    categories: tuple[str, ...], sets: tuple[str, ...]
) -> None:
    assert find_sets(categories) == sets


@given(st.lists(st.sampled_from(sorted(CATEGORIES | set(ARCHIVES)))))
def test_the_sets_have_every_category_asked_for(names: list[str]) -> None:
    sets = find_sets(names)
    for category in expand_archives(tuple(names)) if sets else ():
        assert any(f"{to_set_spec(category)}:".startswith(f"{name}:") for name in sets)


def test_what_is_no_category_has_no_set() -> None:
    with pytest.raises(ValueError, match=r"'nonsense'"):
        find_sets(["cs.LG", "nonsense.AI"])
    with pytest.raises(ValueError, match=r"'cs.XX' is no category"):
        to_set_spec("cs.XX")


def test_sets_are_named_as_arxiv_names_them() -> None:
    assert to_set_spec("cs.LG") == "cs:cs:LG"
    assert to_set_spec("astro-ph.GA") == "physics:astro-ph:GA"
    assert to_set_spec("hep-ex") == "physics:hep-ex"
    assert to_set_spec("physics.optics") == "physics:physics:optics"
    assert {group_of(archive) for archive in ARCHIVES} == {
        "cs",
        "econ",
        "eess",
        "math",
        "physics",
        "q-bio",
        "q-fin",
        "stat",
    }
