from pathlib import Path

import pytest

from papers_assets.arxiv import sample
from papers_assets.arxiv.sample import Paper
from papers_assets.arxiv.sample.grammar import parse_query
from papers_assets_tests.helpers.sample_papers import paper


def finds(query: str, found: Paper) -> bool:
    return parse_query(query).matches(found)


def as_title(text: str) -> Paper:
    return paper(title=text, abstract="None.")


def as_abstract(text: str) -> Paper:
    return paper(title="None", abstract=text)


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("state of the art", "A state-of-the-art toy"),
        ("state of the art", "The state in an art"),
        ("state of the art", "A state 7 seven art"),
        ("text to image", "Text and images"),
        ("on-policy", "A policy"),
        ("vitamin A", "Vitamin C"),
        ("Q&A", "A q"),
        ("neural *", "Neural stars"),
        ("topology", "Topological toys"),
        ("grokking", "To grok"),
        ("Alzheimer disease", "Alzheimer's disease"),
        ("Bell inequality", "Bell\N{RIGHT SINGLE QUOTATION MARK}s inequalities"),
        ("US", "U.S. and us"),
        ("GPT-3.5", "On GPT 3.5"),
        ("snake_case", "A snake_case"),
        ("C++", "In C#"),
        ("\N{CJK UNIFIED IDEOGRAPH-91CF}", "\N{CJK UNIFIED IDEOGRAPH-91CF}\u5b50"),
    ],
)
def test_a_phrase_is_found_as_lucene_finds_it(phrase: str, text: str) -> None:
    assert finds(f'ti:"{phrase}"', as_title(text))
    assert finds(f'abs:"{phrase}"', as_abstract(text))


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("state of the art", "State art"),
        ("state of the art", "State of art"),
        ("theory of everything", "Theory everything"),
        ("text to image", "Image to text"),
        ("fine-tuning", "Finetuning"),
        ("optimisation", "Optimization"),
        ("biology", "Biological"),
        ("Llama 3", "Llama 3.1"),
        ("snake_case", "A snake case"),
        ("learning", "OnPrem.Learning"),
        ("Poincare", "Poincar\N{LATIN SMALL LETTER E WITH ACUTE}"),
    ],
)
def test_what_lucene_does_not_find_for_a_phrase_is_not_found(phrase: str, text: str) -> None:
    assert not finds(f'ti:"{phrase}"', as_title(text))
    assert not finds(f'abs:"{phrase}"', as_abstract(text))


@pytest.mark.parametrize("phrase", ["The", "IT", "to be or not to be"])
def test_stop_words_alone_are_found_in_abstracts_and_not_in_titles(phrase: str) -> None:
    assert not finds(f'ti:"{phrase}"', as_title(phrase))
    assert finds(f'abs:"{phrase}"', as_abstract(f"Why {phrase} toys"))
    assert not finds(f'abs:"{phrase}"', as_abstract("Toys"))
    assert not finds(f'co:"{phrase}"', paper(comment=phrase))
    assert not finds(f'jr:"{phrase}"', paper(journal_ref=phrase))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('co:"accepted at ICRA"', True),
        ('co:"accepted by icra"', True),
        ('co:"accept at ICRA"', False),
        ('co:"accepted ICRA"', False),
        ("co:icra-2026", True),
        ("co:2026-icra", True),
        ("co:accepted-at-icra", False),
        ('jr:"toys of letters"', False),
        ('jr:"letters on toys"', True),
        ('jr:"letter on toys"', False),
        ("jr:toys-of-letters", True),
        ("jr:toy", False),
    ],
)
def test_comments_and_journal_references_are_not_stemmed(query: str, found: bool) -> None:  # noqa: FBT001
    about = paper(comment="Accepted at ICRA 2026.", journal_ref="Letters of Toys 7 (2026)")

    assert finds(query, about) is found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ti:networks-graph", True),
        ("ti:graph-of-networks", True),
        ("ti:graph-trees", False),
        ("ti:the", False),
        ("ti:neur*", True),
        ("ti:n*l", True),
        ("ti:networks*", False),
        ("ti:networ?", True),
        ("ti:network?", False),
        ("ti:graph-neur*", False),
        ("ti:n.*l", False),
        ("all:GRA*", True),
    ],
)
def test_unquoted_words_are_found_in_any_order_and_with_wildcards(
    query: str,
    found: bool,  # noqa: FBT001
) -> None:
    assert finds(query, as_title("Graph-Neural Networks")) is found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('au:"maestro del"', True),
        ('au:"cherry maestro"', False),
        ("au:dvorak", True),
        ("au:DVO*", True),
        ('au:"A Dvo\N{LATIN SMALL LETTER R WITH CARON}ak"', True),
        ("au:dvor", False),
    ],
)
def test_the_words_of_a_quoted_author_are_in_one_name_in_any_order_without_accents(
    query: str,
    found: bool,  # noqa: FBT001
) -> None:
    names = (
        "Cherry Pit",
        "A. Dvo\N{LATIN SMALL LETTER R WITH CARON}\N{LATIN SMALL LETTER A WITH ACUTE}k",
        "Del Maestro",
    )

    assert finds(query, paper(authors=names)) is found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('all:"reward hack"', True),
        ('all:"Poincare map"', True),
        ('all:"map of US toys"', True),
        ('all:"Poincare maps of US toys"', False),
        ('all:"US toys"', True),
        ('all:"the"', False),
        ('all:"accepted"', True),
        ('all:"toys rewards"', False),
        ("all:lovelace", True),
    ],
)
def test_all_finds_a_phrase_in_any_field_and_in_all_of_them_without_accents(
    query: str,
    found: bool,  # noqa: FBT001
) -> None:
    title = "Rewards Hacking; a Poincar\N{LATIN SMALL LETTER E WITH ACUTE} map on U.S. toys"
    about = paper(title=title, abstract="Toys.", authors=("Ada Lovelace",), comment="Accepted")

    assert finds(query, about) is found


def test_a_text_is_analyzed_when_it_is_first_searched_and_kept() -> None:
    about = as_title("Apple")

    assert "fields" not in vars(about)
    assert finds('ti:"apple"', about)
    assert "english" in vars(about.fields.title)
    assert "english" not in vars(about.fields.abstract)
    assert about.fields.title.english is about.fields.title.english


def test_nothing_here_uses_the_products_own_matching() -> None:
    modules = Path(sample.__file__).parent.glob("*.py")

    assert [path.name for path in modules if "assets.matching" in path.read_text("utf-8")] == []
