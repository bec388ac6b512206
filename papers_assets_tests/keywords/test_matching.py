import re
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv import sample
from papers_assets.arxiv.sample import grammar
from papers_assets.keywords.matching import MATCHED, Matcher, Matchers, SearchMatcher
from papers_assets.keywords.model import Keyword, MatchField, Phrase
from papers_assets.keywords.query import build_search_query
from papers_assets_tests.helpers import factories, reference_data
from papers_assets_tests.helpers.factories import keyword, search


def matches(title: str, abstract: str, in_categories: tuple[str, ...] = (), **options: Any) -> bool:
    return Matcher(keyword(**options))(title, abstract, in_categories)


def is_listed(phrase: str, text: str, **options: Any) -> bool:
    return matches(text, "", any=(phrase,), within=MatchField.TITLE, **options)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("Graph Neural Networks", "a graph-neural network"),
        ("trajectory", "Trajectories"),
        ("reward hacking", "how rewards get hacked: reward hacks"),
        ("time series", "Time-Series forecasting"),
        ("Topology", "topological phases"),
        ("Grokking", "when models grok"),
        ("on-policy", "On policy gradients"),
        ("Alzheimer disease", "Alzheimer\u2019s disease"),
        ("Bell's inequality", "the Bell inequalities"),
        ("text to image", "text-to-image models"),
        ("learning", "Learning: a survey"),
        ("LLM", "LLMs and their users"),
        ("LLM agents", "an LLM's agent"),
        ("GPT-4", "GPT-4 and others"),
        ("Claude 3.5", "Claude 3.5: a report"),
        ("pi_0", "a $\\pi_0$ policy"),
        ("U.S.", "U.S. policy"),
        ("\u91cf\u5b50", "\u91cf\u5b50\u529b\u5b66"),
        ("图神经网络", "一种 图神经网络 模型"),
    ],
)
def test_case_hyphens_possessives_and_word_endings_do_not_matter(phrase: str, text: str) -> None:
    assert is_listed(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("graph neural networks", "neural graph networks"),
        ("graph neural networks", "graph and neural networks"),
        ("compiler", "decompiler"),
        ("on-policy", "policy gradients"),
        ("on-policy", "off policy gradients"),
        ("text to image", "text and image"),
        ("AI for science", "AI in science"),
        ("vitamin A", "vitamins"),
        ("Llama 3", "Llama 3.1"),
        ("GPT-3", "GPT-3.5"),
        ("Qwen 2", "Qwen2.5"),
        ("LLM", "OnPrem.LLM"),
        ("snake case", "snake_case"),
        ("optimisation", "optimization"),
    ],
)
def test_words_elsewhere_in_another_order_or_parts_of_words_do_not_match(
    phrase: str, text: str
) -> None:
    assert not is_listed(phrase, text)


@pytest.mark.parametrize(
    ("phrase", "listed", "others"),
    [
        ("AIS", "AIS ais", "AI in general, and several AIs"),
        ("OS", "an OS", "I/Os"),
        ("RAG", "RAGs and rag", "RaGS, RAGS"),
        ("RLS", "an RLS filter", "RL agents"),
        ("OS", "An OS kernel", "O(n) algorithms"),
        ("TTS", "TTS systems", "the TT format"),
        ("US", "The US census", "using it let us use"),
        ("IT", "IT security", "it is secure"),
        ("WHO", "WHO guidelines", "who wrote this"),
        ("RAG", "RAGs at scale", "a ragged tensor"),
        ("news", "fake news", "new results"),
        ("lens", "A lens", "len of a list"),
        ("AI", "AI safety", "AIS data"),
    ],
)
def test_acronyms_and_singulars_that_end_in_s_have_no_other_forms(
    phrase: str, listed: str, others: str
) -> None:
    assert is_listed(phrase, listed)
    assert not is_listed(phrase, others)


def test_an_exact_keyword_takes_its_words_as_they_are_spelled() -> None:
    assert is_listed("neural network", "a Neural Network", exact=True)
    assert not is_listed("neural network", "neural networks", exact=True)
    assert not is_listed("generative", "general", exact=True)
    assert is_listed("generative", "general")


