"""What older versions of papers-assets stored opens, and the next run takes it further."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from papers_assets.storage.raw_papers import FORMAT, RawPapersStore
from papers_assets.transform.raw_papers import RawPapers, merge_answer
from papers_assets_tests.helpers.factories import LATER, keyword, paper
from papers_assets_tests.helpers.project import Project

_STRING = {pa.large_string(): pa.string(), pa.large_list(pa.large_string()): pa.list_(pa.string())}


def write_as_before(store: RawPapersStore, value: RawPapers, labels: dict[str, str]) -> None:
    """Write a file with just these labels, and with the strings that pandas 2 had."""
    path = store.raw_papers_path(value.keyword)
    path.parent.mkdir(parents=True, exist_ok=True)
    fields = [field.with_type(_STRING.get(field.type, field.type)) for field in value.rows.schema]
    table = value.rows.cast(pa.schema(fields)).replace_schema_metadata(labels)
    pq.write_table(table, path, compression="zstd")


def labels_of_format_1(value: RawPapers) -> dict[str, str]:
    assert value.refreshed_at is not None
    return {
        "papers_assets_format": "1",
        "keyword": value.keyword,
        "definition": value.query_fingerprint,
        "cap": str(value.filled_cap),
        "refreshed_at": value.refreshed_at.isoformat(),
    }


def test_papers_of_format_1_are_read_and_their_newest_says_what_is_complete(
    project: Project,
) -> None:
    value = merge_answer(keyword(), None, [paper(2), paper(1)], LATER)
    write_as_before(project.store, value, labels_of_format_1(value))
    read = project.store.read_raw_papers("compiler")
    assert read is not None
    assert read.versions() == {("2613.00001", 1), ("2613.00002", 1)}
    assert read.complete_until == paper(2).updated
    assert (read.refreshed_at, read.filled_cap) == (LATER, value.filled_cap)
    assert (read.complete_from, read.total_results, read.backfilled_ranges) == (None, None, ())


def test_papers_of_format_2_without_what_came_to_be_labelled_later_are_read(
    project: Project,
) -> None:
    value = merge_answer(keyword(), None, [paper(1)], LATER)
    until = datetime(2026, 1, 1, tzinfo=UTC)
    labels = labels_of_format_1(value) | {
        "papers_assets_format": "2",
        "complete_until": until.isoformat(),
    }
    write_as_before(project.store, value, labels)
    read = project.store.read_raw_papers("compiler")
    assert read is not None
    assert read.complete_until == until
    assert read.backfilled_ranges == ()


@pytest.mark.lists_only
def test_a_run_goes_on_from_format_1_and_writes_todays(project: Project) -> None:
    project.run()
    first = project.store.read_raw_papers("compiler")
    assert first is not None
    write_as_before(project.store, first, labels_of_format_1(first))
    project.today += timedelta(days=1)

    assert not project.run().failed

    read = project.store.read_raw_papers("compiler")
    assert read is not None
    assert first.versions() <= read.versions()
    labels = pq.read_schema(project.store.raw_papers_path("compiler")).metadata
    assert labels[b"papers_assets_format"].decode() == str(FORMAT)
