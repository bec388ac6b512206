import re
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.keywords import Field, Keyword
from papers_assets.matching import Matcher, Matchers, normalize
from papers_assets_tests import reference
from papers_assets_tests.making import keyword


def matches(title: str, abstract: str, in_categories: tuple[str, ...] = (), **options: Any) -> bool:
    return Matcher(keyword(**options))(title, abstract, in_categories)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("Graph Neural Networks", "a graph-neural network"),
        ("trajectory", "Trajectories"),
        ("reward hacking", "how rewards get hacked: reward hacks"),
        ("time series", "Time-Series forecasting"),
        ("C++", "modern C++ code"),
        ("c#", "in C# and F#"),
        ("..", "and so on .. and on"),
        ("图神经网络", "一种 图神经网络 模型"),
    ],
)
def test_case_hyphens_and_word_endings_do_not_matter(phrase: str, text: str) -> None:
    assert matches(text, "", any=(phrase,), within=Field.TITLE)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("graph neural networks", "neural graph networks"),
        ("graph neural networks", "graph and neural networks"),
        ("compiler", "decompiler"),
        ("C++", "hepatitis C and vitamin C"),
        ("C#", "C and C++"),
        ("..", "no such signs"),
    ],
)
def test_words_elsewhere_or_in_another_order_are_no_match(phrase: str, text: str) -> None:
    assert not matches(text, "", any=(phrase,), within=Field.TITLE)


def test_a_word_has_to_be_in_title_and_abstract() -> None:
    assert matches("A compiler", "Compilers are fun", any=("compiler",))
    assert not matches("A compiler", "Fun", any=("compiler",))
    assert not matches("Fun", "A compiler", any=("compiler",))


def test_a_longer_phrase_may_be_in_either() -> None:
    assert matches("Deep nets", "", any=("deep nets",))
    assert matches("", "Deep nets", any=("deep nets",))
    assert not matches("Deep", "nets", any=("deep nets",))


def test_any_all_and_none_combine() -> None:
    options: dict[str, Any] = {
        "any": ("compiler", "LLVM"),
        "all": ("optimization",),
        "none": ("decompiler",),
        "within": Field.EITHER,
    }
    assert matches("LLVM", "An optimization", **options)
    assert not matches("LLVM", "Nothing", **options)
    assert not matches("GCC", "An optimization", **options)
    assert not matches("LLVM", "An optimization for a decompiler", **options)


def test_an_excluded_word_excludes_wherever_the_keyword_looks() -> None:
    options: dict[str, Any] = {"any": ("compiler",), "none": ("survey",)}
    assert not matches("A compiler", "A survey of compilers", **options)
    assert matches("Compilers", "A survey", within=Field.TITLE, **options)


def test_categories_name_archives_or_categories() -> None:
    options: dict[str, Any] = {
        "any": ("x",),
        "within": Field.TITLE,
        "categories": ("cs", "stat.ML"),
    }
    assert matches("x", "", ("math.CO", "cs.DM"), **options)
    assert matches("x", "", ("stat.ML",), **options)
    assert not matches("x", "", ("stat.ME", "math.CO"), **options)


words = st.lists(st.text(alphabet="abcs+#.-", min_size=1), min_size=1).map(" ".join)


@given(st.text(), words, st.text())
def test_a_text_has_every_phrase_that_stands_in_it(before: str, phrase: str, after: str) -> None:
    text = f"{before} {phrase} {after}"
    assert matches(text, "", any=(phrase,), within=Field.TITLE)


@given(st.text())
def test_normalizing_does_not_depend_on_case(text: str) -> None:
    assert normalize(text.casefold()) == normalize(text)


@given(st.text(st.characters(max_codepoint=127)))
def test_the_quick_way_for_plain_texts_gives_the_same_words(text: str) -> None:
    assert normalize(f"{text} \u00e9") == f"{normalize(text)}\u00e9 "


# Few words, so that they meet: some with the same stem, one whose stem is empty, signs, other
# scripts and widths.
vocabulary = [
    "net",
    "nets",
    "s",
    "C++",
    "c",
    "..",
    "graph",
    "Graphs",
    "\u56fe",
    "\uff2e\uff25\uff34",
    "a-b",
]
texts = st.lists(st.sampled_from([*vocabulary, "-", "'s", "a", "b."]), max_size=8).map(" ".join)
phrases = st.lists(st.sampled_from(vocabulary), min_size=1, max_size=3).map(" ".join)
some_phrases = st.lists(phrases, max_size=2).map(tuple)
in_categories = st.lists(st.sampled_from(["cs.LG", "math.CO", "stat.ML"]), max_size=2).map(tuple)
keywords = st.builds(
    Keyword,
    name=st.just("one"),
    any=st.lists(phrases, min_size=1, max_size=3).map(tuple),
    all=some_phrases,
    none=some_phrases,
    within=st.sampled_from([None, *Field]),
    categories=st.sampled_from([(), ("cs",), ("stat.ML", "math")]),
)


def numbered(keywords: list[Keyword]) -> list[Keyword]:
    return [keyword(f"{n}", **_options(one)) for n, one in enumerate(keywords)]


def _options(one: Keyword) -> dict[str, Any]:
    names = ("any", "all", "none", "within", "categories")
    return {name: getattr(one, name) for name in names}


@given(st.lists(keywords, max_size=9), texts, texts, in_categories)
def test_many_keywords_are_answered_as_each_alone(
    chosen: list[Keyword], title: str, abstract: str, among: tuple[str, ...]
) -> None:
    many = numbered(chosen)
    alone = [one.name for one in many if Matcher(one)(title, abstract, among)]
    assert Matchers(many)(title, abstract, iter(among)) == alone


def test_keywords_are_named_in_their_order_not_in_the_texts() -> None:
    many = [keyword(name, within=Field.EITHER) for name in ("zebra", "graph nets", "..", "ape")]
    assert Matchers(many)("Apes ..", "graph nets, a zebra", ()) == [
        "zebra",
        "graph nets",
        "..",
        "ape",
    ]


def test_many_keywords_are_answered_as_each_alone_over_real_papers() -> None:
    papers = list(islice(reference.records("arxiv/papers.jsonl.gz"), 0, 12_000, 100))
    many: dict[str, Keyword] = {}
    for number, record in enumerate(papers):
        found = re.findall(r"\S+", record["title"])
        for size in (1, 2, 3):
            name = " ".join(found[-size:])
            within = [None, *Field][number % 5]
            categories = [(), ("cs",), tuple(record["categories"])][number % 3]
            none = ("neural",) if number % 4 == 0 else ()
            many[name] = keyword(name, within=within, categories=categories, none=none)
    matchers = Matchers(list(many.values()))
    alone = {name: Matcher(one) for name, one in many.items()}
    total = 0
    for record in papers:
        texts = record["title"], record["abstract"], record["categories"]
        found = [name for name, matches_it in alone.items() if matches_it(*texts)]
        assert matchers(*texts) == found
        total += len(found)
    assert total > len(papers)
