"""Links to code: those that stand in the text, and no others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.transform.code_links import CodeLink, find_code_links


@pytest.mark.parametrize(
    ("text", "kind", "url"),
    [
        ("Code: https://github.com/ada/tool.", "GitHub", "https://github.com/ada/tool"),
        ("(see github.com/ada/tool)", "GitHub", "https://github.com/ada/tool"),
        ("Available at:https://github.com/ada/a_b;", "GitHub", "https://github.com/ada/a_b"),
        ("at https://gist.github.com/ada/12ab", "GitHub", "https://gist.github.com/ada/12ab"),
        ("https://gitlab.example.edu/lab/tool/", "GitLab", "https://gitlab.example.edu/lab/tool/"),
        ("www.huggingface.co/ada/model", "Hugging Face", "https://www.huggingface.co/ada/model"),
        ("https://ada.github.io/tool/#x,", "project page", "https://ada.github.io/tool/#x"),
        ("Project page: https://example.org/p", "project page", "https://example.org/p"),
        ("our project website is http://example.org", "project page", "http://example.org"),
        ("[https://github.com/a/b(c)]", "GitHub", "https://github.com/a/b(c)"),
    ],
)
def test_an_address_in_the_text_is_found_without_what_is_around_it(
    text: str, kind: str, url: str
) -> None:
    assert find_code_links(text) == (CodeLink(kind, url),)


@pytest.mark.parametrize(
    "text",
    [
        "We use GitHub and the tool of the authors.",
        "https://github.com/",
        "https://github.com/ada",
        "mail ada@github.com/x/y",
        "https://example.org/data, and see https://doi.org/10.1000/1",
        "The project page is long gone. We compare with https://example.org/other",
        "https://evilgithub.com/a/b",
        "javascript:alert(1)//github.io",
        "https://ada@github.com.example.org/a/b",
    ],
)
def test_nothing_is_guessed(text: str) -> None:
    assert find_code_links(text) == ()


def test_a_link_that_comes_twice_is_given_once_in_the_order_of_the_text() -> None:
    abstract = "https://b.github.io and https://github.com/ada/tool"
    comment = "http://www.github.com/Ada/tool/ https://huggingface.co/ada"
    assert [link.kind for link in find_code_links(abstract, comment)] == [
        "project page",
        "GitHub",
        "Hugging Face",
    ]


@given(st.text(alphabet="htps:/.githubcomlab(a)[]{}<>\"' _-", max_size=80))
def test_every_link_stands_in_the_text(text: str) -> None:
    for link in find_code_links(text):
        assert link.url.removeprefix("https://") in text
        assert link.url.startswith(("https://", "http://"))