@pytest.mark.parametrize(
    ("phrase", "listed", "others"),
    [
        ("C++", "modern C++ code", "hepatitis C and vitamin C"),
        ("c#", "in C# and F#", "C and C++"),
        ("\u221e-categories", "the \u221e-category of spaces", "categories"),
        ("\u221e-categories", r"$\infty$-categories", "categories of finite type"),
        ("(\u221e,1)-category", r"an $(\infty,1)$-category", "a (2,1)-category"),
        ("E_\u221e-rings", r"E$_\infty$-rings and $E_{\infty}$-rings", "E-rings"),
        ("A* search", "an A* search", "a search"),
        ("A* search", "A$^*$ search", "A search"),
        ("Q*", "How Q* works", "Q values"),
        ("D* mesons", "$D^{*}$ mesons", "D mesons"),
        (".NET", "the .NET runtime", "a net gain at example.net"),
        ("Folding@home", "Folding@home runs", "folding at home"),
        ("..", "and so on .. and on", "no such signs"),
    ],
)
def test_signs_that_arxiv_leaves_out_are_looked_for_to_the_letter(
    phrase: str, listed: str, others: str
) -> None:
    assert is_listed(phrase, listed)
    assert not is_listed(phrase, others)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("La3Ni2O7", "Superconductivity in La$_3$Ni$_2$O$_7$ films"),
        ("La3Ni2O7", "La$_{3}$Ni$_{2}$O$_{7}$"),
        ("La3Ni2O7", r"$\mathrm{La}_3\mathrm{Ni}_2\mathrm{O}_7$"),
        ("La$_3$Ni$_2$O$_7$", "bulk La3Ni2O7"),
        ("MoS2", r"monolayer $\mathrm{MoS}_2$"),
        ("MoS2", r"{\rm MoS}_2-based"),
        ("MoS2", "MoS\u2082"),
        ("87Rb", "a $^{87}$Rb gas"),
        ("H0", "the $H_0$ tension"),
    ],
)
def test_formulas_match_whatever_markup_they_have(phrase: str, text: str) -> None:
    assert is_listed(phrase, text)


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
        "within": MatchField.EITHER,
    }
    assert matches("LLVM", "An optimization", **options)
    assert not matches("LLVM", "Nothing", **options)
    assert not matches("GCC", "An optimization", **options)
    assert not matches("LLVM", "An optimization for a decompiler", **options)


def test_an_excluded_word_excludes_wherever_the_keyword_looks() -> None:
    options: dict[str, Any] = {"any": ("compiler",), "none": ("survey",)}
    assert not matches("A compiler", "A survey of compilers", **options)
    assert matches("Compilers", "A survey", within=MatchField.TITLE, **options)


def test_categories_name_archives_or_categories() -> None:
    options: dict[str, Any] = {
        "any": ("x",),
        "within": MatchField.TITLE,
        "categories": ("cs", "stat.ML"),
    }
    assert matches("x", "", ("math.CO", "cs.DM"), **options)
    assert matches("x", "", ("stat.ML",), **options)
    assert not matches("x", "", ("stat.ME", "math.CO"), **options)


def test_only_the_primary_category_counts_without_cross_lists() -> None:
    options: dict[str, Any] = {"any": ("x",), "within": MatchField.TITLE, "categories": ("cs",)}
    cross_listed = ("x", "", ("math.CO", "cs.DM"), None, None, "math.CO")
    assert Matcher(keyword(**options))(*cross_listed)
    assert not Matcher(keyword(**options, cross_lists=False))(*cross_listed)
    assert Matcher(keyword(**options, cross_lists=False))("x", "", ("cs.DM", "math.CO"))


