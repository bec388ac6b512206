import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers_assets.text import to_printable


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("arXiv answered 503", "arXiv answered 503"),
        ("naïve 図 😀", "naïve 図 😀"),
        ("two\r\n\tlines\x85of\u2028text", "two lines of text"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9b31mred\x07", "\\x9b31mred\\x07"),
        ("\u202egnihton", "\\u202egnihton"),
        ("\ud800\0", "\\ud800\\x00"),
        ("", ""),
    ],
)
def test_what_does_not_print_is_spelled_out_on_one_line(text: str, line: str) -> None:
    assert to_printable(text) == line


@pytest.mark.parametrize("text", ["x" * 11, "x" * 1_000_000, "\0" * 9, f"x{' ' * 99}x"])
def test_what_is_too_long_is_cut_and_says_so(text: str) -> None:
    line = to_printable(text, 10)
    assert line.endswith("...")
    assert len(line) <= 13


@given(st.text(st.characters(exclude_categories=()), max_size=40), st.integers(1, 30))
def test_any_text_is_printable(text: str, most: int) -> None:
    line = to_printable(text, most)
    assert len(line) <= most + 3
    assert not {c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn")}
