import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.arxiv.authors import decode_accents, split_names
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.sample_papers import NOT_IN_XML

EXAMPLES = {
    "A. B. Author, C. Author (Institute, City), D. van Author and E. Author": (
        "A. B. Author",
        "C. Author",
        "D. van Author",
        "E. Author",
    ),
    "A. One, B. Two, and C. Three": ("A. One", "B. Two", "C. Three"),
    "A. One (1), B. Two (1 and 2) ((1) Inst A, (2) Inst B and C)": ("A. One", "B. Two"),
    "Ada One(Inst (a, b) and c)and Ben Two": ("Ada One", "Ben Two"),
    "Sandy Anderson & Andy Sand": ("Sandy Anderson", "Andy Sand"),
    "John Sample, Jr., Ben Two III": ("John Sample Jr.", "Ben Two III"),
    "Invented Collaboration: A. One, B. Two": ("Invented Collaboration", "A. One", "B. Two"),
    "A. One; B. Two, et al.": ("A. One", "B. Two"),
    "A. One et al": ("A. One",),
    "A. One (Institute, B. Two": ("A. One",),
    "A. One), B. Two": ("A. One", "B. Two"),
    "(for the Invented Collaboration)": ("(for the Invented Collaboration)",),
    "A.~One,\n  B. {Two}": ("A. One", "B. Two"),
    "": (),
    " , ": (",",),
}


@pytest.mark.parametrize("text", EXAMPLES)
def test_names_are_told_from_what_stands_between_them(text: str) -> None:
    assert split_names(text) == EXAMPLES[text]


ACCENTS = {
    r"Ren\'e, Ren\'{e}, Ren{\'e} and Ren\' e": ("René",) * 4,
    r"Erd\H{o}s, Erd\H os": ("Erdős", "Erdős"),
    r"P\v{r}\'{\i}klad, P\v r\'\i klad": ("Příklad", "Příklad"),
    r"S\o ren, S\o{}ren, S{\o}ren": ("Søren", "Søren", "Søren"),
    r"\L{}ucja, \AA ngstr\"om, Fran\c{c}ois": ("Łucja", "Ångström", "François"),
    r"Ng\d{o}c Mu\~noz, \.{Z}": ("Ngọc Muñoz", "Ż"),
    "Zoë 例 示": ("Zoë 例 示",),
}


@pytest.mark.parametrize("text", ACCENTS)
def test_accents_are_letters(text: str) -> None:
    assert split_names(text) == ACCENTS[text]


def test_formulas_and_other_commands_stay_as_they_are() -> None:
    text = r"\textsc{A} $\'e \v{x}$ \cite{b} \lambda \emph{c} \beta \r{ho} {\em d} $\c{e}"
    assert decode_accents(text) == text.replace(r"$\c{e}", r"$ȩ")


words = st.text("abcdeéłXYZ.-'", min_size=2, max_size=8).filter(lambda w: w.strip("."))
one_name = st.lists(words, min_size=2, max_size=3).map(" ".join)
some_names = st.lists(one_name, min_size=1, max_size=6)
inside = st.recursive(
    st.text("ab ,;:&1{}", max_size=8) | st.just("One and Two"),
    lambda inner: st.tuples(inner, inner).map(lambda pair: f"{pair[0]}({pair[1]})"),
    max_leaves=4,
)


@given(some_names, st.data())
def test_however_they_are_separated_names_come_back(
    found: Sequence[str], data: st.DataObject
) -> None:
    separators = st.sampled_from([", ", ",", " and ", ", and ", "; ", " & ", ",\n  "])
    text = found[0]
    for name in found[1:]:
        text += data.draw(separators) + name
    assert split_names(text) == tuple(found)


@given(some_names, st.lists(inside, min_size=6, max_size=6), inside)
def test_affiliations_leave_no_trace(
    found: Sequence[str], affiliations: Sequence[str], last: str
) -> None:
    pairs = zip(found, affiliations, strict=False)
    text = ", ".join(f"{name} ({affiliation})" for name, affiliation in pairs) + f" ({last})"
    assert split_names(text) == tuple(found)


@given(st.text() | st.text(r"\{}'\"^~=.cvH ()$,:&and"))
def test_any_text_gives_names_that_are_not_empty_and_none_is_without(text: str) -> None:
    found = split_names(text)
    assert all(name == " ".join(name.split()) and name for name in found)
    assert found or not re.sub(r"[\s{}~\\]|\\.", "", text)


def test_long_texts_take_no_time_that_grows_with_their_square() -> None:
    for piece in ("(", ")", "\\'", "{", "$", " and", ",", "\\o ", "et al ", " ", "\\(", "\\["):
        assert split_names(piece * 100_000) is not None


@pytest.mark.corpus
def test_most_real_authors_come_back_from_arxivs_way_to_write_them() -> None:
    total = lost = 0
    for record in reference_data.sample("arxiv/papers.jsonl.gz"):
        authors = tuple(" ".join(name.split()) for name in record["authors"])
        text = NOT_IN_XML.sub("", ", ".join(authors))
        total += 1
        lost += split_names(text) != authors
    assert lost < total / 500
