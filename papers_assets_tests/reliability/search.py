"""Keywords of every kind against a sample arXiv that searches the reference papers as arXiv does.

Run it with `python -m papers_assets_tests.reliability.search`. It runs the graph over the keywords
of search.toml, on a good day and on one on which phrases are found with their words in any order,
as in November 2025. Exit status 1: a keyword of the good day failed or was listed otherwise than
`Matcher` says, or a keyword with strangers in its answer passed on the bad day.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import requests

from papers_assets.arxiv import atom, models
from papers_assets.arxiv.sample import FAULTS, Corpus, Paper, SampleArxiv
from papers_assets.defs.headless import open_instance
from papers_assets.keywords import query
from papers_assets.keywords.file import read_keywords_file
from papers_assets.keywords.matching import MATCHED, CandidatePaper, Matcher, SearchMatcher
from papers_assets.keywords.model import Keyword
from papers_assets.keywords.query import choose_page_size
from papers_assets.transform.answer_validation import MAX_UNEXPLAINED, MAX_UNEXPLAINED_SHARE
from papers_assets_tests.helpers import reference_data
from papers_assets_tests.helpers.project import Project

PATH = Path(__file__).with_name("search.toml")
_LOST = 5
"""Papers of a keyword that are named."""


class Row(NamedTuple):
    """One keyword on the good day."""

    keyword: str
    listed: int
    lost: list[str]
    """Papers that `Matcher` lists, among the newest `cap`, and that are not there."""
    strange: list[str]
    """Papers that are there although `Matcher` does not list them."""
    problem: str


def good_day(project: Project, papers: Sequence[tuple[Paper, CandidatePaper]]) -> Iterator[Row]:
    report = project.run()
    frame = project.store.read_papers()
    for keyword in project.keywords:
        matches = Matcher(keyword)
        expected = [p for p, candidate in papers if matches.matches(candidate)][: keyword.cap]
        ids = [paper.id for paper in expected]
        shown = frame.loc[frame["keyword"] == keyword.name, "arxiv_id"].tolist()
        yield Row(
            keyword.name,
            len(shown),
            [i for i in ids if i not in set(shown)],
            [i for i in shown if i not in set(ids)],
            report.failed.get(keyword.name, ""),
        )


def bad_day(project: Project) -> Iterator[tuple[str, int, int, bool]]:
    """Yield each keyword, its results, the unexplained ones among them, and whether it failed."""
    project.server.fault = lambda _: FAULTS["any-order"]
    project.today += timedelta(days=1)
    report = project.run()
    for keyword in project.keywords:
        found = _first_page(project, keyword)
        strange = _strangers(keyword, found)
        yield keyword.name, len(found), strange, keyword.name in report.failed


def _first_page(project: Project, keyword: Keyword) -> Sequence[models.Paper]:
    asked = query.newest_first_parameters(keyword, 0, choose_page_size(keyword))
    answer = requests.post(project.server.url, asked, timeout=60)
    return atom.parse_feed(answer.content).papers


def _strangers(keyword: Keyword, found: Sequence[models.Paper]) -> int:
    explained = [
        *Matcher(keyword).select_matching(found),
        *SearchMatcher(keyword).select_matching(found),
    ]
    return len({p.arxiv_id for p in found} - {p.arxiv_id for p in explained})


def _candidate(paper: Paper) -> CandidatePaper:
    return CandidatePaper(*(getattr(paper, name) for name in MATCHED))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run both days and print a table each."""
    corpus = Corpus.load(reference_data.path("arxiv/papers.jsonl.gz"))
    newest = sorted(corpus.newest, key=lambda p: (p.updated, p.id), reverse=True)
    papers = [(p, _candidate(p)) for p in newest]
    wrong = 0
    with (
        TemporaryDirectory() as folder,
        SampleArxiv(corpus) as server,
        open_instance(Path(folder), {}) as instance,
    ):
        keywords = read_keywords_file(PATH).keywords
        project = Project(Path(folder), server, keywords, instance=instance)
        _say(f"{'keyword':<24}{'listed':>8}{'lost':>8}{'strange':>8}  problem")
        for row in good_day(project, papers):
            wrong += bool(row.lost or row.strange or row.problem)
            _say(
                f"{row.keyword:<24}{row.listed:>8}{len(row.lost):>8}{len(row.strange):>8}  "
                f"{row.problem}{' '.join([*row.lost, *row.strange][:_LOST])}"
            )
        _say(f"\n{'words in any order':<24}{'results':>8}{'strange':>8}  failed")
        for name, results, strange, failed in bad_day(project):
            is_news = strange >= max(MAX_UNEXPLAINED, MAX_UNEXPLAINED_SHARE * results)
            wrong += is_news and not failed
            _say(f"{name:<24}{results:>8}{strange:>8}  {failed}")
    _say(f"\nkeywords {len(keywords)}, wrong {wrong}")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
