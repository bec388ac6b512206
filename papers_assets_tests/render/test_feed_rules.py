"""The rules that feeds are judged by find what is wrong."""

from dataclasses import replace

import pytest

from papers_assets.render.feeds import render_atom, render_json_feed
from papers_assets_tests.helpers.factories import listed_paper as paper
from papers_assets_tests.helpers.feed_rules import atom_faults, json_feed_faults
from papers_assets_tests.render.test_feeds import feed, invented

BROKEN = [
    ("2005/Atom", "2005/Atome"),
    ("<id>https", "<id>/https"),
    (" <id>urn", " <id>u</id><id>urn"),
    ("<updated>2026-11-23T", "<updated>2026-11-23t"),
    ("<published>2026-01-01T", "<published>2026-13-01T"),
    ("<published>", "<published>2026-01-01T00:00:00Z</published><published>"),
    ("<name>papers-assets</name>", ""),
    ("<name>Ada Example</name>", "<name> </name>"),
    ('rel="alternate" type="text/html" href="https://arxiv', 'rel="related" href="https://arxiv'),
    ('rel="related"', 'rel="alternate" type="text/html"'),
    ('href="https://github.com/ada/', 'href="https://github.com/a da/'),
    ('href="https://arxiv.org/abs/2613.00003v2"', ""),
    ('term="cs.PL"', ""),
    ('scheme="http:', 'scheme="'),
    ('<title type="text">', '<title type="markdown">'),
    ('<title type="text">', '<title type="text"><b/>'),
    ('type="text/html"', 'type="html"'),
    ("00003</id>", "00001</id>"),
    ("<entry>", "<entry>text"),
    ("<entry>", "<entry/><entry>"),
    ("</feed>", "<link href='x:y' rel='self'/></feed>"),
    ("<summary", "<content/><summary"),
]


@pytest.mark.parametrize(("good", "bad"), BROKEN)
def test_the_rules_find_what_is_wrong_with_an_atom_feed(good: str, bad: str) -> None:
    document = render_atom(feed(replace(invented().papers[0], updated=paper(1).updated), paper(1)))
    assert good in document
    assert atom_faults(document.replace(good, bad, 1)) != []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("version/1.1", "version/1"),
        ('"items": [', '"entries": ['),
        ('"id"', '"guid"'),
        ('"id": "', '"id": 1, "x": "'),
        ('"content_text"', '"content"'),
        ('"date_modified": "2026', '"date_modified": "26'),
        ('"name": "Ada Example"', '"uri": "x:y"'),
        ('"url": "https:', '"url": "'),
        ("2613.00003", "2613.00001"),
        ('"tags": [', '"tags": [1, '),
    ],
)
def test_the_rules_find_what_is_wrong_with_a_json_feed(good: str, bad: str) -> None:
    document = render_json_feed(invented())
    assert good in document
    assert json_feed_faults(document.replace(good, bad, 1)) != []
