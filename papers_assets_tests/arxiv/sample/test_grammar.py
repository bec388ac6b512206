import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.sample.corpus import Paper
from papers_assets.arxiv.sample.grammar import MalformedQueryError, parse_query
from papers_assets_tests.helpers.sample_papers import paper

PREFIXES = ("ti", "au", "abs", "co", "jr", "cat", "rn", "all")
GRAPHS = paper(title="Graph Neural Networks", abstract="Of trees and leaves.")

_terms = st.builds(
    "{}:{}".format,
    st.sampled_from(PREFIXES),
    st.sampled_from(["graph", '"neural net"', "cs.LG", "x-1", '"a"']),
)
_dates = st.just("submittedDate:[202601010000 TO 202602010000]")
_expressions = st.recursive(
    _terms | _dates | _terms.map("(NOT {})".format),
    lambda inner: st.lists(inner, min_size=2, max_size=4).flatmap(
        lambda parts: st.lists(
            st.sampled_from(["AND", "OR", "ANDNOT"]),
            min_size=len(parts) - 1,
            max_size=len(parts) - 1,
        ).map(
            lambda operators: (
                "("
                + parts[0]
                + "".join(f" {o} {p}" for o, p in zip(operators, parts[1:], strict=True))
                + ")"
            )
        )
    ),
    max_leaves=12,
)


def found(query: str, *papers: Paper) -> list[bool]:
    return [parse_query(query).matches(p) for p in papers]


@pytest.mark.parametrize(
    ("written", "rewritten"),
    [
        ("pineapple", "all:pineapple"),
        ("apple fruit", "all:apple OR all:fruit"),
        ("all:attention mechanism", "all:attention OR all:mechanism"),
        ("ti:attention mechanism", "ti:attention OR all:mechanism"),
        ("ti:(electron proton)", "(ti:electron OR ti:proton)"),
        ("ti:(a AND (b OR au:c)) d", "(ti:a AND (ti:b OR au:c) ) OR all:d"),
        ('"graph neural" abs:x', 'all:"graph neural" OR abs:x'),
        ("(ti:a)(ti:b)", "(ti:a) OR (ti:b)"),
        ("au:del_maestro", 'au:"del maestro"'),
        ("ti:snake_case", "ti:snake_case"),
        ("ti:a  AND\nti:b", "ti:a AND ti:b"),
        ("ti: a", "ti:a"),
        ("ti:a and ti:b", "ti:a OR all:and OR ti:b"),
        ("ti:a NOT ti:b", "ti:a ANDNOT ti:b"),
        ("ti:a AND NOT ti:b", "ti:a ANDNOT ti:b"),
        ("ti:a AND NOT (ti:b OR c)", "ti:a ANDNOT (ti:b OR all:c)"),
        ("ti:(a NOT b)", "(ti:a ANDNOT ti:b)"),
        ("NOT cat:cs.LG", "ANDNOT cat:cs.LG"),
        ("ti:a AND (NOT ti:b)", "ti:a AND ( ANDNOT ti:b)"),
        ("ti:a (NOT ti:b)", "ti:a OR ( ANDNOT ti:b)"),
        ("ti:a AND OR ti:b", "ti:a OR ti:b"),
        ("ti:a OR ANDNOT AND ti:b", "ti:a AND ti:b"),
        ("ti:a not ti:b", "ti:a OR all:not OR ti:b"),
        ("ti:ANDROID AND ti:NOTE", "ti:ANDROID AND ti:NOTE"),
        (
            "ti:a AND submittedDate:[202601010000 TO 202602010000]",
            'ti:a AND submittedDate:"202601010000 TO 202602010000"',
        ),
        (
            "lastUpdatedDate:[202601010000 TO 202602010000]",
            'submittedDate:"202601010000 TO 202602010000"',
        ),
    ],
)
def test_a_loose_query_is_rewritten_to_the_documented_grammar(written: str, rewritten: str) -> None:
    assert parse_query(written).text == rewritten


