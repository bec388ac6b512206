"""The whole job for more keywords than anybody follows yet: measured only when it is asked for."""

from bench import many
from bench.results import Result

FULL = many.Sizes(
    papers=3_000,
    counts=(10_000,),
    status=1,
    remark="The run publishes and exits with 1, since GitHub does not show such a large README.",
)


def run(*, is_quick: bool) -> Result:
    """Measure."""
    return many.measured_at(many.QUICK if is_quick else FULL)
