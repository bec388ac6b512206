"""The sensor that evaluates the check of keywords.toml when the file changes, without a run."""

from pathlib import Path

import dagster as dg

from papers_assets import checks
from papers_assets.keywords import KeywordsFile
from papers_assets.keywords_file import read_or_stored

_VALID = "keywords.toml is valid."


def keywords_file_sensor(file: KeywordsFile, home: Path) -> dg.SensorDefinition:
    """Make the sensor, which is on from the start.

    Its cursor is what is wrong with the file, or that nothing is.
    """

    @dg.sensor(
        name="check_keywords_file",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Evaluates the check keywords_file_valid of papers when keywords.toml changes.",
    )
    def check_keywords_file(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        found = checks.keywords_file_valid(read_or_stored(file.path, home))
        state = _VALID if found.passed else found.description
        if state == (context.cursor or _VALID):
            return dg.SkipReason(state)
        evaluation = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("papers"),
            check_name=found.name,
            passed=found.passed,
            severity=dg.AssetCheckSeverity[found.severity.name],
            description=found.description,
            metadata=dict(found.numbers),
        )
        return dg.SensorResult(asset_events=[evaluation], cursor=state)

    return check_keywords_file