@pytest.mark.parametrize(
    ("written", "nested"),
    [
        ("ti:a AND ti:b OR ti:c", "ti:a AND (ti:b OR ti:c)"),
        ("ti:a OR ti:b AND ti:c", "ti:a OR (ti:b AND ti:c)"),
        ("ti:a OR ti:b ANDNOT ti:c", "ti:a OR (ti:b ANDNOT ti:c)"),
        ("ti:a ANDNOT ti:b ANDNOT ti:c", "ti:a ANDNOT (ti:b ANDNOT ti:c)"),
        ("ti:a AND ti:b AND ti:c AND ti:d", "ti:a AND (ti:b AND (ti:c AND ti:d))"),
        ("(ti:a AND ti:b) OR ti:c", "(ti:a AND ti:b) OR ti:c"),
        ("((ti:a))", "ti:a"),
        ("ti:a AND NOT ti:b OR ti:c", "ti:a ANDNOT (ti:b OR ti:c)"),
        ("ti:a AND ((NOT ti:b))", "ti:a AND (ANDNOT ti:b)"),
        ("NOT ti:a", "ANDNOT ti:a"),
    ],
)
def test_operators_bind_equally_and_nest_to_the_right(written: str, nested: str) -> None:
    assert parse_query(written).nested == nested


def test_nesting_decides_what_is_found() -> None:
    only_a, only_c = paper(title="apple"), paper(title="cherry")

    assert found("ti:apple ANDNOT ti:banana OR ti:cherry", only_a, only_c) == [True, False]
    assert found("(ti:apple ANDNOT ti:banana) OR ti:cherry", only_a, only_c) == [True, True]

    everything = paper(title="apple banana cherry")
    assert found("ti:apple ANDNOT ti:banana ANDNOT ti:cherry", only_a, everything) == [True, True]
    assert found("(ti:apple ANDNOT ti:banana) ANDNOT ti:cherry", everything) == [False]
    assert found("ti:apple AND NOT ti:banana OR ti:cherry", only_a, only_c) == [True, False]


def test_not_in_front_of_a_term_finds_all_papers_but_its_own() -> None:
    only_a, only_c = paper(title="apple"), paper(title="cherry")

    assert found("NOT ti:apple", only_a, only_c) == [False, True]
    assert found("cat:cs.LG AND (NOT ti:apple)", only_a, only_c) == [False, True]
    assert found("submittedDate:[202001010000 TO 202101010000] OR (NOT ti:cherry)", only_a) == [
        True
    ]


@pytest.mark.parametrize(
    "query",
    [
        "(ti:space",
        "ti:space)",
        "( ( )",
        "()",
        'ti:"open',
        'ti:""',
        'ti:"  "',
        "ti:",
        "ti:a AND au:",
        "ti:ti:a",
        "foo:bar",
        "ti:a AND (foo:b)",
        "http://arxiv.org/abs/2513.00001",
        "AND",
        "AND ti:a",
        "ti:a OR",
        "ti:a AND (OR ti:b)",
        "OR NOT AND ti:a",
        "NOT",
        "ti:a NOT",
        "NOT ti:a AND ti:b",
        "NOT (ti:a AND ti:b)",
        "ti:a AND (NOT ti:b OR ti:c)",
        "all:*",
        "ti:?x",
        "cat:",
        'cat:" "',
        "submittedDate:2026",
        "submittedDate:[2026 TO 2027]",
        "submittedDate:[202601010000 202602010000]",
        "submittedDate:[202602300000 TO 202603010000]",
        "submittedDate:[202601010000 TO 202602012400]",
        "submittedDate:[202601010000 TO 202602010000",
    ],
)
def test_a_malformed_query_is_refused(query: str) -> None:
    with pytest.raises(MalformedQueryError, match=r"^Invalid query string: '"):
        parse_query(query)


def test_a_refusal_shows_the_query_as_it_was_rewritten() -> None:
    with pytest.raises(MalformedQueryError) as caught:
        parse_query("TREM2 AND (microglia")

    assert str(caught.value) == "Invalid query string: 'all:TREM2 AND (all:microglia'"


@pytest.mark.parametrize("query", ["(" * 2000 + "ti:a" + ")" * 2000, "ti:a AND ti:b OR " * 999])
def test_senseless_nesting_is_refused(query: str) -> None:
    with pytest.raises(MalformedQueryError):
        parse_query(query + "ti:c")


def test_a_long_list_of_alternatives_is_no_nesting() -> None:
    query = " OR ".join(f"ti:word{n}" for n in range(3000))

    assert found(query, paper(title="word2999"), paper(title="word3000")) == [True, False]


@given(_expressions)
def test_the_nested_form_means_the_same(expression: str) -> None:
    query = parse_query(expression)

    assert parse_query(query.nested).root == query.root
    assert parse_query(query.text) == query


@given(_expressions)
def test_a_rewritten_query_is_not_rewritten_again(expression: str) -> None:
    assert parse_query(parse_query(expression).text).text == parse_query(expression).text


@given(st.text(alphabet='abAND()":[] TOR_-é9', max_size=30))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except MalformedQueryError:
        return
    assert query.matches(GRAPHS) in (True, False)
