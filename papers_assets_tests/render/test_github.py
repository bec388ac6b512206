"""GitHub's parser, asked without what cmarkgfm's own helper keeps."""

import os
from pathlib import Path

import pytest

from papers_assets.render.github import to_html

_STATM = Path("/proc/self/statm")


def memory() -> int:
    """What the process has in memory; bytes."""
    return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not _STATM.exists(), reason="only Linux says how much memory a process has")
def test_nothing_of_a_document_is_kept() -> None:
    document = "| a |\n| --- |\n| <p>*b* [x](y) ~c~ www.a.example</p> |\n" * 100
    for _ in range(20):
        to_html(document)
    before = memory()
    for _ in range(200):
        to_html(document)
    assert memory() - before < 5 << 20  # of 150 MB that cmarkgfm would keep
