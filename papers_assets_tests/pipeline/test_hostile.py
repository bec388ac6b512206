"""Everything hostile that a feed can carry, through the whole graph: it stays text, and it is kept.

The judge of what is published is GitHub's own parser; of what is logged, that it prints.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from papers_assets.arxiv.sample import Corpus, Fault, Paper, RequestRecord, SampleArxiv
from papers_assets.checks.rendered import parse
from papers_assets.keywords.model import MatchField
from papers_assets_tests.arxiv.test_atom import entry, feed
from papers_assets_tests.helpers import github_markdown
from papers_assets_tests.helpers.factories import keyword
from papers_assets_tests.helpers.github_markdown import ToHtml
from papers_assets_tests.helpers.project import LISTS, Project, history_in_memory
from papers_assets_tests.helpers.sample_papers import paper
from papers_assets_tests.helpers.ui_driver import PAPERS, environment
from papers_assets_tests.helpers.visible_text import DIRECTIONS, faults, pipes, table_rows

RLO, PDF, ZWSP, ZWJ, DCS, OSC = "\u202e", "\u202c", "\u200b", "\u200d", "\x90", "\x9d"
# Each as the whole of every field, and of several papers' fields in turn.
HAZARDS = {
    "the template's own tags": "</p></details></td></tr></table><details open><summary>x",
    "scripts": "<script>alert(1)</script><img src=x onerror=alert(1)><svg/onload=alert(1)>",
    "links": "[x](javascript:alert(1)) <javascript:alert(1)> ![x](http://a.example/x.png)",
    "references": "[x]: javascript:alert(1) [x][x] [^1] <a href='javascript:alert(1)'>x</a>",
    "cells": "a | b || c \\| d |\n| --- | --- |\n| e | f |",
    "blocks": "x\n\n# heading\n\n- item\n> quotation\n\n```\ncode\n---\n",
    "emphasis": "**bold** _it_ ~~gone~~ `code` ``more`` *a **b* c** __init__",
    "templates": "{{ 7 * 7 }} {% for x in y %} {# note #} ${7*7} <%= 7 %>",
    "escapes": "&lt;b&gt; &amp;lt; &#x3c;script&#x3e; \\<b> \\\\<b> &NotEqualTilde;",
    "another direction": f"{RLO}gnihton{PDF} \u2067x\u2069 \u200fy\u061c {RLO}not closed",
    "no width": f"a{ZWSP}b\ufeffc\u2060d\u00ade",
    "terminal escapes": f"{DCS}q{OSC}0;title\x9c \x7f\x8d \x9b31mred",
    "emoji": f"\N{WOMAN}{ZWJ}\N{PERSONAL COMPUTER} \N{WAVING BLACK FLAG}{ZWJ}\u2620\ufe0f",
    "another script": "\u05e9\u05dc\u05d5\u05dd \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "marks without end": "Z" + "\u0336\u0489\u0300" * 200,
    "a mention": "@everyone closes #1 and GH-2, :rocket: $$\\href{javascript:alert(1)}{x}$$",
}
INVISIBLE = f"{ZWSP}\ufeff\u2060 \u3164{RLO}{ZWJ}"
LONG = "hostile " + "[*~`|<&_" * 125_000
NAMES = tuple(f"Author {number:04} <b>|" for number in range(5000))
SHOWN = 20_000
"""Characters of a field that are shown."""


def hostile_papers() -> Iterator[Paper]:
    texts = list(HAZARDS.values())
    for number, text in enumerate(texts):
        other = texts[(number + 1) % len(texts)]
        yield paper(
            f"2613.{number:05}",
            f"Hostile {text}",
            f"{text} hostile {other}",
            authors=(text, other),
            comment=text,
            categories=("cs.CR", text),
            doi=text,
            journal_ref=other,
            updated=f"2026-11-01T{number:02}:00:00Z",
        )
    yield paper("cs/0613001", INVISIBLE, "A hostile title.", updated="2026-11-02T00:00:00Z")
    yield paper("2613.10001", LONG, LONG, comment=LONG, updated="2026-11-02T01:00:00Z")
    yield paper("2613.10002", "Hostile names", "x", authors=NAMES, updated="2026-11-02T02:00:00Z")


HOSTILE = keyword("hostile", within=MatchField.EITHER, cap=100)


@pytest.fixture(scope="module")
def hostile() -> Corpus:
    corpus = Corpus(hostile_papers())
    assert len(corpus) == len(HAZARDS) + 3
    return corpus


@pytest.fixture(scope="module")
def hostile_house(tmp_path_factory: pytest.TempPathFactory, hostile: Corpus) -> Iterator[Project]:
    """One for all that only look at it: reading a megabyte as Markdown takes a while."""
    home = tmp_path_factory.mktemp("home")
    with SampleArxiv(hostile) as server, history_in_memory() as instance:
        project = Project(home, server, assets=LISTS, instance=instance)
        project.keywords = [HOSTILE, keyword("<b>|*x*[y](javascript:z)", any=("nothing",))]
        report = project.run()
        assert report.failed == {}
        yield project


def held(text: str) -> str:
    """A published text as it must be held."""
    return re.sub("[\x7f-\x9f]", "\ufffd", " ".join(text.split()))


def held_field(text: str) -> str:
    # feedparser takes some controls of the terminal for what Windows has in their places.
    return held(text.translate({0x9C: "\u0153", 0x9B: "\u203a"}))


def shown(text: str) -> str:
    """A held text as it must be shown."""
    text = " ".join("".join(c for c in text if c not in DIRECTIONS).split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text):,} characters)"


def held_rows(project: Project) -> list[dict[str, Any]]:
    found = project.store.read_raw_papers("hostile")
    assert found is not None
    rows: list[dict[str, Any]] = found.rows.to_pylist()
    return rows


def test_everything_is_held_whole(hostile_house: Project, hostile: Corpus) -> None:
    rows = {row["arxiv_id"]: row for row in held_rows(hostile_house)}
    assert len(rows) == len(hostile)
    for published in hostile.newest:
        row = rows[published.id]
        for name in ("title", "abstract", "comment", "doi", "journal_ref"):
            assert (row[name] or "") == held_field(getattr(published, name) or "")
        assert row["authors"] == [held(name) for name in published.authors]
        assert row["categories"] == [held(name) for name in published.categories]
        assert {link["href"][:8] for link in row["links"]} == {"https://"}


@pytest.mark.parametrize("to_html", [*github_markdown.GITHUBS, github_markdown.second_opinion])
def test_the_readme_shows_every_paper_as_text_and_nothing_comes_alive(
    hostile_house: Project, to_html: ToHtml
) -> None:
    readme = hostile_house.readme
    assert [pipes(line) for line in table_rows(readme)] == [5] * len(held_rows(hostile_house))
    rows = {row[0].links[0][0]: row for row in github_markdown.body(readme, to_html)}
    for found in held_rows(hostile_house):
        expected = found | {n: shown(found[n] or "") for n in ("title", "abstract", "comment")}
        row = rows.pop(f"https://arxiv.org/abs/{found['arxiv_id']}v1")
        assert faults(expected, row) == [], found["arxiv_id"]
    assert rows == {}
    assert "javascript:" not in str(
        [cell.links for cell in github_markdown.outside(readme, to_html)]
    )


def test_no_heading_comes_from_a_paper(hostile_house: Project) -> None:
    headings = [
        cell.text for cell in github_markdown.outside(hostile_house.readme) if cell.kind != "p"
    ]
    assert headings == ["Daily Papers", *hostile_house.file.names]


def test_a_title_that_nobody_sees_can_be_clicked(hostile_house: Project) -> None:
    links = [row[0].links for row in github_markdown.body(hostile_house.readme)]
    assert [("https://arxiv.org/abs/cs/0613001v1", "(untitled)")] in links


def test_the_document_stays_small_enough_to_be_looked_at(hostile_house: Project) -> None:
    assert "… (1,000,008 characters)" in hostile_house.readme
    assert len(hostile_house.readme) < 10 * SHOWN * 3


def test_the_source_of_the_document_is_lines_of_text(hostile_house: Project) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", hostile_house.readme)
    assert not DIRECTIONS & set(hostile_house.readme)


def materializations(project: Project) -> Iterator[dg.AssetMaterialization]:
    for name in ("raw_papers", "papers", "readme"):
        records = project.instance.fetch_materializations(dg.AssetKey(name), limit=9).records
        yield from (r.asset_materialization for r in records if r.asset_materialization)


@pytest.mark.parametrize("to_html", [*github_markdown.GITHUBS, github_markdown.second_opinion])
def test_nothing_comes_alive_in_what_the_dagster_ui_shows(
    hostile_house: Project, to_html: ToHtml
) -> None:
    previews = [
        (name, str(value.value))
        for materialization in materializations(hostile_house)
        for name, value in materialization.metadata.items()
        if isinstance(value, dg.MarkdownMetadataValue)
    ]
    assert len(previews) == 6
    for name, preview in previews:
        if name == "papers_a_day":
            assert re.fullmatch(r"!\[[\w ,]+\]\(data:image/svg\+xml;base64,[\w+/=]+\)", preview)
            continue
        if name == "document":
            seen = parse(preview.encode())
            assert seen.faults == ()
            above = {(block.tags, block.links) for block in seen.above[1:]}
            assert above == {("<p>…</p>", ()), ("<p><em>…</em></p>", ())}
            table = f"<table><thead><tr>{'<th><strong>…</strong></th>' * 4}</tr></thead></table>"
            assert ["".join(block.tags for block in part.blocks) for part in seen.sections] == [
                f"<h2>…</h2>{table}",
                "<h2>…</h2><p><em>…</em></p><p>…</p>",
            ]
        columns, tags = (4, {"a", "strong"}) if name == "document" else (3, {"a"})
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", preview)
        assert not DIRECTIONS & set(preview)
        for row in github_markdown.rows(preview, to_html):
            assert len(row) == columns
            for cell in row:
                assert {*cell.tags} <= tags
                assert all(target.startswith("https://arxiv.org/") for target, _ in cell.links)


def test_a_materialization_stays_small_in_the_run_history(hostile_house: Project) -> None:
    sizes = [
        len(json.dumps({k: str(v.value) for k, v in m.metadata.items()}))
        for m in materializations(hostile_house)
    ]
    assert len(sizes) == 4
    assert max(sizes) < 20_000


SAID = f"x\n\x1b[2J{OSC}0;title\x9c{RLO}\rcompiler: all is well " + "y" * 1_000_000
REFUSAL = feed(entry("https://arxiv.org/api/errors#x", "Error")).replace(
    b"Nobody", SAID.replace("\x1b", "").encode()
)
# What arXiv answers to each of these keywords.
ANSWERS = {
    "compiler": Fault(400, REFUSAL),
    "performance": Fault(200, REFUSAL),
    "agents": Fault(200, SAID.encode()),
    "graphs": Fault(200, feed(entry(SAID.replace("\x1b", "")))),
    "learning": Fault(200, feed(total=SAID.replace("\x1b", ""))),
}


@pytest.mark.parametrize("assets", [LISTS, pytest.param(frozenset(), marks=pytest.mark.slow)])
def test_whatever_arxiv_says_the_runs_log_prints(project: Project, hostile: Corpus) -> None:
    project.server.corpus = hostile
    project.keywords = [HOSTILE, *map(keyword, ANSWERS)]
    project.failing = ANSWERS
    report = project.run()
    assert list(report.failed) == list(ANSWERS)
    assert all(reason.isprintable() for reason in report.failed.values())
    assert max(map(len, report.failed.values())) < 1000
    for run_id in report.run_ids:
        for record in project.instance.all_logs(run_id):
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", record.message)


@pytest.mark.slow
def test_whatever_arxiv_says_the_command_line_prints(hostile: Corpus, tmp_path: Path) -> None:
    tables = "".join(f"[keywords.{name}]\n" for name in ANSWERS)
    (tmp_path / "keywords.toml").write_text(
        f"[keywords.hostile]\nin = 'title or abstract'\n{tables}"
    )

    def answer(request: RequestRecord) -> Fault | None:
        asked = request.parameters["search_query"]
        return next((fault for name, fault in ANSWERS.items() if name in asked), None)

    with SampleArxiv(hostile) as server:
        server.fault = answer
        done = subprocess.run(
            [PAPERS, "run"],
            env=environment(tmp_path / "home", tmp_path / "keywords.toml", server.url),
            capture_output=True,
            check=False,
        )
    printed = (done.stdout + done.stderr).decode()
    assert done.returncode == 1
    assert "hostile: fetched 19 of 19 results" in printed
    assert printed.count(" could not be refreshed: ") == len(ANSWERS)
    assert all(char.isprintable() or char == "\n" for char in printed)
    assert not re.search("^compiler: all is well", printed, re.MULTILINE)