def test_a_search_without_phrases_takes_everything_in_its_categories() -> None:
    everything = keyword("robotics", any=(), categories=("cs.RO",))
    assert Matcher(everything)("Anything", "at all", ("cs.RO",))
    assert not Matcher(everything)("Anything", "at all", ("cs.LG",))
    assert Matchers([everything])("Anything", "at all", ("cs.RO",)) == ["robotics"]


def test_one_phrase_of_every_group_is_needed() -> None:
    options: dict[str, Any] = {
        "any": ("driving", "robotics"),
        "all": (("LLM", "VLM"), "benchmark"),
        "within": MatchField.EITHER,
    }
    assert matches("Driving with a VLM", "A benchmark", **options)
    assert not matches("Driving with care", "A benchmark", **options)
    assert not matches("A VLM", "A benchmark", **options)
    assert not matches("Driving with a VLM", "An example", **options)


def test_each_phrase_can_have_a_field_of_its_own() -> None:
    asked = keyword(any=(Phrase("nickelate", MatchField.TITLE), Phrase("ICRA", MatchField.COMMENT)))
    assert Matcher(asked)("A nickelate", "", ())
    assert not Matcher(asked)("ICRA", "A nickelate", ())
    assert Matcher(asked)("", "", (), "Accepted at ICRA 2027")
    assert not Matcher(asked)("", "", (), None, "Proc. ICRA")


@pytest.mark.parametrize("place", range(4))
def test_anywhere_is_title_abstract_comment_and_journal_reference(place: int) -> None:
    title, abstract, comment, journal = ("ICRA" if place == n else "" for n in range(4))
    asked = keyword("ICRA", within=MatchField.ANYWHERE)
    assert Matcher(asked)(title, abstract, (), comment, journal)
    assert not Matcher(asked)("", "", (), "", "")


def test_a_paper_matches_one_of_the_searches_with_its_own_categories() -> None:
    both = keyword(
        "EDA",
        searches=(
            search(any=("LLM",), within=MatchField.TITLE, categories=("cs.AR",)),
            search(any=("chip design",), within=MatchField.TITLE, categories=("cs.LG",)),
        ),
    )
    assert Matcher(both)("LLM", "", ("cs.AR",))
    assert Matcher(both)("Chip design", "", ("cs.LG",))
    assert not Matcher(both)("LLM", "", ("cs.LG",))
    assert Matchers([both])("LLM", "", ("cs.AR",)) == ["EDA"]


@pytest.mark.parametrize(
    ("phrase", "title"),
    [
        ("on-policy", "Policy gradients"),
        ("text to image", "Text and image"),
        ("C#", "C"),
        ("A* search", "Search"),
        ("US", "Using it"),
        ("AIS", "AI"),
        ("Topology", "Topological"),
        ("Alzheimer disease", "Alzheimer's disease"),
        ("La3Ni2O7", "La$_3$Ni$_2$O$_7$"),
        ("La3Ni2O7", "La$_{3}$Ni$_{2}$O$_{7}$"),
        ("La3Ni2O7", r"$\mathrm{La}_3\mathrm{Ni}_2\mathrm{O}_7$"),
        ("La3Ni2O7", r"$\text{La}_{3}\text{Ni}_{2}\text{O}_{7}$"),
        ("La3Ni2O7", "La_3Ni_2O_7"),
        ("\u221e-categories", "Categories"),
    ],
)
def test_what_arxiv_finds_for_a_query_can_be_explained_though_it_is_not_listed(
    phrase: str, title: str
) -> None:
    asked = keyword(phrase, within=MatchField.TITLE)
    assert SearchMatcher(asked)(title, "", ())
    assert not SearchMatcher(asked)("Something else", "", ())


@pytest.mark.parametrize("phrase", ["on-policy", "AIS", "C++"])
def test_what_is_excluded_by_the_list_alone_can_still_be_explained(phrase: str) -> None:
    asked = keyword("learning", within=MatchField.TITLE, none=(phrase, "survey"))
    assert not Matcher(asked)(f"Learning {phrase}", "", ())
    assert SearchMatcher(asked)(f"Learning {phrase}", "", ())
    assert Matcher(asked)("Learning policies of AI in C", "", ())
    assert not SearchMatcher(asked)("Learning: a survey", "", ())


