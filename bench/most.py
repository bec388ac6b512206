"""The whole job for more keywords than anybody follows yet: measured only when it is asked for."""

from bench import many
from bench.results import Result

FULL = many.Sizes(
    papers=3_000,
    counts=(10_000,),
    status=1,
    remark="It is published, and ends with status 1: GitHub does not show so large a README.",
)


def run(*, is_quick: bool) -> Result:
    """Measure."""
    return many.measured_at(many.QUICK if is_quick else FULL)
