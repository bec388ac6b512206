"""The whole job for up to 3,000 keywords with short lists, and with other run histories."""

from bench.job import Sizes, growths, measuring, table
from bench.results import Result

# A README of 3,000 keywords with 100 papers each has 500 MB, which nobody reads; and a search of
# the sample arXiv takes as long as it has papers.
FULL = Sizes(papers=1_000, cap=10, counts=(3, 30, 300, 3_000))
QUICK = Sizes(papers=200, cap=10, counts=(3,))
_OTHERS = (300,)
"""Numbers of keywords for which other run histories are tried."""


def run(*, is_quick: bool) -> Result:
    """Measure."""
    sizes, others = (QUICK, QUICK.counts) if is_quick else (FULL, _OTHERS)
    with measuring(sizes) as measurement:
        rows = [measurement.row(count) for count in sizes.counts]
        histories = measurement.histories(others)
    tables = (table(rows, sizes), histories)
    return Result(tables, (), tuple(growths(rows, "the whole job")))
