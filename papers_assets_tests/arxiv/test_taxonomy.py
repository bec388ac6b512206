import pytest

from papers_assets.arxiv.taxonomy import ARCHIVES, CATEGORIES, is_known, suggest


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cs.ML", ("cs.LG", "stat.ML")),
        ("math.ML", ("cs.LG", "stat.ML")),
        ("ML", ("cs.LG", "stat.ML")),
        ("machine learning", ("cs.LG", "stat.ML")),
        ("cs.NLP", ("cs.CL",)),
        ("cs.AL", ("cs.DS", "cs.AI")),
        ("cs.IV", ("eess.IV",)),
        ("AI", ("cs.AI",)),
        ("CO", ("astro-ph.CO", "math.CO", "stat.CO")),
        ("physics.hep-th", ("hep-th",)),
        ("CS.LG", ("cs.LG",)),
        ("cs-lg", ("cs.LG",)),
        ("arxiv:cs.LG", ("cs.LG",)),
        ("cat:Math.co", ("math.CO",)),
        ("quant.ph", ("quant-ph",)),
        ("cs.LGG", ("cs.LG",)),
        ("biology of whales", ()),
    ],
)
def test_the_categories_that_a_wrong_name_may_stand_for(name: str, meant: tuple[str, ...]) -> None:
    assert suggest(name) == meant


def test_letters_alone_tell_categories_apart() -> None:
    known = [*ARCHIVES, *CATEGORIES - ARCHIVES.keys()]
    assert [suggest(name.upper().replace(".", "/")) for name in known] == [(n,) for n in known]
    assert all(map(is_known, known))
