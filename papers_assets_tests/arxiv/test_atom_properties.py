"""Any bytes at all: a sound page, or an error that says so in words that print."""

import re
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from papers_assets.arxiv.errors import ArxivBadResponse
from papers_assets.arxiv.models import Page
from papers_assets_tests.arxiv.test_atom import entry, feed
from papers_assets_tests.helpers.thoroughness import examples
from papers_assets_tests.reliability import fuzz

SOUND = [
    feed(entry(), entry("http://arxiv.org/abs/cs/0503050v1"), total=2),
    feed(entry(more="<arxiv:comment>x</arxiv:comment><link href='http://example.org'/>")),
    feed(entry("https://arxiv.org/api/errors#x", "Error")),
]


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xef\xbb\xbf")
def test_any_bytes(body: bytes) -> None:
    assert fuzz.flaws(body) == []


@given(st.sampled_from(SOUND), st.randoms(use_true_random=False))
@examples(300)
def test_sound_feeds_broken_anyhow(body: bytes, random: Random) -> None:
    broken = fuzz.mutated(body, SOUND, random)
    assert fuzz.flaws(broken) == [], broken


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_in_any_field(text: str) -> None:
    assert fuzz.flaws(feed(entry(text, text, text), entry(), entry())) == []


def test_a_flaw_would_be_seen() -> None:
    def unsound(_: bytes) -> Page:
        return Page((), 0, ("\x1b",))

    def unkind(_: bytes) -> Page:
        raise ArxivBadResponse("\x9d")

    def broken(body: bytes) -> Page:
        raise KeyError(body)

    assert fuzz.flaws(b"", parse=unsound) == ["does not print: '\\x1b'", "mostly unreadable"]
    assert fuzz.flaws(b"", parse=unkind) == ["a message that does not print: '\\x9d'"]
    assert fuzz.flaws(b"", parse=broken) == ["KeyError: b''"]


def test_fuzzing_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--seconds", "0.2"]) == 0
    assert re.match(r"[1-9]\d* executions \(seed 0\), .*; 0 findings\n", capsys.readouterr().out)
