import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from papers_assets.arxiv.sample import Corpus, CorpusError

LINE: dict[str, Any] = {
    "id": "2613.00001",
    "version": 1,
    "title": "A Title",
    "authors": ["Ada Example", "Zoë Beispiel"],
    "abstract": "An abstract.",
    "comment": None,
    "categories": ["cs.LG", "cs.AI"],
    "primary_category": "cs.LG",
    "published": "2026-11-01T12:00:00Z",
    "updated": "2026-11-01T12:00:00Z",
    "doi": None,
    "journal_ref": None,
}


def written(folder: Path, *lines: dict[str, Any] | str) -> Path:
    path = folder / "papers.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def test_a_line_becomes_a_paper(tmp_path: Path) -> None:
    (paper,) = Corpus.load(written(tmp_path, LINE)).newest

    assert {name: getattr(paper, name) for name in LINE} == LINE | {
        "authors": ("Ada Example", "Zoë Beispiel"),
        "categories": ("cs.LG", "cs.AI"),
    }


def test_the_newest_version_stands_for_a_paper_and_the_others_can_be_found(tmp_path: Path) -> None:
    other = LINE | {"id": "cs/0503050"}
    corpus = Corpus.load(written(tmp_path, LINE, LINE | {"version": 3}, other))

    assert [(p.id, p.version) for p in corpus.newest] == [("2613.00001", 3), ("cs/0503050", 1)]
    assert len(corpus) == 2
    assert [v and v.version for v in (corpus.find("2613.00001", n) for n in (1, 2, 3, None))] == [
        1,
        None,
        3,
        3,
    ]
    assert corpus.find("2613.00009") is None


def test_a_compressed_corpus_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(LINE).encode()))

    assert len(Corpus.load(path)) == 1


def test_empty_lines_do_not_count(tmp_path: Path) -> None:
    assert len(Corpus.load(written(tmp_path, "", LINE, "  ", ""))) == 1


def test_an_unknown_publication_time_is_the_earliest_time_known(tmp_path: Path) -> None:
    second = LINE | {"version": 2, "published": None, "updated": "2026-11-09"}
    alone = second | {"id": "2613.00002"}

    corpus = Corpus.load(written(tmp_path, second, LINE, alone))

    assert [p.published for p in corpus.newest] == ["2026-11-01T12:00:00Z", "2026-11-09T00:00:00Z"]
    assert corpus.newest[0].updated == "2026-11-09T00:00:00Z"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("id", "2613.00001v1"),
        ("id", "not an id"),
        ("version", 0),
        ("version", "1"),
        ("version", True),
        ("title", None),
        ("authors", "Ada Example"),
        ("authors", []),
        ("authors", ["Ada Example", None]),
        ("abstract", 7),
        ("comment", 7),
        ("categories", []),
        ("primary_category", None),
        ("published", "yesterday"),
        ("published", "2026-02-31"),
        ("updated", None),
        ("updated", "2026-11-01T12:00:00+01:00"),
        ("doi", []),
        ("journal_ref", {}),
    ],
)
def test_a_bad_value_is_named_with_its_file_line_and_field(
    tmp_path: Path, field: str, value: object
) -> None:
    path = written(tmp_path, LINE, "", LINE | {"id": "2613.00002"} | {field: value})

    with pytest.raises(CorpusError) as caught:
        Corpus.load(path)

    assert str(caught.value).startswith(f"{path}, line 3, field '{field}': expected ")


@pytest.mark.parametrize("field", LINE)
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    path = written(tmp_path, {name: value for name, value in LINE.items() if name != field})

    with pytest.raises(CorpusError, match=f"line 1, field '{field}': missing$"):
        Corpus.load(path)


@pytest.mark.parametrize("line", ["{", "[1]", "7", '"text"', "\N{REPLACEMENT CHARACTER}"])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(CorpusError, match=r"papers\.jsonl, line 2, "):
        Corpus.load(written(tmp_path, LINE, line))


def test_a_version_that_comes_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="line 2, field 'version': line 1 has this version"):
        Corpus.load(written(tmp_path, LINE, LINE))


@pytest.mark.parametrize("cut", [slice(0, 30), slice(1, None)])
def test_a_damaged_archive_is_named(tmp_path: Path, cut: slice) -> None:
    path = tmp_path / "papers.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(LINE).encode())[cut])

    with pytest.raises(CorpusError, match=r"papers\.jsonl\.gz, after line 0: not a whole gzip"):
        Corpus.load(path)