def test_words_in_another_order_cannot_be_explained() -> None:
    asked = keyword("vision language model")
    assert not SearchMatcher(asked)("A model of language and vision", "", ())


def test_arxiv_is_not_expected_to_know_primary_categories() -> None:
    asked = keyword("x", within=MatchField.TITLE, categories=("cs",), cross_lists=False)
    assert SearchMatcher(asked)("x", "", ("math.CO", "cs.DM"), None, None, "math.CO")


words = st.lists(st.text(alphabet="abcsAS+#.-_\u221e", min_size=1), min_size=1).map(" ".join)
plain_texts = st.text(st.characters(exclude_categories=["M", "Cf", "P", "S", "Lo", "Lm", "Nl"]))


@given(plain_texts, words, plain_texts)
def test_a_text_has_every_phrase_that_stands_in_it(before: str, phrase: str, after: str) -> None:
    text = f"{before} - {phrase} - {after}"
    assert is_listed(phrase, text)


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
    lambda **options: {name: value for name, value in options.items() if value != ()},
    any=st.lists(phrases, max_size=3).map(tuple),
    all=some_phrases,
    none=some_phrases,
    within=st.sampled_from([None, *MatchField]),
    categories=st.sampled_from([("cs",), ("stat.ML", "math")]),
    exact=st.booleans(),
)


def numbered(options: list[dict[str, Any]]) -> list[Keyword]:
    return [keyword(f"{n}", searches=(search(**one),)) for n, one in enumerate(options)]


@given(st.lists(keywords, max_size=9), texts, texts, texts, in_categories)
def test_many_keywords_are_answered_as_each_alone(
    chosen: list[dict[str, Any]], title: str, abstract: str, comment: str, among: tuple[str, ...]
) -> None:
    many = numbered(chosen)
    alone = [one.name for one in many if Matcher(one)(title, abstract, among, comment)]
    assert Matchers(many)(title, abstract, iter(among), comment) == alone


@given(keywords, texts, texts, texts, in_categories)
def test_arxiv_finds_for_the_query_what_is_expected_of_it(
    options: dict[str, Any], title: str, abstract: str, comment: str, among: tuple[str, ...]
) -> None:
    [asked] = numbered([options])
    values = factories.PAPER | {"title": title, "abstract": abstract, "comment": comment}
    found = grammar.parse_query(build_search_query(asked)).matches(
        sample.Paper(**values, categories=among, primary_category=next(iter(among), ""))
    )
    assert found == SearchMatcher(asked)(title, abstract, among, comment)


def test_keywords_are_named_in_their_order_not_in_the_texts() -> None:
    many = [
        keyword(name, within=MatchField.EITHER) for name in ("zebra", "graph nets", "..", "ape")
    ]
    assert Matchers(many)("Apes ..", "graph nets, a zebra", ()) == [
        "zebra",
        "graph nets",
        "..",
        "ape",
    ]


@pytest.mark.slow
def test_many_keywords_are_answered_as_each_alone_over_real_papers() -> None:
    papers = list(islice(reference_data.records("arxiv/papers.jsonl.gz"), 0, 12_000, 100))
    many: dict[str, Keyword] = {}
    for number, record in enumerate(papers):
        found = re.findall(r"\S+", record["title"])
        for size in (1, 2, 3):
            name = " ".join(found[-size:])
            within = [None, *MatchField][number % 5]
            categories = [(), ("cs",), tuple(record["categories"])][number % 3]
            none = ("neural",) if number % 4 == 0 else ()
            many[name] = keyword(name, within=within, categories=categories, none=none)
    matchers = Matchers(list(many.values()))
    alone = {name: Matcher(one) for name, one in many.items()}
    total = 0
    for record in papers:
        texts = [record[name] for name in MATCHED]
        found = [name for name, matches_it in alone.items() if matches_it(*texts)]
        assert matchers(*texts) == found
        total += len(found)
    assert total > len(papers)
