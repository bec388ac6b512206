import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.sample.grammar import parse_query
from papers_assets_tests.helpers.sample_papers import paper

EVERYTHING = paper(
    title="Apple Trees",
    abstract="Banana boats.",
    authors=("Cherry Pit", "Del Maestro"),
    comment="9 dates",
    journal_ref="Elderberry Letters 7 (2026)",
    categories=("cs.LG", "stat.ML"),
)
PAPERS = [
    paper(title=" ".join(words))
    for words in (["apple"], ["banana"], ["apple", "banana"], ["cherry"], ["banana", "cherry"])
]
_words = st.sampled_from(["apple", "banana", "cherry"])


@pytest.mark.parametrize(
    ("word", "prefixes"),
    [
        ("apple", {"ti", "all"}),
        ("banana", {"abs", "all"}),
        ("cherry", {"au", "all"}),
        ("dates", {"co", "all"}),
        ("elderberry", {"jr", "all"}),
        ("fig", set()),
    ],
)
def test_a_prefix_says_where_to_look(word: str, prefixes: set[str]) -> None:
    everywhere = ("ti", "au", "abs", "co", "jr", "rn", "all")

    found = {p for p in everywhere if parse_query(f"{p}:{word}").matches(EVERYTHING)}

    assert found == prefixes


@pytest.mark.parametrize(
    "query",
    [
        'ti:"graph neural network"',
        'ti:"Graph-Neural NETWORKS"',
        "ti:graph-neural",
        'all:"neural networks"',
        "ti:networking",
        'abs:"reward hacking"',
    ],
)
def test_words_match_without_regard_to_case_hyphens_and_endings(query: str) -> None:
    assert parse_query(query).matches(
        paper(title="On Graph-Neural Networks", abstract="A reward hack.")
    )


@pytest.mark.parametrize("query", ['ti:"graph networks"', 'ti:"neural graph"', "ti:net", "ti:on-a"])
def test_a_phrase_needs_its_words_side_by_side_in_order_and_whole(query: str) -> None:
    assert not parse_query(query).matches(paper(title="On Graph-Neural Networks"))


@pytest.mark.parametrize("query", ['ti:".."', 'all:"++ !"', "ti:&", "abs:--"])
def test_a_phrase_of_signs_alone_finds_nothing(query: str) -> None:
    assert not parse_query(query).matches(EVERYTHING)
    assert parse_query(query).relevance(EVERYTHING) == 0


@pytest.mark.parametrize("query", ['all:"trees banana"', 'all:"pit del"', 'au:"pit del"'])
def test_no_phrase_spans_two_fields_or_two_authors(query: str) -> None:
    assert not parse_query(query).matches(EVERYTHING)


def test_an_underscore_joins_an_authors_names() -> None:
    assert parse_query("au:del_maestro").matches(EVERYTHING)
    assert not parse_query("au:pit_del").matches(EVERYTHING)


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("cat:cs.LG", True),
        ("cat:stat.ML", True),
        ("cat:cs.*", True),
        ("cat:cs", False),
        ("cat:cs.L", False),
        ("cat:CS.lg", True),
        ('cat:"stat.ML"', True),
        ('cat:"stat.*"', True),
        ("cat:c?.L?", True),
        ("cat:*.ml", True),
        ("cat:cs*", True),
        ("cat:[cs].LG", False),
        ("cat:math.*", False),
        ("cat:c.*", False),
    ],
)
def test_categories_match_whole_or_by_wildcards_wherever_they_stand(
    query: str,
    matches: bool,  # noqa: FBT001
) -> None:
    assert parse_query(query).matches(EVERYTHING) is matches


@pytest.mark.parametrize(
    ("time", "matches"),
    [
        ("2026-11-01T11:59:59Z", False),
        ("2026-11-01T12:00:00Z", True),
        ("2026-11-02T23:58:59Z", True),
        ("2026-11-02T23:59:00Z", True),
        ("2026-11-02T23:59:01Z", False),
        ("2026-11-02T23:59:59Z", False),
    ],
)
@pytest.mark.parametrize("field", ["submittedDate", "lastUpdatedDate"])
def test_both_date_fields_look_at_version_1_and_end_with_a_minutes_first_second(
    field: str,
    time: str,
    matches: bool,  # noqa: FBT001
) -> None:
    query = parse_query(f"{field}:[202611011200 TO 202611022359]")

    assert query.matches(paper(published=time, updated="2026-12-24T00:00:00Z")) is matches
    assert not query.matches(paper(published="2020-01-01T00:00:00Z", updated=time))


@given(_words, _words)
def test_operators_are_those_of_sets(left: str, right: str) -> None:
    def found(query: str) -> set[str]:
        return {p.title for p in PAPERS if parse_query(query).matches(p)}

    a, b = found(f"ti:{left}"), found(f"ti:{right}")

    assert found(f"ti:{left} AND ti:{right}") == a & b
    assert found(f"ti:{left} OR ti:{right}") == a | b
    assert found(f"ti:{left} ANDNOT ti:{right}") == a - b


def test_relevance_counts_words_and_phrases_in_the_title() -> None:
    query = parse_query('(ti:apple OR all:trees OR abs:"banana boats") AND cat:cs.LG')

    assert query.relevance(EVERYTHING) == 2
    assert query.relevance(paper(title="Cherries")) == 0
